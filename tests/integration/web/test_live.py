"""The live stream over a real server and a real Valkey: only what concerns one, again after a break, no longer than
the session (reliability.md B66, S16)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm import institution, sign_in, staff
from tests.support.event_stream import Stream
from tests.support.pages import Place, running_place
from tests.support.wait import patient
from workers.feed import Notice, NoticeKind


@pytest.fixture
def place(furnished: Path, tmp_path: Path) -> Iterator[Place]:
    with running_place(furnished, tmp_path) as place:
        yield place


def test_a_person_hears_what_concerns_her_and_nothing_else(place):
    stream = Stream(place.port, place.sign_in("lavrova"))
    place.sign_in("zayac")
    assert stream.until("snapshot")
    with place.desk.database.reading() as session:
        own = set(staff.service_ids_of(session, place.ids["lavrova"]))
        other = next(one.id for one in institution.services(session) if one.id not in own)
    place.feed.publish(
        [
            Notice(NoticeKind.POP, employee_id=place.ids["zayac"], call_id=1),
            Notice(NoticeKind.QUEUE, service_id=other),
            Notice(NoticeKind.POP, employee_id=place.ids["lavrova"], call_id=2),
        ]
    )
    event = stream.until("notice")
    assert event["data"] == '{"kind": "pop", "call": 2}'
    stream.close()


def test_what_was_missed_is_replayed_by_the_last_event_id(place):
    cookie = place.sign_in("lavrova")
    place.feed.publish([Notice(NoticeKind.LINK)])
    stream = Stream(place.port, cookie)
    last = stream.until("snapshot")["id"]
    stream.close()
    place.feed.publish([Notice(NoticeKind.POP, employee_id=place.ids["lavrova"], call_id=7)])
    again = Stream(place.port, cookie, last)
    assert again.until("notice")["data"] == '{"kind": "pop", "call": 7}'
    again.close()


@pytest.mark.parametrize("hostile", ["999999999999999999-0", "x' OR 1=1", "-1", "0-0;drop", "1" * 5000])
def test_a_made_up_last_event_id_gets_a_fresh_look(place, hostile):
    place.feed.publish([Notice(NoticeKind.LINK)])
    stream = Stream(place.port, place.sign_in("lavrova"), hostile)
    assert stream.until("snapshot")["event"] == "snapshot"
    stream.close()


def test_the_stream_says_goodbye_within_five_seconds_after_the_session_ends(place):
    cookie = place.sign_in("lavrova")
    stream = Stream(place.port, cookie)
    stream.until("snapshot")
    with place.desk.database.transaction() as session:
        sign_in.sign_out(session, cookie, datetime.now(UTC))
    started = time.monotonic()
    assert stream.until("goodbye")["data"] == "ended"
    assert time.monotonic() - started < patient(5)
    assert stream.event() == {}
    stream.close()


def test_a_new_role_closes_the_stream(place):
    stream = Stream(place.port, place.sign_in("lavrova"))
    stream.until("snapshot")
    with place.desk.database.transaction() as session:
        session.get_one(staff.Employee, place.ids["lavrova"]).role = "specialist"
    assert stream.until("goodbye")["data"] == "ended"
    stream.close()


def test_a_sixth_stream_is_turned_away_and_a_closed_one_makes_room(place):
    cookie = place.sign_in("lavrova")
    streams = [Stream(place.port, cookie) for _ in range(5)]
    for stream in streams:
        stream.until("snapshot")
    sixth = Stream(place.port, cookie)
    assert sixth.until("goodbye")["data"] == "too-many"
    sixth.close()
    streams[0].close()
    deadline = time.monotonic() + 8
    while True:
        next_one = Stream(place.port, cookie)
        first = next_one.event()
        next_one.close()
        if first.get("event") == "beat":
            break
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for stream in streams[1:]:
        stream.close()


def test_the_stream_outlives_redis_and_looks_again_when_it_is_back(place):
    stream = Stream(place.port, place.sign_in("lavrova"))
    stream.until("snapshot")
    place.valkey.kill()
    assert stream.until("snapshot")["event"] == "snapshot"
    place.valkey.start()
    assert stream.until("snapshot").get("id")
    place.feed.publish([Notice(NoticeKind.POP, employee_id=place.ids["lavrova"], call_id=3)])
    assert stream.until("notice")["data"] == '{"kind": "pop", "call": 3}'
    stream.close()


def test_without_a_session_there_is_no_stream(place):
    assert Stream(place.port, "x" * 43).answer.status == 401
