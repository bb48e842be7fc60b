"""Clocks that jump and hours that end in a campaign (reliability.md §2: F27, F29)."""

from __future__ import annotations

import json
import time
from datetime import datetime

import pytest
from sqlalchemy import select

from callflow.dialler.states import Channel, TaskState
from crm.dialler import switches
from crm.dialler.tables import DialTask
from tests.chaos.campaign import LIMIT, RINGS, Campaign
from tests.chaos.inside import HOURS

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("seconds", [3600, -3600, 86400])
def test_our_clock_jumps_f27(with_a_clock: Campaign, seconds: int) -> None:
    """Every process of ours believes in another time: the robot pauses by itself; somebody sets the clock right, ends
    the pause, and everybody is called once."""
    campaign = with_a_clock
    before = _paused_until(campaign)
    campaign.rig.set_clock(seconds)
    campaign.rig.wait(lambda: _paused_until(campaign) != before, "the pause", LIMIT)
    campaign.owe(2)
    assert not campaign.invites()
    first = _paused_until(campaign)
    campaign.rig.set_clock(0)
    if seconds < 0:
        campaign.rig.wait(lambda: _paused_until(campaign) != first, "the pause after the second jump", LIMIT)
    assert not campaign.invites()
    campaign.rig.wait(lambda: campaign.chaos.go_on() or len(campaign.invites()) == 2, "the calls", LIMIT)
    campaign.each_called_once()


def _paused_until(campaign: Campaign) -> datetime | None:
    with campaign.rig.database.reading() as session:
        return switches.current(session).paused_until


def test_the_calling_hours_end_in_a_campaign_f29(campaign: Campaign) -> None:
    """No ring begins in the last ten seconds (five of ringing, five of margin), and none is heard outside; the others
    wait for tomorrow's hours."""
    began, ends = campaign.rig.began, time.time() + 20
    tomorrow = time.time() + 20 * 3600
    (campaign.rig.folder / HOURS).write_text(json.dumps([[began - 3600, ends], [tomorrow, tomorrow + 3600]]))
    try:
        campaign.owe(30, RINGS)
        campaign.rig.wait(lambda: time.time() > ends + 1, "the end of the day", 60)
        calls = campaign.calls()
        assert all(one.at <= ends - 10 for one in calls)
        assert all(one.ended_at and one.ended_at <= ends for one in calls)
        campaign.rig.wait(lambda: len(_put_off(campaign)) + len(calls) == 30, "the others to wait", LIMIT)
    finally:
        (campaign.rig.folder / HOURS).write_text(json.dumps([[began - 3600, began + campaign.rig.window]]))


def _put_off(campaign: Campaign) -> list[int]:
    with campaign.rig.database.reading() as session:
        return list(
            session.scalars(
                select(DialTask.id).where(
                    DialTask.id.in_(campaign.tasks),
                    DialTask.channel == Channel.ROBOT.value,
                    DialTask.state == TaskState.DUE.value,
                    DialTask.rule == "hours",
                )
            )
        )
