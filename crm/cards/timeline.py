"""Everything that happened with a family on one line of time, as far as the viewer may know it (domain.md §5.1).

Each source gives its newest moments before the cursor; they are sorted together and cut. Moments of one instant (one
save) are never torn apart between two pages, so the cursor can be the instant itself.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from callflow.call import CallState
from crm.appeals.access import readable_services
from crm.appeals.tables import AppealMeasure
from crm.appointments.tables import MODES, STATES, Appointment
from crm.audit import AuditEvent
from crm.base import Base
from crm.call_tables import CallRecord
from crm.cards import catalogues
from crm.cards.field_words import SUBJECTS, field_title
from crm.cards.tables import CardChange, FamilyMerge, NeedAssessment, RiskFlag
from crm.consents.tables import PURPOSES, Consent
from crm.errors import NotFound
from crm.family_tables import Family, FamilyStatus
from crm.institution import Institution
from crm.journal_tables import CONTACT_METHODS, SAVED, JournalEntry
from crm.ratings.tables import Rating
from crm.ratings.visibility import marks_seen_by
from crm.recordings import reading as recordings
from crm.specialists.consultation_rules import KINDS as CONSULTATION_KINDS
from crm.specialists.tables import CompetenceTopic, Consultation
from crm.staff import Employee, Role
from crm.transfers import participants
from crm.visibility import seen_family

KINDS = {
    "call": "Звонок",
    "appeal": "Обращение",
    "measure": "Принятые меры",
    "consultation": "Консультация",
    "rating": "Оценка",
    "appointment": "Запись на приём",
    "consent": "Согласие",
    "status": "Статус",
    "need": "Потребность",
    "risk": "Риск",
    "change": "Карточка",
    "merge": "Объединение",
    "paper": "Документ",
}
_PAPERS = {
    "page.print": "Напечатано",
    "person.export": "Выгружены все сведения о человеке",
}
_PRINTED = {"family": "карточка", "consent": "согласие", "journal_entry": "обращение", "destruction_act": "акт"}
_OWN_LINES = frozenset(["status", "need", "risk"])
"""Subjects whose rows say by themselves when they began and ended."""


@dataclass(frozen=True)
class TimelineItem:
    """One moment. `at` UTC; `kind` a key of KINDS; `who` an employee's short name; `link` a page of ours or ''."""

    at: datetime
    kind: str
    title: str
    text: str = ""
    who: str = ""
    link: str = ""


@dataclass(frozen=True)
class _Asking:
    """What every source needs."""

    session: Session
    family_id: int
    viewer: Employee
    before: datetime | None
    limit: int
    at: datetime

    def newest(self, model: type[Base], moment: Any, *conditions: ColumnElement[bool]) -> Sequence[Any]:
        """The rows whose `moment` lies before the cursor, newest first, and all that share the last one's instant."""
        statement = select(model).where(moment.is_not(None), *conditions)
        if self.before is not None:
            statement = statement.where(moment < self.before)
        rows = self.session.scalars(statement.order_by(moment.desc()).limit(self.limit)).all()
        if len(rows) < self.limit:
            return rows
        last = getattr(rows[-1], moment.key)
        ties = self.session.scalars(select(model).where(moment == last, *conditions)).all()
        return [*(row for row in rows if getattr(row, moment.key) != last), *ties]

    def name(self, employee_id: int | None) -> str:
        """«Заяц П. И.»; nothing for the program itself."""
        employee = self.session.get(Employee, employee_id) if employee_id else None
        return employee.short_name if employee else ""


def timeline(
    session: Session,
    family_id: int,
    viewer: Employee,
    *,
    before: datetime | None = None,
    limit: int = 50,
    at: datetime | None = None,
) -> list[TimelineItem]:
    """Return what happened with the family before `before` (UTC; None: until now), newest first.

    A page holds `limit` moments, and more only where the last of them share one instant. Rows of the journal that the
    viewer may not read are not in it; scores are as `crm.ratings.visibility` shows them. Raises NotFound.
    """
    if seen_family(session, family_id, viewer) is None:
        raise NotFound("Такой карточки нет.")
    asking = _Asking(session, family_id, viewer, before, limit, at or datetime.now(UTC))
    items = sorted((item for source in _SOURCES for item in source(asking)), key=lambda item: item.at, reverse=True)
    if len(items) <= limit:
        return items
    return [item for item in items if item.at >= items[limit - 1].at]


def _calls(asking: _Asking) -> Iterable[TimelineItem]:
    calls = asking.newest(CallRecord, CallRecord.arrived_at, CallRecord.family_id == asking.family_id)
    together = participants.of_calls(asking.session, [call.id for call in calls])
    for call in calls:
        title = "Звонок нам" if call.direction == "inbound" else "Звонок от нас"
        ended = call.state == CallState.ENDED.value
        text = participants.words(together[call.id]) if call.answered_at else "без разговора" if ended else "идёт"
        recording = recordings.of_call(asking.session, call.id, asking.viewer)
        text, link = (f"{text}. {recording.words}", recording.link) if recording else (text, "")
        yield TimelineItem(call.arrived_at, "call", title, text, asking.name(call.employee_id), link)


