"""Who told us is known to three people and written nowhere else; a restricted card is not betrayed (§6.3)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.consents import subject
from crm.db import Database
from crm.errors import Incomplete, NotFound
from crm.family_tables import Family, FamilyAssignment
from crm.tips import (
    cards,
    informants,
    reading,
    talking,
)
from tests.integration.crm import scenario as s
from tests.integration.crm.tips import tipped as t
from tests.integration.crm.tips.tipped import LATER, MOTHER, entry_of, vain
from tests.support import papers


def test_who_told_us_is_not_written_where_others_read(town: Database) -> None:
    with town.transaction() as session:
        wrong = {"words": "Со слов Болтуновой дети одни", "about_children": "дети, звонить 8(907)000-99-81",
                 "numbers": t.CANARY_PHONE}  # fmt: skip
        for field, value in wrong.items():
            with pytest.raises(Incomplete) as refused:
                t.told(session, **{field: value})
            assert field in refused.value.fields
        with pytest.raises(Incomplete) as empty:
            t.told(session, words=" ", about_name="", risk=None)
        assert set(empty.value.fields) == {"words", "about_name", "risk"}


def test_who_told_us_is_shown_to_three_and_every_look_is_logged(town: Database) -> None:
    with town.transaction() as session:
        tip = t.told(session)
        for login in ("lavrova", "roshchina", "chernykh"):
            (known,) = informants.shown(session, tip.id, s.employee(session, login), LATER).values()
            assert known.name == t.CANARY
        for login in ("zayac", "smirnova", "kim"):
            with pytest.raises(NotFound):
                informants.shown(session, tip.id, s.employee(session, login), LATER)
    with town.reading() as session:
        looks = session.scalars(select(AuditEvent).where(AuditEvent.action == "tip.informant")).all()
        assert len(looks) == 3
        everything = " ".join(row.details + row.subject for row in session.scalars(select(AuditEvent)))
        assert "Болтун" not in everything


def restrict(session, number: int = 2) -> Family:
    family = t.family(session, number)
    family.restricted = True
    session.query(FamilyAssignment).filter_by(family_id=family.id).delete()
    session.flush()
    return family


def number_of(session, family: Family) -> str:
    return next(phone.number for person in family.people for phone in person.phones)


def test_a_restricted_card_is_not_betrayed(town: Database) -> None:
    """She takes the tip, sees what she typed, and meets nothing that an unknown family would not show."""
    with town.transaction() as session:
        family = restrict(session)
        number = number_of(session, family)
        lavrova, zayac, chief = (s.employee(session, one) for one in ("lavrova", "zayac", "roshchina"))
        tip = t.told(session, numbers=number)
        assert tip.family_id == family.id, "those entitled see whose it is"
        whole = reading.open_whole(session, tip.id, lavrova, LATER)
        assert whole.line.family is None
        assert whole.line.name == "Тихомировы"
        assert [(one.number, one.person, one.warnings) for one in whole.numbers] == [(number, None, ())]
        assert reading.likely_cards(session, whole, lavrova) == []
        assert reading.count(session, lavrova, LATER).open == 1
        assert reading.count(session, zayac, LATER).open == 0, "not even counted"
        with pytest.raises(NotFound):
            reading.open_whole(session, tip.id, zayac, LATER)
        assert reading.open_whole(session, tip.id, chief, LATER).line.family is not None
        with pytest.raises(NotFound):
            t.told(session, family_id=family.id)
        assert entry_of(session, tip).family_brief == "Тихомировы", "no word of the card"


def test_two_tips_on_a_restricted_card_are_put_together_by_the_head(town: Database) -> None:
    with town.transaction() as session:
        family = restrict(session)
        number, chief = number_of(session, family), s.employee(session, "roshchina")
        first = t.told(session, numbers=number)
        second = t.told(session, LATER, "zayac", numbers=number, informant_name="Другов Пётр")
        assert second.id != first.id, "zayac must not meet what was written of a card she may not know"
        assert second.head_why == "twice"
        assert reading.open_whole(session, second.id, chief, LATER).twin.id == first.id
        kept = cards.attach(session, second.id, family.id, chief, LATER)
        assert kept.id == first.id
        assert (second.ended_how, second.joined_to_id) == ("joined", first.id)
        seen = reading.open_whole(session, first.id, s.employee(session, "zayac"), LATER)
        assert [one.taken_by_id for one in seen.reports] == [s.employee(session, "zayac").id]
        assert not seen.line.is_shown


def test_the_family_s_paper_does_not_say_who(town: Database) -> None:
    with town.transaction() as session:
        family = t.family(session, 17)
        tip = t.told(session, family_id=family.id)
        vain(session, tip)
        applicant = next(one for one in family.people if one.is_applicant)
        paper = subject.as_json(subject.everything_on(session, applicant.id, LATER))
        assert "Информация о семье от третьих лиц" in paper
        assert not [word for word in ("Болтун", "000-99-81", "9070009981", "дом напротив") if word in paper]


@pytest.mark.parametrize(
    ("login", "kind"), [("roshchina", "journal"), ("roshchina", "registry"), ("lavrova", "journal")]
)
def test_no_export_says_who(town: Database, tmp_path: Path, login: str, kind: str) -> None:
    with town.transaction() as session:
        talking.talked(session, t.told(session, family_id=t.family(session, 1).id).id, MOTHER,
                       s.employee(session, "lavrova"), LATER)  # fmt: skip
        t.told(session, LATER, about_name="Соседи")
    made = papers.export(town, tmp_path, login, kind, LATER + timedelta(hours=1))
    said = " ".join(" ".join(row) for row in papers.cells(tmp_path, made)).casefold()
    assert kind == "registry" or "информация от третьего лица" in said
    assert not [word for word in ("болтун", "000-99-81", "9070009981", "дом напротив") if word in said]
