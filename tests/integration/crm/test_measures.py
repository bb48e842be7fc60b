"""The catalogue of measures, and who was told of what, once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.cards import merging
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.measures import catalogue, telling
from crm.measures.tables import SupportMeasure
from crm.measures.topics import topic_of_campaign, topic_of_measure, topic_of_service
from tests.integration.crm.cards import agree, employee, family
from tests.integration.crm.scenario import NOON

FORM = {"title": "Билеты в музей", "whom": "многодетных семей", "steps": "Показать удостоверение.", "papers": "паспорт"}


def measure_of(session, place: int = 0) -> SupportMeasure:
    return session.scalars(select(SupportMeasure).order_by(SupportMeasure.id)).all()[place]


def told_lines(session, number: int) -> list[tuple[str, str]]:
    return [(line.title, line.outcome) for line in telling.history(session, family(session, number).id)]


def logged(session, action: str) -> list[AuditEvent]:
    return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.seq)))


def test_a_measure_is_added_once_and_only_by_the_head(town):
    with town.transaction() as session:
        head = employee(session, "roshchina")
        first = catalogue.add(session, FORM, head, NOON, ip="10.0.0.1")
        assert catalogue.add(session, FORM, head, NOON).id == first.id, "the same form twice"
        with pytest.raises(Incomplete):
            catalogue.add(session, {**FORM, "title": "билеты в МУЗЕЙ", "papers": ""}, head, NOON)
        for login in ("lavrova", "gromova", "chernykh", "kim"):
            with pytest.raises(RecordsError):
                catalogue.add(session, {"title": "Моя мера"}, employee(session, login), NOON)
    with town.reading() as session:
        event = logged(session, "support.add")[-1]
        assert "Билеты" not in event.details, "names of fields only"


def test_a_measure_changes_with_its_version_and_is_switched_off(town):
    with town.transaction() as session:
        head = employee(session, "roshchina")
        row = catalogue.add(session, FORM, head, NOON)
        until = date(2027, 3, 31)
        changed = catalogue.save(session, row.id, {**FORM, "until": until, "remote": True}, 1, head, NOON)
        assert (changed.version, changed.until, changed.remote) == (2, until, True)
        assert catalogue.save(session, row.id, {**FORM, "until": until, "remote": True}, 1, head, NOON).version == 2
        with pytest.raises(StaleVersion):
            catalogue.save(session, row.id, FORM, 1, head, NOON)
        assert row.id in {one.id for one in catalogue.offered(session, until)}
        assert row.id not in {one.id for one in catalogue.offered(session, until + timedelta(days=1))}
        catalogue.save(session, row.id, {**FORM, "active": False}, 2, head, NOON)
        assert row.id not in {one.id for one in catalogue.listed(session)}
        with pytest.raises(NotFound):
            catalogue.save(session, 2**62, FORM, 1, head, NOON)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"title": " \x00\u200b "}, "title"),
        ({"title": "Мера", "until": date(2222, 1, 1)}, "until"),
        ({"title": "Мера", "segment_id": 2**62}, "segment_id"),
        ({"title": "Мера", "segment_id": -1}, "segment_id"),
    ],
)
def test_what_a_measure_may_not_be(town, fields, wrong):
    with town.transaction() as session, pytest.raises(Incomplete) as refused:
        catalogue.add(session, fields, employee(session, "roshchina"), NOON)
    assert wrong in refused.value.fields


def test_a_family_is_told_once_whatever_tells_it(town):
    with town.transaction() as session:
        card, measure, lavrova = family(session, 2), measure_of(session), employee(session)
        topic = topic_of_measure(measure.id)
        first = telling.tell_in_talk(session, card.id, measure.id, "told", "", lavrova, NOON, ip="10.0.0.1")
        again = telling.tell(
            session, card.id, topic, outcome="told", channel="robot", at=NOON + timedelta(days=1), measure_id=measure.id
        )
        assert (again.id, again.at, again.channel, again.employee_id) == (first.id, NOON, "talk", lavrova.id)
        assert [row.id for row in telling.told(session, card.id)] == [first.id]
    with town.reading() as session:
        assert [event.family_id for event in logged(session, "family.told")] == [family(session, 2).id]


def test_what_the_family_answers_later_takes_the_place_of_told(town):
    with town.transaction() as session:
        card, measure, lavrova = family(session, 2), measure_of(session), employee(session)
        telling.tell_in_talk(session, card.id, measure.id, "told", "", lavrova, NOON)
        later = NOON + timedelta(days=3)
        row = telling.tell_in_talk(session, card.id, measure.id, "refused", " не \x00нужно ", lavrova, later)
        assert (row.outcome, row.note, row.at) == ("refused", "не нужно", NOON)
        row = telling.tell_in_talk(session, card.id, measure.id, "told", "", lavrova, later)
        assert row.outcome == "refused", "told once more does not undo a refusal"
    with town.reading() as session:
        assert len(logged(session, "family.told")) == 2
        assert told_lines(session, 2) == [(measure_of(session).title, "мера не нужна")]


def test_the_robot_and_other_topics_leave_their_line(town):
    with town.transaction() as session:
        card = family(session, 2)
        telling.tell(session, card.id, topic_of_service(1), outcome="told", channel="robot", at=NOON)
        telling.tell(session, card.id, topic_of_campaign(2**40), outcome="told", channel="human", at=NOON)
        titles = [title for title, _ in told_lines(session, 2)]
        assert any(title.startswith("о службе «") for title in titles)
        assert "звонок о мерах поддержки" in titles, "a topic nobody knows any more"
    with town.reading() as session:
        assert {event.actor_name for event in logged(session, "family.told")} == {"робот"}


def test_after_a_merge_the_kept_card_was_told(town):
    with town.transaction() as session:
        kept, other, measure = family(session, 9), family(session, 8), measure_of(session)
        measure_id = measure.id
        telling.tell_in_talk(session, other.id, measure_id, "told", "", employee(session), NOON)
        choices = merging.Choices(versions=(kept.version, other.version))
        merging.merge(session, kept.id, other.id, choices, employee(session, "roshchina"), NOON, reason="одна семья")
    with town.transaction() as session:
        kept_id = family(session, 9).id
        row = telling.tell(session, kept_id, topic_of_measure(measure_id), outcome="told", channel="human", at=NOON)
        assert (row.channel, row.counted_as) == ("talk", family(session, 8).id)
        assert len(telling.told(session, kept_id)) == 1


def test_both_merged_cards_were_told_of_one_thing(town):
    with town.transaction() as session:
        kept, other, measure = family(session, 9), family(session, 8), measure_of(session)
        for card in (kept, other):
            telling.tell_in_talk(session, card.id, measure.id, "told", "", employee(session), NOON)
        choices = merging.Choices(versions=(kept.version, other.version))
        merging.merge(session, kept.id, other.id, choices, employee(session, "roshchina"), NOON, reason="одна семья")
    with town.reading() as session:
        assert len(telling.told(session, family(session, 9).id)) == 2, "nothing that happened is lost"


def test_whom_nobody_may_see_nobody_may_tell(town):
    with town.transaction() as session:
        measure = measure_of(session)
        with pytest.raises(NotFound):
            telling.tell_in_talk(
                session, family(session, 12).id, measure.id, "told", "", employee(session, "zayac"), NOON
            )
        for login in ("smirnova", "chernykh"):
            with pytest.raises(RecordsError):
                telling.tell_in_talk(
                    session, family(session, 2).id, measure.id, "told", "", employee(session, login), NOON
                )
        for measure_id, outcome in ((2**62, "told"), (0, "told"), (measure.id, "maybe")):
            with pytest.raises(Incomplete):
                telling.tell_in_talk(session, family(session, 2).id, measure_id, outcome, "", employee(session), NOON)
        measure.active = False
        with pytest.raises(Incomplete):
            telling.tell_in_talk(session, family(session, 2).id, measure.id, "told", "", employee(session), NOON)


def test_who_refused_the_processing_is_not_written_about(town):
    with town.transaction() as session:
        consent = agree(session, next(one for one in family(session, 2).people if one.is_applicant), "processing")
        consent.given = False
        with pytest.raises(RecordsError):
            telling.tell_in_talk(
                session, family(session, 2).id, measure_of(session).id, "told", "", employee(session), NOON
            )
