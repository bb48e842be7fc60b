"""The vocabulary of the search: how a text becomes words, and which words hold a typed part.

A word that no card and no row holds any more stays: alone it says nothing of anybody, and taking it away could take it
from under somebody who is just using it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import ColumnElement, Connection, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callflow.text import search_key
from crm.search.tables import SearchWord

LONGEST_WORD = 40
"""Letters of a word that are kept: a page pasted without spaces would fit into no index."""

_SIGNS = """
г гор город с село д дер деревня дом п пос поселок пгт р н рн район обл область ул улица пер переулок пр просп проспект
пл площадь ш шоссе наб б бул бульвар кв квартира корп к стр
"""
ADDRESS_SIGNS = frozenset(_SIGNS.split())
"""What every address says and nobody is found by: not kept of an address, not asked for beside other words."""

CHUNK = 1_000
"""How many values one statement names."""


class Fit(IntEnum):
    """How a word holds the typed part, best first."""

    WHOLE = 0
    BEGINNING = 1
    INNER = 2


@dataclass(frozen=True)
class Match:
    """A word of the vocabulary that holds the typed part."""

    id: int
    fit: Fit


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded by `search_key`, each once, in their order. Cut a long text before."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in search_key(text).split()))


def ids_of(session: Session, words: Iterable[str], *, of_cards: bool = False) -> dict[str, int]:
    """Return the id of each word (as `words_of` gives them); words not known yet are added.

    `of_cards` marks them as words of a card: the free text of a million journal rows has many times more words than all
    names and addresses, and a card is looked for among its own. Two who add the same word at once both get its id.
    """
    wanted = sorted(set(words))
    known = _known(session, wanted, of_cards=of_cards)
    missing = [word for word in wanted if word not in known]
    if missing:
        _add(session, missing, of_cards=of_cards)
        known |= _known(session, missing, of_cards=of_cards)
    return known


MOST_OF_A_PART = 400
"""Words of one part that are asked for; a part with as many may have more."""


def matching(session: Session, part: str, limit: int = MOST_OF_A_PART, *, of_cards: bool = False) -> list[int]:
    """Return the ids of words that hold `part` (one folded word): the whole word, then beginnings, then inner parts."""
    return [match.id for match in matches(session, part, limit, of_cards=of_cards)]


def matches(session: Session, part: str, limit: int = MOST_OF_A_PART, *, of_cards: bool = False) -> list[Match]:
    """The same with how each fits; within one fit the shorter word, which the part covers more of, comes first.

    `instr` and `strpos` know no wildcards: `%` and `_` are letters here (reliability.md B62).
    """
    position = func.strpos if _is_postgresql(session) else func.instr
    place: ColumnElement[int] = position(SearchWord.word, part)
    fit = case((SearchWord.word == part, Fit.WHOLE), (place == 1, Fit.BEGINNING), else_=Fit.INNER)
    statement = select(SearchWord.id, fit.label("fit")).where(place > 0)
    if of_cards:
        statement = statement.where(SearchWord.of_cards)
    statement = statement.order_by("fit", func.length(SearchWord.word), SearchWord.word).limit(limit)
    return [Match(id_, Fit(fit_)) for id_, fit_ in session.execute(statement)]


def _known(session: Session, words: list[str], *, of_cards: bool) -> dict[str, int]:
    known: dict[str, int] = {}
    for start in range(0, len(words), CHUNK):
        statement = select(SearchWord.word, SearchWord.id).where(SearchWord.word.in_(words[start : start + CHUNK]))
        if of_cards:
            statement = statement.where(SearchWord.of_cards)
        known.update((word, id_) for word, id_ in session.execute(statement))
    return known


def _add(session: Session, words: list[str], *, of_cards: bool) -> None:
    """On PostgreSQL in a transaction of its own: whoever adds the same word waits for no long save, and two that add
    the same two words one after another in different order cannot wait for each other."""
    bind = session.get_bind()
    if _is_postgresql(session) and not isinstance(bind, Connection):
        with bind.begin() as connection:
            _insert(connection, words, of_cards=of_cards)
    else:
        _insert(session.connection(), words, of_cards=of_cards)


def _insert(connection: Connection, words: list[str], *, of_cards: bool) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for start in range(0, len(words), CHUNK):
        chunk = words[start : start + CHUNK]
        rows = [{"word": word, "of_cards": of_cards} for word in chunk]
        connection.execute(insert(SearchWord).values(rows).on_conflict_do_nothing(index_elements=["word"]))
        if of_cards:  # known from the journal only, until now
            marked = update(SearchWord).where(SearchWord.word.in_(chunk), SearchWord.of_cards.is_(False))
            connection.execute(marked.values(of_cards=True))


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
