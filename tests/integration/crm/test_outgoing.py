"""Calls that an operator makes: one order, one call, whatever is clicked twice or lost on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from callflow import events
from callflow.call import CallState, Disposition
from callflow.dialplan_word import DialplanWord, Subject
from callflow.live import LiveCall
from callflow.outgoing import OrderState, Result, leg_of
from crm import calls, journal, presence
from crm.calls import CallRecord
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family, Person, Phone
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.outgoing import asking, following, orders, reading, target
from crm.outgoing.tables import OutgoingCall
from tests.integration.crm import scenario as s

KUZNETSOVA = s.KUZNETSOVA
STRANGER = "+79070009999"


def asked(database: Database, login: str = "lavrova", number: str = KUZNETSOVA, **details: object) -> OutgoingCall:
    with database.transaction() as session:
        details.setdefault("at", s.NOON)
        return asking.ask(session, s.employee(session, login), number=number, **details)  # type: ignore[arg-type]


def say(database: Database, order: OutgoingCall, state: str, seconds: float, detail: str = "") -> None:
    word = DialplanWord(subject=Subject.OUTGOING, call=order.channel_id, at=s.after(seconds), order=str(order.id),
                        state=state, detail=detail)  # fmt: skip
    with database.transaction() as session:
        following.follow(session, word)


def place(database: Database, at: float = 0.1) -> orders.Order | None:
    with database.transaction() as session:
        order = orders.claim(session, s.after(at), mode="demo")
        if order is not None:
            orders.note_placed(session, order.id, s.after(at))
        return order


def now(database: Database, order: OutgoingCall) -> tuple[OutgoingCall, CallRecord]:
    with database.reading() as session:
        row = session.get_one(OutgoingCall, order.id)
        return row, session.get_one(CallRecord, row.call_id)


def test_an_answered_call_is_a_call_like_any_other(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        presence.set_ready(session, lavrova.id, s.NOON)
    order = asked(town)
    assert place(town) is not None
    for word, seconds in (("ringing_operator", 1), ("ringing", 4), ("answered", 12)):
        say(town, order, word, seconds)
    with town.reading() as session:
        current = calls.current_call(session, lavrova.id)
        assert current is not None
        assert (current.id, current.direction, current.state) == (order.call_id, "outbound", CallState.TALKING)
        assert journal.entry_of_call(session, current.id) is not None
        assert calls.waiting(session, [current.service_id]) == []
    say(town, order, "ended", 60, "ANSWER")
    row, call = now(town, order)
    assert (row.state, row.result, row.live) == (OrderState.ENDED, Result.ANSWERED, False)
    assert (call.disposition, call.answered_at, call.ended_at) == (Disposition.ANSWERED, s.after(12), s.after(60))
    assert (call.person_id, call.family_id) == (row.person_id, row.family_id)
    assert call.person_id is not None
    with town.reading() as session:
        state = session.get_one(presence.Presence, lavrova.id)
        assert (state.state, state.call_id) == ("wrapup", call.id)


@pytest.mark.parametrize(
    ("words", "result", "disposition"),
    [
        ([("ringing", ""), ("ended", "BUSY-17-486")], Result.BUSY, Disposition.BUSY),
        ([("ringing", ""), ("ended", "NOANSWER-19-480")], Result.UNREACHABLE, Disposition.NO_ANSWER),
        ([("ringing", ""), ("ended", "CANCEL")], Result.CANCELLED, Disposition.CANCELLED),
        ([("operator_no_answer", "")], Result.OPERATOR_NO_ANSWER, Disposition.CANCELLED),
        ([("operator_busy", "")], Result.OPERATOR_BUSY, Disposition.CANCELLED),
    ],
)
def test_a_call_in_vain_leaves_a_word_and_no_draft(
    town: Database, words: list[tuple[str, str]], result: Result, disposition: Disposition
) -> None:
    order = asked(town)
    place(town)
    for second, (word, detail) in enumerate([("ringing_operator", ""), *words], 1):
        say(town, order, word, second, detail)
        say(town, order, word, second + 0.5, detail)  # told twice
    row, call = now(town, order)
    assert (row.result, row.live, call.disposition) == (result, False, disposition)
    with town.reading() as session:
        assert journal.entry_of_call(session, call.id) is None
        shown = reading.last_order(session, s.employee(session, "lavrova"), s.after(30))
        assert shown is not None
        assert shown.result_words == result.title


def test_an_answer_whose_own_word_was_lost_is_an_answer(town: Database) -> None:
    order = asked(town)
    place(town)
    say(town, order, "ringing", 1)
    say(town, order, "ended", 30, "ANSWER")
    row, call = now(town, order)
    assert (row.result, call.disposition) == (Result.ANSWERED, Disposition.ANSWERED)


def test_words_of_another_order_are_not_believed(town: Database) -> None:
    order = asked(town)
    word = DialplanWord(
        subject=Subject.OUTGOING, call="out-other", at=s.after(1), order=str(order.id), state="answered"
    )
    with town.transaction() as session:
        assert following.follow(session, word) == (None, [])


# --- one order, one call


def test_a_double_click_is_one_call(town: Database) -> None:
    first, second = asked(town), asked(town, at=s.after(0.3))
    assert first.id == second.id
    with town.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutgoingCall)) == 1
        assert session.scalar(select(func.count()).where(CallRecord.direction == "outbound")) == 1


def test_a_double_click_is_one_call_even_if_the_first_has_already_failed(town: Database) -> None:
    first = asked(town)
    place(town)
    say(town, first, "operator_busy", 0.5)
    assert asked(town, at=s.after(1)).id == first.id
    assert asked(town, at=s.after(5)).id != first.id


def test_she_has_one_call_at_a_time_and_a_number_is_called_by_one_person(town: Database) -> None:
    asked(town)
    with pytest.raises(RecordsError, match="Вы уже звоните"):
        asked(town, number="+79070000401")
    with pytest.raises(RecordsError, match="звонит Лаврова"):
        asked(town, login="zayac")


def test_of_twenty_clicks_at_once_one_makes_a_call(town: Database) -> None:
    def click(number: int) -> int | str:
        try:
            return asked(town, login=("lavrova", "zayac")[number % 2]).id
        except RecordsError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(click, range(20)))
    assert len({one for one in results if isinstance(one, int)}) == 1
    with town.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutgoingCall)) == 1
        assert session.scalar(select(func.count()).where(CallRecord.direction == "outbound")) == 1


def test_an_order_is_claimed_once(town: Database) -> None:
    asked(town)
    with ThreadPoolExecutor(6) as pool:
        claimed = list(pool.map(lambda _: place(town), range(6)))
    assert len([one for one in claimed if one is not None]) == 1


# --- what may be dialled


@pytest.mark.parametrize("number", ["112", "8-10-49-30", "+79161234567", "+78091234567", s.DID, "PJSIP/101", "1&2", ""])
def test_what_may_not_be_dialled_is_refused_with_a_sentence(town: Database, number: str) -> None:
    with pytest.raises(RecordsError, match=r"\w"):
        asked(town, number=number)
    with town.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutgoingCall)) == 0


def test_in_live_mode_the_invented_town_is_not_called_and_the_clerk_judges_again(town: Database) -> None:
    with pytest.raises(RecordsError, match="учебный номер"):
        asked(town, mode="live")
    order = asked(town)
    with town.transaction() as session:
        assert orders.claim(session, s.after(1), mode="live") is None
    assert now(town, order)[0].result == Result.NOT_PLACED


def test_a_telephone_of_a_card_that_she_may_not_see_does_not_exist(town: Database) -> None:
    with town.transaction() as session:
        family = session.scalars(select(Family).where(Family.restricted)).first()
        assert family is not None
        phone = session.scalars(select(Phone).join(Person).where(Person.family_id == family.id)).first()
        assert phone is not None
        with pytest.raises(NotFound):
            asking.ask(session, s.employee(session, "gromova"), phone_id=phone.id, at=s.NOON)


def test_a_shared_number_asks_for_whom_and_somebody_else_is_an_answer(town: Database) -> None:
    with town.transaction() as session:
        for person_id in (1, 2):
            session.add(Phone(person_id=person_id, number=STRANGER))
    with pytest.raises(Incomplete) as refused:
        asked(town, number=STRANGER)
    assert set(refused.value.fields) == {"person_id"}
    assert asked(town, number=STRANGER, person_id=target.SOMEBODY_ELSE).person_id is None
    with pytest.raises(Incomplete):
        asked(town, login="zayac", number="+79070000401", person_id=1)


def test_outside_of_the_familys_hours_a_reason_must_be_given(town: Database) -> None:
    with town.transaction() as session:
        person = session.scalars(select(Person).join(Phone).where(Phone.number == KUZNETSOVA)).one()
        family = session.get_one(Family, person.family_id)
        family.contact_from, family.contact_until = "18:00", "20:00"
    with pytest.raises(Incomplete) as refused:
        asked(town)
    assert "с 18:00 до 20:00" in refused.value.fields["reason"]
    assert asked(town, reason="Просили срочно.").reason == "Просили срочно."


def test_who_is_on_the_line_with_us_is_not_called(town: Database) -> None:
    with town.transaction() as session:
        for event in s.whole_talk()[:5]:
            calls.record(session, event)
    with pytest.raises(RecordsError, match="идущий разговор"):
        asked(town, number="+79070000401")
    with pytest.raises(RecordsError, match="сейчас звонят нам"):
        asked(town, login="zayac")


# --- what nobody heard


def test_an_order_that_waited_too_long_for_the_exchange_is_not_placed(town: Database) -> None:
    order = asked(town)
    assert place(town, at=11) is None
    row, call = now(town, order)
    assert (row.result, row.live, call.ended_at is not None) == (Result.NOT_PLACED, False, True)


def test_without_an_answer_it_is_never_sent_again_and_a_person_decides(town: Database) -> None:
    order = asked(town)
    with town.transaction() as session:
        claimed = orders.claim(session, s.after(0.1), mode="demo")
        assert claimed is not None
        orders.note_unknown(session, claimed.id, s.after(0.1))
    assert place(town, at=1) is None
    with town.transaction() as session:
        assert orders.overdue(session, s.after(10)) == []
        assert orders.overdue(session, s.after(16)) == [(order.id, order.channel_id)]
        orders.note_gone(session, [order.id], s.after(16))
    row, call = now(town, order)
    assert (row.state, row.result, row.live) == (OrderState.UNKNOWN, Result.UNKNOWN, False)
    assert call.ended_at is not None
    assert asked(town, at=s.after(20)).id != order.id
    # The dialplan's word comes after all: evidence.
    say(town, order, "operator_no_answer", 21)
    assert now(town, order)[0].result == Result.OPERATOR_NO_ANSWER


@pytest.mark.parametrize("she_has_called_again", [False, True])
def test_an_answer_heard_after_nobody_knew_is_a_talk(town: Database, she_has_called_again: bool) -> None:
    order = asked(town)
    with town.transaction() as session:
        claimed = orders.claim(session, s.after(0.1), mode="demo")
        assert claimed is not None
        orders.note_unknown(session, claimed.id, s.after(0.2))
        orders.note_gone(session, [order.id], s.after(16))
    again = asked(town, at=s.after(20)) if she_has_called_again else None
    say(town, order, "answered", 21)
    row, call = now(town, order)
    assert (row.state, row.live) == (OrderState.TALKING, again is None)
    assert (call.state, call.ended_at, call.legs[0].state) == (CallState.TALKING, None, "talking")
    say(town, order, "ended", 60, "ANSWER-16")
    row, call = now(town, order)
    assert (row.result, row.live, call.disposition) == (Result.ANSWERED, False, "answered")
    if again is not None:
        assert now(town, again)[0].live


def test_whoever_passes_her_family_on_may_call_again_and_the_call_ends_with_the_family(town: Database) -> None:
    order = asked(town)
    place(town)
    say(town, order, "answered", 2)
    with town.transaction() as session:
        leg = leg_of(order.channel_id)
        told = {"call": order.channel_id, "at": s.after(30)}
        calls.record(
            session, events.OperatorReleased(**told, leg=leg, extension="101", reason="transfer", talk_seconds=28.0)
        )
        calls.record(session, events.OperatorAnswered(**told, leg="5.1", extension="131", wait_seconds=0.0))
    row, call = now(town, order)
    assert (row.live, row.result, call.state) == (False, Result.ANSWERED, CallState.TALKING)
    say(town, order, "ended", 90, "ANSWER-16")
    assert now(town, order)[1].ended_at == s.after(90)


def test_whoever_is_on_the_way_back_to_her_is_still_her_call(town: Database) -> None:
    order = asked(town)
    place(town)
    say(town, order, "answered", 2)
    with town.transaction() as session:
        calls.record(session, events.CallReturning(call=order.channel_id, at=s.after(30), extension="101"))
    row, call = now(town, order)
    assert (row.live, call.returning, call.state) == (True, True, CallState.WAITING)


def test_after_an_outage_a_talk_goes_on_and_a_vanished_call_is_unknown(town: Database) -> None:
    talking, gone = asked(town), asked(town, login="zayac", number="+79070000401")
    for order in (talking, gone):
        place(town)
        say(town, order, "ringing", 2)
    live = LiveCall(talking.channel_id, None, s.NOON, CallState.TALKING, talking="101")
    with town.transaction() as session:
        calls.reconcile(session, [live], s.after(30))
    row, call = now(town, talking)
    assert (call.state, row.live) == (CallState.TALKING, True)
    assert [(leg.uniqueid, leg.state) for leg in call.legs] == [(leg_of(talking.channel_id), "talking")]
    row, call = now(town, gone)
    assert (row.result, row.live, call.ended_at) == (Result.UNKNOWN, False, s.after(30))
    with town.transaction() as session:
        calls.reconcile(session, [], s.after(60))
    assert now(town, talking)[0].result == Result.ANSWERED


def test_hanging_up_from_the_page(town: Database) -> None:
    order = asked(town)
    with town.transaction() as session:
        with pytest.raises(NotFound):
            asking.hang_up(session, order.id, s.employee(session, "zayac"), s.after(1))
        asking.hang_up(session, order.id, s.employee(session, "lavrova"), s.after(1))
    assert now(town, order)[0].result == Result.CANCELLED, "nobody was told yet"
    second = asked(town, at=s.after(10))
    with town.transaction() as session:
        claimed = orders.claim(session, s.after(10.1), mode="demo")
        assert claimed is not None
        orders.note_placed(session, claimed.id, s.after(10.1))
        for _ in range(2):
            asking.hang_up(session, second.id, s.employee(session, "lavrova"), s.after(11))
        assert orders.to_hang_up(session) == [(second.id, second.channel_id, "101")]
        orders.note_hung_up(session, second.id, s.after(11.1))
        assert orders.to_hang_up(session) == []


# --- the ledger of missed calls


def missed(database: Database) -> int:
    """Kuznetsova has called and given up."""
    with database.transaction() as session:
        for event in (*s.whole_talk("9.9")[:3], events.CallEnded(call="9.9", at=s.after(-60), cause=16)):
            calls.record(session, type(event)(**{**vars_of(event), "at": s.after(-100)}))
        call = select(CallRecord.id).where(CallRecord.linkedid == "9.9").scalar_subquery()
        return session.scalars(select(MissedContact.missed_id).where(MissedContact.call_id == call)).one()


def vars_of(event: object) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}  # type: ignore[attr-defined]


def test_whom_a_colleague_is_calling_back_nobody_else_calls_beside_her(town: Database) -> None:
    """By the number or from the card as well as from the list; who must all the same says why, and takes it over."""
    missed_id = missed(town)
    asked(town, "zayac", missed_id=missed_id)
    with pytest.raises(Incomplete) as refused:
        asked(town, "lavrova", at=s.after(5))
    assert "Заяц" in refused.value.fields["reason"]
    with town.transaction() as session:
        for order in session.scalars(select(OutgoingCall)):
            asking.hang_up(session, order.id, s.employee(session, "zayac"), s.after(6))
    order = asked(town, "lavrova", at=s.after(7), reason="семья просила меня")
    assert order.missed_id == missed_id
    with town.reading() as session:
        assert session.get_one(MissedCall, missed_id).claimed_by_id == s.employee(session, "lavrova").id


def test_a_talk_closes_what_was_missed_and_a_call_in_vain_is_an_attempt(town: Database) -> None:
    missed_id = missed(town)
    order = asked(town, missed_id=missed_id)
    place(town)
    say(town, order, "ringing", 2)
    say(town, order, "ended", 20, "NOANSWER-19")
    with town.reading() as session:
        assert session.get_one(MissedCall, missed_id).closed_at is None
        attempt = session.scalars(select(MissedAttempt).where(MissedAttempt.call_id == order.call_id)).one()
        assert (attempt.result, attempt.call_id) == ("no_answer", order.call_id)
    again = asked(town, missed_id=missed_id, at=s.after(60))
    place(town, at=60.1)
    say(town, again, "ringing", 62)
    say(town, again, "answered", 70)
    with town.reading() as session:
        row = session.get_one(MissedCall, missed_id)
        assert (row.closed_how, row.closed_call_id) == ("talk", again.call_id)
