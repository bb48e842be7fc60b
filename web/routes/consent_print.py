"""The blank of a consent: one document per purpose, filled in as far as the card allows (152-ФЗ art. 9 ч. 4)."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from crm import audit, families
from crm.consents import rules, texts
from crm.consents.tables import PURPOSES
from crm.errors import NotFound
from web.access import WITH_FAMILIES, Visitor, allow
from web.consents import member
from web.desk import desk_of
from web.pages import page

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/families/{family_id}/consents/{person_id}/{purpose}/print")
def blank(  # noqa: PLR0917 - the address gives them by name
    request: Request,
    family_id: int,
    person_id: int,
    purpose: str,
    by: str = "",
    visitor: Visitor = allow(*WITH_FAMILIES),
) -> Response:
    """The document to sign, filled in as far as the card allows; `by=other` for a representative."""
    if purpose not in PURPOSES:
        raise NotFound("Такого согласия нет.")
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.transaction() as session:
        person = member(session, family_id, person_id, visitor.employee)
        family = families.fetch_family(session, family_id, visitor.employee)
        text = texts.current(session, purpose)
        others = by == "other" or not rules.answers_himself(person, rules.local_date(session, at))
        subject = texts.subject_words(person, family, by_representative=others)
        operator = texts.institution_of(session, visitor.employee)
        words = texts.filled(text.printed, {**texts.operator_values(operator), "субъект": subject})
        details = {"purpose": purpose, "version": text.version}
        audit.write(session, visitor.actor, "consent.print", subject="person", subject_id=person_id,
                    family_id=family_id, details=details)  # fmt: skip
    return page(
        request,
        visitor,
        "consent_print.html",
        paragraphs=words.split("\n\n"),
        family=family,
        text=text,
        title=PURPOSES[purpose],
        others=others,
    )
