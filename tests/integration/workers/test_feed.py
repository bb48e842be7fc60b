"""The feed over a real Valkey: order, replay, what may have been missed, and a server that goes away."""

import asyncio
from collections.abc import Callable

import pytest
import redis

from tests.support.valkey import TemporaryValkey
from workers.feed import KEPT, STREAM, Feed, FeedDown, Notice, NoticeKind

POP = Notice(NoticeKind.POP, employee_id=7, call_id=41)
QUEUE = Notice(NoticeKind.QUEUE, service_id=1)


def read(
    feed: Feed, after: str | None, count: int, meanwhile: Callable[[], None] = lambda: None
) -> list[tuple[str, Notice | None]]:
    """The first `count` yields that hold a notice, after the opening one, which comes first in the list."""

    async def collect() -> list[tuple[str, Notice | None]]:
        stream = feed.subscribe(after)
        got = [await anext(stream)]
        meanwhile()
        while len(got) <= count:
            item = await asyncio.wait_for(anext(stream), 5)
            if item[1] is not None:
                got.append(item)
        await stream.aclose()
        return got

    return asyncio.run(collect())


def test_what_is_published_is_heard_in_order(valkey: TemporaryValkey) -> None:
    feed = Feed(valkey.url)
    got = read(feed, None, 2, meanwhile=lambda: (feed.publish([POP, QUEUE]), None)[1])
    assert [notice for _, notice in got] == [None, POP, QUEUE]


def test_a_reader_that_comes_back_hears_what_it_missed(valkey: TemporaryValkey) -> None:
    feed = Feed(valkey.url)
    first = read(feed, None, 1, meanwhile=lambda: (feed.publish([POP]), None)[1])
    feed.publish([QUEUE])
    got = read(feed, first[-1][0], 1)
    assert got[0][1] is None
    assert got[1][1] == QUEUE


@pytest.mark.parametrize("after", ["99999999999999-0", "nonsense", "-1", "1-1; FLUSHALL", "1" * 30 + "-0"])
def test_a_last_event_id_that_cannot_be_ours_means_a_fresh_look(valkey: TemporaryValkey, after: str) -> None:
    feed = Feed(valkey.url)
    feed.publish([POP])
    got = read(feed, after, 1, meanwhile=lambda: (feed.publish([QUEUE]), None)[1])
    assert got[0][1] == Notice(NoticeKind.RESYNC)
    assert got[1][1] == QUEUE


def test_a_reader_older_than_the_stream_is_told_to_look_afresh(valkey: TemporaryValkey) -> None:
    feed = Feed(valkey.url)
    first = read(feed, None, 1, meanwhile=lambda: (feed.publish([POP]), None)[1])
    for _ in range(4):
        feed.publish([QUEUE] * KEPT)
    assert read(feed, first[-1][0], 0)[0][1] == Notice(NoticeKind.RESYNC)


def test_after_the_server_lost_its_data_a_reader_looks_afresh(valkey: TemporaryValkey) -> None:
    feed = Feed(valkey.url)
    first = read(feed, None, 1, meanwhile=lambda: (feed.publish([POP]), None)[1])
    redis.Redis.from_url(valkey.url).flushall()
    assert read(feed, first[-1][0], 0)[0][1] == Notice(NoticeKind.RESYNC)


def test_publishing_into_a_dead_server_says_so_and_raises_nothing(valkey: TemporaryValkey) -> None:
    feed = Feed(valkey.url)
    assert feed.publish([POP])
    valkey.kill()
    assert feed.publish([POP]) is False
    valkey.start()
    assert feed.publish([POP])


def test_a_reader_learns_that_the_server_died(valkey: TemporaryValkey) -> None:
    async def listen() -> None:
        stream = Feed(valkey.url).subscribe(None)
        await anext(stream)
        valkey.kill()
        with pytest.raises(FeedDown):
            await asyncio.wait_for(anext(stream), 5)

    asyncio.run(listen())


def test_silence_is_broken_about_once_a_second_so_that_the_reader_can_look_around(valkey: TemporaryValkey) -> None:
    async def listen() -> list[tuple[str, Notice | None]]:
        stream = Feed(valkey.url).subscribe(None)
        return [await asyncio.wait_for(anext(stream), 3) for _ in range(2)]

    assert [notice for _, notice in asyncio.run(listen())] == [None, None]


def test_the_stream_holds_ids_and_nothing_else(valkey: TemporaryValkey) -> None:
    Feed(valkey.url).publish([POP])
    ((_, fields),) = redis.Redis.from_url(valkey.url, decode_responses=True).xrange(STREAM)
    assert fields == {"kind": "pop", "employee": "7", "call": "41"}


@pytest.mark.parametrize(
    ("notice", "mine"),
    [
        (Notice(NoticeKind.POP, employee_id=7), True),
        (Notice(NoticeKind.POP, employee_id=8), False),
        (Notice(NoticeKind.QUEUE, service_id=1), True),
        (Notice(NoticeKind.QUEUE, service_id=2), False),
        (Notice(NoticeKind.POP, employee_id=8, service_id=1), False),
        (Notice(NoticeKind.RESYNC), True),
    ],
)
def test_a_notice_concerns_its_person_or_its_service_or_all(notice: Notice, mine: bool) -> None:
    assert notice.concerns(7, frozenset({1})) is mine


def test_a_kind_from_a_newer_version_asks_for_a_fresh_look() -> None:
    assert Notice.from_fields({"kind": "teleport"}).kind is NoticeKind.RESYNC
