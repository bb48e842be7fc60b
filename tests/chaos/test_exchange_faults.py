"""The exchange, and the session with it, break in a campaign (reliability.md §2: F1–F9, F34)."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import pytest

from callflow.dialler.states import AttemptState, Disposition
from tests.chaos.campaign import LIMIT, RINGS, Campaign
from tests.chaos.inside import REACHED
from tests.chaos.mangling import Mangler
from tests.chaos.parts import KEY
from workers.derived_keys import ami_secret

pytestmark = pytest.mark.timeout(300)


def test_the_exchange_is_killed_in_a_campaign_f1(campaign: Campaign) -> None:
    """Three telephones ring; nobody is called again by the program, and the others are called when it is back."""
    campaign.owe(6, RINGS)
    campaign.wait_invites(3)
    rang = set(campaign.invites())
    campaign.truth.deaths.append(time.time())
    campaign.rig.exchange.kill()
    campaign.rig.wait(lambda: not campaign.link_up(), "the pages to know", LIMIT)
    campaign.rig.exchange.start()
    campaign.rig.wait(campaign.link_up, "the link", LIMIT)
    campaign.each_called_once()
    unknown = [one for one in campaign.attempts() if one.state == AttemptState.UNKNOWN]
    assert {one.number for one in unknown} <= rang
    assert len(unknown) <= 3


def test_the_exchange_is_stopped_and_goes_on_f2(campaign: Campaign) -> None:
    campaign.owe(6)
    campaign.wait_invites(1)
    os.kill(campaign.rig.exchange.pid, signal.SIGSTOP)
    campaign.rig.wait(lambda: not campaign.link_up(), "the link to be down", LIMIT)
    os.kill(campaign.rig.exchange.pid, signal.SIGCONT)
    campaign.each_called_once()


def test_the_exchange_ends_when_its_last_call_does_f3(campaign: Campaign) -> None:
    """«core stop gracefully», as before an update: it answers no question any more, so no order leaves, and
    nobody's attempt is used up."""
    exchange = campaign.rig.exchange
    ringing = campaign.owe(1, RINGS)[0]
    campaign.wait_invites(1)
    ending = threading.Thread(target=exchange.console, args=("core stop gracefully",))  # returns when it is over
    ending.start()
    campaign.owe(4)
    campaign.rig.wait(lambda: exchange.dead, "the exchange to end", LIMIT)
    ending.join(20)
    assert "Asterisk is shutting down" in exchange.output()
    assert campaign.invites() == [campaign.number(ringing)]
    campaign.rig.wait(lambda: not campaign.link_up(), "the pages to know", LIMIT)
    exchange.start()
    campaign.each_called_once()
    assert sorted(one.task_id for one in campaign.attempts()) == sorted(campaign.tasks)


def test_twenty_reloads_in_a_campaign_f4(campaign: Campaign) -> None:
    campaign.owe(8)
    for _ in range(10):
        campaign.rig.exchange.console("dialplan reload")
        campaign.rig.exchange.console("module reload res_pjsip.so")
    campaign.each_called_once()


@pytest.mark.parametrize("how", ["RST", "FIN", "half-open"])
def test_the_link_breaks_in_a_campaign_f5(campaign: Campaign, how: str) -> None:
    campaign.owe(6)
    campaign.wait_invites(1)
    if how == "half-open":
        campaign.rig.ami.blackhole = True
        campaign.rig.wait(lambda: not campaign.link_up(), "the silence to be noticed", LIMIT)
        campaign.rig.ami.blackhole = False
    else:
        for _ in range(3):
            campaign.rig.ami.cut(reset=how == "RST")
            campaign.rig.wait(campaign.link_up, "the link", LIMIT)
    campaign.each_called_once()


def test_our_reader_is_stopped_while_calls_go_on_f6(campaign: Campaign) -> None:
    """The exchange lets go of a reader that does not read (M10), and says nothing twice; what it kept tells us."""
    reader = campaign.rig.ours["listener"]
    reader.send(signal.SIGSTOP)
    campaign.owe_the_table()
    campaign.wait_invites(len(campaign.tasks))
    campaign.rig.ami.cut()
    reader.send(signal.SIGCONT)
    campaign.ended_as_the_table_says()


