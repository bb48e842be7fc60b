"""Defects that somebody might build into the engine in one day, one at a time; the invariants must find each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.states import Disposition, TaskState
from callflow.dialler.window import MARGIN
from callflow.dialler.wire import Judged, Judgement
from crm.campaigns.outcomes import Outcome
from crm.dialler import by_person, following, gating, reconciling, refusals, withdrawing
from crm.dialler.changing import attempt_of
from crm.dialler.tables import DialTask
from tests.support.dialler.exchange import FakeExchange
from tests.support.dialler.machine import Scene
from tests.support.dialler.place import START
from tests.support.dialler.world import World

Change = tuple[Any, str, Any]
"""Where something is built in: what it belongs to, its name, what stands there instead."""


def _facts(**values: object) -> Change:
    """The rules are told something else."""
    real = gating.judge
    return gating, "judge", lambda facts, at: real(replace(facts, **values), at)


def _live(**values: object) -> Change:
    """So are they of the exchange."""
    real = FakeExchange.live
    return FakeExchange, "live", lambda exchange, skew: replace(real(exchange, skew), **values)


def _any_claim() -> Change:
    """A worker that was stopped for an hour goes on with the task that it once had."""
    real = gating.gate

    def gate(session: Session, task_id: int, owner: str, *arguments: Any, **more: Any) -> gating.Gated:
        task = session.get_one(DialTask, task_id)
        task.owner, task.state, task.lease_until = owner, TaskState.CLAIMED.value, START + timedelta(days=99)
        session.flush()
        return real(session, task_id, owner, *arguments, **more)

    return gating, "gate", gate


def _never_left() -> Change:
    """Whoever says nothing has not been called."""
    real = reconciling.judge

    def judge(*arguments: Any, **more: Any) -> Judgement:
        found = real(*arguments, **more)
        return Judgement(Judged.NOT_SENT, evidence="guess") if found.judged is Judged.UNKNOWN else found

    return reconciling, "judge", judge


def _no_margin() -> list[Change]:
    """A ring may begin until the last second, and an order may be obeyed as long."""
    may_ring, ends_at = window.may_ring, window.ends_at

    def still(calendar: Any, hours: Any, at: datetime, _ring: timedelta, *family: Any) -> bool:
        return may_ring(calendar, hours, at, -MARGIN, *family)

    def later(*arguments: Any) -> datetime | None:
        ends = ends_at(*arguments)
        return ends and ends + timedelta(hours=1)

    return [(window, "may_ring", still), (window, "ends_at", later)]


def _settled_at_once() -> Change:
    """The script's result frees the line, and its call still has it."""
    real = following.settle

    def settle(session: Session, attempt_id: str, *arguments: Any, **more: Any) -> bool:
        settled = real(session, attempt_id, *arguments, **more)
        attempt = attempt_of(session, attempt_id)
        if settled and attempt is not None:
            following._let_go(session, attempt)
        return settled

    return following, "settle", settle


def _by_uniqueid() -> Change:
    """A second copy fails with the Uniqueid of the call that lives (M5), and is taken for it."""
    real = following.heard

    def heard(session: Session, attempt_id: str, word: str, detail: str, at: datetime) -> Any:
        if word == "gate_denied":
            following.settle(session, attempt_id, Disposition.FAILED, at, "word", detail)
        return real(session, attempt_id, word, detail, at)

    return following, "heard", heard


def _sent_again() -> Change:
    """A job that died is run again and sends what it had written (RQ's Retry)."""
    real = World.send

    def send(world: World, worker: int, **more: Any) -> None:
        who = world.workers[worker % len(world.workers)]
        order = who.written
        real(world, worker, **more)
        who.written = who.written or order

    return World, "send", send


def _planned_number() -> Change:
    """The number as it was when the call was planned."""
    real = gating.known.look

    def look(session: Session, task: DialTask, *arguments: Any, **more: Any) -> Any:
        return replace(real(session, task, *arguments, **more), number=task.number)

    return gating.known, "look", look


OPEN_GATE: Change = (FakeExchange, "_denied", lambda *_: "")
"""The dialplan obeys every order."""

TRUNK = "call_while_families_call"
MISSED = ("a_missed_call", {"place": 0, "who": 0, "what": "comes", "minutes": 30})
SHE_CALLS = ("a_missed_call", {"place": 0, "who": 0, "what": "call"})
CLERK = ("at_her_desk", {"what": "clerk", "kind": "rating", "who": 0, "told": Outcome.TOLD})
FIRST_CALL = ("one_call", {"worker": 0, "place": 0, "mended": False})
"""To the first family, whose reminder is the first that is due."""
THREE_RINGS = [
    step
    for asks in ("ask_for_rating", "tell", "tell")
    for step in (
        (asks, {"family": 0, "urgent": True}),
        ("call_in_vain", {"worker": 0, "place": 0, "seconds": 3700, "detail": "NOANSWER-19-480-rang"}),
    )
]
"""In one day, to one family, where two are allowed."""