def _journal(asking: _Asking) -> ColumnElement[bool]:
    services = readable_services(asking.session, asking.viewer)
    readable = or_(JournalEntry.service_id.in_(services), JournalEntry.author_id == asking.viewer.id)
    return (JournalEntry.family_id == asking.family_id) & (JournalEntry.state == SAVED) & readable


def _appeals(asking: _Asking) -> Iterable[TimelineItem]:
    for entry in asking.newest(JournalEntry, JournalEntry.created_at, _journal(asking)):
        title = f"Обращение № {entry.number} {CONTACT_METHODS.get(entry.contact_method, '')}".strip()
        text = " · ".join(part for part in (entry.topic, entry.substance) if part)
        if entry.annulled_at:
            title += " (аннулировано)"
        yield TimelineItem(entry.created_at, "appeal", title, text, entry.author.short_name, f"/journal/{entry.id}")


def _measures(asking: _Asking) -> Iterable[TimelineItem]:
    mine = AppealMeasure.entry_id.in_(select(JournalEntry.id).where(_journal(asking)))
    told = select(Consultation.measure_id)  # by the consultation itself
    for measure in asking.newest(AppealMeasure, AppealMeasure.at, mine & AppealMeasure.id.not_in(told)):
        state = "отменено" if measure.annulled_at else "выполнено" if measure.done_at else "намечено"
        link = f"/journal/{measure.entry_id}"
        yield TimelineItem(
            measure.at, "measure", f"Меры: {state}", measure.text, asking.name(measure.employee_id), link
        )


def _consultations(asking: _Asking) -> Iterable[TimelineItem]:
    mine = Consultation.entry_id.in_(select(JournalEntry.id).where(_journal(asking)))
    for one in asking.newest(Consultation, Consultation.at, mine):
        topic = asking.session.get(CompetenceTopic, one.topic_id)
        measure = asking.session.get(AppealMeasure, one.measure_id)
        title = f"Консультация: {topic.title if topic else ''}"
        if measure is not None and measure.annulled_at is not None:
            title += " (аннулирована)"
        kind = CONSULTATION_KINDS[one.kind].title if one.kind in CONSULTATION_KINDS else ""
        text = " · ".join(part for part in (kind, one.answer) if part)
        yield TimelineItem(
            one.at, "consultation", title, text, asking.name(one.employee_id), f"/journal/{one.entry_id}"
        )


def _ratings(asking: _Asking) -> Iterable[TimelineItem]:
    mine = Rating.entry_id.in_(select(JournalEntry.id).where(_journal(asking)))
    ratings = asking.newest(Rating, Rating.created_at, mine)
    entries = asking.session.scalars(select(JournalEntry).where(JournalEntry.id.in_({one.entry_id for one in ratings})))
    rows = {entry.id: entry for entry in entries}
    marks = marks_seen_by(asking.session, list(rows.values()), asking.viewer, asking.at)
    for rating in ratings:
        title = f"Оценка по обращению № {rows[rating.entry_id].number}"
        link = f"/journal/{rating.entry_id}"
        yield TimelineItem(
            rating.created_at, "rating", title, marks[rating.entry_id], asking.name(rating.taken_by_id), link
        )


def _appointments(asking: _Asking) -> Iterable[TimelineItem]:
    """A reception stands where it was booked; when it is and what became of it is said beside it."""
    mine = Appointment.family_id == asking.family_id
    if asking.viewer.role == Role.SPECIALIST.value:
        mine &= Appointment.employee_id == asking.viewer.id
    zone = ZoneInfo(asking.session.scalars(select(Institution.timezone).order_by(Institution.id)).first() or "UTC")
    for row in asking.newest(Appointment, Appointment.booked_at, mine):
        when = f"{row.starts_at.astimezone(zone):%d.%m.%Y %H:%M}"
        text = ", ".join(part for part in (when, MODES.get(row.mode, ""), STATES.get(row.state, "")) if part)
        title = f"Запись на приём: {asking.name(row.employee_id)}"
        link = f"/appointments/{row.id}"
        yield TimelineItem(row.booked_at, "appointment", title, text, asking.name(row.booked_by_id), link)


