"""An opt-out while a robot's campaign runs: no further call to that family, wherever the worker stands (§3.2).

Real exchange, network, Redis and pages; what arrived at the network is counted. How soon is not timed, a busy machine
would be measured and not we: what is ordered after the refusal's commit is not dialled at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from callflow.dialler.rules import Rule
from callflow.dialler.states import AttemptState, Channel, TaskState
from crm.appointments.tables import Appointment
from crm.campaigns import launching
from crm.campaigns.running import note_heard
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.consents.tables import Consent
from crm.db import Database
from crm.dialler.tables import CallRefusal, DialAttempt, DiallerSettings, DialSubject, DialTask
from crm.staff import by_login
from tests.asterisk.robot.test_reminder_dialogue import SpokenRig
from tests.integration.crm.booking import of_family
from tests.integration.crm.campaigns import made
from tests.integration.web.conftest import Office
from tests.support.ami_tap import AmiTap
from tests.support.desks import desk_over
from tests.support.dialling import agrees, task_for
from tests.support.exchange import LiveExchange
from tests.support.listening_network import ListeningNetwork, Tones
from tests.support.network import Behaviour
from tests.support.pages import SECRET
from tests.support.robot_rig import LIMIT, Rig
from tests.support.talking_robot import ANNA, TalkingRobot
from tests.support.wait import wait_for
from web.settings import WebSettings
from workers.dialler.prompts import SCRIPTS

NEVER = Behaviour(ring=None)
LETTER = {"source": "letter", "letter_number": "б/н", "letter_on": "{today}", "note": "прошу не звонить"}
SAYS = {
    "no robots": {"scope": "robot"},
    "no calls": {"scope": "all"},
    "a letter": {"scope": "robot", **LETTER},
}
"""What is entered on the family's card."""
pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("patient_start")]


