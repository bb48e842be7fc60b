"""What a typed text asks for: a telephone, a card, or words. Pure: no records, no clock."""

import re
from dataclasses import dataclass

from callflow.phone import normalise
from callflow.text import clean_line
from crm.search.words import ADDRESS_SIGNS, words_of

LONGEST_QUERY = 200
MOST_WORDS = 6

_CARD = re.compile(r"(?:[CcСс][-–— ]?|№ ?)?0*([1-9][0-9]{0,9})")
"""«С-00012» with a Russian or a Latin letter, «№ 12», «12»."""


@dataclass(frozen=True)
class Query:
    """One of the three; all empty: nothing was asked. `number` is E.164, `card` the card's number as it is stored."""

    number: str = ""
    card: str = ""
    words: tuple[str, ...] = ()


def read_query(text: str, area_code: str | None) -> Query:
    """Return what the text means: a telephone in any spelling (with `area_code` a local one too), else the number of a
    card, else at most six words in any order.
    """
    line = clean_line(text, LONGEST_QUERY)
    number = normalise(line, area_code)
    if number is not None:
        return Query(number=number.e164)
    card = _CARD.fullmatch(line)
    if card:
        return Query(card=f"С-{int(card[1]):05d}")
    words = words_of(line)
    telling = [word for word in words if word not in ADDRESS_SIGNS] or words
    return Query(words=tuple(telling[:MOST_WORDS]))
