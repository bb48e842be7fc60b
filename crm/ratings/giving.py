"""Column 8: what the applicant said of the work, once per closed case (B-34, B-35; domain.md §1.3).

An answer is a score, a refusal or, after two calls that nobody answered, «не удалось связаться». It is never changed:
a correction is a row of its own with an author and a reason.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm import journal
from crm.appeals.closing import finish_survey
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound, RecordsError
from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.ratings.efficiency import HIGHEST, LOWEST, quarter_of, title_of
from crm.ratings.tables import QuarterReport, Rating
from crm.ratings.visibility import SEE_ALL
from crm.staff import Employee

SCORE, REFUSED, UNREACHED, MISSED = "score", "refused", "unreached", "missed"
OUTCOMES = {SCORE: "оценка", REFUSED: "отказ от оценки", UNREACHED: "не удалось связаться"}
CHANNELS = {"human_call": "по телефону", "in_person": "на личном приёме", "paper": "анкета на бумаге", "robot": "робот"}
CALLS = frozenset(["human_call", "robot"])
ATTEMPTS = 2
"""Calls before the mark «не удалось связаться» (domain.md §1.3)."""

NO_SURVEY = "Опрос проводится, когда вопрос решён и заполнен столбец 7. Сначала запишите конечный результат."


def give(
    session: Session,
    entry_id: int,
    *,
    outcome: str,
    score: int | None,
    channel: str,
    taken_by: Employee | None,
    given_at: datetime,
    at: datetime,
    ip: str = "",
    attempt: int | None = None,
    last: bool = False,
) -> Rating:
    """Enter an answer and close the case; the same answer again returns the row there is.

    `given_at` is when the applicant answered and decides the quarter. The first «unreached» call is kept as «missed»
    and leaves the survey open, unless it is the `last` that can be made; `attempt` is the number of the call as the
    form showed it, so that a double click is no second call. `taken_by` None: the robot. Raises NotFound, Incomplete,
    or RecordsError where the case is not waiting for a survey, has another answer already, or the quarter of `given_at`
    is closed.
    """
    entry = _entry(session, entry_id, taken_by)
    _check(outcome, score, channel)
    ratings = of_entry(session, entry.id)
    first = next((one for one in ratings if one.corrects_id is None and one.outcome != MISSED), None)
    if first is not None:
        if (first.outcome, first.score) == (outcome, score):
            return first
        raise RecordsError("Опрос по этому обращению уже проведён. Чтобы изменить отметку, исправьте её с причиной.")
    missed = [one for one in ratings if one.outcome == MISSED]
    if outcome == UNREACHED and missed and attempt is not None and attempt <= len(missed):
        return missed[-1]
    if entry.progress != "survey":
        raise RecordsError(NO_SURVEY)
    _check_moment(session, entry, given_at, at)
    kept = MISSED if outcome == UNREACHED and not last and len(missed) + 1 < ATTEMPTS else outcome
    rating = Rating(
        entry_id=entry.id,
        service_id=entry.service_id,
        outcome=kept,
        score=score,
        given_at=given_at,
        channel=channel,
        rated_id=rated_of(entry),
        taken_by_id=taken_by.id if taken_by else None,
        created_at=at,
    )
    session.add(rating)
    session.flush()
    if kept != MISSED:
        finish_survey(session, entry, mark_of(kept, score), at)
    action = "rating.miss" if kept == MISSED else "rating.give"
    _log(session, action, entry, taken_by, at, ip, outcome=kept, channel=channel)
    return rating


def correct(
    session: Session,
    rating_id: int,
    *,
    outcome: str,
    score: int | None,
    reason: str,
    employee: Employee,
    at: datetime,
    ip: str = "",
) -> Rating:
    """Enter a dated correction; the old row stays as it is (domain.md §1.3).

    While the old row's quarter is open the correction keeps its date, and the quarter counts the right answer; after
    the closing it is dated `at` and counts in that quarter, and the closed report stays frozen. Only who asked, the
    head and the director correct, and nobody corrects a score of his own work. The same correction again returns the
    row there is.
    """
    old = fetch(session, Rating, rating_id)
    if old is None or old.outcome == MISSED:
        raise NotFound("Такой оценки нет.")
    entry = _entry(session, old.entry_id, employee)
    if employee.role not in SEE_ALL and (old.rated_id == employee.id or old.taken_by_id != employee.id):
        raise RecordsError("Исправить отметку может тот, кто проводил опрос (не о своей работе), или заведующий.")
    _check(outcome, score, old.channel)
    reason = clean_text(reason)[:500]
    if not reason:
        raise Incomplete({"reason": "Напишите, почему отметка исправляется."})
    if (old.outcome, old.score) == (outcome, score):
        raise Incomplete({"score": "Это та же отметка. Выберите другую."})
    newer = session.scalars(select(Rating).where(Rating.corrects_id == old.id)).one_or_none()
    if newer is not None:
        if (newer.outcome, newer.score, newer.reason) == (outcome, score, reason):
            return newer
        raise RecordsError("Отметку уже исправили. Обновите страницу.")
    service = _held_service(session, entry.service_id)
    rating = Rating(
        entry_id=entry.id,
        service_id=entry.service_id,
        outcome=outcome,
        score=score,
        given_at=at if is_closed(session, service, old.given_at) else old.given_at,
        channel=old.channel,
        rated_id=old.rated_id,
        taken_by_id=employee.id,
        corrects_id=old.id,
        reason=reason,
        created_at=at,
    )
    session.add(rating)
    session.flush()
    finish_survey(session, entry, mark_of(outcome, score), at)
    _log(session, "rating.correct", entry, employee, at, ip, outcome=outcome)
    return rating


def of_entry(session: Session, entry_id: int) -> Sequence[Rating]:
    """Return everything written about one case's survey, the oldest first."""
    return session.scalars(select(Rating).where(Rating.entry_id == entry_id).order_by(Rating.id)).all()