def _consents(asking: _Asking) -> Iterable[TimelineItem]:
    mine, link = Consent.family_id == asking.family_id, f"/families/{asking.family_id}/consents"
    for consent in asking.newest(Consent, Consent.at, mine):
        form = {"oral": "устно", "written": "письменно"}.get(consent.form, "")
        title = f"Согласие дано {form}" if consent.given else "Отказ в согласии"
        text = PURPOSES.get(consent.purpose, "")
        yield TimelineItem(consent.at, "consent", title, text, asking.name(consent.taken_by_id), link)
    for consent in asking.newest(Consent, Consent.withdrawn_at, mine):
        who, text = asking.name(consent.withdrawn_by_id), PURPOSES.get(consent.purpose, "")
        yield TimelineItem(consent.withdrawn_at, "consent", "Согласие отозвано", text, who, link)


def _statuses(asking: _Asking) -> Iterable[TimelineItem]:
    mine = FamilyStatus.family_id == asking.family_id
    titles = catalogues.titles(asking.session, "status")
    for status in asking.newest(FamilyStatus, FamilyStatus.entered_at, mine):
        title = f"Статус: {titles.get(status.type, status.type)}"
        yield TimelineItem(status.entered_at, "status", title, status.basis, asking.name(status.entered_by_id))
    for status in asking.newest(FamilyStatus, FamilyStatus.revoked_at, mine):
        title, who = f"Статус снят: {titles.get(status.type, status.type)}", asking.name(status.revoked_by_id)
        yield TimelineItem(status.revoked_at, "status", title, status.revoked_reason, who)


def _needs(asking: _Asking) -> Iterable[TimelineItem]:
    mine = NeedAssessment.family_id == asking.family_id
    kinds = catalogues.titles(asking.session, "service_kind")
    for need in asking.newest(NeedAssessment, NeedAssessment.assessed_at, mine):
        text = ", ".join(kinds.get(code, code) for code in need.kinds)
        yield TimelineItem(need.assessed_at, "need", "Определена потребность", text, asking.name(need.assessed_by_id))
    for need in asking.newest(NeedAssessment, NeedAssessment.ended_at, mine):
        yield TimelineItem(need.ended_at, "need", "Оценка потребности завершена", need.ended_reason)


def _risks(asking: _Asking) -> Iterable[TimelineItem]:
    mine, titles = RiskFlag.family_id == asking.family_id, catalogues.titles(asking.session, "risk")
    for flag in asking.newest(RiskFlag, RiskFlag.raised_at, mine):
        title = f"Признак риска: {titles.get(flag.code, flag.code)}"
        yield TimelineItem(flag.raised_at, "risk", title, flag.note, asking.name(flag.raised_by_id))
    for flag in asking.newest(RiskFlag, RiskFlag.cleared_at, mine):
        title, who = f"Риска больше нет: {titles.get(flag.code, flag.code)}", asking.name(flag.cleared_by_id)
        yield TimelineItem(flag.cleared_at, "risk", title, flag.cleared_reason, who)


def _changes(asking: _Asking) -> Iterable[TimelineItem]:
    """One line per save; what it was and became stands on «Изменения»."""
    mine = (CardChange.family_id == asking.family_id) & CardChange.subject.not_in(_OWN_LINES)
    saves: dict[tuple[datetime, str, int, int | None], set[str]] = {}
    for change in asking.newest(CardChange, CardChange.at, mine):
        key = (change.at, change.subject, change.subject_id, change.employee_id)
        saves.setdefault(key, set()).add(field_title(change.field, change.subject))
    link = f"/families/{asking.family_id}/changes"
    for (at, subject, _, employee_id), fields in saves.items():
        title = f"{SUBJECTS.get(subject, subject)}: изменено"
        yield TimelineItem(at, "change", title, ", ".join(sorted(fields)), asking.name(employee_id), link)


def _merges(asking: _Asking) -> Iterable[TimelineItem]:
    mine = (FamilyMerge.kept_id == asking.family_id) | (FamilyMerge.merged_id == asking.family_id)
    for merge in asking.newest(FamilyMerge, FamilyMerge.at, mine):
        other = merge.merged_id if merge.kept_id == asking.family_id else merge.kept_id
        card = asking.session.get(Family, other)
        title = f"Объединено с карточкой {card.card_number if card else ''}".strip()
        yield TimelineItem(merge.at, "merge", title, merge.reason, asking.name(merge.employee_id))


def _papers(asking: _Asking) -> Iterable[TimelineItem]:
    mine = (AuditEvent.family_id == asking.family_id) & AuditEvent.action.in_(_PAPERS)
    for event in asking.newest(AuditEvent, AuditEvent.at, mine):
        text = _PRINTED.get(event.subject, "") if event.action == "page.print" else ""
        yield TimelineItem(event.at, "paper", _PAPERS[event.action], text, event.actor_name)


_SOURCES: tuple[Callable[[_Asking], Iterable[TimelineItem]], ...] = (
    _calls,
    _appeals,
    _measures,
    _consultations,
    _ratings,
    _appointments,
    _consents,
    _statuses,
    _needs,
    _risks,
    _changes,
    _merges,
    _papers,
)
