"""«Тексты согласий»: what is read aloud and signed, version by version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from crm.base import fetch
from crm.consents import texts
from crm.consents.tables import PURPOSES, ConsentText
from crm.errors import NotFound
from crm.staff import Role
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, Text, fill, posted
from web.pages import back_to, page
from web.tried import trying

router = APIRouter(prefix="/consents/texts", default_response_class=HTMLResponse)
KEEPERS = (Role.HEAD, Role.DIRECTOR)


@router.get("")
def text_list(request: Request, edit: str = "", visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Every version of every text; with `edit` the form for the next version of one."""
    return _texts(request, visitor, edit, {}, {})


class TextFields(Fields):
    """The next version of a text."""

    based_on: Annotated[int, Field(ge=1, lt=2**63)]
    spoken: Text = ""
    printed: Text = ""


@router.post("")
def publish(request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Put a new version into use; consents given before keep theirs."""
    fields, errors = fill(TextFields, form)
    purpose = ""
    if fields is not None:
        with trying(desk_of(request)) as (session, tried):
            based_on = fetch(session, ConsentText, fields.based_on)
            if based_on is None:
                raise NotFound("Такого текста нет.")
            purpose = based_on.purpose
            words = (fields.spoken, fields.printed)
            texts.publish(session, based_on, words, visitor.employee, datetime.now(UTC), ip=visitor.ip)
        if not tried.refused:
            return back_to(request, "/consents/texts", "Новая версия действует.")
        errors = tried.errors
    return _texts(request, visitor, purpose, {name: sent[0] for name, sent in form.items()}, errors)


def _texts(request: Request, visitor: Visitor, edit: str, values: dict[str, str], errors: dict[str, str]) -> Response:
    with desk_of(request).database.reading() as session:
        versions = texts.versions(session)
    newest = {purpose: next(one for one in versions if one.purpose == purpose) for purpose in PURPOSES}
    return page(
        request,
        visitor,
        "consent_texts.html",
        versions=versions,
        newest=newest,
        titles=PURPOSES,
        edit=edit if edit in PURPOSES else "",
        values=values,
        errors=errors,
        status=422 if errors else 200,
    )
