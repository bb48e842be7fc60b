"""How the invented town's telephones behave when they are called: the cases of §10.3, in the words of the exchange's
town.

`answers`, `busy`, `no_answer`, `rejects`, `presses:<keys>`, `voicemail`, `hangs_up`, `unreachable`. Keys are those of
the scripts in §9.2: 1 confirms who one is, 2 says «wrong person», 9 refuses robot calls, a survey takes 1…10 and `*`.
"""

from crm.demo.families_a import FAMILIES as FIRST
from crm.demo.families_a import DemoFamily
from crm.demo.families_b import FAMILIES as SECOND

FAMILIES = FIRST + SECOND

_BEHAVIOUR = {
    "+79070000101": "presses:10",  # rated 10
    "+79070000201": "presses:9",  # rated 9
    "+79070000401": "presses:1",
    "+79070000701": "voicemail",
    "+79070001001": "answers",
    "+79070001101": "busy",
    "+79070001201": "hangs_up",
    "+79070001401": "no_answer",
    "+79070001601": "rejects",  # writes e-mail instead
    "+79070001801": "no_answer",  # tip from a neighbour, unreachable three times
    "+79070001901": "presses:9",  # refuses automatic calls
    "+79070002001": "unreachable",  # deaf: the telephone is off, only messages
    "+79070002101": "presses:*",  # refuses to rate
    "+79070002201": "presses:2",  # wrong person
    "+79070002301": "presses:1",  # rated 1, the misread of 10
    "+79070002401": "voicemail",  # the survey does not reach her
    "+79070002402": "unreachable",
    "+79070002701": "presses:10",  # both appeals rated 10
    "+79070002901": "hangs_up",  # has withdrawn her consent
}


def mobile_of(family: DemoFamily, member: int) -> str:
    """Return +7 907 000-FF-MM."""
    return f"+7907000{family.number:02d}{member:02d}"


def landline_of(family: DemoFamily) -> str:
    """Return 8 (49248) 0-FF-00 in E.164: a number that no subscriber can have (§10.6)."""
    return f"+7492480{family.number:02d}00"


def numbers_of(family: DemoFamily) -> list[str]:
    """Return every number under which the family can be called, members' own first."""
    numbers = [mobile_of(family, member) for member in range(1, family.talkers + 1)]
    return [*numbers, landline_of(family)] if family.landline else numbers


OUTSIDE_SPECIALIST = "+79070009101"
"""Where the demo's lawyer is reached when she is not at her desk."""

TOWN: dict[str, str] = {
    number: _BEHAVIOUR.get(number, "answers") for family in FAMILIES for number in numbers_of(family)
} | {OUTSIDE_SPECIALIST: "answers"}


def behaviour_of(number: str) -> str:
    """Return what happens when `number` is called; a number that nobody has is "unreachable"."""
    return TOWN.get(number, "unreachable")


def town_behaviours() -> dict[str, str]:
    """Return every number of the town with its behaviour, for the exchange's configuration."""
    return dict(TOWN)
