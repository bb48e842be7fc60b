"""A journal of a million rows, quickly, for the benchmarks: five years of a service, the same rows every time.

Numbers without gaps in every year, one row in thirty entered later, the newest fiftieth still open, the closed ones
rated, every word in the search. Rows belong to the families that are there (`crm.demo.bulk.families` before this).
"""

from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.appeals.states import Progress
from crm.demo.bulk import EPOCH
from crm.demo.bulk_names import names
from crm.demo.bulk_rows import load, move_sequences, set_aside
from crm.demo.hours import STATE
from crm.errors import RecordsError
from crm.family_tables import Family
from crm.institution import Service
from crm.journal_tables import SAVED, JournalCounter, JournalEntry, zone_of_service
from crm.ratings.tables import Rating
from crm.search.tables import EntryWord
from crm.search.words import ids_of, words_of
from crm.staff import EmployeeService

YEARS = 5
CHUNK = 10_000
OPEN_SHARE, LATE_SHARE = 0.02, 0.03
MANY = 50_000

_TOPICS = (
    ("пособия и выплаты", 30),
    ("документы", 20),
    ("статус многодетной семьи", 12),
    ("социальные услуги на дому", 10),
    ("дети: школа и сад", 9),
    ("жильё", 8),
    ("консультация юриста", 5),
    ("консультация психолога", 3),
    ("трудная ситуация, кризис", 2),
    ("иное", 1),
)
_ASKED = (
    "Спрашивает о пособии на ребёнка",
    "Просит помочь собрать справки",
    "Не может приехать сама, нет транспорта",
    "Просит продлить удостоверение",
    "Узнаёт о путёвке в лагерь",
    "Просит место в детском саду",
    "Спрашивает об очереди на участок",
    "Нужна консультация юриста по алиментам",
)
_DONE = (
    "Разъяснён порядок получения помощи",
    "Направлен запрос в ЗАГС",
    "Организовано посещение на дому",
    "Предоставлено транспортное средство",
    "Направлено в центр занятости",
)
_ENDED = ("Выплата назначена", "Документы получены", "Консультация дана", "Услуга оказана", "Вопрос решён")
_METHODS = (("phone", 74), ("in_person", 15), ("email", 7), ("third_party", 4))
_FINAL = ((Progress.CLOSED, 72), (Progress.CONSULTED, 20), (Progress.REFERRED, 4), (Progress.DECLINED, 2),
          (Progress.ANNULLED, 2))  # fmt: skip
_OPEN = ((Progress.IN_WORK, 40), (Progress.WAITING_BODY, 25), (Progress.NEW, 15), (Progress.WAITING_APPLICANT, 10),
         (Progress.SURVEY, 10))  # fmt: skip


def journal(session: Session, count: int, *, at: datetime = EPOCH, service_id: int | None = None) -> int:
    """Insert `count` rows of one service (the first by default) that end at `at`; return how many (ratings aside).

    Adds to what is there; call it for a service whose journal is empty or older. Raises RecordsError without a service
    and staff.
    """
    service = service_id or session.scalar(select(func.min(Service.id)))
    staff = list(session.scalars(select(EmployeeService.employee_id).where(EmployeeService.service_id == service)))
    if service is None or not staff:
        raise RecordsError("Сначала нужны служба и её сотрудники.")
    first = (session.scalar(select(func.max(JournalEntry.id))) or 0) + 1
    families = session.scalar(select(func.max(Family.id))) or 0
    words: dict[str, array[int]] = {}
    numbers = _Numbers(session, service)
    written = 0
    with set_aside(session, JournalEntry, really=count >= MANY), set_aside(session, Rating, really=count >= MANY):
        for start in range(0, count, CHUNK):
            dice = Random(f"journal {start}")  # noqa: S311 - the same ones every time
            rows = [
                _row(dice, index, count, at, first + index, service, staff, families, numbers)
                for index in range(start, min(start + CHUNK, count))
            ]
            for row in rows:
                _note_words(words, row)
            written += load(session, JournalEntry, rows)
            load(session, Rating, _ratings(rows))
    numbers.keep()
    _write_words(session, words, many=count >= MANY)
    move_sequences(session, ("journal_entry", "rating"))
    return written


