"""All that is held on a person, and its destruction: nothing forgotten in either (walks every table of the records)."""

import json
import re

import pytest
from sqlalchemy import JSON, Text, func, select

from crm import families
from crm.appeals.tables import AppealMeasure, EntryChange
from crm.audit import AuditEvent
from crm.call_tables import CallRecord
from crm.cards.held import CHOICE
from crm.cards.tables import CardChange, HealthRecord, NeedAssessment, RiskFlag
from crm.consents import destruction, destruction_plan, giving, subject
from crm.consents.held_tables import HOLDINGS, SAYS_NOTHING
from crm.consents.tables import DestructionAct, SubjectRequest
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import DESTROYED, CallerChoice, Family, Person, Phone
from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.models import metadata
from crm.papers.tables import ExportedFile
from crm.ratings.tables import Rating
from crm.search.families import search
from crm.search.index import reindex_family
from tests.integration.crm.scenario import NOON
from tests.integration.crm.test_consents import applicant, employee, family, race
from tests.integration.crm.test_consents import text as text_id

CANARY = "Канарейкина"
ROOTS = ("family", "person", "call_record", "journal_entry", "dial_task", "dial_attempt", "tip")
OF_THE_PROGRAM = frozenset(["import_job"])
KEPT = frozenset(["journal_entry", "appeal_measure", "entry_change", "consent", "subject_request"])
"""Where the act says that words stay. The vocabulary of the search keeps bare words, tied to nobody."""


def fill(session, number=1):
    """The card of family 1 with the canary in every text that people may write; returns its applicant."""
    card, by = family(session, number), employee(session)
    person = applicant(session, number)
    service = session.scalars(select(Service).order_by(Service.id)).first()
    card.name = card.address = card.warning = card.situation = card.next_action = CANARY
    card.brief = card.measures_received = card.locality = card.ask_only_for = card.import_key = CANARY
    person.surname, person.email, person.special_needs, person.registration_address = CANARY, CANARY, CANARY, CANARY
    person.study_place, person.search_key, person.left_reason = CANARY, CANARY.lower(), ""
    person.phones[0].whose = person.phones[0].label = CANARY
    card.statuses[0].basis = card.statuses[0].document_number = CANARY
    session.add_all(
        [
            NeedAssessment(family_id=card.id, reason=CANARY, assessed_by_id=by.id, assessed_at=NOON, kinds=["legal"]),
            RiskFlag(family_id=card.id, code="violence", note=CANARY, raised_by_id=by.id, raised_at=NOON),
            HealthRecord(family_id=card.id, person_id=person.id, kind="disability", certificate=CANARY,
                         entered_by_id=by.id, entered_at=NOON),
            CardChange(family_id=card.id, subject="family", subject_id=card.id, field="address", old="", new=CANARY,
                       version=2, at=NOON),
            CardChange(family_id=card.id, subject="person", subject_id=person.id, field="surname", old="", new=CANARY,
                       version=3, at=NOON),
            CallerChoice(number="+79070000101", person_id=person.id, at=NOON),
        ]
    )  # fmt: skip
    call = CallRecord(linkedid="c.1", state="ended", caller_number="+79070000101", caller_name=CANARY, arrived_at=NOON,
                      person_id=person.id, family_id=card.id)  # fmt: skip
    draft = JournalEntry(service_id=service.id, year=2026, family_id=card.id, person_id=person.id, substance=CANARY,
                         applicant_name=CANARY, author_id=by.id, created_at=NOON)  # fmt: skip
    entry = JournalEntry(service_id=service.id, year=2026, number=9001, family_id=card.id, person_id=person.id,
                         state="saved", applicant_name=CANARY, substance="пособие", author_id=by.id, created_at=NOON,
                         saved_at=NOON)  # fmt: skip
    session.add_all([call, draft, entry])
    session.flush()
    session.add_all(
        [
            AppealMeasure(entry_id=entry.id, kind="explained", text="разъяснено", employee_id=by.id, at=NOON),
            EntryChange(entry_id=entry.id, field="substance", old="справка", new="пособие", version=2,
                        employee_id=by.id, at=NOON),
            Rating(entry_id=entry.id, service_id=service.id, outcome="score", score=10, given_at=NOON, channel="human",
                   rated_id=by.id, created_at=NOON),
        ]
    )  # fmt: skip
    session.flush()
    reindex_family(session, card)
    return person


