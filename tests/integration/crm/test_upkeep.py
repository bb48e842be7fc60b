"""«Актуализация»: who is due, who is not, and who may know it (B-5, A-12; domain.md §2.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from callflow.text import search_key
from crm import db
from crm.audit import AuditEvent
from crm.cards import upkeep
from crm.cards.tables import CardChange
from crm.errors import NotFound, RecordsError
from crm.family_tables import Family, FamilyStatus, Person
from crm.staff import by_login

TODAY = date(2026, 11, 12)
AT = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def somebody(session, login="lavrova"):
    found = by_login(session, login)
    assert found is not None
    return found


def family(session, number: int, *people: tuple[str, date | None, date | None], statuses=("многодетная",), **fields):
    """A card with these people: (relation, birth date, student until)."""
    card = Family(card_number=f"П-{number:05d}", name="Проверочные", created_at=AT - 900 * DAY, **fields)
    card.people = [
        Person(
            relation=relation,
            surname="Проверочный",
            name="Ян",
            birth_date=born,
            full_time_student_until=student,
            search_key=search_key("Проверочный Ян"),
        )
        for relation, born, student in people
    ]
    card.statuses = [FamilyStatus(type=status) for status in statuses]
    session.add(card)
    session.flush()
    return card


def mine(found, card: Family) -> list[date | None]:
    """The days for which this card stands in the list."""
    return [one.on for one in found if one.family_id == card.id]


@pytest.mark.parametrize(
    ("actualized_on", "is_due"),
    [
        (TODAY.replace(year=2025), True),
        (TODAY.replace(year=2025) + DAY, False),
        (TODAY, False),
        (date(2020, 1, 1), True),
        (None, True),
    ],
)
def test_a_card_is_due_twelve_months_after_it_was_confirmed(
    town: db.Database, actualized_on: date | None, is_due: bool
) -> None:
    with town.transaction() as session:
        card = family(session, 1, actualized_on=actualized_on)
        found = upkeep.unconfirmed(session, somebody(session), TODAY)
    assert mine(found, card) == ([actualized_on] if is_due else [])


def test_a_new_card_is_not_due_though_nobody_confirmed_it(town: db.Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        card.created_at = AT - 300 * DAY
        session.flush()
        assert mine(upkeep.unconfirmed(session, somebody(session), TODAY), card) == []


@pytest.mark.parametrize("state", ["merged", "destroyed", "importing"])
def test_only_cards_in_use_are_in_any_list(town: db.Database, state: str) -> None:
    with town.transaction() as session:
        card = family(session, 1, ("сын", date(2008, 12, 1), None), state=state)
        card.statuses[0].valid_to = TODAY
        session.flush()
        for kind in upkeep.kinds():
            assert mine(upkeep.due(session, kind, somebody(session), TODAY, 60), card) == []


def test_a_restricted_card_is_in_the_lists_of_those_entitled_only(town: db.Database) -> None:
    with town.transaction() as session:
        card = family(session, 1, ("сын", date(2008, 12, 1), None), restricted=True)
        card.statuses[0].valid_to = TODAY
        session.flush()
        for kind, expected in (("unconfirmed", 1), ("papers", 1), ("age-18", 1), ("measures", 1)):
            seen = {
                login: len(mine(upkeep.due(session, kind, somebody(session, login), TODAY, 60), card))
                for login in ("lavrova", "gromova", "roshchina", "kim")
            }
            assert seen == {"lavrova": 0, "gromova": 0, "roshchina": expected, "kim": 0}, kind


@pytest.mark.parametrize(
    ("valid_to", "is_due"),
    [
        (TODAY, True),
        (TODAY + 60 * DAY, True),
        (TODAY + 61 * DAY, False),
        (TODAY - 60 * DAY, True),
        (TODAY - 61 * DAY, False),
    ],
)
def test_papers_that_run_out_soon_or_lately(town: db.Database, valid_to: date, is_due: bool) -> None:
    with town.transaction() as session:
        card = family(session, 1, statuses=("малоимущая",))
        card.statuses[0].valid_to = valid_to
        session.flush()
        assert bool(mine(upkeep.due(session, "papers", somebody(session), TODAY, 60), card)) is is_due
        card.statuses[0].revoked_at = AT
        session.flush()
        assert not mine(upkeep.due(session, "papers", somebody(session), TODAY, 60), card)


@pytest.mark.parametrize("age", [3, 7, 14, 18])
def test_children_who_come_of_an_age(town: db.Database, age: int) -> None:
    born = TODAY.replace(year=TODAY.year - age)
    with town.transaction() as session:
        cards = [
            family(session, number, ("дочь", day, None))
            for number, day in enumerate([born - DAY, born, born + 60 * DAY, born + 61 * DAY])
        ]
        found = upkeep.due(session, f"age-{age}", somebody(session), TODAY, 60)
    assert [len(mine(found, card)) for card in cards] == [0, 1, 1, 0]
    assert mine(found, cards[1]) == [TODAY]


def test_who_has_left_and_who_is_no_child_is_not_called_about(town: db.Database) -> None:
    with town.transaction() as session:
        card = family(session, 1, ("сын", date(2008, 12, 1), None), ("жена", date(2008, 12, 2), None))
        assert mine(upkeep.due(session, "age-18", somebody(session), TODAY, 60), card) == [date(2026, 12, 1)]
        card.people[0].left_at = AT
        session.flush()
        assert mine(upkeep.due(session, "age-18", somebody(session), TODAY, 60), card) == []


def test_at_23_only_those_who_study_full_time(town: db.Database) -> None:
    born = date(2003, 12, 1)
    with town.transaction() as session:
        student = family(session, 1, ("сын", born, date(2027, 6, 30)))
        worker = family(session, 2, ("сын", born, None))
        left_school = family(session, 3, ("сын", born, date(2021, 6, 30)))
        found = upkeep.due(session, "age-23", somebody(session), TODAY, 60)
    assert mine(found, student) == [date(2026, 12, 1)]
    assert mine(found, worker) == mine(found, left_school) == []


def test_certificates_about_to_run_out(town: db.Database) -> None:
    with town.transaction() as session:
        card = family(session, 1, ("дочь", date(2007, 1, 1), TODAY + 10 * DAY))
        assert mine(upkeep.due(session, "study", somebody(session), TODAY, 30), card) == [TODAY + 10 * DAY]
        assert mine(upkeep.due(session, "study", somebody(session), TODAY - 30 * DAY, 30), card) == []


@pytest.mark.parametrize(
    ("children", "end"),
    [
        ([(date(2008, 12, 1), None), (date(2015, 1, 1), None)], date(2026, 12, 1)),
        ([(date(2007, 1, 1), date(2026, 12, 31)), (date(2015, 1, 1), None)], date(2026, 12, 31)),
        ([(date(2003, 12, 5), date(2027, 6, 30)), (date(2015, 1, 1), None)], date(2026, 12, 5)),
        ([(date(2004, 1, 1), None), (date(2008, 12, 1), None)], None),  # the eldest decided already
        ([(date(2008, 12, 1), date(2030, 6, 30)), (date(2015, 1, 1), None)], None),
        ([(date(2010, 1, 1), None)], None),
    ],
)
def test_the_eldest_child_ends_the_measures(town: db.Database, children: list, end: date | None) -> None:
    with town.transaction() as session:
        card = family(session, 1, ("мать", date(1985, 1, 1), None), *[("сын", *child) for child in children])
        other = family(session, 2, *[("сын", *child) for child in children], statuses=("неполная",))
        found = upkeep.due(session, "measures", somebody(session), TODAY, 60)
    assert mine(found, card) == ([end] if end else [])
    assert mine(found, other) == [], "only large families have these measures"


def test_the_earliest_is_first_and_a_list_has_an_end(town: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with town.transaction() as session:
        for number in range(6):
            family(session, number, ("сын", date(2019, 12, 20) - number * DAY, None))
        days = [one.on for one in upkeep.due(session, "age-7", somebody(session), TODAY, 60)]
        assert days == sorted(days)
        for kind in upkeep.kinds():
            assert len(upkeep.due(session, kind, somebody(session), TODAY, 60, most=4)) <= 4
        assert len(upkeep.due(session, "age-7", somebody(session), TODAY, 60, most=4)) == 4
        with pytest.raises(ValueError, match="no such list"):
            upkeep.due(session, "age-8", somebody(session), TODAY, 60)


def test_confirming_is_a_change_of_the_card_once_a_day(town: db.Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        version = card.version
        assert upkeep.confirm(session, card.id, somebody(session), AT, TODAY)
        assert not upkeep.confirm(session, card.id, somebody(session, "zayac"), AT, TODAY)
    with town.reading() as session:
        stored = session.get_one(Family, card.id)
        assert (stored.actualized_on, stored.version) == (TODAY, version + 1)
        assert stored.actualized_by_id == somebody(session).id
        change = session.scalars(select(CardChange).where(CardChange.family_id == card.id)).one()
        assert (change.field, change.old, change.new) == ("actualized_on", "", "12.11.2026")
        logged = select(AuditEvent).where(AuditEvent.family_id == card.id, AuditEvent.action == "card.confirm")
        assert len(session.scalars(logged).all()) == 1
        assert mine(upkeep.unconfirmed(session, somebody(session), TODAY), card) == []


def test_who_may_not_see_or_change_a_card_does_not_confirm_it(town: db.Database) -> None:
    with town.transaction() as session:
        hidden, gone = family(session, 1, restricted=True), family(session, 2, state="destroyed")
        with pytest.raises(NotFound):
            upkeep.confirm(session, hidden.id, somebody(session), AT, TODAY)
        with pytest.raises(RecordsError):
            upkeep.confirm(session, gone.id, somebody(session), AT, TODAY)
        with pytest.raises(RecordsError):
            upkeep.confirm(session, family(session, 3).id, somebody(session, "chernykh"), AT, TODAY)
        for number in (0, -1, 2**63):
            with pytest.raises(NotFound):
                upkeep.confirm(session, number, somebody(session), AT, TODAY)