@dataclass
class Town:
    """A campaign of the robot's that runs: one family agrees to it, is planned for today, and has a booking to be
    reminded of as well."""

    rig: Rig
    family_id: int = 0
    campaign_task: int = 0
    reminder: int = 0
    points: dict[str, Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at = datetime.now(UTC)
        with self.rig.database.transaction() as session:
            session.execute(update(Consent).where(Consent.purpose == "auto_calls").values(withdrawn_at=at))
            session.execute(update(DiallerSettings).values(gap_minutes=0))  # only the refusal is in the way
            family = of_family(session, 1)
            self.family_id = family.id
            agrees(session, family.people[0], at)
        campaign_id = _launched(self.rig.database, at)
        made.plan(self.rig.database, at)
        with self.rig.database.reading() as session:
            (task,) = made.tasks(session, campaign_id)
            self.campaign_task = task.id
            assert (task.family_id, task.number, task.channel) == (self.family_id, ANNA, Channel.ROBOT)
            assert set(made.targets(session, campaign_id)) == {self.family_id}

    def remind(self) -> int:
        """The booking's call is due too; its task."""
        at = datetime.now(UTC)
        with self.rig.database.transaction() as session:
            task = task_for(session, session.get_one(Appointment, self.rig.appointment_id), at)
            task.deadline = at + timedelta(hours=20)
            assert (task.family_id, task.number) == (self.family_id, ANNA)
            self.reminder = task.id
        return self.reminder

    def refuse(self, **fields: str) -> None:
        """A dispatcher enters it on the family's page."""
        today = f"{datetime.now(UTC):%d.%m.%Y}"
        with pages(self.rig) as office:
            sent = {name: value.format(today=today) for name, value in fields.items()}
            answer = office.browser("lavrova").post(f"/families/{self.family_id}/no-calls", **sent)
            assert answer.status_code == 303, answer.text

    def at(self, point: str, act: Callable[[], None]) -> None:
        """`act` happens as the next worker comes to this point (`workers.dialler.sender.POINTS`)."""

        def reached(here: str) -> None:
            if here == point and self.points.get(point) is not None:
                self.points.pop(point)()

        self.points[point] = act
        object.__setattr__(self.rig.sender, "reached", reached)

    def over_for_robots(self, task_id: int) -> None:
        """Until the robot has nothing to do with it any more."""

        def over() -> bool:
            task = self.rig.task(task_id)
            return task.channel == Channel.HUMAN or TaskState(task.state).is_over

        wait_for(over, LIMIT, f"{task_id} to be nobody's of the robots")

    def attempts(self) -> list[DialAttempt]:
        with self.rig.database.reading() as session:
            return list(session.scalars(select(DialAttempt).where(DialAttempt.task_id.in_(self._tasks()))))

    def _tasks(self) -> list[int]:
        return [one for one in (self.campaign_task, self.reminder) if one]

    def refusal(self) -> CallRefusal:
        with self.rig.database.reading() as session:
            return session.scalars(select(CallRefusal).where(CallRefusal.ended_at.is_(None))).one()


def _launched(database: Database, at: datetime) -> int:
    """As the head does it: the draft, heard, tried and launched; its id."""
    campaign_id = made.drafted(
        database, at, channel="robot", rest_by_people=False, starts_on=at.date(), ends_on=at.date() + timedelta(days=20)
    )
    with database.transaction() as session:
        head = by_login(session, "roshchina")
        assert head is not None
        note_heard(session, campaign_id, head, at)
    made.tried(database, campaign_id, at)
    with database.reading() as session:
        version = session.get_one(Campaign, campaign_id).version
    launching.launch(database, campaign_id, version, head, at, mode="demo")
    return campaign_id


@contextmanager
def pages(rig: Rig) -> Iterator[Office]:
    """The office over these records and this Redis."""
    settings = WebSettings(data_dir=rig.folder, secret_key=SECRET, redis_url=rig.valkey.url, _env_file=None)
    desk = desk_over(settings)
    yield Office(desk)
    desk.close()


@pytest.fixture
def town(exchange: LiveExchange, network: ListeningNetwork, tmp_path: Path) -> Iterator[Town]:
    network.numbers.clear()
    network.calls.clear()
    network.behaves = Behaviour(ring=0.2, talk=None)
    with Rig(exchange, network, tmp_path) as rig:
        yield Town(rig)
        exchange.reset()


@pytest.mark.parametrize(
    ("point", "says"),
    [
        ("after_claim", "a letter"),
        ("after_words", "no calls"),
        ("after_asking", "no robots"),
        ("after_commit", "a letter"),
        ("before_send", "no calls"),
    ],
)
def test_entered_on_the_card_while_a_worker_has_the_call(town: Town, point: str, says: str) -> None:
    """Nobody is called: not by the call that is on its way, nor by another one to the family that is due."""
    town.at(point, lambda: town.refuse(**SAYS[says]))
    town.remind()
    town.rig.start_worker()
    town.rig.start_ticker()
    town.over_for_robots(town.campaign_task)
    town.over_for_robots(town.reminder)
    assert not town.points, "the worker came there"
    assert town.rig.network.calls == []
    assert {one.state for one in town.attempts()} <= {AttemptState.NOT_SENT}
    assert town.refusal().scope == SAYS[says]["scope"]


def test_entered_while_the_order_is_being_written(town: Town) -> None:
    """The gate has asked for refusals already and has not committed: what it lets out is ended, and it was the last."""
    town.rig.network.behaves = NEVER
    page = threading.Thread(target=lambda: town.refuse(scope="robot"))
    town.at("in_gate", page.start)
    town.rig.start_worker()
    town.rig.start_ticker()
    wait_for(lambda: not town.points and not page.is_alive(), LIMIT, "the page to be answered")
    town.remind()
    wait_for(lambda: town.rig.clerk() or not any(one.live for one in town.attempts()), LIMIT, "the call to end")
    town.over_for_robots(town.reminder)
    assert len(town.rig.network.to(ANNA)) <= 1
    assert {call.ended_by for call in town.rig.network.calls} <= {"CANCEL"}
    assert town.rig.attempts(town.reminder) == []


@pytest.mark.parametrize("says", ["no robots", "a letter"])
def test_entered_while_the_telephone_rings(town: Town, says: str) -> None:
    town.rig.network.behaves = NEVER
    town.rig.start_worker()
    town.rig.start_ticker()
    wait_for(lambda: town.rig.network.to(ANNA), LIMIT, "the call")
    town.remind()
    town.refuse(**SAYS[says])
    wait_for(lambda: town.rig.clerk() or town.rig.network.to(ANNA)[0].ended_by == "CANCEL", LIMIT, "silence")
    wait_for(lambda: not any(one.live for one in town.attempts()), LIMIT, "the attempt to be over")
    town.over_for_robots(town.campaign_task)
    town.over_for_robots(town.reminder)
    assert len(town.rig.network.calls) == 1
    assert town.rig.attempts(town.reminder) == []


@pytest.fixture
def talk(
    exchange: LiveExchange, tap: AmiTap, network: ListeningNetwork, tmp_path: Path
) -> Iterator[tuple[Town, TalkingRobot]]:
    """Anna hears what the campaign has to say, while the reminder waits for her telephone to be free."""
    network.numbers.clear()
    network.calls.clear()
    network.behaves, tones = Behaviour(talk=None), Tones()
    with SpokenRig(exchange, network, tmp_path) as rig:
        voice = rig.begin(tones)
        town = Town(rig)
        attempt = rig.sender.dial(town.campaign_task)
        assert attempt is not None, rig.task(town.campaign_task).rule
        with rig.database.reading() as session:
            task = session.get_one(DialTask, town.campaign_task)
            words = dict(SCRIPTS[task.kind](session, task, datetime.now(UTC)).words)
        wait_for(lambda: network.to(ANNA) and network.to(ANNA)[-1].live, LIMIT, "the call to arrive")
        town.remind()
        rig.start_worker()
        rig.start_ticker()
        wait_for(lambda: rig.task(town.reminder).rule == Rule.NUMBER_BUSY, LIMIT, "the reminder to be held back")
        yield town, TalkingRobot(exchange, tap, network, rig.database, voice, tones, rig.dialogue, words, attempt.id)
        rig.dialogue.close()
        exchange.reset()


def test_key_nine_is_the_end_of_it(talk: tuple[Town, TalkingRobot]) -> None:
    town, anna = talk
    call = anna.network.to(ANNA)[-1]
    anna.press(call, "who 1", "info_keys 9")
    anna.over(call)
    town.over_for_robots(town.reminder)
    assert town.rig.task(town.reminder).rule in (Rule.ROBOT_REFUSED, Rule.NO_CONSENT)
    assert len(anna.network.calls) == 1
    assert town.rig.attempts(town.reminder) == []
    refusal = town.refusal()
    assert (refusal.source, refusal.attempt_id, refusal.number) == ("key", anna.attempt_id, ANNA)
    assert all(one.sending_at <= refusal.at for one in town.attempts())


def test_without_a_refusal_the_next_call_follows(talk: tuple[Town, TalkingRobot]) -> None:
    """Or the test before would prove nothing."""
    town, anna = talk
    call = anna.network.to(ANNA)[-1]
    anna.press(call, "who 1")
    anna.until(call, "info_keys")
    anna.network.hang_up(call)
    anna.over(call)
    wait_for(lambda: len(anna.network.to(ANNA)) == 2, LIMIT, "the reminder's call")
    with town.rig.database.reading() as session:
        told = session.scalars(
            select(CampaignTarget.state).join(DialSubject, DialSubject.target_id == CampaignTarget.id)
            .where(DialSubject.task_id == town.campaign_task)
        ).one()  # fmt: skip
    assert told == "told"