@dataclass(frozen=True)
class Mutant:
    """`changes`: where it is built in; `found_by`: the invariants that may find it; `scene`: what happens first, where
    chance alone would seldom come by."""

    changes: Sequence[Change]
    found_by: str
    scene: Scene = ()

    @contextmanager
    def built_in(self) -> Iterator[None]:
        """The engine has this defect meanwhile."""
        with ExitStack() as stack:
            for where, what, instead in self.changes:
                stack.enter_context(mock.patch.object(where, what, instead))
            yield


MUTANTS = {
    "a claim without an owner": Mutant(
        [_any_claim()], "I5|I6|I9|I11|I14", [("overtaken", {"worker": 0, "place": 0, "seconds": 31})]
    ),
    "unknown is tried again": Mutant([_never_left()], "I6|I10|I15|I16"),
    "a copy's refusal ends the call": Mutant(
        [(following, "NOT_THE_ORDERS_OWN", frozenset())], "I15|I16", [("copy_is_heard_first", {"worker": 0})]
    ),
    "a failure is mapped by Uniqueid": Mutant([_by_uniqueid()], "I15|I16", [("copy_is_heard_first", {"worker": 0})]),
    "no gate in the dialplan, and an order sent twice": Mutant([OPEN_GATE], "I2"),
    "no gate, and a job that is run again": Mutant([OPEN_GATE, _sent_again()], "I2"),
    "no margin for the ring": Mutant(_no_margin(), "I3", [("call_at_the_edge", {"worker": 0, "seconds": 20})]),
    "no gap": Mutant([_facts(last_start=None, last_talk=None)], "I6"),
    "no cap of a day": Mutant([_facts(family_day=0)], "I6", THREE_RINGS),
    "a ring of which the network said 480 is not counted": Mutant(
        [(following, "telephone_rang", lambda _: False)], "I6", THREE_RINGS
    ),
    "a booking is not read again": Mutant(
        [_facts(source_stands=True), (withdrawing, "withdraw", lambda *_, **__: [])],
        "I7",
        [("call_off", {"place": 0}), FIRST_CALL],
    ),
    "a case is not read again": Mutant(
        [_facts(source_stands=True)],
        "I7",
        [("ask_for_rating", {"family": 0, "urgent": True}), ("rate_in_person", {"place": 0}), FIRST_CALL],
    ),
    "a campaign on pause is not asked": Mutant(
        [_facts(source_paused=False)],
        "I7",
        [("tell", {"family": 0, "urgent": True}), ("hold_back", {"place": 0, "paused": True}), FIRST_CALL],
    ),
    "refusals are not asked": Mutant(
        [(refusals, "of", lambda *_: refusals.Known())],
        "I7",
        [("refuse", {"family": 0, "everything": False}), FIRST_CALL],
    ),
    "the red button is not asked": Mutant([_facts(stopped=False)], "I7", [("stop", {}), FIRST_CALL]),
    "a pause is not asked": Mutant(
        [_facts(paused_until=None)], "I7", [("call_in_a_pause", {"worker": 0, "seconds": 900})]
    ),
    "a number of the plan": Mutant([_planned_number()], "I8", [("change_number", {"family": 0}), FIRST_CALL]),
    "lines are not counted": Mutant([(gating, "_free_slot", lambda *_: 1)], "I4|I16"),
    "answered is delivered": Mutant([(following, "_by_rows", lambda *_: Disposition.DELIVERED)], "I12"),
    "the script frees the line": Mutant(
        [_settled_at_once()], "I16", [("whole_call", {"worker": 0, "place": 0, "ending": "delivered", "lingers": True})]
    ),
    "the last line": Mutant([_live(inbound=0)], "I22", [(TRUNK, {"worker": 0, "waiting": 0, "inbound": 3})]),
    "a caller waits": Mutant([_live(waiting=0)], "I22", [(TRUNK, {"worker": 0, "waiting": 1, "inbound": 0})]),
    "clocks that differ": Mutant(
        [_live(clock_skew=0.0)],
        "I3|I6",
        [("next_morning", {}), ("call_by_a_wrong_clock", {"worker": 0, "seconds": 3700})],
    ),
    "a colleague who calls is not asked": Mutant(
        [_facts(colleague=False, number_live=False, last_start=None, last_talk=None)],
        "I5|I6|I7",
        [MISSED, SHE_CALLS, CLERK, ("goes_on", {"place": 0, "how": "rings", "detail": ""}), FIRST_CALL],
    ),
    "a promise is not asked": Mutant([_facts(promised=None)], "I7", [MISSED, FIRST_CALL]),
    "a list that asks no rule": Mutant(
        [(by_person, "refuse_to_call", lambda _: None)],
        "I3|I5|I6|I7|I22",
        [
            ("whole_call", {"worker": 0, "place": 0, "ending": "hung_up"}),
            ("call_from_a_list", {"family": 0, "kind": "campaign", "who": 0}),
        ],
    ),
    "words that are not ready": Mutant([_facts(prompts_ready=True)], "I20", [("call_without_words", {"worker": 0})]),
}