def other_adult(session, card):
    """The card's second adult, with a telephone of his own."""
    adult = next(one for one in card.people if not one.is_applicant and one.relation == "отец")
    adult.phones.append(Phone(number="+79070000177", raw="8 907 000-01-77"))
    session.flush()
    return adult


def referring_tables():
    """Every table that refers to a family, a person, a call or a journal row."""
    return {
        table.name: table
        for table in metadata.sorted_tables
        if table.name in ROOTS or any(key.column.table.name in ROOTS for key in table.foreign_keys)
    }


def test_every_table_about_people_is_in_the_export_or_is_explained():
    held = {holding.name for holding in HOLDINGS}
    assert set(referring_tables()) - OF_THE_PROGRAM == held | set(SAYS_NOTHING)
    assert not held & set(SAYS_NOTHING)


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda one: one.name)
def test_every_column_is_shown_wiped_or_said_to_be_silent(holding):
    table = metadata.tables[holding.name]
    ids = {column.name for column in table.columns if column.primary_key or column.foreign_keys}
    ids |= {column.name for column in table.columns if column.name.endswith("_id")}
    if holding is CHOICE:
        ids -= {"number"}
    known = set(holding.shown) | set(holding.wiped) | set(holding.silent)
    assert known - ids == {column.name for column in table.columns} - ids


@pytest.mark.parametrize("holding", [one for one in HOLDINGS if one.wiped and not one.kept], ids=lambda one: one.name)
def test_no_text_of_a_wiped_table_survives(holding):
    table = metadata.tables[holding.name]
    texts = {column.name for column in table.columns if isinstance(column.type, Text | JSON)}
    left = {"card_number", "source", "opened_by_method", "state", "subject", "field"}
    assert texts - set(holding.wiped) <= left


def test_everything_on_a_person_is_one_paper_without_the_others(town):
    with town.transaction() as session:
        person = fill(session)
        paper = subject.everything_on(session, person.id, NOON)
        card = family(session, 1)
        others = [one.name for one in card.people if one.id != person.id and one.name != person.name]
    sections = {section["title"]: section["rows"] for section in paper["sections"]}
    assert paper["name"].startswith(CANARY)
    assert sections["О человеке"][0]["Фамилия"] == CANARY
    assert sections["Телефоны"][0]["Номер"] == "+7 907 000-01-01"
    assert sections["Карточка семьи"][0]["Адрес"] == CANARY
    assert "пособие" in [row["Суть"] for row in sections["Обращения (журнал)"]]
    assert sections["Оценки"][-1]["Балл"] == "10"
    assert sections["Меры по обращениям"][-1]["Что"] == "разъяснено"
    assert sections["Исправления в журнале"][-1]["Было"] == "справка"
    assert sections["Звонки"][-1]["Номер"] == "+7 907 000-01-01"
    assert sections["Сведения о здоровье"][0]["№ справки"] == CANARY
    assert {row["Цель"] for row in sections["Согласия и отказы"]} >= {"обработка персональных данных"}
    assert sections["История изменений карточки"][-1]["Стало"] == CANARY
    everything = subject.as_json(paper)
    assert json.loads(everything) == paper
    for name in others:
        assert not re.search(rf"\b{name}\b", everything)


