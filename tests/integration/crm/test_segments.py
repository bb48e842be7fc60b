"""Segments: the one question to the database finds exactly the families that the rules of the cards mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.cards import merging, people, phones
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import ACTIVE, Family
from crm.measures.tables import FamilyTold, SupportMeasure
from crm.measures.topics import topic_of_measure
from crm.search.index import reindex_everything
from crm.segments import lists, query, reasons, saved
from crm.segments.conditions import Condition, read, sentence
from crm.segments.kinds import KINDS
from crm.segments.tables import Segment
from tests.integration.crm.cards import TODAY, employee, family
from tests.integration.crm.scenario import NOON
from tests.integration.crm.segment_truth import any_condition, generate, meets


def one(kind: str, **values: object) -> Condition:
    condition, problem = read(kind, values)
    assert condition is not None, problem
    return condition


def codes(session) -> dict[str, list[str]]:
    known = lists.options(session)
    return {
        "status": ["многодетная", "малоимущая", "СОП", "неполная"],
        "risk": ["debts", "school"],
        "service_kind": ["urgent", "legal", "own_1"],
        "place": ["г. Заречинск", "с. Речное", "с. 100%_\\"],
        "housing": ["rent", "none"],
        "income": ["below"],
        "transport": ["none"],
        "measure": list(known["measure"])[:2],
    }


def true_ids(session, rows, on, *, restricted=True) -> set[int]:
    active = select(Family).where(Family.state == ACTIVE)
    return {
        one.id
        for one in session.scalars(active)
        if (restricted or not one.restricted) and meets(session, one, rows, on)
    }


def found_ids(session, rows, on, **ways) -> list[int]:
    return list(session.scalars(query.families(rows, on, **ways)))


def test_each_kind_finds_whom_it_means_in_the_town(town):
    with town.transaction() as session:
        head, known = employee(session, "roshchina"), codes(session)
        chance = Random("alone")  # noqa: S311
        left = dict.fromkeys(KINDS, 6)
        while any(left.values()):
            rows = [any_condition(chance, known)]
            if not left[rows[0].kind]:
                continue
            left[rows[0].kind] -= 1
            ids = found_ids(session, rows, TODAY, viewer=head)
            assert set(ids) == true_ids(session, rows, TODAY), rows
            assert len(ids) == len(set(ids)), "a family is counted once"
            assert query.count(session, rows, TODAY, viewer=head) == len(ids)


def test_any_conditions_together_find_whom_they_mean(town):
    with town.transaction() as session:
        head = employee(session, "roshchina")
        measure_ids = [int(code) for code in codes(session)["measure"]]
        generate(session, 90, TODAY, measure_ids, head.id)
        chance = Random("together")  # noqa: S311
        met = 0
        for _ in range(90):
            rows = [any_condition(chance, codes(session)) for _ in range(chance.randint(1, 4))]
            ids = found_ids(session, rows, TODAY, viewer=head)
            assert set(ids) == true_ids(session, rows, TODAY), rows
            assert query.count(session, rows, TODAY, viewer=head) == len(ids) == len(set(ids)), rows
            assert set(reasons.whys(session, ids, rows, TODAY)) == set(ids)
            met += bool(ids)
        assert met > 25, "the families are as various as the conditions"


@pytest.mark.parametrize("on", [date(2028, 2, 28), date(2028, 2, 29), date(2026, 2, 28), date(2026, 3, 1)])
def test_birthdays_of_the_leap_day(town, on):
    with town.transaction() as session:
        head = employee(session, "roshchina")
        generate(session, 40, on, [1, 2], head.id)
        rows = [one("child_age", since=since, until=until) for since, until in ((0, 17), (14, 15), (16, 18), (20, 20))]
        rows += [one("turning", age=years, days=days) for years in (14, 16, 18, 20) for days in (0, 1, 30)]
        rows += [one("children", how=how, count=count) for how in ("least", "most") for count in (0, 1, 2)]
        for row in rows:
            assert set(found_ids(session, [row], on, viewer=head)) == true_ids(session, [row], on), row


def test_a_restricted_family_is_counted_only_by_those_who_may_know_of_it(town):
    rows = [one("status", code="СОП")]
    with town.transaction() as session:
        hidden = family(session, 12).id
        assert found_ids(session, rows, TODAY, viewer=employee(session, "roshchina")) == [hidden]
        assert found_ids(session, rows, TODAY, viewer=employee(session, "zayac")) == []
        assert found_ids(session, rows, TODAY) == [], "what no person asks for never knows of it"
        assert query.count(session, [], TODAY, viewer=employee(session, "kim")) == 0
        assert query.count(session, [], TODAY, viewer=employee(session, "roshchina")) == 30


def test_whoever_was_told_is_left_out(town):
    with town.transaction() as session:
        measure = session.scalars(select(SupportMeasure).order_by(SupportMeasure.id)).first()
        told = set(session.scalars(select(FamilyTold.family_id).where(FamilyTold.measure_id == measure.id)))
        assert told, "the demo has told somebody"
        topic = topic_of_measure(measure.id)
        assert set(found_ids(session, [], TODAY)) - told == set(found_ids(session, [], TODAY, not_told=topic))


def test_the_card_is_asked_what_its_people_are_now(town):
    rows, three = [one("phone", have="yes")], [one("children", count=3)]
    with town.transaction() as session:
        lavrova, card = employee(session), family(session, 1)
        child = next(member for member in card.people if member.relation in ("сын", "дочь"))
        assert card.id in found_ids(session, three, TODAY)
        people.leave(session, child.id, "переехал", lavrova, NOON)
        assert card.id not in found_ids(session, three, TODAY)
        people.come_back(session, child.id, lavrova, NOON)
        assert card.id in found_ids(session, three, TODAY)
        for member in card.people:
            for phone in list(member.active_phones):
                phones.remove(session, phone.id, "не отвечает", lavrova, NOON)
        assert card.id not in found_ids(session, rows, TODAY)


def test_a_merged_card_gives_its_children_to_the_kept_one(town):
    with town.transaction() as session:
        kept, other = family(session, 9), family(session, 8)
        children = len(kept.child_births + other.child_births) // 8
        choices = merging.Choices(versions=(kept.version, other.version))
        merging.merge(session, kept.id, other.id, choices, employee(session, "roshchina"), NOON, reason="одна семья")
    with town.transaction() as session:
        card, gone = family(session, 9), family(session, 8)
        assert (len(card.child_births) // 8, gone.child_births, gone.has_phone) == (children, "", False)
        assert gone.id not in found_ids(session, [], TODAY)


def test_what_the_card_knows_of_its_people_can_be_made_again(town):
    with town.transaction() as session:
        known = {one.id: (one.child_births, one.has_phone) for one in session.scalars(select(Family))}
        for one in session.scalars(select(Family)):
            one.child_births, one.has_phone = "19000101", not one.has_phone
    reindex_everything(town)
    with town.reading() as session:
        assert {one.id: (one.child_births, one.has_phone) for one in session.scalars(select(Family))} == known


def test_why_names_nobody_and_nothing_special(town):
    with town.transaction() as session:
        rows = [one("status", code="СОП"), one("children", count=1)]
        hidden = family(session, 12).id
        assert reasons.why(session, hidden, rows, TODAY) == "статус — в карточке, четверо детей"
        vlasovs = family(session, 14).id
        rows = [one("children", count=3), one("child_age", since=0, until=6), one("place", code="г. Заречинск")]
        said = reasons.why(session, vlasovs, rows, TODAY)
        assert said.startswith("шестеро детей, младшему ")
        names = {member.name for card in session.scalars(select(Family)) for member in card.people if member.name}
        everything = [any_condition(Random(number), codes(session)) for number in range(60)]  # noqa: S311
        ids = [card.id for card in session.scalars(select(Family))]
        for text in reasons.whys(session, ids, everything, TODAY).values():
            assert not names & set(text.replace(",", " ").split())
            assert not any(word in text for word in ("СОП", "социально опасное", "инвалид", "СВО", "беремен", "насил"))
        assert reasons.whys(session, [], everything, TODAY) == {}
        assert reasons.why(session, 2**62, everything, TODAY) == ""


def test_why_says_days_as_people_do(town):
    with town.transaction() as session:
        fedotovs = family(session, 5)
        eldest = min(member.birth_date for member in fedotovs.people if member.relation in ("сын", "дочь"))
        on = eldest.replace(year=eldest.year + 18) - timedelta(days=10)
        rows = [one("turning", age=18, days=30)]
        assert fedotovs.id in found_ids(session, rows, on)
        day = f"{eldest.replace(year=eldest.year + 18):%d.%m.%Y}"
        assert reasons.why(session, fedotovs.id, rows, on) == f"{day} ребёнку исполняется 18 лет"


def test_a_segment_is_saved_once_changed_with_a_version_and_switched_off(town):
    rows = [one("children", count=3), one("phone")]
    with town.transaction() as session:
        head = employee(session, "roshchina")
        first = saved.add(session, "  Трое\tи больше ", rows, head, NOON, ip="10.0.0.1")
        assert saved.add(session, "Трое и больше", rows, head, NOON).id == first.id, "the same form twice"
        with pytest.raises(Incomplete) as refused:
            saved.add(session, "трое И БОЛЬШЕ", rows[:1], head, NOON)
        assert "title" in refused.value.fields
        changed = saved.save(session, first.id, "Трое", rows[:1], first.version, head, NOON)
        assert (changed.version, saved.conditions_of(changed)) == (2, tuple(rows[:1]))
        with pytest.raises(StaleVersion):
            saved.save(session, first.id, "Иначе", rows, 1, head, NOON)
        saved.save(session, first.id, "Трое", rows[:1], 2, head, NOON, active=False)
        assert first.id not in {row.id for row in saved.listed(session)}
        assert first.id in {row.id for row in saved.listed(session, with_inactive=True)}
    with town.reading() as session:
        log = select(AuditEvent.action).where(AuditEvent.subject == "segment", AuditEvent.subject_id == str(first.id))
        assert list(session.scalars(log.order_by(AuditEvent.seq))) == ["segment.add", "segment.save", "segment.save"]


def test_segments_are_the_coordinators_and_the_heads(town):
    with town.transaction() as session:
        for login in ("lavrova", "chernykh", "kim"):
            with pytest.raises(RecordsError):
                saved.add(session, "Моя группа", [], employee(session, login), NOON)
        with pytest.raises(NotFound):
            saved.save(session, 2**62, "Нет такой", [], 1, employee(session, "gromova"), NOON)
        with pytest.raises(Incomplete):
            saved.add(session, " \x00 ", [], employee(session, "gromova"), NOON)
        with pytest.raises(Incomplete):
            saved.add(session, "Слишком много", [one("phone")] * 13, employee(session, "gromova"), NOON)


def test_the_demo_has_two_groups_that_find_somebody(town):
    with town.reading() as session:
        titles = lists.titles(session)
        for segment in session.scalars(select(Segment)):
            rows = saved.conditions_of(segment)
            assert query.count(session, rows, TODAY) > 0
            assert sentence(rows, titles).startswith("Семьи, где ")


def test_what_a_form_offers_tells_nothing_of_a_restricted_family(town):
    with town.transaction() as session:
        card = family(session, 12)
        card.locality = "хутор Тайный"
    with town.reading() as session:
        assert "хутор Тайный" not in lists.options(session)["place"]
        kept = lists.options(session, (one("place", code="хутор Тайный"),))
        assert kept["place"]["хутор Тайный"] == "хутор Тайный", "a saved condition keeps its value"


def test_an_unknown_measure_is_nobodys(town):
    with town.reading() as session:
        row = replace(one("measure", code="5"), values={"code": "999999", "how": "told"})
        assert found_ids(session, [row], TODAY) == []