@pytest.mark.parametrize("seed", range(2))
def test_events_are_lost_doubled_and_out_of_order_f7(campaign: Campaign, seed: int) -> None:
    """The end is that of a run in which nothing is lost: worse than 10 %, for a call has only three words."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    campaign.rig.ami.mangle = lambda: Mangler(rng, lose=0.3, repeat=0.1, late=0.3)
    campaign.rig.ami.cut()
    campaign.owe_the_table()
    campaign.ended_as_the_table_says()
    campaign.rig.ami.mangle = None
    campaign.rig.ami.cut()


def test_the_exchange_does_not_know_our_secret_f8(campaign: Campaign) -> None:
    """It is said why, in no word that holds the secret; how often it is tried: test_ami_session.py."""
    ours = ami_secret(KEY)
    with _manager_conf(campaign, ours, "quite-another-secret-of-the-exchange"):
        campaign.rig.wait(lambda: "login refused" in campaign.link_reason(), "the reason", LIMIT)
        campaign.owe(2)
        campaign.rig.wait(lambda: _rules(campaign) == {"no_link"}, "the rule", LIMIT)
        assert not campaign.invites()
        assert not campaign.attempts()
    campaign.each_called_once()
    for log in campaign.rig.folder.glob("*.log"):
        assert ours not in log.read_text(errors="replace"), log.name


def _rules(campaign: Campaign) -> set[str]:
    return {campaign.task(one).rule for one in campaign.tasks}


def test_the_exchange_lets_us_place_no_calls_any_more_f8(campaign: Campaign) -> None:
    """A right is missing: nobody is called, and not an attempt a second is wasted on it."""
    with _manager_conf(campaign, "write = originate,call,", "write = call,"):
        campaign.rig.wait(campaign.link_up, "the link", LIMIT)
        campaign.owe(1)
        campaign.rig.wait(lambda: len(campaign.attempts()) > 1, "a second try", LIMIT)
        first, second = sorted(campaign.attempts(), key=lambda one: one.n)[:2]
        assert (first.state, first.evidence) == (AttemptState.NOT_SENT, "refused by the exchange")
        assert (second.sending_at - first.sending_at).total_seconds() >= 2.9
        assert not campaign.invites()
    campaign.each_called_once()


class _manager_conf:  # noqa: N801 - used as a function is
    """Another manager.conf, for everybody who logs in from now on; afterwards the right one again."""

    def __init__(self, campaign: Campaign, old: str, new: str) -> None:
        self._campaign = campaign
        self._file = campaign.rig.exchange.plan.config_dir / "manager.conf"
        self._right = self._file.read_text()
        assert old in self._right
        self._wrong = self._right.replace(old, new)

    def __enter__(self) -> None:
        self._write(self._wrong)

    def __exit__(self, *error: object) -> None:
        self._write(self._right)
        self._campaign.rig.wait(self._campaign.link_up, "the link", LIMIT)

    def _write(self, text: str) -> None:
        self._file.write_text(text)
        self._campaign.rig.exchange.console("manager reload")
        self._campaign.rig.ami.cut()


def test_the_answer_to_an_order_comes_late_f9(campaign: Campaign) -> None:
    """The exchange has dialled; our worker hears of it long after it has given up waiting."""
    stopped = campaign.chaos.at_point("before_send", "stop", 0)
    next(stopped)
    campaign.owe(1, RINGS)
    campaign.rig.wait((campaign.rig.folder / REACHED).exists, "the order to be written", LIMIT)
    campaign.rig.ami.delay = 8.0
    for _ in stopped:
        pass
    campaign.wait_invites(1)
    campaign.rig.ami.delay = 0.0
    campaign.each_called_once()


def test_every_answer_of_the_network_is_what_the_records_say_f34(campaign: Campaign) -> None:
    """And a number that does not exist is called by nobody again."""
    campaign.owe_the_table()
    campaign.ended_as_the_table_says()
    gone = next(one for one in campaign.attempts() if one.disposition == Disposition.BAD_NUMBER)
    again = campaign.rig.owe_again(gone.task_id)
    campaign.rig.wait(lambda: campaign.task(again).rule == "bad_number", "the rule", LIMIT)
    assert campaign.invites().count(gone.number) == 1


def test_a_power_cut_f38(campaign: Campaign) -> None:
    campaign.owe(6, RINGS)
    campaign.wait_invites(2)
    for _ in campaign.chaos.power_cut():
        pass
    campaign.each_called_once()
