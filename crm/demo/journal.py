"""The demo's journal: service B through 2026 up to the day of loading, service A in 2025 (domain.md §10.3).

Service A has no row of the current year: whoever tries the program out saves her first call as № 1. Solved appeals of a
past quarter wait for their survey; `crm.demo.ratings` gives the marks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crm.appeals.corrections import annul, correct
from crm.appeals.states import FINAL, Progress
from crm.appeals.tables import AppealMeasure
from crm.appeals.work import print_measures
from crm.demo.hours import STATE
from crm.demo.journal_cases import CASES, OPEN_CASES, SOLVED, Case, OpenCase
from crm.demo.services import TIMEZONE
from crm.family_tables import Family
from crm.institution import Service
from crm.journal_tables import SAVED, JournalCounter, JournalEntry
from crm.search.journal import texts_of
from crm.search.tables import EntryWord
from crm.search.words import ids_of, words_of
from crm.staff import Employee

ZONE = ZoneInfo(TIMEZONE)


@dataclass(frozen=True)
class _Row:
    case: Case
    occurred: datetime
    saved: datetime
    progress: str
    check: date | None
    author: str


def load_journal(session: Session, at: datetime) -> None:
    """Enter the rows, oldest first, so that their numbers follow the calendar. Once; deterministic but for `at`."""
    services = {one.code: one.id for one in session.scalars(select(Service))}
    staff = {one.login: one for one in session.scalars(select(Employee))}
    families = {one.card_number: one for one in session.scalars(select(Family))}
    entered: list[JournalEntry] = []
    for code, rows in (("A", _past("A", 2025, at)), ("B", [*_past("B", 2026, at), *_current(at)])):
        ordered = sorted(rows, key=lambda row: row.saved)
        entered += [_enter(session, services[code], row, staff, families) for row in ordered if row.saved <= at]
    _index(session, entered)
    _correct_and_annul(session, entered, staff)


def _past(code: str, year: int, at: datetime) -> Iterator[_Row]:
    """Twenty-odd solved appeals in the second and third quarter, few in the fourth, consultations only in the first."""
    for quarter, count in ((1, 6), (2, 26), (3, 31), (4, 15)):
        first = date(year, quarter * 3 - 2, 12 if quarter == 4 else 9)
        days = _working_days(first, 24 if quarter == 4 else 72)
        cases = [case for case in CASES if case.end != SOLVED] if quarter == 1 else list(CASES)
        for place in range(count):
            case = cases[(place + quarter * 5) % len(cases)]
            day = days[place * len(days) // count]
            occurred = datetime.combine(day, time(9 + place * 5 % 7, place * 13 % 60), ZONE).astimezone(UTC)
            if occurred > at - timedelta(days=12):
                continue
            author = "gromova" if code == "B" else ("lavrova", "zayac")[place % 2]
            check = STATE.next_working_day(day + timedelta(days=6)) if case.end == SOLVED else None
            yield _Row(case, occurred, occurred + timedelta(minutes=7), case.end, check, author)


def _working_days(first: date, span: int) -> list[date]:
    return [day for day in (first + timedelta(days=ahead) for ahead in range(span)) if STATE.is_working_day(day)]


def _current(at: datetime) -> Iterator[_Row]:
    today = at.astimezone(ZONE).date()
    for place, one in enumerate(OPEN_CASES):
        yield _open_row(one, place, today)


def _open_row(one: OpenCase, place: int, today: date) -> _Row:
    day = today - timedelta(days=one.days)
    occurred = datetime.combine(day, time(9 + place, 10 + place * 5), ZONE).astimezone(UTC)
    saved = occurred + timedelta(days=one.late, minutes=6)
    return _Row(one.case, occurred, saved, one.progress, today + timedelta(days=one.check), "gromova")


def _enter(
    session: Session, service_id: int, row: _Row, staff: dict[str, Employee], families: dict[str, Family]
) -> JournalEntry:
    case, author = row.case, staff[row.author]
    family = families[f"С-{case.family:05d}"]
    applicant = next(one for one in family.people if one.is_applicant)
    ended = row.occurred + timedelta(days=5) if row.progress not in _WORKED_AT else None
    year = row.saved.astimezone(ZONE).year
    counter = session.get(JournalCounter, (service_id, year))
    if counter is None:
        counter = JournalCounter(service_id=service_id, year=year, last=0)
        session.add(counter)
    counter.last += 1
    entry = JournalEntry(
        service_id=service_id,
        year=year,
        number=counter.last,
        family_id=family.id,
        person_id=applicant.id,
        state=SAVED,
        applicant_name=" ".join(filter(None, (applicant.surname, applicant.name, applicant.patronymic))),
        family_brief="сведения в карточке" if family.restricted else family.brief,
        contact_method=case.method,
        substance=case.substance,
        obstacle=bool(case.obstacles),
        obstacles=list(case.obstacles),
        topic=case.topic,
        author_id=author.id,
        created_at=row.saved - timedelta(minutes=5),
        saved_at=row.saved,
        occurred_at=row.occurred,
        entered_late=row.saved - row.occurred > timedelta(hours=12),
        progress=row.progress,
        explained=any(kind == "explained" for kind, _ in case.measures),
        final_result=case.result,
        result_kind=case.kind if case.result else "",
        responsible_id=author.id,
        next_check_on=row.check,
        resolved_at=ended,
        closed_at=ended if row.progress in _FINAL else None,
        need={"ground": "no_care", "form": "home", "kinds": ["domestic"]} if case.kind == "service" else {},
    )
    session.add(entry)
    session.flush()
    for place, (kind, text) in enumerate(case.measures):
        moment = row.saved + timedelta(days=min(place * 2, 4))
        session.add(
            AppealMeasure(
                entry_id=entry.id,
                kind=kind,
                text=text,
                done_at=moment if row.progress != "waiting_body" or place == 0 else None,
                employee_id=author.id,
                at=row.saved,
            )
        )
    return entry


_FINAL = frozenset(state.value for state in FINAL)
_WORKED_AT = frozenset(state.value for state in Progress if state.is_open) - {SOLVED}


def _index(session: Session, entries: list[JournalEntry]) -> None:
    """Columns 6 and the search words of all rows at once: row by row it would take as long as everything else."""
    words: dict[int, set[str]] = {}
    for entry in entries:
        print_measures(session, entry, reindex=False)
        words[entry.id] = {word for text in texts_of(entry) for word in words_of(text)}
    ids = ids_of(session, set().union(*words.values()))
    rows = [{"word_id": ids[word], "entry_id": entry_id} for entry_id, held in words.items() for word in held]
    if rows:
        session.execute(insert(EntryWord), sorted(rows, key=lambda row: (row["word_id"], row["entry_id"])))


def _correct_and_annul(session: Session, entries: list[JournalEntry], staff: dict[str, Employee]) -> None:
    """One row corrected and one annulled, so that the journal shows how that looks."""
    rows = [entry for entry in entries if entry.author_id == staff["gromova"].id and entry.saved_at]
    if len(rows) < 12:
        return
    wrong = rows[3]
    # A consultation: the solved appeals are those that crm.demo.ratings counts on.
    double = next(entry for entry in reversed(rows) if entry.progress == Progress.CONSULTED)
    moment = wrong.saved_at
    assert moment is not None  # noqa: S101 - filtered above
    words = {"substance": f"{wrong.substance} Просит перезвонить после 15:00."}
    correct(session, wrong.id, words, wrong.version, "Дополнено со слов заявителя", staff["gromova"],
            moment + timedelta(hours=2))  # fmt: skip
    moment = double.saved_at
    assert moment is not None  # noqa: S101 - filtered above
    annul(session, double.id, "Внесено дважды", staff["gromova"], moment + timedelta(hours=1))
