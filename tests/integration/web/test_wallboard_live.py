"""The board over a real server and a real Valkey: pushed to those who may see it, and no longer than they may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callflow import events
from crm import institution, sign_in, staff
from crm.service_report import wall_pass
from tests.support.event_stream import Stream
from tests.support.pages import Place, running_place
from tests.support.wait import wait_for
from web import board_hub, wallboard
from workers.feed import Notice, NoticeKind

CALLER, NAME = "+79070000101", "Кузнецов"


@pytest.fixture
def place(furnished: Path, tmp_path: Path) -> Iterator[Place]:
    with running_place(furnished, tmp_path) as place:
        yield place


def watching(place: Place, cookie: str, name: str = "dispatch") -> Stream:
    """A browser before the board, or a monitor."""
    return Stream(place.port, cookie, path="/wallboard/live" if name == "dispatch" else "/wall/live", name=name)


def monitor(place: Place) -> tuple[Stream, int, str]:
    """A monitor on the wall for the first service: its stream, its pass, the secret of that."""
    with place.desk.database.transaction() as session:
        head = staff.by_login(session, "roshchina")
        assert head is not None
        first = institution.services(session)[0].id
        token = wall_pass.issue(session, [first], "дежурка", head, datetime.now(UTC))
        pass_id = wall_pass.standing(session, datetime.now(UTC))[0].id
    return watching(place, token, "dispatch-wall"), pass_id, token


def board_with(stream: Stream, words: str) -> str:
    """The first board that says this."""
    while words not in (html := stream.until("board")["data"]):
        pass
    return html


def test_a_change_is_pushed_without_names_and_numbers(place):
    stream = watching(place, place.sign_in("lavrova"))
    assert stream.answer.getheader("content-type", "").startswith("text/event-stream")
    assert stream.answer.getheader("cache-control") == "no-store"
    assert "Ждут ответа" in stream.until("board")["data"]
    place.ring("call-1")
    html = board_with(stream, "звонит телефон")
    assert CALLER not in html
    assert CALLER[2:] not in html
    assert NAME not in html
    place.answer("call-1")
    board_with(stream, "говорит")
    stream.close()


def test_the_id_is_that_of_a_notice_which_the_board_knows_of(place):
    stream = watching(place, place.sign_in("lavrova"))
    stream.until("board")
    place.feed.publish([Notice(NoticeKind.QUEUE)])
    while not (event := stream.event()).get("id"):
        pass
    assert event["id"].partition("-")[0].isdecimal()
    stream.close()


def test_each_sees_the_services_that_she_may(place):
    with place.desk.database.reading() as session:
        names = [one.name for one in institution.services(session)]
    own = watching(place, place.sign_in("lavrova"))
    every = watching(place, place.sign_in("chernykh"))
    html = own.until("board")["data"]
    assert names[0] in html
    assert names[1] not in html
    html = every.until("board")["data"]
    assert all(name in html for name in names)
    own.close()
    every.close()


@pytest.mark.parametrize(("login", "status"), [("smirnova", 403), ("kim", 403)])
def test_who_has_no_board_has_no_stream_of_it(place, login, status):
    assert watching(place, place.sign_in(login)).answer.status == status
    assert watching(place, "x" * 43).answer.status == 401
    assert watching(place, "x" * 43, "dispatch-wall").answer.status == 401


def test_who_may_watch_is_looked_at_often_enough_for_five_seconds():
    assert board_hub.CHECK_SECONDS + wallboard.TICK_SECONDS <= 4.0


def test_it_ends_soon_after_the_session(place):
    cookie = place.sign_in("lavrova")
    stream = watching(place, cookie)
    stream.until("board")
    with place.desk.database.transaction() as session:
        sign_in.sign_out(session, cookie, datetime.now(UTC))
    assert stream.until("goodbye")["data"] == "ended"
    assert stream.event() == {}
    stream.close()


def test_another_role_ends_it(place):
    stream = watching(place, place.sign_in("lavrova"))
    stream.until("board")
    with place.desk.database.transaction() as session:
        session.get_one(staff.Employee, place.ids["lavrova"]).role = "specialist"
    assert stream.until("goodbye")["data"] == "ended"
    stream.close()


def test_a_monitor_follows_the_board_until_its_pass_is_withdrawn(place):
    stream, pass_id, token = monitor(place)
    other, _, _ = monitor(place)
    stream.until("board")
    place.ring("call-1")
    board_with(stream, "звонит телефон")
    with place.desk.database.transaction() as session:
        head = staff.by_login(session, "roshchina")
        assert head is not None
        wall_pass.withdraw(session, pass_id, head, datetime.now(UTC))
    assert stream.until("goodbye")["data"] == "ended"
    assert watching(place, token, "dispatch-wall").answer.status == 401
    place.answer("call-1")
    board_with(other, "говорит")  # the other monitor goes on
    other.close()


def test_a_sixth_stream_is_turned_away_and_the_workplace_keeps_its_own(place):
    cookie = place.sign_in("lavrova")
    with ExitStack() as stack:
        for _ in range(5):
            stream = watching(place, cookie)
            stack.callback(stream.close)
            assert stream.until("board")
        sixth = watching(place, cookie)
        assert sixth.until("goodbye")["data"] == "too-many"
        sixth.close()
        workplace = Stream(place.port, cookie)
        assert workplace.until("snapshot")
        workplace.close()


def test_nobody_follows_the_feed_when_the_last_one_has_gone(place):
    hub = place.server.app.state.board_hub
    stream = watching(place, place.sign_in("lavrova"))
    stream.until("board")
    assert hub.is_following
    stream.close()
    wait_for(lambda: not hub.is_following, 20, "the hub to rest")


def test_it_outlives_redis(place):
    stream = watching(place, place.sign_in("lavrova"))
    stream.until("board")
    place.valkey.kill()
    place.fact(events.CallArrived, call="call-9", did=did_of(place), channel="PJSIP/trunk-1")
    while ">1</strong>" not in stream.until("board")["data"].split("Ждёт дольше всех")[0]:
        pass
    place.valkey.start()
    place.ring("call-1")
    board_with(stream, "звонит телефон")
    stream.close()


def did_of(place: Place) -> str:
    with place.desk.database.reading() as session:
        return institution.active_lines(session)[0].did


def test_a_server_that_stops_ends_the_streams(place):
    stream = watching(place, place.sign_in("lavrova"))
    stream.until("board")
    place.server.stop()
    while stream.event():
        pass
    stream.close()
    place.server.start()
