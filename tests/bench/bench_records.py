"""Cards and the journal at full size, on both engines: in the database, and as pages of a running server.

The pages are asked over a socket by one browser at a time, signed in as the head, who reads all of it.

    BENCH_FAMILIES=10000 BENCH_ROWS=10000 .venv/bin/python tests/bench/bench_records.py
"""

from __future__ import annotations

import http.client
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import func, select  # noqa: E402

from crm import families, sign_in  # noqa: E402
from crm.appeals import reading  # noqa: E402
from crm.appeals.reading import JournalFilters  # noqa: E402
from crm.db import Database  # noqa: E402
from crm.demo import bulk  # noqa: E402
from crm.family_tables import Family, Phone  # noqa: E402
from crm.journal_tables import JournalEntry  # noqa: E402
from crm.staff import Employee, by_login  # noqa: E402
from tests.bench.big_records import KEY, big_records, url_of  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.bench.sizes import ENGINES, FULL, MIDDLE, ROWS, SMALL  # noqa: E402
from tests.support.pages import Server  # noqa: E402
from tests.support.ports import free_port  # noqa: E402
from web.access import csrf_of  # noqa: E402
from web.desk import Desk  # noqa: E402
from web.settings import WebSettings  # noqa: E402
from workers.feed import Feed  # noqa: E402

LOGIN = "roshchina"
ASKED = 300
WARM_UP = 20
ROUNDS = 5
LOOKUP_MS, CARD_PAGE_MS, JOURNAL_MS = 10.0, 40.0, 100.0
GROWTH = 1.3


def timed(ask: Callable[[], object], times: int = ASKED) -> list[float]:
    """Milliseconds of each of `times` calls, after some that warm the caches up."""
    for _ in range(WARM_UP):
        ask()
    found = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        found.append((time.perf_counter() - started) * 1000)
    return found


def head_of(database: Database) -> Employee:
    with database.reading() as session:
        head = by_login(session, LOGIN)
    assert head is not None
    return head


