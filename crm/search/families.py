"""The search field: a name in any order and any part of it, a telephone in any spelling, an address, or a card number,
within what the viewer may see.

How it stays quick at a million families: a typed part is looked for in the vocabulary, which is small; the rarest part
drives, the others only check its cards; and no more than CANDIDATES cards are ever ranked. What is more than that is
taken best fits first, so that «Иванова» is not lost among ten thousand «Ивановская».
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, and_, exists, func, literal, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from crm import institution
from crm.family_tables import ACTIVE, Family, Person, Phone
from crm.search.index import Place
from crm.search.query import Query, read_query
from crm.search.ranking import Member, Rank, rank
from crm.search.tables import FamilyWord, SearchWord
from crm.search.words import MOST_OF_A_PART, Fit, Match, matches, words_of
from crm.staff import Employee
from crm.visibility import seen_by, sees_families

CANDIDATES = 120
"""How many cards are ranked at most; who gets more has to say more words."""

FEW_WORDS = 16
"""Up to here the checking of a card asks the index for the words by their ids; above, it compares the card's words."""

COUNTED = 50_000
"""How far a part's cards are counted to find the rarest part."""

SAMPLE = 10_000

RARE = 2_000
"""A part of fewer cards than this is looked through at once."""


@dataclass(frozen=True)
class Found:
    """One line of the result: a card with the person whom the words name, or the person of a telephone."""

    person: Person
    family: Family | None


def search(session: Session, typed: str, viewer: Employee, limit: int = 20) -> list[Found]:
    """Return the cards that hold every word of what was typed, the best first; one line for each person of a telephone.

    Nothing for an empty text. Families that the viewer may not see are not found and not counted. `%`, `_` and `\\` are
    letters like others (reliability.md B62).
    """
    query = read_query(typed, institution.area_code(session))
    if not sees_families(viewer):
        return []
    if query.number:
        return _of_telephone(session, query.number, viewer, limit)
    ranked = _ranked(session, query, viewer)[: max(0, limit)]
    found = select(Family).where(Family.id.in_([family_id for family_id, _ in ranked]))
    cards = {family.id: family for family in session.scalars(found)}
    lines = []
    for family_id, best in ranked:
        family = cards[family_id]
        named = next((person for person in family.people if person.id == best.person_id), None)
        if named is not None:
            lines.append(Found(named, family))
    return lines


def count_up_to(session: Session, typed: str, viewer: Employee, most: int = CANDIDATES) -> int:
    """Return how many lines `search` finds, counting no further than `most` (and never further than CANDIDATES)."""
    if not sees_families(viewer):
        return 0
    query = read_query(typed, institution.area_code(session))
    if query.number:
        return len(_of_telephone(session, query.number, viewer, most))
    return len(_ranked(session, query, viewer)[:most])


def holding(session: Session, words: Sequence[str], viewer: Employee, limit: int) -> list[int]:
    """Return the ids of cards that hold every word or part, unranked; for looking for likely duplicates."""
    return list(_holding_all(session, words, viewer)[:limit])


def _of_telephone(session: Session, number: str, viewer: Employee, limit: int) -> list[Found]:
    statement = (
        select(Person)
        .join(Phone, and_(Phone.person_id == Person.id, Phone.removed_at.is_(None)))
        .outerjoin(Family, Family.id == Person.family_id)
        .where(Phone.number == number, Person.family_id.is_(None) | _may_be_found(viewer))
        .options(joinedload(Person.family), selectinload(Person.phones))
        .order_by(Person.search_key, Person.id)
        .distinct()
        .limit(limit)
    )
    return [Found(person, person.family) for person in session.scalars(statement).unique()]


def _may_be_found(viewer: Employee) -> ColumnElement[bool]:
    return and_(Family.state == ACTIVE, seen_by(viewer))


def _ranked(session: Session, query: Query, viewer: Employee) -> list[tuple[int, Rank]]:
    if query.card:
        ids = session.scalars(select(Family.id).where(Family.card_number == query.card, _may_be_found(viewer))).all()
    else:
        ids = _holding_all(session, query.words, viewer)
    ranks = _ranks(session, query.words, ids)
    return sorted(ranks.items(), key=lambda item: (item[1].key, item[0]))


def _holding_all(session: Session, words: Sequence[str], viewer: Employee) -> Sequence[int]:
    """Return the ids of at most CANDIDATES cards that hold every word; where there are more, those with better fits."""
    found = [(word, _matches(session, word)) for word in words]
    if not found or not all(of_word for _, of_word in found):
        return []
    counts = _counts(session, found) if len(found) > 1 else {}
    found.sort(key=lambda part: counts.get(part[0], 0))
    best: dict[int, None] = {}
    for worst, place in _tiers(found, rare=counts.get(found[0][0], COUNTED) < RARE):
        narrowed = [(word, [match for match in of_word if match.fit <= worst]) for word, of_word in found]
        best.update(dict.fromkeys(_cards_of(session, narrowed, viewer, worst, place)))
        if len(best) >= CANDIDATES:
            break
    return list(best)[:CANDIDATES]


