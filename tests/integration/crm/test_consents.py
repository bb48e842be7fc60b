"""Consents on both engines: given once, refused, withdrawn with what they unlocked; the register of requests."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from crm.audit import AuditEvent
from crm.cards.tables import HealthRecord
from crm.consents import giving, requests, rules, texts
from crm.consents.giving import Paper
from crm.consents.tables import PURPOSES, Consent, SubjectRequest
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family, Person, Phone
from crm.staff import Employee
from tests.integration.crm.scenario import NOON

TODAY = NOON.date()


def employee(session, login="lavrova"):
    return session.scalars(select(Employee).where(Employee.login == login)).one()


def family(session, number=30):
    return session.scalars(select(Family).where(Family.card_number == f"С-{number:05d}")).one()


def applicant(session, number=30):
    return next(person for person in family(session, number).people if person.is_applicant)


def text(session, purpose="processing"):
    return texts.current(session, purpose).id


def paper(**more):
    return Paper(**({"document": "№ 7", "signed_on": TODAY} | more))


def count(session, model, *conditions):
    return session.scalar(select(func.count()).select_from(model).where(*conditions))


def test_every_purpose_has_a_first_text_with_what_the_law_demands(database):
    with database.reading() as session:
        for purpose in PURPOSES:
            known = texts.current(session, purpose)
            assert known.version == 1
            for part in ("{субъект}", "{учреждение}", "{адрес учреждения}", "Цель", "Перечень данных", "Действия"):
                assert part in known.printed
            assert "отзыв" in known.printed.lower()


def test_a_yes_by_telephone_is_kept_with_text_call_and_taker(town):
    with town.transaction() as session:
        person = applicant(session)
        assert rules.standing(session, person.id, NOON).processing == "none"
        row = giving.give(session, person.id, text(session), employee(session), NOON)
        assert rules.standing(session, person.id, NOON).processing == "oral"
        assert (row.form, row.text_id, row.taken_by_id) == ("oral", text(session), employee(session).id)
    with town.reading() as session:
        actions = session.scalars(select(AuditEvent.action)).all()
        assert "consent.give" in actions


def test_the_same_form_twice_is_one_row(town):
    with town.transaction() as session:
        person, by = applicant(session), employee(session)
        first = giving.give(session, person.id, text(session), by, NOON, paper=paper())
        again = giving.give(session, person.id, text(session), by, NOON, paper=paper())
        other = giving.give(session, person.id, text(session), by, NOON, paper=paper(document="№ 8"))
        assert first.id == again.id != other.id
        assert giving.refuse(session, person.id, text(session, "recording"), by, NOON).id == (
            giving.refuse(session, person.id, text(session, "recording"), by, NOON).id
        )


def test_health_and_passing_on_need_a_signature(town):
    with town.transaction() as session:
        person, by = applicant(session), employee(session)
        for purpose in ("special", "transfer"):
            with pytest.raises(RecordsError, match="По телефону"):
                giving.give(session, person.id, text(session, purpose), by, NOON)
        assert not rules.may_hold_health(session, person.id, NOON)
        giving.give(session, person.id, text(session, "special"), by, NOON, paper=paper())
        assert rules.may_hold_health(session, person.id, NOON)
        assert "health" not in rules.locked(session, family(session), NOON)


def test_for_a_child_the_parent_answers(town):
    with town.transaction() as session:
        child = next(one for one in family(session).people if rules.is_minor(one, TODAY))
        by = employee(session)
        with pytest.raises(Incomplete) as caught:
            giving.give(session, child.id, text(session, "special"), by, NOON, paper=paper())
        assert "representative" in caught.value.fields
        with pytest.raises(Incomplete) as caught:
            giving.give(session, child.id, text(session, "special"), by, NOON, paper=paper(representative="Мать"))
        assert "authority" in caught.value.fields
        signed = paper(representative="Яшина", authority="свидетельство о рождении I-АА № 1")
        giving.give(session, child.id, text(session, "special"), by, NOON, paper=signed)
        assert rules.may_hold_health(session, child.id, NOON)
        child.birth_date = date(2000, 1, 1)
        session.flush()
        assert not rules.may_hold_health(session, child.id, NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"document": " \0 "},
        {"signed_on": TODAY + timedelta(days=2)},
        {"signed_on": date(1, 1, 1)},
        {"valid_until": TODAY - timedelta(days=1)},
    ],
)
def test_a_paper_that_cannot_be_is_refused_with_the_field(town, wrong):
    with town.transaction() as session:
        with pytest.raises(Incomplete) as caught:
            giving.give(session, applicant(session).id, text(session), employee(session), NOON, paper=paper(**wrong))
        assert set(caught.value.fields) == set(wrong)


@pytest.mark.parametrize("number", [-1, 0, 2**63, 10**6])
def test_strange_ids_are_nobody(town, number):
    with town.transaction() as session:
        with pytest.raises(NotFound):
            giving.give(session, number, text(session), employee(session), NOON)
        with pytest.raises(NotFound):
            giving.give(session, applicant(session).id, number, employee(session), NOON)


def test_a_restricted_family_answers_only_to_those_entitled(town):
    with town.transaction() as session:
        person = applicant(session, 12)
        with pytest.raises(NotFound):
            giving.give(session, person.id, text(session, "recording"), employee(session), NOON)
        giving.give(session, person.id, text(session, "recording"), employee(session, "roshchina"), NOON)


def test_withdrawing_robot_calls_switches_the_telephones_off_at_once(town):
    with town.transaction() as session:
        person = applicant(session, 1)
        assert any(phone.robot_allowed for phone in person.phones)
        giving.withdraw(session, person.id, "auto_calls", employee(session), NOON, how="по телефону")
        session.expire_all()
        assert not any(session.scalars(select(Phone.robot_allowed).where(Phone.person_id == person.id)))
        standing = rules.standing(session, person.id, NOON)
        assert not standing.auto_calls
        assert standing.processing == "written"
        assert count(session, SubjectRequest, SubjectRequest.person_id == person.id) == 0


def test_a_no_to_what_was_agreed_is_a_withdrawal(town):
    with town.transaction() as session:
        person = applicant(session, 1)
        row = giving.refuse(session, person.id, text(session, "auto_calls"), employee(session), NOON)
        assert row.given
        assert row.withdrawn_how == "отказ в разговоре"
        assert rules.standing(session, person.id, NOON).of("auto_calls").state == "withdrawn"


def test_withdrawing_health_locks_it_and_asks_to_destroy(town):
    with town.transaction() as session:
        person, by = applicant(session, 1), employee(session)
        giving.give(session, person.id, text(session, "special"), by, NOON, paper=paper())
        session.add(
            HealthRecord(
                family_id=person.family_id, person_id=person.id, kind="disability", entered_by_id=by.id, entered_at=NOON
            )
        )
        session.flush()
        giving.withdraw(session, person.id, "special", by, NOON, how="заявление")
        assert not rules.may_hold_health(session, person.id, NOON)
        request = session.scalars(select(SubjectRequest).where(SubjectRequest.person_id == person.id)).one()
        assert (request.kind, request.purpose) == ("withdraw", "special")
        assert request.due_on == TODAY + timedelta(days=30)


def test_withdrawing_processing_stops_the_card_and_everything_else(town):
    with town.transaction() as session:
        person, by = applicant(session, 1), employee(session)
        giving.withdraw(
            session, person.id, "processing", by, NOON, how="заявление № 5", received_on=TODAY - timedelta(days=3)
        )
        standing = rules.standing(session, person.id, NOON)
        assert standing.processing == "withdrawn"
        assert not standing.auto_calls
        request = session.scalars(select(SubjectRequest).where(SubjectRequest.person_id == person.id)).one()
        assert request.due_on == TODAY + timedelta(days=27)
        assert "card" in rules.locked(session, family(session, 1), NOON)
        with pytest.raises(RecordsError, match="Согласия на обработку"):
            rules.refuse_if_stopped(session, family(session, 1), NOON)
        giving.give(session, person.id, text(session), by, NOON)
        rules.refuse_if_stopped(session, family(session, 1), NOON)


def test_a_no_to_processing_stops_the_card_and_asks_the_head(town):
    with town.transaction() as session:
        person = applicant(session)
        giving.refuse(session, person.id, text(session), employee(session), NOON)
        assert rules.standing(session, person.id, NOON).processing == "refused"
        assert "card" in rules.locked(session, family(session), NOON)
        assert session.scalars(select(SubjectRequest).where(SubjectRequest.person_id == person.id)).one().kind == "stop"


def test_there_must_be_something_to_withdraw(town):
    with town.transaction() as session:
        with pytest.raises(RecordsError, match="нечего"):
            giving.withdraw(session, applicant(session).id, "recording", employee(session), NOON, how="устно")
        with pytest.raises(Incomplete):
            giving.withdraw(session, applicant(session, 1).id, "processing", employee(session), NOON, how=" ")


def race(town, act):
    """Run `act` in two transactions that begin together; return what each gave or raised."""
    barrier, results = threading.Barrier(2), []

    def run():
        barrier.wait()
        try:
            with town.transaction() as session:
                results.append(act(session).id)
        except RecordsError as error:
            results.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_withdrawals_at_once_are_one(town):
    with town.reading() as session:
        person_id, by = applicant(session, 1).id, employee(session)
    results = race(town, lambda session: giving.withdraw(session, person_id, "processing", by, NOON, how="заявление"))
    assert results[0] == results[1]
    with town.reading() as session:
        assert count(session, SubjectRequest, SubjectRequest.person_id == person_id) == 1
        log = select(func.count()).where(AuditEvent.action == "consent.withdraw", AuditEvent.details.contains("proc"))
        assert session.scalar(log) == 1


def test_two_yes_at_once_are_one(town):
    with town.reading() as session:
        person_id, by, text_id = applicant(session).id, employee(session), text(session)
    results = race(town, lambda session: giving.give(session, person_id, text_id, by, NOON))
    assert results[0] == results[1]
    with town.reading() as session:
        assert count(session, Consent, Consent.person_id == person_id) == 1


def test_a_new_text_leaves_old_consents_with_theirs(town):
    with town.transaction() as session:
        person, head = applicant(session), employee(session, "roshchina")
        old = giving.give(session, person.id, text(session), head, NOON)
        first = texts.current(session, "processing")
        new = texts.publish(session, first, ("Согласны?", "{субъект} согласен."), head, NOON)
        assert (new.version, old.text_id) == (2, first.id)
        assert texts.current(session, "processing").id == new.id
        assert first.spoken.startswith("Чтобы принять")
        assert texts.publish(session, new, ("Согласны?", "{субъект} согласен."), head, NOON).id == new.id
        with pytest.raises(Incomplete) as caught:
            texts.publish(session, first, ("Иначе?", "{субъект} иначе."), head, NOON)
        assert "версия 2" in caught.value.fields[""]
        with pytest.raises(Incomplete) as caught:
            texts.publish(session, new, ("", "без места"), head, NOON)
        assert set(caught.value.fields) == {"spoken", "printed"}


def test_two_who_publish_at_once_make_one_next_version(town):
    with town.reading() as session:
        first, head = texts.current(session, "recording"), employee(session, "roshchina")
    words = iter(["раз", "два"])
    results = race(town, lambda session: texts.publish(session, first, (next(words), "{субъект}"), head, NOON))
    assert sorted(map(type, results), key=str) == [int, str]


def test_requests_are_listed_by_urgency_and_closed_once(town):
    with town.transaction() as session:
        head = employee(session, "roshchina")
        asked = requests.register(
            session, applicant(session, 2).id, "access", TODAY, head, NOON, today=TODAY, note="Письмо"
        )
        again = requests.register(session, applicant(session, 2).id, "access", TODAY, head, NOON, today=TODAY)
        assert asked.id == again.id
        listed = [request.kind for request, _person, _family in requests.listed(session, head)]
        assert listed == ["access", "withdraw"]
        with pytest.raises(Incomplete):
            requests.finish(session, asked.id, " ", head, NOON)
        requests.finish(session, asked.id, "Ответ отправлен", head, NOON)
        assert requests.finish(session, asked.id, "Ещё раз", head, NOON).outcome == "Ответ отправлен"
        assert len(requests.listed(session, head)) == 1
        assert len(requests.listed(session, head, open_only=False)) == 2
        for wrong in ({"kind": "x"}, {"received_on": TODAY + timedelta(days=1)}):
            values = {"kind": "access", "received_on": TODAY} | wrong
            with pytest.raises(Incomplete):
                requests.register(session, applicant(session, 2).id, values["kind"], values["received_on"], head, NOON,
                                  today=TODAY)  # fmt: skip


def test_requests_of_a_restricted_family_are_not_listed_to_others(town):
    with town.transaction() as session:
        head = employee(session, "roshchina")
        requests.register(session, applicant(session, 12).id, "access", TODAY, head, NOON, today=TODAY)
        assert len(requests.listed(session, head)) == 2
        assert len(requests.listed(session, employee(session))) == 1


def test_the_demo_has_the_cases_of_the_data_set(town):
    with town.reading() as session:
        known = rules.standings(session, [applicant(session, number).id for number in (7, 19, 29, 30)], NOON)
        seventh, nineteenth, ninth, last = known.values()
        assert seventh.processing == "written"
        assert not seventh.special
        assert nineteenth.of("auto_calls").state == "refused"
        assert ninth.processing == "withdrawn"
        assert last.processing == "none"
        assert session.scalars(select(SubjectRequest)).one().due_on == TODAY + timedelta(days=26)
        robots = select(Person.id).join(Phone).where(Phone.robot_allowed)
        allowed = rules.standings(session, session.scalars(robots).unique().all(), NOON)
        assert allowed
        assert all(one.auto_calls for one in allowed.values())
