"""What many runs of the state machine saw: whether there was anything in them for an invariant to be broken by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from callflow.dialler.states import AttemptState, Disposition
from tests.support.dialler import invariants
from tests.support.dialler.invariants import Run
from tests.support.dialler.world import World


@dataclass
class Statistics:
    """What many runs saw. `per_run`: INVITEs of each."""

    per_run: list[int] = field(default_factory=list)
    dispositions: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, run: Run, world: World) -> None:
        """One run that is over."""
        self.per_run.append(len(run.wire.invites))
        self.dispositions.update(one.disposition or one.state for one in run.attempts)
        self.rules.update(world.refusals)
        self.kinds.update(world.kinds)
        self.kinds["called by a person"] += len(run.wire.by_people)

    def __str__(self) -> str:
        calls = sorted(self.per_run) or [0]
        count = len(calls)
        answered = sum(self.dispositions[one] for one in invariants.TALKED)
        heard = sum(self.dispositions[one] for one in (Disposition.DELIVERED, Disposition.CONFIRMED))
        unknown = self.dispositions[AttemptState.UNKNOWN]
        return (
            f"{count} runs; INVITEs a run: mean {sum(calls) / count:.1f}, least {calls[0]}, "
            f"tenth {calls[count // 10]}, median {calls[count // 2]}, most {calls[-1]}; "
            f"of a run {answered / count:.1f} answered, {heard / count:.1f} heard, {unknown / count:.1f} unknown\n"
            f"kinds: {dict(self.kinds.most_common())}\n"
            f"ends: {dict(self.dispositions.most_common())}\nnot called: {dict(self.rules.most_common())}"
        )
