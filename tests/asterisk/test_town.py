"""The fictional town calls and is called over real SIP, apart from our own side of the trunk."""

import re
from urllib.parse import unquote

from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.wait import wait_for


def test_a_townsman_calls_with_his_number_name_voice_and_hangs_up(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone
) -> None:
    exchange.town_call(tap, from_number="+79070000102", name="%D0%90%D0%BD%D0%BD%D0%B0", hold="2")
    phone.wait_ringing()
    assert agi.variables()[0].startswith('"Анна" <sip:+79070000102@127.0.0.2')
    phone.answer()
    wait_for(lambda: phone.loud_packets > 20, 5, "the townsman's voice")
    eventually_idle(phone, 6)
    assert phone.ended_by == "BYE"


def test_a_hidden_townsman_shows_no_number(exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone) -> None:
    exchange.town_call(tap, from_number="", hold="1")
    phone.wait_ringing()
    assert "anonymous" in agi.variables()[0]
    exchange.reset()


def test_our_listener_hears_only_our_side_of_a_town_call(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone
) -> None:
    tap.forget()
    exchange.town_call(tap, hold="1")
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: not exchange.channels(), 8, "the call to end")
    order = [event for event in tap.events() if event.get("Channel", "").startswith("Local/call@town-out")]
    assert {event["Event"] for event in order} <= {"Hangup", "OriginateResponse"}, "its end settles the order's row"
    events = [event for event in tap.events() if event not in order and event["Event"] != "OriginateResponse"]
    assert not [event for event in events if event.get("Channel", "").startswith(("PJSIP/town", "Local/"))]
    linked = {event["Linkedid"] for event in events if "Linkedid" in event}
    assert len(linked) == 1
    assert len(events) <= 20, [event["Event"] for event in events]


def test_the_townsman_hears_the_operator(exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone) -> None:
    exchange.town_call(tap, say="tone", hold="3")
    phone.wait_ringing()
    phone.answer()
    # Bridge, channel, up time, codec, packets received.
    received = re.compile(r"^ \S+ +town-\S+ +\S+ +\S+ +(\d+)", re.M)

    def heard() -> bool:
        found = received.search(exchange.console("pjsip show channelstats"))
        return found is not None and int(found[1]) > 20

    wait_for(heard, 3, "the operator's voice in the town")
    wait_for(lambda: phone.loud_packets > 20, 3, "the townsman's tone")
    eventually_idle(phone, 6)


def test_nothing_in_the_dialplan_leads_outside(exchange: LiveExchange) -> None:
    plan = exchange.console("dialplan show")
    dials = [line for line in plan.splitlines() if "Dial(" in line]
    allowed = ("Dial(Local/lookup@sd-agi/n", "Dial(${SD_RING:1}", "@town,", "Dial(PJSIP/${NUM}@trunk,")
    assert dials
    assert [line for line in dials if not any(target in line for target in allowed)] == []
    assert exchange.plan.town_bind is not None
    contacts = re.findall(r"Contact:\s+trunk/(\S+)", exchange.console("pjsip show aor trunk"))
    assert contacts
    assert all(exchange.plan.town_bind.host in contact for contact in contacts), "the trunk ends in the town"
    assert unquote(DID) in plan
