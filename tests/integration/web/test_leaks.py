"""What a family is called stays in the records: not in logs, Redis, jobs, addresses, titles, file names (S17, S18).

The flows run through the real guard and a real Valkey; afterwards everything that came out is searched for the family.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from crm import families
from tests.integration.web import caged, canary, walk
from tests.integration.web.conftest import Browser, Office, token_in
from tests.support.valkey import TemporaryValkey
from web.access import csrf_of
from workers import queues
from workers.feed import Feed, Notice, NoticeKind

WORDS = ("канаре", "9070009988", "000-99-88")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("caged")
    return folder, caged.cage(folder)


class Watched(Browser):
    """A browser that remembers every address it was sent to, and every title it saw."""

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self.seen: list[str] = []
        self.client.event_hooks["response"].append(self._note)

    def _note(self, answer: object) -> None:
        answer.read()
        self.seen.append(str(answer.request.url))
        self.seen += [
            value
            for name, value in answer.headers.items()
            if name in ("location", "hx-location", "content-disposition")
        ]
        self.seen += re.findall(r"<title>(.*?)</title>", answer.text, re.DOTALL)


class Leaks:
    """An office with a real Redis, and the head's watched browser."""

    def __init__(self, folder: Path, cookies: dict[str, str], redis_url: str) -> None:
        self.folder, self.redis_url = folder, redis_url
        self.desk = caged.desk_in(folder, redis_url)
        self.office = Office(self.desk)
        self.head = Watched(self.office)
        self.head.client.cookies.set("dispatch", cookies["roshchina"])
        self.head.csrf = token_in(self.head.get("/me").text)
        assert self.head.csrf == csrf_of(cookies["roshchina"])

    def redis_dump(self) -> str:
        """Every key and everything in it."""
        client = redis.Redis.from_url(self.redis_url)
        parts = []
        for key in client.scan_iter("*"):
            parts.append(key.decode(errors="replace"))
            kind = client.type(key).decode()
            value = {
                "string": lambda one: [client.get(one)],
                "hash": lambda one: [part for pair in client.hgetall(one).items() for part in pair],
                "list": lambda one: client.lrange(one, 0, -1),
                "set": client.smembers,
                "zset": lambda one: client.zrange(one, 0, -1),
                "stream": lambda one: [
                    part for _id, row in client.xrange(one) for pair in row.items() for part in pair
                ],
            }[kind](key)
            parts += [(part or b"").decode(errors="replace") for part in value]
        client.close()
        return "\n".join(parts)


@pytest.fixture
def leaks(planted: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Leaks]:
    for file in planted[0].glob("records.db*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with TemporaryDirectory(prefix="sd-") as sockets, TemporaryValkey(Path(sockets)) as valkey:
        made = Leaks(tmp_path, planted[1], valkey.url)
        yield made
        made.desk.close()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """As `web.main` logs: INFO and above of everything."""
    caplog.set_level(logging.INFO)
    return caplog


def said(records: pytest.LogCaptureFixture) -> str:
    return "\n".join([records.text, *(str(record.args) for record in records.records)])


def test_the_head_walks_everywhere_and_the_family_leaves_no_trace_outside(leaks, logged, capfd):
    for step in walk.steps(leaks.office.app):
        browser = leaks.head
        _ = browser.get(step.path) if step.method == "GET" else browser.post(step.path, **dict(step.form))
    assert len(leaks.head.seen) > 60
    outside = {
        "addresses, titles and file names": "\n".join(leaks.head.seen),
        "log": said(logged),
        "Redis": leaks.redis_dump(),
        "terminal": "".join(capfd.readouterr()),
        "names of files": "\n".join(str(path) for path in leaks.folder.rglob("*")),
    }
    found = {place: canary.leaks(text, marks=WORDS) for place, text in outside.items()}
    assert not any(found.values()), found


def test_a_failure_in_the_middle_of_a_card_tells_nobody_whose_card_it_was(leaks, logged, capfd, monkeypatch):
    def fail(*_args: object, **_fields: object) -> None:
        raise RuntimeError(f"{canary.NAME} {canary.PHONE}: постороннее")

    monkeypatch.setattr(families, "open_card", fail)
    monkeypatch.setattr(families, "fetch_family", fail)
    answer = leaks.head.get(f"/families/{canary.CANARY}")
    assert answer.status_code == 500
    assert not canary.leaks(answer.text)
    assert "RuntimeError" in logged.text
    assert not canary.leaks(said(logged), marks=WORDS)
    assert not canary.leaks("".join(capfd.readouterr()), marks=WORDS)


def test_notices_and_jobs_carry_ids_only(leaks):
    """Whatever is published about the family's call: the feed's rows and the queue's arguments."""
    feed = Feed(leaks.redis_url)
    feed.publish([Notice(NoticeKind.POP, employee_id=1, call_id=canary.CANARY)])
    assert set(Notice.__annotations__) == {"kind", "employee_id", "call_id", "service_id", "order_waits", "goes_on"}
    assert not any("wait" in name for name in Notice(NoticeKind.POP, order_waits=True).as_fields())
    queues.wake(leaks.redis_url, queues.Wake.PRESENCE)
    dump = leaks.redis_dump()
    assert str(canary.CANARY) in dump
    assert not canary.leaks(dump, marks=WORDS)
    feed.close()