def mark_of(outcome: str, score: int | None) -> str:
    """Return what column 8 prints: «10», «отказ от оценки», «не удалось связаться» (B-35)."""
    return str(score) if outcome == SCORE else OUTCOMES[outcome]


def rated_of(entry: JournalEntry) -> int:
    """Return whose work is rated: the employee responsible for the case, its author where nobody else is."""
    return entry.responsible_id or entry.author_id


def moment_of(day: date, entry: JournalEntry, at: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant for an answer given on this local day: now for today, else noon, but not before the case was
    resolved."""
    if day == at.astimezone(zone).date():
        return at
    noon = datetime.combine(day, time(12), zone)
    resolved = entry.resolved_at
    return resolved if resolved and resolved.astimezone(zone).date() == day and noon < resolved else noon


def is_closed(session: Session, service: Service, moment: datetime) -> bool:
    """Tell whether the quarter of this moment is closed for the service."""
    year, quarter = quarter_of(moment, ZoneInfo(service.institution.timezone))
    closed = select(QuarterReport.id).where(
        QuarterReport.service_id == service.id, QuarterReport.year == year, QuarterReport.quarter == quarter
    )
    return session.scalar(closed) is not None


def _entry(session: Session, entry_id: int, employee: Employee | None) -> JournalEntry:
    """The row, ours until the commit: two answers at once are one after the other."""
    if employee is not None:
        journal.fetch_entry(session, entry_id, employee)
    entry = fetch(session, JournalEntry, entry_id, lock=True)
    if entry is None:
        raise NotFound("Такой записи в журнале нет.")
    return entry


def _check(outcome: str, score: int | None, channel: str) -> None:
    if channel not in CHANNELS:
        raise Incomplete({"channel": "Выберите, как проводился опрос."})
    if outcome not in OUTCOMES:
        raise Incomplete({"score": "Выберите оценку от 1 до 10, отказ или «не дозвонились»."})
    if outcome == SCORE and (score is None or not LOWEST <= score <= HIGHEST):
        raise Incomplete({"score": "Оценка — целое число от 1 до 10."})
    if outcome != SCORE and score is not None:
        raise Incomplete({"score": "К отказу или «не дозвонились» оценка не ставится."})
    if outcome == UNREACHED and channel not in CALLS:
        raise Incomplete({"channel": "«Не дозвонились» бывает только по телефону."})


def _check_moment(session: Session, entry: JournalEntry, given_at: datetime, at: datetime) -> None:
    if given_at > at:
        raise Incomplete({"given_on": "Дата опроса ещё не наступила."})
    if entry.resolved_at is not None and given_at < entry.resolved_at:
        raise Incomplete({"given_on": "Опрос проводится после решения вопроса: дата раньше решения."})
    service = _held_service(session, entry.service_id)
    if is_closed(session, service, given_at):
        title = title_of(*quarter_of(given_at, ZoneInfo(service.institution.timezone)))
        raise Incomplete({"given_on": f"{title} уже закрыт. Укажите сегодняшнюю дату."})


def _held_service(session: Session, service_id: int) -> Service:
    """The service, held so that nobody closes its quarter in between (PostgreSQL; see `reports.close_quarter`)."""
    statement = select(Service).where(Service.id == service_id).with_for_update(read=True, of=Service)
    return session.scalars(statement).one()


def _log(  # noqa: PLR0917 - private, called twice
    session: Session, action: str, entry: JournalEntry, by: Employee | None, at: datetime, ip: str, **details: str
) -> None:
    """What was done, without the score: the auditor reads this log before the quarter is closed."""
    actor = Actor.of(by, ip) if by else Actor(None, "robot", ip=ip)
    write(
        session,
        actor,
        action,
        subject="journal_entry",
        subject_id=entry.id,
        family_id=entry.family_id,
        details=details,
        at=at,
    )
