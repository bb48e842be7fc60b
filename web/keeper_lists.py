"""A list that its keeper edits: rows are added, changed, switched off, moved; never removed (`keeper_list.html`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from web.access import Visitor
from web.attempts import Attempt, Model, save
from web.desk import desk_of
from web.forms import BadForm, Form
from web.pages import back_to


@dataclass(frozen=True)
class KeeperList:
    """The list at `path`; `show` draws it, with the form that was not saved."""

    path: str
    show: Callable[[Request, Visitor, Attempt | None], Response]

    def add(
        self, request: Request, visitor: Visitor, form: Form, model: type[Model], act: Callable[[Session, Model], Any]
    ) -> Response:
        """A new row from the form «new»."""
        attempt = save(desk_of(request), form, model, act, form_name="new")
        return self.show(request, visitor, attempt) if attempt else back_to(request, self.path, "Добавлено.")

    def change(  # noqa: PLR0917 - which row, its form and its act
        self,
        request: Request,
        visitor: Visitor,
        row_id: int,
        form: Form,
        model: type[Model],
        act: Callable[[Session, Model], Any],
    ) -> Response:
        """Another title, another note, switched on or off."""
        attempt = save(desk_of(request), form, model, act, form_name=f"row-{row_id}")
        return self.show(request, visitor, attempt) if attempt else back_to(request, self.path, "Сохранено.")

    def move(self, request: Request, form: Form, act: Callable[[Session, bool], Any]) -> Response:
        """One place up (`act` with True) or down."""
        direction = form.first("to")
        if direction not in ("up", "down"):
            raise BadForm
        with desk_of(request).database.transaction() as session:
            act(session, direction == "up")
        return back_to(request, self.path)
