"""«Справочники карточки»: the editable lists behind the card's choices."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.base import fetch
from crm.cards import catalogues
from crm.cards.tables import CatalogueItem
from crm.errors import NotFound
from crm.staff import Role
from web.access import Visitor, allow
from web.attempts import Attempt, VersionedForm, untouched
from web.desk import desk_of
from web.forms import Form, Line, posted
from web.keeper_lists import KeeperList
from web.pages import page

router = APIRouter(prefix="/catalogues", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
KEEPERS = (Role.HEAD, Role.ADMINISTRATOR)


class NewItemForm(VersionedForm):
    """A value to add."""

    title: Line = ""
    source: Line = ""
    special: bool = False


class ItemForm(NewItemForm):
    """A value to change."""

    active: bool = False


@router.get("")
def first(request: Request, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The first list."""
    return _page(next(iter(catalogues.CATALOGUES)), request, visitor)


@router.get("/{catalogue}")
def one(request: Request, catalogue: str, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """One list."""
    return _page(catalogue, request, visitor)


@router.post("/{catalogue}")
def add(request: Request, catalogue: str, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Add a value."""

    def act(session: Session, fields: NewItemForm) -> None:
        catalogues.add(
            session,
            catalogue,
            fields.title,
            visitor.employee,
            datetime.now(UTC),
            source=fields.source,
            special=fields.special,
            ip=visitor.ip,
        )

    return _list(catalogue).add(request, visitor, form, NewItemForm, act)


@router.post("/{catalogue}/{item_id}")
def change(
    request: Request, catalogue: str, item_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)
) -> Response:
    """Change a value, switch it on or off."""

    def act(session: Session, fields: ItemForm) -> None:
        _item(session, catalogue, item_id)
        catalogues.save(
            session,
            item_id,
            fields.title,
            visitor.employee,
            datetime.now(UTC),
            source=fields.source,
            special=fields.special,
            active=fields.active,
            ip=visitor.ip,
        )

    return _list(catalogue).change(request, visitor, item_id, form, ItemForm, act)


@router.post("/{catalogue}/{item_id}/move")
def move(request: Request, catalogue: str, item_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """One place up or down."""

    def act(session: Session, up: bool) -> None:
        _item(session, catalogue, item_id)
        catalogues.move(session, item_id, visitor.employee, datetime.now(UTC), up=up, ip=visitor.ip)

    return _list(catalogue).move(request, form, act)


def _list(catalogue: str) -> KeeperList:
    return KeeperList(f"/catalogues/{catalogue}", partial(_page, catalogue))


def _item(session: Session, catalogue: str, item_id: int) -> CatalogueItem:
    item = fetch(session, CatalogueItem, item_id)
    if item is None or item.catalogue != catalogue:
        raise NotFound("Такой строки в справочнике нет.")
    return item


def _page(catalogue: str, request: Request, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    if catalogue not in catalogues.CATALOGUES:
        raise NotFound("Такого справочника нет.")
    with desk_of(request).database.reading() as session:
        items = catalogues.items(session, catalogue, with_inactive=True)
    attempt = attempt or untouched()
    return page(
        request,
        visitor,
        "catalogues.html",
        status=attempt.status,
        catalogues=catalogues.CATALOGUES,
        catalogue=catalogue,
        items=items,
        attempt=attempt,
    )