def test_another_member_gets_no_family_matters_and_no_safe_contact_words(town):
    with town.transaction() as session:
        fill(session)
        card = family(session, 1)
        father = other_adult(session, card)
        paper = subject.as_json(subject.everything_on(session, father.id, NOON))
        assert CANARY not in paper.replace('"Основание": "' + CANARY, "").replace('"№ документа": "' + CANARY, "")
        assert father.name in paper


def test_who_told_about_the_family_is_not_given_away(town):
    with town.transaction() as session:
        person = fill(session)
        entry = session.scalars(select(JournalEntry).where(JournalEntry.number == 9001)).one()
        entry.contact_method, entry.applicant_name, entry.substance = "third_party", "Соседка Болтунова", "шумят"
        entry.person_id = None
        session.add(EntryChange(entry_id=entry.id, field="substance", old="орут", new="шумят", version=3,
                                employee_id=employee(session).id, at=NOON))  # fmt: skip
        session.flush()
        paper = subject.as_json(subject.everything_on(session, person.id, NOON))
    for word in ("Болтунова", "шумят", "орут"):
        assert word not in paper
    assert "не раскрывается" in paper


def test_the_number_of_whoever_called_about_the_family_is_not_given_away(town):
    with town.transaction() as session:
        person = fill(session)
        session.add(CallRecord(linkedid="c.2", state="ended", caller_number="+79070009999", caller_name="Болтунова",
                               arrived_at=NOON, family_id=person.family_id))  # fmt: skip
        session.flush()
        calls = next(one for one in subject.everything_on(session, person.id, NOON)["sections"]
                     if one["title"] == "Звонки")["rows"]  # fmt: skip
    assert [row["Номер"] for row in calls if row["Номер"] != subject.WITHHELD] == ["+7 907 000-01-01"]
    assert "Болтунова" not in str(calls)
    assert sum(row["Номер"] == subject.WITHHELD for row in calls) == 1


def test_who_told_of_another_family_learns_nothing_of_it(town):
    with town.transaction() as session:
        person = fill(session)
        entry = session.scalars(select(JournalEntry).where(JournalEntry.number == 9001)).one()
        entry.contact_method, entry.family_id, entry.substance = "third_party", family(session, 17).id, "тайна семьи"
        entry.measures = entry.final_result = "тайная помощь"
        session.scalars(select(AppealMeasure).where(AppealMeasure.entry_id == entry.id)).one().text = "тайный выезд"
        session.flush()
        paper = subject.as_json(subject.everything_on(session, person.id, NOON))
    assert "тайн" not in paper
    assert "9001" in paper


def test_the_paper_is_logged_and_a_restricted_one_is_not_given_to_strangers(town):
    with town.transaction() as session:
        person = fill(session)
        head = employee(session, "roshchina")
        subject.hand_out_to(session, person.id, head, NOON)
        with pytest.raises(NotFound):
            subject.hand_out_to(session, applicant(session, 12).id, employee(session, "zayac"), NOON)
    with town.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "person.export")).one()
        assert (event.subject_id, event.family_id) == (str(person.id), person.family_id)
        assert CANARY not in event.details
        paper = subject.everything_on(session, person.id, NOON)
        assert any(section["title"].startswith("Что выдавалось") and section["rows"] for section in paper["sections"])


def proposed(session, number=1, scope="family", **more):
    head = employee(session, "roshchina")
    return destruction.propose(session, family(session, number).id, scope, head, NOON, ground="withdrawn", **more)


def where_is(session, word):
    """Every table and column that holds this word now."""
    found = set()
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Text | JSON):
                held = any(word.casefold() in str(value).casefold() for value in session.scalars(select(column)))
                found |= {(table.name, column.name)} if held else set()
    return found


