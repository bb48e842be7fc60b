"""A booking is cancelled or moved, or the family refuses, at every state of its call (reliability.md F35)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from callflow.dialler.states import AttemptState, Channel, Disposition, TaskState
from crm.appointments import steps
from crm.appointments.slots import nearest
from crm.appointments.tables import Appointment
from crm.dialler import refusals
from crm.dialler.tables import DialSubject, DialTask
from crm.family_tables import Phone
from crm.reminders.human_list import Actor
from crm.staff import by_login
from tests.chaos.campaign import LIMIT, RINGS, Campaign
from tests.chaos.inside import REACHED
from tests.chaos.people import LISTENS

pytestmark = pytest.mark.timeout(300)


def cancelled(campaign: Campaign, task_id: int) -> None:
    """The family does not come."""
    _with_the_booking(
        campaign,
        task_id,
        lambda session, row, head, at: steps.cancel(session, row.id, row.version, "family", "передумали", head, at),
    )


def moved(campaign: Campaign, task_id: int) -> None:
    """The visit is at another hour."""

    def move(session, row, head, at) -> None:  # type: ignore[no-untyped-def]
        later = nearest(session, [row.employee_id], at + timedelta(days=7), 1)[row.employee_id][0]
        steps.move(session, row.id, row.version, later.starts_at, "просили позже", head, at, mode=later.modes[0])

    _with_the_booking(campaign, task_id, move)


def refused(campaign: Campaign, task_id: int) -> None:
    """The family wants no calls of any kind."""

    def refuse(session, head, at) -> None:  # type: ignore[no-untyped-def]
        phone = session.get_one(Phone, session.get_one(DialTask, task_id).phone_id)
        refusals.refuse(
            session, phone.number, phone.person_id, refusals.ALL, "talk", at, by=Actor.of(head), employee_id=head.id
        )

    _decided(campaign, refuse)


def _with_the_booking(campaign: Campaign, task_id: int, what: Callable[..., object]) -> None:
    def change(session, head, at) -> None:  # type: ignore[no-untyped-def]
        wanted = select(DialSubject.appointment_id).where(DialSubject.task_id == task_id)
        what(session, session.get_one(Appointment, session.scalars(wanted).one()), head, at)

    _decided(campaign, change)


def _decided(campaign: Campaign, what: Callable[..., None]) -> None:
    with campaign.rig.database.transaction() as session:
        head = by_login(session, "roshchina")
        assert head is not None
        what(session, head, datetime.now(UTC))


ACTS = [cancelled, moved, refused]


@pytest.mark.parametrize("act", ACTS)
def test_before_anybody_has_claimed_it_f35(campaign: Campaign, act: Callable[[Campaign, int], None]) -> None:
    for name in ("worker-0", "worker-1"):
        campaign.rig.ours[name].held = True
        campaign.rig.ours[name].kill()
    task_id = campaign.owe(1)[0]
    act(campaign, task_id)
    for name in ("worker-0", "worker-1"):
        campaign.rig.ours[name].held = False
    _is_over(campaign, task_id)
    assert not campaign.invites()


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("point", ["after_claim", "after_asking", "after_commit", "before_send"])
def test_while_a_worker_has_it_f35(campaign: Campaign, point: str, act: Callable[[Campaign, int], None]) -> None:
    """Nobody is called after the commit of whoever called it off."""
    stopped = campaign.chaos.at_point(point, "stop", 0)
    next(stopped)
    task_id = campaign.owe(1)[0]
    campaign.rig.wait((campaign.rig.folder / REACHED).exists, "a worker to come there", LIMIT)
    act(campaign, task_id)
    for _ in stopped:
        pass
    _is_over(campaign, task_id)
    assert not campaign.invites()
    assert all(one.state == AttemptState.NOT_SENT for one in campaign.attempts())


@pytest.mark.parametrize("act", ACTS)
def test_while_it_rings_f35(campaign: Campaign, act: Callable[[Campaign, int], None]) -> None:
    """It falls silent long before it would by itself (its ring lasts five seconds; how soon: the bench)."""
    task_id = campaign.owe(1, RINGS)[0]
    campaign.wait_invites(1)
    campaign.rig.wait(lambda: campaign.attempts()[0].state == AttemptState.RINGING, "the word", LIMIT)
    act(campaign, task_id)
    campaign.rig.wait(lambda: campaign.calls()[0].ended_by == "CANCEL", "the telephone to be silent", LIMIT)
    _is_over(campaign, task_id)
    assert campaign.attempts()[0].hangup_done_at is not None


@pytest.mark.parametrize("act", ACTS)
def test_while_they_talk_f35(campaign: Campaign, act: Callable[[Campaign, int], None]) -> None:
    """What has been begun is said to its end."""
    task_id = campaign.owe(1, LISTENS)[0]
    campaign.rig.wait(lambda: any(one.answered_by for one in campaign.attempts()), "the talk", LIMIT)
    act(campaign, task_id)
    campaign.rest_and_judge()
    (attempt,) = campaign.attempts()
    assert attempt.hangup_asked_at is None
    assert attempt.disposition != Disposition.HUNG_UP
    task = campaign.task(task_id)
    assert TaskState(task.state).is_over or task.channel == Channel.HUMAN  # what he said of it a person reads


def _is_over(campaign: Campaign, task_id: int) -> None:
    campaign.rig.wait(lambda: TaskState(campaign.task(task_id).state).is_over, "the task to be over", LIMIT)
    campaign.rest_and_judge()