class _Numbers:
    """The next number of each year, and the counters when all are given."""

    def __init__(self, session: Session, service_id: int) -> None:
        self._session, self._service_id = session, service_id
        self.zone = zone_of_service(session, service_id)
        counters = session.scalars(select(JournalCounter).where(JournalCounter.service_id == service_id))
        self._last = {one.year: one.last for one in counters}

    def next(self, moment: datetime) -> tuple[int, int]:
        """The year of this moment at the institution, and the number."""
        year = moment.astimezone(self.zone).year
        self._last[year] = self._last.get(year, 0) + 1
        return year, self._last[year]

    def keep(self) -> None:
        """Write the counters."""
        for year, last in self._last.items():
            self._session.merge(JournalCounter(service_id=self._service_id, year=year, last=last))
        self._session.flush()


def _pick(dice: Random, weighted: tuple[tuple[Any, int], ...]) -> Any:
    return dice.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]


def _row(  # noqa: PLR0917 - everything a row is made of
    dice: Random,
    index: int,
    count: int,
    at: datetime,
    entry_id: int,
    service_id: int,
    staff: list[int],
    families: int,
    numbers: _Numbers,
) -> dict[str, Any]:
    saved = at - timedelta(days=365 * YEARS) * (1 - (index + 1) / count)
    late = dice.random() < LATE_SHARE
    occurred = saved - (timedelta(days=dice.randint(1, 9)) if late else timedelta(minutes=10))
    is_open = index >= count * (1 - OPEN_SHARE)
    progress: Progress = _pick(dice, _OPEN if is_open else _FINAL)
    surname = names().surnames.pick(dice)
    asked, done = dice.choice(_ASKED), dice.choice(_DONE)
    ended = "" if is_open else dice.choice(_ENDED)
    year, number = numbers.next(saved)
    author = staff[index % len(staff)]
    check = STATE.next_working_day((at + timedelta(days=dice.randint(-10, 14))).date()) if is_open else None
    return {
        "id": entry_id,
        "service_id": service_id,
        "year": year,
        "number": number,
        "call_id": None,
        "family_id": 1 + index % families if families else None,
        "person_id": None,
        "state": SAVED,
        "applicant_name": f"{surname.woman} {names().women.pick(dice)} {names().fathers.pick(dice)}на",
        "family_brief": f"{surname.family}, {dice.randint(1, 6)} детей",
        "contact_method": _pick(dice, _METHODS),
        "substance": asked,
        "obstacle": False,
        "topic": _pick(dice, _TOPICS),
        "author_id": author,
        "created_at": saved - timedelta(minutes=5),
        "saved_at": saved,
        "draft_saved_at": None,
        "version": 2,
        "occurred_at": occurred,
        "entered_late": late,
        "progress": progress.value,
        "obstacles": [],
        "explained": True,
        "measures": f"{saved:%d.%m.%Y}. {done}",
        "final_result": ended,
        "result_kind": "" if is_open else "help",
        "rating_mark": str(dice.randint(6, 10)) if progress is Progress.CLOSED else "",
        "responsible_id": staff[(index + index // 7) % len(staff)],
        "next_check_on": check,
        "resolved_at": None if is_open else saved + timedelta(hours=5),
        "closed_at": None if is_open else saved + timedelta(hours=6),
        "need": {},
        "consultation": {},
    }


def _ratings(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row["rating_mark"]:
            yield {
                "entry_id": row["id"],
                "service_id": row["service_id"],
                "outcome": "score",
                "score": int(row["rating_mark"]),
                "given_at": row["closed_at"],
                "channel": "human_call",
                "rated_id": row["author_id"],
                "taken_by_id": row["responsible_id"],
                "created_at": row["closed_at"],
            }


_folded: dict[str, tuple[str, ...]] = {}


def _note_words(words: dict[str, "array[int]"], row: dict[str, Any]) -> None:
    """As `crm.search.journal.reindex_entry` would; equal texts are folded once."""
    texts = [row["family_brief"].split(",")[0], row["substance"], row["topic"], row["measures"][12:]]
    texts += [row["final_result"], *row["applicant_name"].split(" ")]
    found: set[str] = set()
    for text in texts:
        known = _folded.get(text)
        if known is None:
            known = _folded[text] = tuple(words_of(text))
        found.update(known)
    for word in found:
        held = words.get(word)
        if held is None:
            held = words[word] = array("q")
        held.append(row["id"])


def _write_words(session: Session, words: dict[str, "array[int]"], *, many: bool) -> None:
    ids = ids_of(session, words)
    ordered = sorted((ids[word], word) for word in words)
    rows = ({"word_id": word_id, "entry_id": entry_id} for word_id, word in ordered for entry_id in words[word])
    with set_aside(session, EntryWord, really=many):
        load(session, EntryWord, rows)