def test_after_destruction_the_name_is_only_where_the_act_says(town):
    with town.transaction() as session:
        person = fill(session)
        holder = where_is(session, CANARY)
        assert {"family", "person", "phone", "card_change", "risk_flag"} <= {table for table, _ in holder}
        phone = person.phones[0].number
        act = proposed(session)
        assert session.get(Family, act.family_id).state == "active"
    with town.transaction() as session:
        done = destruction.destroy(session, act.id, employee(session, "chernykh"), NOON)
        assert (done.state, done.year, done.number) == ("done", 2026, 1)
        assert {one["title"] for one in done.kept} >= {"Обращения (журнал)", "Согласия и отказы", "Звонки"}
        journal = next(one for one in done.kept if one["title"] == "Обращения (журнал)")
        assert journal["until"] == "2031-12-31"
        assert "Росархива" in journal["ground"]
    with town.reading() as session:
        left = {place for place in where_is(session, CANARY) if place[0] != "search_word"}
        assert {table for table, _ in left} <= KEPT
        assert left == {("journal_entry", "applicant_name")}
        assert families.find_by_number(session, phone) == []
        assert search(session, CANARY, employee(session, "roshchina")) == []
        assert session.get(Family, act.family_id).state == DESTROYED
        assert session.scalar(select(func.count()).select_from(HealthRecord).where(HealthRecord.certificate != "")) == 0


def test_the_audit_log_is_untouched_and_knows_who_did_it(town):
    with town.transaction() as session:
        fill(session)
        act = proposed(session)
    with town.reading() as session:
        before = session.execute(select(AuditEvent.seq, AuditEvent.hash)).all()
    with town.transaction() as session:
        destruction.destroy(session, act.id, employee(session, "chernykh"), NOON)
    with town.reading() as session:
        rows = session.execute(select(AuditEvent.seq, AuditEvent.hash).order_by(AuditEvent.seq)).all()
        assert rows[: len(before)] == before
        last = session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq.desc()).limit(1)).one()
        assert last in ("destruction.done", "subject.answer")


def test_the_preview_counts_and_touches_nothing(town):
    with town.transaction() as session:
        fill(session)
        card = family(session, 1)
        before = where_is(session, CANARY)
        what = destruction_plan.plan(session, card, "family", None, NOON)
        assert {"О человеке", "Телефоны", "Карточка семьи", "Сведения о здоровье"} <= {
            one["title"] for one in what.destroyed
        }
        assert where_is(session, CANARY) == before


def test_files_made_before_are_named_in_the_act(town):
    with town.transaction() as session:
        fill(session)
        session.add(ExportedFile(kind="registry", state="ready", stored_as="x.xlsx", asked_at=NOON, made_at=NOON))
        session.flush()
        kept = destruction_plan.plan(session, family(session, 1), "family", None, NOON).kept
        assert [(one["rows"], one["until"]) for one in kept if one["title"].startswith("Файлы")] == [(1, "2026-11-19")]


def test_two_people_decide(town):
    with town.transaction() as session:
        fill(session)
        head, director = employee(session, "roshchina"), employee(session, "chernykh")
        with pytest.raises(RecordsError, match="заведующий"):
            destruction.propose(session, family(session, 1).id, "family", director, NOON, ground="aim")
        act = proposed(session)
        assert proposed(session).id == act.id
        for nobody in (head, employee(session)):
            with pytest.raises(RecordsError, match="директор"):
                destruction.destroy(session, act.id, nobody, NOON)
        with pytest.raises(Incomplete):
            destruction.decline(session, act.id, " ", director, NOON)
        assert destruction.decline(session, act.id, "Дело не закрыто", director, NOON).state == "declined"
        with pytest.raises(RecordsError, match="уже принято"):
            destruction.destroy(session, act.id, director, NOON)
        assert proposed(session).id != act.id


def test_a_confirmation_twice_is_one_act(town):
    with town.transaction() as session:
        fill(session)
        act, director = proposed(session), employee(session, "chernykh")
    results = race(town, lambda session: destruction.destroy(session, act.id, director, NOON))
    assert sorted(map(type, results), key=str) == [int, str]
    with town.reading() as session:
        numbers = session.scalars(select(DestructionAct.number)).all()
        assert numbers == [1]


