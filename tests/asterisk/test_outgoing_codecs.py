"""Whatever the provider speaks, whom an operator has called hears everybody he is connected with. The town echoes: who
hears his own tone is heard there. The phones speak A-law; each next one counts its packets lower than the one before,
or much higher than the music in between, for Asterisk translates by these numbers (sd-anew).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from telephony.exchange_notes import spoken_law
from tests.asterisk.test_outgoing_transfers import called, echoing_town, over
from tests.support.exchange import LiveExchange
from tests.support.phone import eventually_idle
from tests.support.tones import TonePhone
from tests.support.transfer_office import TransferOffice, exchange, specialist_free
from tests.support.wait import wait_for

OPERATOR, SPECIALIST = 1000, 1500


@pytest.fixture(scope="module", params=["alaw", "ulaw", "ulaw,alaw"])
def running(request: pytest.FixtureRequest) -> Iterator[LiveExchange]:
    """A provider that speaks one law or both, in his order."""
    with exchange() as started:
        echoing_town(started)
        file = started.plan.config_dir / "pjsip.conf"
        before, name, town = file.read_text().partition("[town]\ntype = endpoint")
        assert "allow = alaw,ulaw" in town
        file.write_text(before + name + town.replace("allow = alaw,ulaw", f"allow = {request.param}", 1))
        started.console("module reload res_pjsip.so")
        spoken = f"({request.param.replace(',', '|')})"
        wait_for(lambda: spoken in started.console("pjsip show endpoint town"), 10, "the town to speak so")
        yield started


def heard(phone: TonePhone, tone: int) -> None:
    wait_for(lambda: phone.hears(tone), 15, f"{phone.extension} to be heard by the family")


@pytest.mark.parametrize(
    ("kind", "known", "first", "second"),
    [
        ("blind", False, 30_000, 10),
        ("blind", False, 20_000, 60_000),
        ("attended", False, 30_000, 10),
        ("blind", True, 30_000, 10),
    ],
)
def test_the_family_hears_the_operator_and_then_the_specialist(
    office: TransferOffice, kind: str, known: bool, first: int, second: int
) -> None:
    """Also in the very first call, when nothing is known of the provider yet."""
    if not known:
        office.running.console("database del sd law")
    bind = office.running.plan.desk_bind
    with TonePhone(bind, "101", OPERATOR) as lavrova, TonePhone(bind, "201", SPECIALIST) as smirnova:
        lavrova.first_packet, smirnova.first_packet = first, second
        office.running.wait_available("101")
        specialist_free(office.running)
        order = called(office, lavrova)
        heard(lavrova, OPERATOR)
        transfer = office.ask(kind)
        smirnova.wait_ringing()
        smirnova.answer()
        if kind == "attended":
            office.wait_state(transfer, "consulting")
            office.wish(transfer, "complete")
        office.wait_state(transfer, "completed")
        heard(smirnova, SPECIALIST)
        smirnova.hang_up()
        over(office, order)
        eventually_idle(lavrova)
    provider = office.running.console("pjsip show endpoint town")
    if "(ulaw)" in provider:
        assert spoken_law(office.session) == "ulaw", "the next call is made of what the provider spoke in this one"
    elif "(alaw)" in provider:
        assert spoken_law(office.session) == "alaw"


def test_the_family_hears_her_again_whose_telephone_had_vanished(office: TransferOffice) -> None:
    office.running.console("database del sd law")
    lost = TonePhone(office.running.plan.desk_bind, "101", OPERATOR)
    lost.first_packet = 30_000
    lost.register()
    office.running.wait_available("101")
    order = called(office, lost)
    heard(lost, OPERATOR)
    lost.vanish()
    with TonePhone(office.running.plan.desk_bind, "101", SPECIALIST) as again:
        again.first_packet = 10
        again.wait_ringing(20)
        again.answer()
        heard(again, SPECIALIST)
        again.hang_up()
        over(office, order)
