"""Taking finished recordings in: which rows may move, and what is written down of them.

Row first, act second, result third: the place is chosen and committed before the file moves there, so that after a
kill at any step the same work is simply done again. The acts themselves are in `workers.recordings`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.call_tables import CallRecord
from crm.recordings import files
from crm.recordings.following import row_of
from crm.recordings.settings import KEEP_DAYS, rule_of
from crm.recordings.tables import Recording, RecordingState

CLOSED_AFTER = timedelta(seconds=2)
"""Asterisk closes the file with the channel; this much later it surely has."""
FORGOTTEN_AFTER = timedelta(minutes=10)
"""A file that nobody has written to for so long belongs to no living call."""
FILER = Actor(None, "recordings")
SAME_LENGTH = 10.0
STRAY = "file-"
"""How the row of a stored file that no row knew is named instead of by its call."""


def begin(session: Session, at: datetime) -> Sequence[Recording]:
    """Choose a place for every recording whose talk is over; return what has to be taken in now."""
    over = (
        select(Recording)
        .outerjoin(CallRecord, CallRecord.linkedid == Recording.linkedid)
        .where(
            Recording.state == RecordingState.RECORDING.value,
            or_(
                CallRecord.ended_at <= at - CLOSED_AFTER,
                and_(CallRecord.id.is_(None), Recording.started_at <= at - FORGOTTEN_AFTER),
            ),
        )
        .with_for_update(of=Recording)
    )
    for row in session.scalars(over):
        row.state, row.file_name = RecordingState.STORING.value, files.new_name(row.started_at)
        call = session.scalars(select(CallRecord).where(CallRecord.linkedid == row.linkedid)).first()
        if call is not None:
            row.call_id, row.service_id = call.id, call.service_id
    session.flush()
    storing = select(Recording).where(Recording.state == RecordingState.STORING.value)
    return session.scalars(storing.order_by(Recording.id)).all()


def has_storing(session: Session, at: datetime) -> bool:
    """Whether `begin` would find anything: asked by reading, so that nobody waits for SQLite's one writer in vain."""
    waiting = select(Recording.id).where(
        Recording.state.in_([RecordingState.RECORDING.value, RecordingState.STORING.value]),
        or_(
            Recording.state == RecordingState.STORING.value,
            Recording.call_id.is_(None),
            Recording.call_id.in_(select(CallRecord.id).where(CallRecord.ended_at <= at - CLOSED_AFTER)),
        ),
    )
    return session.scalars(waiting.limit(1)).first() is not None


def store(session: Session, recording_id: int, *, size: int, seconds: float, sha256: str, at: datetime) -> None:
    """The file is at its place. From here its time of keeping runs."""
    row = session.get_one(Recording, recording_id, with_for_update=True, populate_existing=True)
    if row.state != RecordingState.STORING.value:
        return  # refused in the last second: the clerk removes it
    rule = rule_of(session, row.service_id) if row.service_id else None
    days = rule.keep_days if rule else KEEP_DAYS
    row.state, row.stored_at = RecordingState.STORED.value, at
    row.size, row.seconds, row.sha256 = size, seconds, sha256
    row.keep_until = at + timedelta(days=days)
    row.rule = f"срок хранения {days} дн." + (f", приказ {rule.order}" if rule and rule.order else "")
    call = session.get(CallRecord, row.call_id) if row.call_id else None
    if call is None:
        row.problem = "Файл без звонка: сведения о разговоре не сохранились."
    elif not row.stop:
        row.problem = shortfall(talk_seconds(call), seconds)


def nothing(session: Session, recording_id: int, at: datetime) -> None:
    """There is no sound in it or no file: nobody talked, or the talk is lost."""
    row = session.get_one(Recording, recording_id, with_for_update=True, populate_existing=True)
    if row.state != RecordingState.STORING.value:
        return
    call = session.get(CallRecord, row.call_id) if row.call_id else None
    row.file_name = ""
    if call is None or talk_seconds(call) < SAME_LENGTH or row.stop:
        row.state = RecordingState.EMPTY.value
        return
    lose(session, row, "Файла нет: не хватило места на диске или АТС остановилась.", at)


def lose(session: Session, row: Recording, problem: str, at: datetime) -> None:
    """A talk that should be there is not: the row stays and says so."""
    row.state, row.problem = RecordingState.LOST.value, problem
    write(session, FILER, "recording.lost", subject="recording", subject_id=row.id, at=at)


def talk_seconds(call: CallRecord) -> float:
    """Seconds that the operators talked in this call."""
    total = 0.0
    for leg in call.legs:
        until = leg.ended_at or call.ended_at
        if leg.answered_at is not None and until is not None:
            total += max(0.0, (until - leg.answered_at).total_seconds())
    return total


def shortfall(talked: float, recorded: float) -> str:
    """A sentence where much less was recorded than was said (both in seconds); '' where it may be the whole talk."""
    if recorded >= talked / 2 or talked - recorded < SAME_LENGTH:
        return ""
    return f"Запись короче разговора: {recorded:.0f} с из {talked:.0f} с. Проверьте место на диске сервера."


def adopt_incoming(session: Session, linkedid: str, written_at: datetime) -> Recording:
    """A file that no row knows (nobody listened when the talk began) or that was held for lost: a row takes it in."""
    row = row_of(session, linkedid, written_at)
    if row.state == RecordingState.LOST.value:
        row.state, row.problem = RecordingState.RECORDING.value, ""
    return row


def adopt_stored(session: Session, name: str, *, size: int, seconds: float, sha256: str, at: datetime) -> None:
    """A stored file that no row knows (a restored disk): kept like any other, heard by the director only."""
    row = Recording(
        linkedid=f"{STRAY}{name}",
        state=RecordingState.STORED.value,
        started_at=at,
        stored_at=at,
        file_name=name,
        size=size,
        seconds=seconds,
        sha256=sha256,
        keep_until=at + timedelta(days=KEEP_DAYS),
        rule=f"срок хранения {KEEP_DAYS} дн.",
        problem="Файл без записи в базе: чей это разговор, неизвестно.",
    )
    session.add(row)
    session.flush()
    write(session, FILER, "recording.found", subject="recording", subject_id=row.id, at=at)


def known_names(session: Session) -> Collection[str]:
    """Every stored file that a row knows."""
    return set(session.scalars(select(Recording.file_name).where(Recording.file_name != "")))


def states_of(session: Session, linkedids: Collection[str]) -> dict[str, tuple[int, str]]:
    """Row and state of these calls' recordings, where there are any."""
    statement = select(Recording.linkedid, Recording.id, Recording.state).where(Recording.linkedid.in_(linkedids))
    return {linkedid: (number, state) for linkedid, number, state in session.execute(statement)}


def kept(session: Session) -> Sequence[Recording]:
    """Recordings that must have a file."""
    return session.scalars(select(Recording).where(Recording.state == RecordingState.STORED.value)).all()