def test_a_failed_destruction_changes_nothing(town):
    with town.transaction() as session:
        fill(session)
        act, director = proposed(session), employee(session, "chernykh")

    def killed_in_the_middle():
        with town.transaction() as session:
            destruction.destroy(session, act.id, director, NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        killed_in_the_middle()
    with town.reading() as session:
        assert session.get(Family, act.family_id).name == CANARY
        assert session.get(DestructionAct, act.id).state == "proposed"


def test_acts_are_numbered_and_answer_the_requests(town):
    with town.transaction() as session:
        director = employee(session, "chernykh")
        for number in (29, 28):
            act = proposed(session, number)
            destruction.destroy(session, act.id, director, NOON)
        acts = session.scalars(select(DestructionAct).order_by(DestructionAct.id)).all()
        assert [act.number for act in acts] == [1, 2]
        request = session.scalars(select(SubjectRequest)).one()
        assert request.outcome == "Данные уничтожены, акт № 1 за 2026 год."
        with pytest.raises(RecordsError, match="уже нет"):
            proposed(session, 29)
        with pytest.raises(NotFound):
            giving.give(session, applicant(session, 29).id, text_id(session), employee(session), NOON)


def test_one_person_is_destroyed_and_the_family_stays(town):
    with town.transaction() as session:
        fill(session)
        card = family(session, 1)
        father = other_adult(session, card)
        number, patronymic = father.phones[0].number, father.patronymic
        act = proposed(session, 1, "person", person_id=father.id)
        destruction.destroy(session, act.id, employee(session, "chernykh"), NOON)
        session.expire_all()
        assert session.get(Family, card.id).state == "active"
        assert session.get(Family, card.id).name == CANARY
        stored = session.get(Person, father.id)
        assert (stored.name, stored.birth_date) == ("", None)
        assert stored.left_at == NOON
        assert families.find_by_number(session, number) == []
        assert card.id not in {one.family.id for one in search(session, patronymic, employee(session))}


def test_health_alone_is_destroyed(town):
    with town.transaction() as session:
        person = fill(session)
        record_id = session.scalars(select(HealthRecord.id)).one()
        session.add(
            CardChange(family_id=person.family_id, subject="health", subject_id=record_id, field="certificate", old="",
                       new=CANARY, version=4, at=NOON)
        )  # fmt: skip
        session.flush()
        act = proposed(session, 1, "health", person_id=person.id)
        destruction.destroy(session, act.id, employee(session, "chernykh"), NOON)
        session.expire_all()
        assert session.scalars(select(HealthRecord.certificate)).one() == ""
        assert session.scalars(select(CardChange.new).where(CardChange.subject == "health")).one() == ""
        assert session.scalars(select(CardChange.new).where(CardChange.subject == "person")).one() == CANARY
        assert session.get(Person, person.id).surname == CANARY


def test_cards_merged_into_it_are_destroyed_with_it(town):
    with town.transaction() as session:
        fill(session, 2)
        merged = family(session, 2)
        merged.state, merged.merged_into_id = "merged", family(session, 1).id
        session.flush()
        destruction.destroy(session, proposed(session).id, employee(session, "chernykh"), NOON)
        session.expire_all()
        assert session.get(Family, merged.id).address == ""
        assert {table for table, _ in where_is(session, CANARY)} <= KEPT | {"search_word"}


@pytest.mark.parametrize(("scope", "ground"), [("x", "aim"), ("family", "x"), ("person", "aim"), ("health", "aim")])
def test_a_proposal_must_say_what_and_why(town, scope, ground):
    with town.transaction() as session, pytest.raises(Incomplete):
        destruction.propose(session, family(session, 1).id, scope, employee(session, "roshchina"), NOON, ground=ground)


def test_a_stranger_to_a_family_cannot_be_its_person(town):
    with town.transaction() as session, pytest.raises(Incomplete):
        proposed(session, 1, "person", person_id=applicant(session, 2).id)