def count_of(database: Database, model: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def lookup(database: Database, count: int) -> Callable[[], object]:
    """What happens when the telephone rings: who has this number, and what of the card the operator sees."""
    head, chance = head_of(database), random.Random(count)  # noqa: S311

    def ask() -> object:
        with database.reading() as session:
            found = families.find_by_number(session, bulk.number_of(chance.randrange(count)))
            assert found
            return [families.masked(session, one.person, one.family, one.phone, head) for one in found]

    return ask


def growth(small: Callable[[], object], full: Callable[[], object]) -> float:
    """How many times dearer the full one is: medians of rounds in turn, so that both meet the same machine."""
    here, there = [], []
    for _ in range(ROUNDS):
        here += timed(small, ASKED // ROUNDS)
        there += timed(full, ASKED // ROUNDS)
    return percentile(there, 0.5) / percentile(here, 0.5)


def journal_questions(database: Database) -> Iterator[tuple[JournalFilters, str]]:
    """Any filter on any page: what the list's form offers, with cursors from the newest row to the oldest."""
    chance = random.Random(3)  # noqa: S311
    with database.reading() as session:
        service_id = session.scalar(select(JournalEntry.service_id).limit(1))
        rows = list(session.scalars(select(JournalEntry).where(JournalEntry.number.is_not(None)).limit(5000)))
        first, last = session.execute(select(func.min(JournalEntry.year), func.max(JournalEntry.year))).one()
        most = session.scalar(select(func.max(JournalEntry.number))) or 1
    while True:
        row = chance.choice(rows)
        since = datetime(chance.randint(first, last), chance.randint(1, 12), 1, tzinfo=UTC).date()
        words = row.applicant_name.split()
        kinds = (
            {},
            {"progress": row.progress},
            {"contact_method": row.contact_method},
            {"responsible_id": row.responsible_id},
            {"author_id": row.author_id},
            {"topic": row.topic},
            {"overdue": True},
            {"since": since, "until": since + timedelta(days=chance.choice((0, 30, 91)))},
            {"number": row.number},
            {"text": words[0][: chance.randint(3, 8)] if words else "а"},
            {"progress": row.progress, "topic": row.topic, "author_id": row.author_id, "since": since},
        )
        for values in kinds:
            cursor = chance.choice(("", f"o{chance.randint(first, last)}-{chance.randint(1, most)}"))
            yield JournalFilters(service_id=row.service_id or service_id, **values), cursor  # type: ignore[arg-type]


def journal_page(database: Database) -> Callable[[], object]:
    """One page of rows with its count."""
    head, questions, today = head_of(database), journal_questions(database), datetime.now(UTC).date()

    def ask() -> object:
        filters, cursor = next(questions)
        with database.reading() as session:
            return reading.page(session, head, filters, cursor, today=today)

    return ask


@dataclass(frozen=True)
class Visit:
    """One browser of the head's."""

    port: int
    token: str

    def get(self, path: str) -> str:
        """A whole page."""
        return self._ask("GET", path, "")

    def post(self, path: str, **fields: str) -> str:
        """A form's answer."""
        return self._ask("POST", path, urlencode({"csrf": csrf_of(self.token), **fields}))

    def _ask(self, method: str, path: str, body: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": f"dispatch={self.token}", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status == 200, f"{method} {path}: {answer.status}"
        return text


@contextmanager
def served(database: Database) -> Iterator[Visit]:
    """These records behind a server, and the head signed in."""
    with tempfile.TemporaryDirectory() as folder:
        settings = WebSettings(
            data_dir=Path(folder), secret_key=KEY, database_url=url_of(database), http_bind=f"127.0.0.1:{free_port()}",
            redis_url=f"unix://{folder}/nobody.sock", _env_file=None,
        )  # fmt: skip
        with database.transaction() as session:
            entered = sign_in.sign_in(session, LOGIN, f"demo-{LOGIN}-2026", "127.0.0.1", "bench", datetime.now(UTC))
            assert isinstance(entered, sign_in.SignedIn)
        server = Server(Desk(settings, Database(url_of(database), KEY), Feed(settings.redis_address())))
        server.start()
        try:
            yield Visit(settings.http_address.port, entered.token)
        finally:
            server.stop()
            server.desk.close()


def pages(database: Database, engine: str, count: int, note: str) -> list[Figure]:
    """Rows of the pages."""
    chance = random.Random(11)  # noqa: S311
    with database.reading() as session:
        known = list(session.scalars(select(Family.id).where(Family.state == "active").limit(5000)))
        services = list(session.scalars(select(JournalEntry.service_id).distinct()))
    with served(database) as visit:

        def by_phone() -> str:
            return visit.post("/families/search", text=bulk.number_of(chance.randrange(count)))

        def card() -> str:
            return visit.get(f"/families/{chance.choice(known)}")

        def journal() -> str:
            return visit.get(f"/journal?service={chance.choice(services)}")

        figures = [
            Figure(f"page: card by phone, p95, {engine}", percentile(timed(by_phone), 0.95), "ms", CARD_PAGE_MS,
                   note=note),
            Figure(f"page: the whole card, p95, {engine}", percentile(timed(card), 0.95), "ms", 2 * CARD_PAGE_MS,
                   note=note),
        ]  # fmt: skip
        if services:
            figures.append(
                Figure(f"page: journal, newest, p95, {engine}", percentile(timed(journal), 0.95), "ms", JOURNAL_MS,
                       note=note)
            )  # fmt: skip
    return figures


def measure(engine: str) -> list[Figure]:
    """Rows of one engine."""
    figures = []
    with big_records(engine, MIDDLE) as database:  # type: ignore[arg-type]
        note = f"{count_of(database, Family):,} families"
        times = timed(lookup(database, MIDDLE))
        figures.append(
            Figure(f"card by phone, {MIDDLE:,} families, p95, {engine}", percentile(times, 0.95), "ms", LOOKUP_MS,
                   note=note)
        )  # fmt: skip
    with big_records(engine, SMALL) as small, big_records(engine, FULL, ROWS) as full:  # type: ignore[arg-type]
        families_there, rows_there = count_of(full, Family), count_of(full, JournalEntry)
        phones = count_of(full, Phone)
        note = f"{families_there:,} families, {phones:,} telephones, {rows_there:,} journal rows"
        times = timed(lookup(full, FULL))
        figures += [
            Figure(f"card by phone, {FULL:,} families, p95, {engine}", percentile(times, 0.95), "ms", LOOKUP_MS,
                   note=note),
            Figure(f"card by phone, times 10,000 families, {engine}", growth(lookup(small, SMALL), lookup(full, FULL)),
                   "×", GROWTH, note=note),
            *pages(full, engine, FULL, note),
        ]  # fmt: skip
        if rows_there:
            times = timed(journal_page(full), ASKED * 2)
            figures += [
                Figure(f"journal page, any filter, p95, {engine}", percentile(times, 0.95), "ms", JOURNAL_MS,
                       note=note),
                Figure(f"journal page, slowest, {engine}", max(times), "ms", note=note),
            ]  # fmt: skip
    return figures


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark; `calls` and `seconds` are for benches with a telephone."""
    return [figure for engine in ENGINES for figure in measure(engine)]


if __name__ == "__main__":
    print(table(run()))
