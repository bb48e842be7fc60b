"""Who may be rung."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from crm import presence, sign_in
from crm.db import Database
from crm.demo.logins import password_of
from crm.presence import PresenceState
from tests.integration.crm import scenario as s


def test_nobody_who_did_not_say_ready_is_rung(town: Database) -> None:
    with town.reading() as session:
        assert presence.desired_pauses(session)["101"] == (True, "offline")
        assert set(presence.desired_pauses(session)) >= {"101", "102", "111"}
        assert "131" not in presence.desired_pauses(session)


def test_each_state_says_whether_and_why_to_pause(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova").id, s.play(session, [s.arrived()]).id
        presence.set_ready(session, lavrova, s.NOON)
        assert presence.desired_pauses(session)["101"] == (False, "")
        presence.start_break(session, lavrova, "обед", s.after(1))
        assert presence.desired_pauses(session)["101"] == (True, "break: обед")
        presence.start_wrapup(session, lavrova, call, s.after(2))
        assert presence.desired_pauses(session)["101"] == (True, "wrapup")
        presence.go_offline(session, lavrova, s.after(3))
        assert presence.desired_pauses(session)["101"] == (True, "offline")


def test_ready_or_a_break_asked_for_in_a_wrapup_follows_it(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova").id, s.play(session, [s.arrived()]).id
        presence.set_ready(session, lavrova, s.NOON)
        presence.start_wrapup(session, lavrova, call, s.after(1))
        assert presence.start_break(session, lavrova, "обед", s.after(2)).state == PresenceState.WRAPUP
        assert presence.end_wrapup(session, lavrova, s.after(3), call_id=call + 1).state == PresenceState.WRAPUP
        after = presence.end_wrapup(session, lavrova, s.after(4), call_id=call)
        assert (after.state, after.reason, after.since, after.call_id) == ("break", "обед", s.after(4), None)


def test_a_break_begun_during_a_talk_survives_the_wrapup(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova").id
        presence.set_ready(session, lavrova, s.NOON)
        s.play(session, s.whole_talk()[:5])
        presence.start_break(session, lavrova, "обед", s.after(30))
        s.play(session, s.whole_talk()[5:])
        assert presence.end_wrapup(session, lavrova, s.after(100)).state == PresenceState.BREAK


def test_a_call_made_off_the_line_is_written_up_and_leaves_her_off_the_line(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova").id, s.play(session, [s.arrived()]).id
        presence.go_offline(session, lavrova, s.NOON)
        assert presence.start_wrapup(session, lavrova, call, s.after(1), own_call=True).state == PresenceState.WRAPUP
        assert presence.desired_pauses(session)["101"] == (True, "wrapup")
        presence.end_wrapups_of(session, call, s.after(2))
        after = presence.presence_of(session, lavrova, s.after(3))
        assert (after.state, after.call_id) == (PresenceState.OFFLINE, None)


def test_ready_said_in_the_wrapup_of_a_call_made_off_the_line_comes_after_it(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova").id, s.play(session, [s.arrived()]).id
        presence.start_wrapup(session, lavrova, call, s.after(1), own_call=True)
        presence.set_ready(session, lavrova, s.after(2))
        assert presence.end_wrapup(session, lavrova, s.after(3), call).state == PresenceState.READY


def test_saying_the_same_again_moves_no_clock(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova").id
        presence.set_ready(session, lavrova, s.NOON)
        again = presence.set_ready(session, lavrova, s.after(50))
        assert again.since == s.NOON


def test_signing_in_makes_nobody_ready_and_signing_out_takes_offline(town: Database) -> None:
    with town.transaction() as session:
        signed = sign_in.sign_in(session, "lavrova", password_of("lavrova"), "127.0.0.1", "test", s.NOON)
        assert isinstance(signed, sign_in.SignedIn)
        assert presence.desired_pauses(session)["101"][0]
        presence.set_ready(session, signed.employee.id, s.NOON)
        sign_in.sign_out(session, signed.token, s.after(5))
        assert presence.desired_pauses(session)["101"] == (True, "offline")


def test_first_words_said_at_once_make_one_row(town: Database) -> None:
    def say(number: int) -> str:
        with town.transaction() as session:
            lavrova = s.employee(session, "lavrova").id
            return presence.set_ready(session, lavrova, s.after(number)).state

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(say, range(6))) == {"ready"}
