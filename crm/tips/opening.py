"""A tip is taken down: its journal row, its clock, who told us; a second one on the same family joins the open one."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm import journal, presence
from crm.calendar.reading import calendar_of
from crm.call_tables import CallRecord
from crm.errors import NotFound
from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.presence import PresenceState
from crm.specialists import dispositions
from crm.specialists.tables import CallDisposition
from crm.staff import Employee
from crm.tips import clock, duties, head, joining
from crm.tips.access import WORK_WITH_IT, is_guarded
from crm.tips.log import log
from crm.tips.rules import key_of
from crm.tips.tables import Tip, TipInformant, TipReport
from crm.tips.told import Known, Told, check, sole_family

METHOD = "third_party"
TOPIC = "сообщение о другой семье"
NOT_NAMED = "не раскрывается: информация от третьего лица"
"""Column 2 until somebody has talked with the family."""
TAKEN = "tip"
"""Code of the disposition «принята информация о семье»."""


def take(session: Session, told: Told, employee: Employee, at: datetime, *, ip: str = "") -> Tip:
    """Enter a tip and return it: a new one with its journal row, or the open one on the same family.

    The same form twice is one report. A card that this employee may not see is tied to the tip all the same, without a
    sign of it. Raises Incomplete field by field, NotFound for a card or a call that is not hers to name.
    """
    if employee.role not in WORK_WITH_IT:
        raise NotFound
    if (known := _taken(session, told.form_key, employee)) is not None:
        return known
    checked = check(session, told, employee)
    # One taker at a time: two who are told of one family in the same minute find each other.
    session.get_one(Service, told.service_id, with_for_update={"key_share": True})
    family_id = checked.family.id if checked.family else sole_family(session, checked.numbers)
    key = key_of(told.service_id, family_id, checked.numbers)
    tip = joining.open_tip(session, told.service_id, family_id, checked.numbers)
    # Whoever may not know of the card must not meet what others wrote of it: the head puts the two together.
    is_hidden = tip is not None and is_guarded(session, tip, employee)
    is_new = tip is None or is_hidden
    if tip is None or is_hidden:
        tip = _new(session, told, checked, family_id, None if is_hidden else key, employee, at, ip)
    else:
        joining.add_numbers(tip, checked.numbers)
        if family_id is not None and tip.family_id is None:
            joining.tie(session, tip, family_id)
    _report(session, tip, told, checked, employee, at)
    log(session, "tip.take", tip, employee, at, ip, danger=bool(told.risk), joined=not is_new)
    if told.risk:
        duties.raise_risk(session, tip, employee, at, said_112=told.said_112, ip=ip)
    elif is_hidden:
        head.tell(session, tip, "twice", at)
    _end_of_call(session, checked.call, employee, at, ip)
    session.flush()
    return tip


def _new(  # noqa: PLR0917 - what, whose, who, when
    session: Session,
    told: Told,
    checked: Known,
    family_id: int | None,
    key: str | None,
    employee: Employee,
    at: datetime,
    ip: str,
) -> Tip:
    entry = _entry(session, told, checked, family_id, employee, at, ip)
    first, reach = clock.deadlines(calendar_of(session, told.service_id), at)
    tip = Tip(
        service_id=told.service_id,
        entry_id=entry.id,
        family_id=family_id,
        about_name=checked.about_name,
        about_address=checked.about_address,
        numbers=checked.numbers,
        taken_at=at,
        taken_by_id=employee.id,
        first_due_at=first,
        reach_due_at=reach,
        open_key=key,
    )
    session.add(tip)
    session.flush()
    return tip


def _entry(  # noqa: PLR0917 - as above
    session: Session,
    told: Told,
    checked: Known,
    family_id: int | None,
    employee: Employee,
    at: datetime,
    ip: str,
) -> JournalEntry:
    entry = journal.new_draft(session, told.service_id, METHOD, employee, at)
    entry.family_id = family_id
    session.flush()
    fields = {
        "applicant_name": NOT_NAMED,
        "family_brief": checked.brief,
        "contact_method": METHOD,
        "substance": checked.words,
        "topic": TOPIC,
        "occurred_at": at,
    }
    return journal.save_entry(session, entry.id, fields, entry.version, employee, at, ip=ip)


def _report(  # noqa: PLR0917 - as above
    session: Session, tip: Tip, told: Told, checked: Known, employee: Employee, at: datetime
) -> None:
    report = TipReport(
        tip_id=tip.id,
        at=at,
        taken_by_id=employee.id,
        risk=bool(told.risk),
        said_112=told.said_112,
        words=checked.words,
        numbers=checked.numbers,
        form_key=told.form_key or None,
    )
    session.add(report)
    session.flush()
    session.add(
        TipInformant(
            report_id=report.id,
            name=clean_line(told.informant_name, 200),
            organisation=clean_line(told.informant_organisation, 200),
            phone=clean_line(told.informant_phone, 60),
            stays_unknown=told.stays_unknown,
            call_id=checked.call.id if checked.call else None,
        )
    )
    session.flush()


def _taken(session: Session, form_key: str, employee: Employee) -> Tip | None:
    if not form_key:
        return None
    report = session.scalars(select(TipReport).where(TipReport.form_key == form_key)).one_or_none()
    if report is None:
        return None
    if report.taken_by_id != employee.id:
        raise NotFound
    return session.get_one(Tip, report.tip_id)


def _end_of_call(session: Session, call: CallRecord | None, employee: Employee, at: datetime, ip: str) -> None:
    """Her wrap-up of the informant's call has nothing more to ask: what was told is in the journal under its own row.

    While she still talks, or after she has begun to write another appeal into that call's form, she ends it herself.
    """
    if call is None:
        return
    now = presence.presence_of(session, employee.id, at)
    row = session.scalars(
        select(CallDisposition).where(CallDisposition.code == TAKEN, CallDisposition.active)
    ).one_or_none()
    if row is None or now.state != PresenceState.WRAPUP or now.call_id != call.id:
        return
    draft = journal.entry_of_call(session, call.id)
    if draft is None or not draft.substance.strip():
        dispositions.finish(session, call.id, row.id, employee, at, ip=ip)
