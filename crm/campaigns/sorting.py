"""Who of a segment is called by a campaign, by whom, and who is left out and why (domain.md §3.2). Pure.

Asked in the dry run, at the launch and again on the day of the call, so that all three say the same; the rules of the
engine are asked once more at the moment of the order (`callflow.dialler.rules`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from callflow.dialler.states import Channel


class LeftOut(StrEnum):
    """Why a family of the segment is not called; the title is for the dry run."""

    TOLD = "told"
    ELSEWHERE = "elsewhere"
    NO_NUMBER = "no_number"
    NOT_DIALLED = "not_dialled"
    DO_NOT_CALL = "do_not_call"
    BAD_NUMBER = "bad_number"
    NOT_BY_VOICE = "not_by_voice"
    NEVER = "never"
    NO_CONSENT = "no_consent"
    ROBOT_REFUSED = "robot_refused"
    RESTRICTED = "restricted"
    MINOR = "minor"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of a reason is of no use to anybody
        """One line of the list «Кому не позвоним»."""
        return _TITLES[self]


_TITLES: Final = {
    LeftOut.TOLD: "об этом уже сообщали, или семья отказалась",
    LeftOut.ELSEWHERE: "ждут звонка в другой кампании о том же",
    LeftOut.NO_NUMBER: "в карточке нет телефона",
    LeftOut.NOT_DIALLED: "на такой номер программа не звонит",
    LeftOut.DO_NOT_CALL: "просили не звонить",
    LeftOut.BAD_NUMBER: "номер не существует или чужой",
    LeftOut.NOT_BY_VOICE: "просят связываться не по телефону",
    LeftOut.NEVER: "часы семьи не совпадают с часами звонков",
    LeftOut.NO_CONSENT: "нет согласия на автоматические звонки",
    LeftOut.ROBOT_REFUSED: "отказались от автоматических звонков",
    LeftOut.RESTRICTED: "карточка с ограниченным доступом: робот не звонит",
    LeftOut.MINOR: "заявитель несовершеннолетний: робот не звонит",
}


@dataclass(frozen=True)
class Candidate:
    """What is known of one family and of the person and telephone that would be called. `bad`: no such number, or
    somebody else's; `consent`: to robots, of this person at this number; `reachable`: the family's hours leave a minute
    in which we may call."""

    family_id: int
    person_id: int | None = None
    phone_id: int | None = None
    number: str = ""
    told: bool = False
    elsewhere: bool = False
    do_not_call: bool = False
    bad: bool = False
    refused_number: bool = False
    by_voice: bool = True
    reachable: bool = True
    consent: bool = False
    robot_refused: bool = False
    restricted: bool = False
    minor: bool = False


def sort(one: Candidate, channel: Channel, *, rest_by_people: bool) -> Channel | LeftOut:
    """Who calls this family: the robot only whom it may; the others people, or nobody."""
    reason = _nobody_calls(one)
    if reason is not None:
        return reason
    if channel is Channel.HUMAN:
        return Channel.HUMAN
    forbidden = _robot_does_not(one)
    if forbidden is None:
        return Channel.ROBOT
    return Channel.HUMAN if rest_by_people else forbidden


def _nobody_calls(one: Candidate) -> LeftOut | None:
    reasons = (
        (one.told, LeftOut.TOLD),
        (one.elsewhere, LeftOut.ELSEWHERE),
        (not one.number, LeftOut.NO_NUMBER),
        (one.refused_number, LeftOut.NOT_DIALLED),
        (one.do_not_call, LeftOut.DO_NOT_CALL),
        (one.bad, LeftOut.BAD_NUMBER),
        (not one.by_voice, LeftOut.NOT_BY_VOICE),
        (not one.reachable, LeftOut.NEVER),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _robot_does_not(one: Candidate) -> LeftOut | None:
    reasons = (
        (one.robot_refused, LeftOut.ROBOT_REFUSED),
        (not one.consent, LeftOut.NO_CONSENT),
        (one.restricted, LeftOut.RESTRICTED),
        (one.minor, LeftOut.MINOR),
    )
    return next((reason for holds, reason in reasons if holds), None)
