"""What the pages show of recordings: beside a live call, beside a journal row, in the list of a service."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm.base import MAX_ID, fetch
from crm.call_tables import CallRecord
from crm.consents.rules import standings
from crm.errors import NotFound
from crm.families import find_by_number
from crm.family_tables import Family, Person
from crm.journal_tables import SAVED, JournalEntry
from crm.recordings.access import headed, may_hear
from crm.recordings.tables import Recording, RecordingListening, RecordingState
from crm.staff import Employee

NEVER_KEPT = frozenset([RecordingState.REFUSING.value, RecordingState.REFUSED.value])
GOING = frozenset([RecordingState.RECORDING.value, RecordingState.STORING.value])
HOW = {"key": "клавишей 9", "operator": "устно", "standing": "отказ записан в карточке"}
WORDS: dict[str, str] = {
    RecordingState.RECORDING: "Разговор записывается.",
    RecordingState.STORING: "Запись сохраняется.",
    RecordingState.STORED: "Разговор записан.",
    RecordingState.LOST: "Запись не сохранилась.",
    RecordingState.DELETING: "Запись удалена: {rule}.",
    RecordingState.DELETED: "Запись удалена: {rule}.",
}
HIDDEN = frozenset([RecordingState.EMPTY.value])


@dataclass(frozen=True)
class CallRecording:
    """How recording stands in one call; `refused_in_card`: the family on the screen has refused once and for all."""

    row: Recording
    may_hear: bool
    refused_in_card: bool = False
    stopped_by: Employee | None = None

    @property
    def running(self) -> bool:
        """Whether the talk is being recorded now."""
        return self.row.state == RecordingState.RECORDING and self.row.stopped_at is None

    @property
    def refused(self) -> bool:
        """Whether nothing is kept because the caller was against it."""
        return self.row.state in NEVER_KEPT

    @property
    def link(self) -> str:
        """The page where it is listened to; '' for those who may not, and where there is nothing to hear."""
        return f"/recordings/{self.row.id}" if self.may_hear and self.row.state == RecordingState.STORED else ""

    @property
    def words(self) -> str:
        """One sentence for the call's panel and the journal."""
        if self.refused:
            return f"Разговор не записывается: собеседник отказался ({HOW.get(self.row.stop, 'устно')})."
        if self.row.state in GOING and self.row.stopped_at is not None:
            return "Запись остановлена, сделанная часть сохраняется."
        return WORDS.get(self.row.state, "").format(rule=self.row.deleted_rule)


@dataclass(frozen=True)
class Heard:
    """Who listened to a recording, and when."""

    employee: Employee
    at: datetime


def of_call(session: Session, call_id: int, viewer: Employee, at: datetime | None = None) -> CallRecording | None:
    """Return how recording stands in this call; None where it never began. With `at`, also whether the family on the
    screen has refused recording (for the operator's panel)."""
    row = session.scalars(select(Recording).where(Recording.call_id == call_id)).first()
    if row is None or row.state in HIDDEN:
        return None
    against = at is not None and row.state == RecordingState.RECORDING and _refused_in_card(session, call_id, at)
    stopped_by = session.get(Employee, row.stopped_by_id) if row.stopped_by_id else None
    return CallRecording(row, may_hear(session, row, viewer), against, stopped_by)


def _refused_in_card(session: Session, call_id: int, at: datetime) -> bool:
    call = session.get(CallRecord, call_id)
    if call is None or call.family_id is None:
        return False
    people = [call.person_id] if call.person_id else people_of(session, [call.family_id])
    return has_refused(session, people, at)


def people_of(session: Session, family_ids: Collection[int]) -> list[int]:
    """The people on these cards."""
    return list(session.scalars(select(Person.id).where(Person.family_id.in_(family_ids))))


def has_refused(session: Session, person_ids: Sequence[int], at: datetime) -> bool:
    """Whether one of these people has said no to recording, or taken a yes back (consents, purpose «recording»)."""
    found = standings(session, person_ids, at).values()
    return any(one.of("recording").state in ("refused", "withdrawn") for one in found)


def refused_by_number(session: Session, number: str, at: datetime) -> bool:
    """Whether anybody on a card that this number (E.164) leads to has refused: rather one talk too few recorded."""
    found = find_by_number(session, number)
    people = {one.person.id for one in found}
    people |= set(people_of(session, {one.family.id for one in found if one.family is not None}))
    return has_refused(session, sorted(people), at)


def fetch_recording(session: Session, recording_id: int, viewer: Employee, *, lock: bool = False) -> Recording:
    """Return the recording, if this person may hear it. Raises NotFound also for one that is not hers (B61)."""
    row = fetch(session, Recording, recording_id, lock=lock)
    if row is None or not may_hear(session, row, viewer):
        raise NotFound("Такой записи нет.")
    return row


def heard_by(session: Session, recording_id: int) -> list[Heard]:
    """Who listened, the last first."""
    statement = (
        select(Employee, RecordingListening.at)
        .join(RecordingListening, RecordingListening.employee_id == Employee.id)
        .where(RecordingListening.recording_id == recording_id)
        .order_by(RecordingListening.id.desc())
    )
    return [Heard(employee, at) for employee, at in session.execute(statement)]


@dataclass(frozen=True)
class Line:
    """A row of the list: the recording, its call, and the family where it is known."""

    recording: CallRecording
    call: CallRecord | None
    family: Family | None
    operator: Employee | None
    entry_id: int | None
    held_by: Employee | None

    @property
    def row(self) -> Recording:
        """The recording itself."""
        return self.recording.row

    @property
    def length(self) -> timedelta:
        """How long it sounds."""
        return timedelta(seconds=self.row.seconds or 0)


def line_of(session: Session, recording_id: int, viewer: Employee) -> Line:
    """One recording with what belongs to it. Raises NotFound."""
    return _line(session, fetch_recording(session, recording_id, viewer))


def lines(session: Session, viewer: Employee, *, before: int = 0, limit: int = 50) -> list[Line]:
    """The recordings that this person may hear, the newest first; those of cards she may not see are not there."""
    statement = select(Recording).where(Recording.state.not_in(HIDDEN))
    known = Recording.service_id.in_(headed(session, viewer))
    # A file of an unknown service is the director's business.
    statement = statement.where(or_(known, Recording.service_id.is_(None)))
    if 0 < before <= MAX_ID:
        statement = statement.where(Recording.id < before)
    found: list[Line] = []
    for row in session.scalars(statement.order_by(Recording.id.desc()).limit(limit * 2)):
        if may_hear(session, row, viewer):
            found.append(_line(session, row))
        if len(found) == limit:
            break
    return found


def _line(session: Session, row: Recording) -> Line:
    call = session.get(CallRecord, row.call_id) if row.call_id else None
    family = session.get(Family, call.family_id) if call is not None and call.family_id else None
    operator = session.get(Employee, call.employee_id) if call is not None and call.employee_id else None
    entry_id = (
        session.scalar(
            select(JournalEntry.id).where(JournalEntry.call_id == call.id, JournalEntry.state == SAVED).limit(1)
        )
        if call is not None
        else None
    )
    held_by = session.get(Employee, row.held_by_id) if row.held_by_id else None
    return Line(CallRecording(row, may_hear=True), call, family, operator, entry_id, held_by)