def _tiers(found: Sequence[tuple[str, Sequence[Match]]], *, rare: bool) -> Iterator[tuple[Fit, Place | None]]:
    """The better fits that are worth a question of their own, and last all of them.

    Not worth it where the rarest part has few cards anyway, nor where many words fit so well: asking for those takes as
    long as asking for everything. Several frequent words get one such question only: what they have in common may be
    nothing, and finding that out twice is enough.
    """
    for worst in () if rare else (Fit.WHOLE, Fit.BEGINNING):
        fitting = [sum(match.fit <= worst for match in of_word) for _, of_word in found]
        if not all(fitting) or max(fitting) > FEW_WORDS:
            continue
        if len(found) == 1:
            yield worst, Place.APPLICANT
        yield worst, None
        if all(fits == len(of_word) for fits, (_, of_word) in zip(fitting, found, strict=True)):
            return
        if len(found) > 1:
            break
    yield Fit.INNER, None


def _matches(session: Session, word: str) -> list[Match]:
    """A number is a house or a flat, and whole: nobody who says «12» means 112."""
    found = matches(session, word, of_cards=True)
    return [match for match in found if match.fit is Fit.WHOLE] if word.isdecimal() else found


def _counts(session: Session, found: Sequence[tuple[str, Sequence[Match]]]) -> dict[str, int]:
    """How many cards each part has, as far as COUNTED; where all have more, by a sample from their middle."""
    counts = {word: _count(session, of_word) for word, of_word in found}
    if min(counts.values()) < COUNTED:
        return counts
    middle = (session.scalar(select(func.max(Family.id))) or 0) // 2
    slice_ = (FamilyWord.place.in_(list(Place)), FamilyWord.family_id.between(middle, middle + SAMPLE))
    return {
        word: COUNTED + (_count(session, of_word, *slice_) if len(of_word) <= FEW_WORDS else SAMPLE)
        for word, of_word in found
    }


def _count(session: Session, of_word: Sequence[Match], *conditions: ColumnElement[bool]) -> int:
    some = select(literal(1)).where(FamilyWord.word_id.in_([match.id for match in of_word]), *conditions).limit(COUNTED)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _cards_of(
    session: Session, found: Sequence[tuple[str, Sequence[Match]]], viewer: Employee, worst: Fit, place: Place | None
) -> list[int]:
    """The cards of the first part's words that hold the other parts too."""
    (_, driving), *others = found
    statement = select(FamilyWord.family_id).where(FamilyWord.word_id.in_([match.id for match in driving]))
    if place is not None:
        statement = statement.where(FamilyWord.place == place)
    statement = statement.where(*(_holds(part, of_word, worst) for part, of_word in others))
    statement = statement.where(exists().where(Family.id == FamilyWord.family_id, _may_be_found(viewer)))
    return list(dict.fromkeys(session.scalars(statement.limit(CANDIDATES * 2))))[:CANDIDATES]


def _holds(part: str, of_word: Sequence[Match], worst: Fit) -> ColumnElement[bool]:
    """The card holds the part; written so that both engines go from the card to its words, and not the other way."""
    other = aliased(FamilyWord)
    of_card = exists().where(other.family_id == FamilyWord.family_id)
    ids = [match.id for match in of_word]
    if len(ids) <= FEW_WORDS:
        return of_card.where(other.word_id.in_(ids))
    if len(ids) < MOST_OF_A_PART:
        # An expression that no index knows: the dozen words of a card are looked up among the ids, not each id in the
        # index. Reading the words' letters instead took PostgreSQL five times as long.
        return of_card.where((other.word_id + 0).in_(ids))
    word = aliased(SearchWord)
    letters = select(word.word).where(word.id == other.word_id).correlate(other).scalar_subquery()
    inner = worst is Fit.INNER
    held = letters.contains(part, autoescape=True) if inner else letters.startswith(part, autoescape=True)
    return of_card.where(held)


def _ranks(session: Session, parts: Sequence[str], ids: Sequence[int]) -> dict[int, Rank]:
    members: dict[int | None, list[Member]] = {}
    person = select(
        Person.id, Person.family_id, Person.surname, Person.search_key, Person.is_applicant, Person.left_at
    ).where(Person.family_id.in_(ids))
    for id_, family_id, surname, key, is_applicant, left_at in session.execute(person):
        words = key.split()
        length = len(surname.replace("-", " ").split())
        member = Member(id_, " ".join(words[:length]), words, is_applicant, left_at is not None)
        members.setdefault(family_id, []).append(member)
    header = select(Family.id, Family.name, Family.address, Family.locality).where(Family.id.in_(ids))
    return {
        id_: rank(parts, members.get(id_, ()), partial(words_of, f"{name} {address} {locality}"))
        for id_, name, address, locality in session.execute(header)
    }
