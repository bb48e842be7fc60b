"""The appeal form: keeps every word by itself, and becomes a numbered journal row when saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.orm import Session

from crm import families, journal
from crm.errors import Incomplete, NotFound
from crm.family_tables import Person
from crm.journal import JournalEntry
from crm.specialists import consult
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import Appeal, form_values, identifier, read_appeal
from web.desk import Desk, desk_of
from web.entry_view import entry_page
from web.forms import Form, posted
from web.pages import back_to
from web.parts import Painter, parts
from web.tried import trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/appeals/{entry_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
CHANGED = "Обращение изменено в другом окне. Проверьте поля и сохраните ещё раз."


@router.post("/draft")
def save_draft(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> JSONResponse:
    """Keep what was typed; 409 brings the stored values so that the page can put both together."""
    return keep_draft(desk_of(request), read_appeal(form), visitor, entry_id)


def keep_draft(desk: Desk, appeal: Appeal, visitor: Visitor, entry_id: int) -> JSONResponse:
    """The draft as JSON for the page's script."""
    at = datetime.now(UTC)
    with trying(desk) as (session, tried):
        entry = journal.save_draft(session, entry_id, appeal.values(desk.zone), appeal.version, visitor.employee, at)
    if tried.stale:
        current = form_values(tried.stale.current, desk.zone)
        told = {"sentence": tried.sentence, "version": tried.stale.version, "current": current}
        return JSONResponse(told, status_code=409)
    if tried.refused:
        return JSONResponse({"sentence": tried.sentence}, status_code=422)
    return JSONResponse({"version": entry.version, "saved_at": desk.clock().time(at), "entry": entry.id})


@router.post("/save")
def save(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Number the row and end the wrap-up; the same save twice is one row."""
    return enter(request, read_appeal(form), visitor, entry_id)


def enter(request: Request, appeal: Appeal, visitor: Visitor, entry_id: int, *, home: str = "") -> Response:
    """Save the row; with `then` also close it as a mere consultation, in the same transaction. `home`: the page to come
    back to, the row's own by default."""
    desk, at = desk_of(request), datetime.now(UTC)
    values = appeal.values(desk.zone)
    with trying(desk, stale=CHANGED) as (session, tried):
        if mistyped := appeal.mistyped(desk.zone):
            raise Incomplete(mistyped)
        entry = journal.save_entry(session, entry_id, values, appeal.version, visitor.employee, at, ip=visitor.ip)
        if appeal.then == "consulted":
            consult.close(session, entry, visitor.employee, at, ip=visitor.ip)
    if tried.refused:
        if isinstance(tried.error, Incomplete):
            _keep(desk, entry_id, appeal, visitor, at)
        version = tried.stale.version if tried.stale else None
        return _again(request, visitor, entry_id, appeal, errors=tried.errors, status=tried.status, version=version)
    desk.wake(Wake.PRESENCE)
    desk.publish(Notice(NoticeKind.CLOSED, employee_id=visitor.id, call_id=entry.call_id), Notice(NoticeKind.PRESENCE))
    done = f"Обращение № {entry.number} записано в журнал."
    if request.headers.get("hx-target") == "part-appeal":
        return parts(desk, visitor, at_workplace=True, force=True, said=done)
    return back_to(request, home or f"/journal/{entry.id}", done)


@router.post("/applicant")
def name_applicant(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The draft's applicant was found among the cards."""
    with desk_of(request).database.transaction() as session:
        tie_applicant(session, entry_id, form.first("person_id"), visitor)
    return back_to(request, f"/journal/{entry_id}", "Заявитель выбран, поля заполнены.")


def tie_applicant(session: Session, entry_id: int, person_id: str, visitor: Visitor) -> None:
    """Tie the draft to this person's card. Raises NotFound for somebody whom the visitor may not see."""
    person = session.get(Person, identifier(person_id) or 0)
    family = session.get(families.Family, person.family_id) if person and person.family_id else None
    if person is None or (family is not None and not families.visible_to(session, family, visitor.employee)):
        raise NotFound("Такого человека в карточках нет.")
    journal.name_applicant(session, entry_id, person, family, visitor.employee, datetime.now(UTC))


def _keep(desk: Desk, entry_id: int, appeal: Appeal, visitor: Visitor, at: datetime) -> None:
    """What was typed is kept, though the row was refused."""
    # Refused when the row is in the journal already, or somebody else wrote it: then the form alone holds the words.
    with trying(desk) as (session, _tried):
        journal.save_draft(session, entry_id, appeal.values(desk.zone), appeal.version, visitor.employee, at)


def _again(
    request: Request,
    visitor: Visitor,
    entry_id: int,
    appeal: Appeal,
    *,
    errors: dict[str, str],
    status: int,
    version: int | None = None,
) -> Response:
    """The form as it was typed, with sentences beside the fields."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        entry = journal.fetch_entry(session, entry_id, visitor.employee)
        is_saved = entry.state == journal.SAVED
        if not is_saved:
            _type_into(entry, appeal, desk)
            entry.version = version if version is not None else entry.version
            if request.headers.get("hx-target") == "part-appeal":
                painter = Painter(desk, visitor, swap=True, force=True)
                drawn = painter.appeal(session, painter.own(session), entry, errors)
                return HTMLResponse(str(drawn), status_code=status)
    # Refused for what was changed since it was saved: the page shows the row as it stands.
    draft = None if is_saved else entry
    return entry_page(request, visitor, entry_id, draft=draft, errors=errors, status=status)


def _type_into(entry: JournalEntry, appeal: Appeal, desk: Desk) -> None:
    for name, value in appeal.values(desk.zone).items():
        setattr(entry, name, value)
