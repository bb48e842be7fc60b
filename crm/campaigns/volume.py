"""How many families of a campaign can be called on one day, and which (dry run and plan ask the same). Pure.

Minutes are those in which a telephone may ring (`callflow.dialler.window.spans`). A robot's call holds a line for its
ring and its talk; a person's takes her half of her time, for the other half she answers those who call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callflow.dialler.states import Channel
from callflow.dialler.window import Span

ROBOT_MINUTES: Final = 2.0
PERSON_MINUTES: Final = 6.0
PERSONS_SHARE: Final = 0.5


@dataclass(frozen=True)
class Hands:
    """Who is there to call: lines of the robot and its calls a day, people who answer for the service."""

    lines: int
    robot_calls: int
    people: int


@dataclass(frozen=True)
class Room:
    """How many more families fit: of all, of the robot's, of people's."""

    families: int
    robot: int
    people: int

    def less(self, *, robot: int = 0, people: int = 0) -> "Room":
        """What is left beside so many."""
        return Room(max(0, self.families - robot - people), max(0, self.robot - robot), max(0, self.people - people))


def minutes_of(spans: Iterable[Span], since: datetime | None = None) -> float:
    """Minutes of these stretches; with `since` only those after it."""
    left = ((max(begins, since) if since else begins, ends) for begins, ends in spans)
    return sum(max(0.0, (ends - begins).total_seconds() / 60) for begins, ends in left)


def room_of(minutes: float, per_day: int, hands: Hands) -> Room:
    """What fits into so many minutes of calling."""
    robot = min(int(minutes * hands.lines / ROBOT_MINUTES), hands.robot_calls)
    people = int(minutes * hands.people * PERSONS_SHARE / PERSON_MINUTES)
    return Room(per_day, robot, people)


def take(queue: Sequence[tuple[int, Channel]], room: Room) -> list[int]:
    """Ids of those who are called, in the order of the queue; one whose channel is full waits, others pass him."""
    left = {Channel.ROBOT: room.robot, Channel.HUMAN: room.people}
    taken: list[int] = []
    for identifier, channel in queue:
        if len(taken) >= room.families:
            break
        if left[channel] > 0:
            left[channel] -= 1
            taken.append(identifier)
    return taken
