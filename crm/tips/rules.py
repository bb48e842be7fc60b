"""What is to be done next about a tip, and by when (domain.md §6.3): without a session or a clock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from callflow.text import search_key

FIRST_MINUTES = 15
"""Minutes of open time until the first attempt (B-32)."""
REACH_MINUTES = 120
"""Minutes of open time in which the family is to be reached by telephone."""
ATTEMPTS = 3
ADULT = 18

BODIES = {
    "kdn": "КДН и ЗП",
    "guardianship": "Опека и попечительство",
    "police": "Полиция (ПДН)",
}
"""Who is told of a danger to a child (120-ФЗ art. 9)."""

LETTERS = {
    "email": "написали на электронную почту",
    "letter": "отправили письмо",
    "nowhere": "писать некуда: адрес неизвестен",
}

BY_HAND = {
    "no_answer": "не отвечают",
    "busy": "занято",
    "not_adult": "ответил ребёнок или посторонний",
    "later": "просят перезвонить позже",
    "wrong": "номер не этой семьи",
}
"""What may be noted of an attempt that was no talk with an adult."""

WHY = {
    "risk": "угроза жизни или здоровью",
    "late": "семью не застали в срок",
    "unreached": "трижды не дозвонились",
    "card": "информацию связали с другой карточкой",
    "twice": "о той же семье уже сообщали: объедините",
}
"""Why the head was told."""

TALKS = {
    "call": "по телефону, через программу",
    "phone": "по другому телефону",
    "visit": "дома у семьи",
    "office": "семья пришла сама",
}
"""How somebody talked with an adult of the family."""


class Step(StrEnum):
    """What the clock waits for."""

    CALL = "call"
    LETTER = "letter"
    VISIT = "visit"
    MEET = "meet"
    DONE = "done"

    @property
    def words(self) -> str:
        """For the list."""
        return _STEPS[self]


_STEPS = {
    Step.CALL: "позвонить семье",
    Step.LETTER: "написать семье",
    Step.VISIT: "назначить выезд",
    Step.MEET: "выехать к семье",
    Step.DONE: "закончено",
}


@dataclass(frozen=True, slots=True)
class Next:
    """The step and its deadline (UTC); no deadline once it is done."""

    step: Step
    due_at: datetime | None

    def is_late(self, at: datetime) -> bool:
        """Whether the deadline is over."""
        return self.due_at is not None and self.due_at <= at


def what_next(
    attempts: int,
    first_due_at: datetime,
    reach_due_at: datetime,
    *,
    is_written: bool = False,
    visit_due_at: datetime | None = None,
    is_ended: bool = False,
) -> Next:
    """Three attempts, then a letter, then a visit; an attempt stops nothing. The deadline of a visit is its day."""
    if is_ended:
        return Next(Step.DONE, None)
    if visit_due_at is not None:
        return Next(Step.MEET, visit_due_at)
    if attempts < ATTEMPTS:
        return Next(Step.CALL, reach_due_at if attempts else first_due_at)
    return Next(Step.VISIT if is_written else Step.LETTER, reach_due_at)


def key_of(service_id: int, family_id: int | None, numbers: Collection[str]) -> str | None:
    """Whose tip it is, in one word: the card's, else the first telephone's, else nobody's."""
    if family_id is not None:
        return f"{service_id}:family:{family_id}"
    return f"{service_id}:number:{min(numbers)}" if numbers else None


def is_adult(birth_date: date | None, today: date) -> bool:
    """Whether this person is of age; whoever's birthday nobody knows may be."""
    if birth_date is None:
        return True
    before = (today.month, today.day) < (birth_date.month, birth_date.day)
    return today.year - birth_date.year - before >= ADULT


def names_somebody(text: str, name: str, phone: str, family_name: str = "") -> bool:
    """Whether these words tell who the informant is: by his surname in any case, or by his number.

    Asked of everything that more people read than may know him. A surname that is the family's too says nothing, and a
    single word may be a first name that many have.
    """
    number = _digits(phone)[-10:]
    if len(number) >= 5 and number in _digits(text):
        return True
    own = search_key(name).split()
    if len(own) < 2 or len(own[0]) < 3:
        return False
    stem = own[0][: max(3, len(own[0]) - 2)]
    if any(word.startswith(stem) for word in search_key(family_name).split()):
        return False
    return any(word.startswith(stem) for word in search_key(text).split())


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isascii() and one.isdigit())
