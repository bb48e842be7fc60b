"""Statuses, needs, risks, health and limited visibility: documents, reasons, and the written consent that unlocks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from crm.cards import health, needs, restricting, risks, statuses
from crm.cards.tables import HealthRecord, NeedAssessment
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import FamilyAssignment
from crm.masked import brief_of
from crm.search.families import search
from tests.integration.crm.cards import TODAY, agree, changes, employee, family, person
from tests.integration.crm.scenario import NOON

NEED = {"ground": "no_income", "form": "home", "kinds": ["legal", "labour"], "reason": "Нет работы."}


def test_a_status_is_claimed_until_somebody_has_seen_the_paper(town: Database) -> None:
    paper = {"basis": "справка", "issued_by": "УСЗН", "document_number": "7", "document_date": TODAY}
    with town.transaction() as session:
        who = employee(session)
        status = statuses.add(session, 1, {"type": "малоимущая"}, who, NOON)
        assert (status.basis, status.verified_on) == ("со слов заявителя", None)
        assert statuses.add(session, 1, {"type": "малоимущая"}, who, NOON) is status
        with pytest.raises(Incomplete):
            statuses.verify(session, status.id, None, who, NOON)
        statuses.save(session, status.id, paper, family(session, 1).version, who, NOON)
        with pytest.raises(Incomplete):
            statuses.verify(session, status.id, TODAY + timedelta(days=1), who, NOON)
        statuses.verify(session, status.id, None, employee(session, "zayac"), NOON)
        assert (status.verified_on, status.verified_by_id) == (TODAY, employee(session, "zayac").id)
        statuses.save(session, status.id, {"document_number": "8"}, family(session, 1).version, who, NOON)
        assert status.verified_on is None, "another paper has to be seen again"


def test_the_status_of_a_large_family_never_ends(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        status = card.statuses[0]
        with pytest.raises(Incomplete) as refusal:
            statuses.save(session, status.id, {"valid_to": TODAY}, card.version, employee(session), NOON)
        assert "бессрочный" in refusal.value.fields["valid_to"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"type": ""}, "type"),
        ({"type": "выдуманный"}, "type"),
        ({"type": "многодетная", "basis": "другое"}, "type"),
        ({"type": "малоимущая", "valid_from": TODAY, "valid_to": TODAY - timedelta(days=1)}, "valid_to"),
        ({"type": "малоимущая", "document_date": date(1, 1, 1)}, "document_date"),
    ],
)
def test_a_status_with_mistakes_is_refused(town: Database, fields: dict, field: str) -> None:
    with town.transaction() as session, pytest.raises(Incomplete) as refusal:
        statuses.add(session, 1, fields, employee(session), NOON)
    assert set(refusal.value.fields) == {field}


def test_a_revoked_status_stays_with_its_reason_and_is_said_no_more(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 3)
        status = next(one for one in card.statuses if one.type == "малоимущая")
        assert "малоимущая" in brief_of(card)
        with pytest.raises(Incomplete):
            statuses.revoke(session, status.id, " ", employee(session), NOON)
        statuses.revoke(session, status.id, "доход вырос", employee(session), NOON)
        statuses.revoke(session, status.id, "ещё раз", employee(session), NOON)
        assert (status.revoked_at, status.revoked_reason) == (NOON, "доход вырос")
        assert "малоимущая" not in brief_of(card)
        again = statuses.add(session, 3, {"type": "малоимущая"}, employee(session), NOON)
        assert again.id != status.id


def test_a_status_whose_term_is_over_is_not_said_on_that_day(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 3)
        status = next(one for one in card.statuses if one.type == "малоимущая")
        assert status.valid_to is not None
        assert statuses.is_running(status, status.valid_to)
        assert not statuses.is_running(status, status.valid_to + timedelta(days=1))
        assert "малоимущая" in brief_of(card, status.valid_to)
        assert "малоимущая" not in brief_of(card, status.valid_to + timedelta(days=1))


def test_health_spoken_of_is_only_a_claim_until_somebody_has_signed(town: Database) -> None:
    with town.transaction() as session:
        who, card = employee(session), family(session, 10)
        with pytest.raises(Incomplete):
            statuses.add(session, card.id, {"type": "инвалид", "document_number": "12"}, who, NOON)
        status = statuses.add(session, card.id, {"type": "инвалид"}, who, NOON)
        assert status.basis == "сообщено устно, требуется письменное согласие"
        for fields in ({"document_number": "12"}, {"basis": "справка МСЭ"}):
            with pytest.raises(Incomplete):
                statuses.save(session, status.id, fields, card.version, who, NOON)
        with pytest.raises(Incomplete):
            statuses.verify(session, status.id, None, who, NOON)
        agree(session, person(session, 10, "Алексей"), "special")
        statuses.save(session, status.id, {"basis": "справка МСЭ"}, card.version, who, NOON)
        statuses.verify(session, status.id, None, who, NOON)
        assert "инвалид" not in brief_of(card)


def test_only_the_head_declares_a_family_to_be_in_danger_and_the_card_closes_with_it(town: Database) -> None:
    with town.transaction() as session:
        head, card = employee(session, "roshchina"), family(session, 17)
        with pytest.raises(Incomplete) as refusal:
            statuses.add(session, card.id, {"type": "СОП"}, employee(session), NOON)
        assert "заведующий" in refusal.value.fields["type"]
        assert not card.restricted
        status = statuses.add(session, card.id, {"type": "СОП", "basis": "постановление КДН"}, head, NOON)
        assert card.restricted
        assert ("family", "restricted", "", "да") in changes(session, card.id)
        assert "СОП" not in brief_of(card)
        with pytest.raises(NotFound):
            statuses.save(session, status.id, {}, card.version, employee(session), NOON)
        with pytest.raises(Incomplete):
            restricting.restrict(session, card.id, False, [], "ошибка", card.version, head, NOON)
        statuses.revoke(session, status.id, "постановление снято", employee(session, "chernykh"), NOON)
        restricting.restrict(session, card.id, False, [], "постановление снято", card.version, head, NOON)
        assert not card.restricted


def test_a_card_is_closed_with_a_reason_and_entrusted_by_name(town: Database) -> None:
    with town.transaction() as session:
        head, card = employee(session, "roshchina"), family(session, 1)
        vorobey = employee(session, "vorobey")
        with pytest.raises(RecordsError, match="изменяет"):
            restricting.restrict(session, card.id, True, [], "так надо", card.version, employee(session), NOON)
        with pytest.raises(Incomplete):
            restricting.restrict(session, card.id, True, [], " ", card.version, head, NOON)
        for stranger in (employee(session, "kim").id, 2**70, -1):
            with pytest.raises(Incomplete):
                restricting.restrict(session, card.id, True, [stranger], "угроза", card.version, head, NOON)
        restricting.restrict(session, card.id, True, [vorobey.id], "угроза", card.version, head, NOON)
        assert ("family", "entrusted", "", "Воробей М. О.") in changes(session, card.id)
        assert ("family", "restricted_reason", "", "угроза") in changes(session, card.id)
    with town.reading() as session:
        found = {login: len(search(session, "Кузнецова Елена", employee(session, login)))
                 for login in ("lavrova", "smirnova", "vorobey", "roshchina")}  # fmt: skip
        assert found == {"lavrova": 0, "smirnova": 0, "vorobey": 1, "roshchina": 1}
    with town.transaction() as session:
        head, card = employee(session, "roshchina"), family(session, 1)
        restricting.restrict(session, card.id, True, [], "", card.version, head, NOON)
        assert session.scalars(select(FamilyAssignment).where(FamilyAssignment.family_id == 1)).all() == []


def test_two_who_change_the_access_at_once_do_not_write_over_each_other(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        shown = card.version
        restricting.restrict(session, 1, True, [], "угроза", shown, employee(session, "chernykh"), NOON)
        with pytest.raises(StaleVersion) as refusal:
            restricting.restrict(session, 1, False, [], "", shown, employee(session, "roshchina"), NOON)
        assert "restricted" in {change.field for change in refusal.value.changes}


def test_a_new_assessment_ends_the_one_before_and_both_stay(town: Database) -> None:
    with town.transaction() as session:
        who = employee(session)
        first = needs.assess(session, 1, NEED, who, NOON)
        assert needs.assess(session, 1, dict(NEED), who, NOON) is first
        second = needs.assess(session, 1, {**NEED, "kinds": ["urgent"], "form": ""}, who, NOON + timedelta(days=1))
        assert (first.ended_at, first.ended_reason) == (NOON + timedelta(days=1), "новая оценка")
        assert second.urgent
        assert needs.current_need(session, 1) is second
        assert [one.id for one in needs.needs_of(session, 1)] == [second.id, first.id]
        with pytest.raises(Incomplete):
            needs.end(session, second.id, "", who, NOON)
        needs.end(session, second.id, "помогли", who, NOON)
        assert needs.current_need(session, 1) is None
        assert len(session.scalars(select(NeedAssessment).where(NeedAssessment.family_id == 1)).all()) == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"ground": ""}, "ground"),
        ({"ground": "x" * 10_000}, "ground"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["legal", "магия"]}, "kinds"),
        ({"form": ""}, "form"),
        ({"form": "=cmd()"}, "form"),
        ({"ground": "disabled_care"}, "ground"),
    ],
)
def test_an_assessment_needs_a_ground_kinds_and_a_form(town: Database, fields: dict, field: str) -> None:
    with town.transaction() as session, pytest.raises(Incomplete) as refusal:
        needs.assess(session, 1, {**NEED, **fields}, employee(session), NOON)
    assert set(refusal.value.fields) == {field}


def test_a_ground_that_speaks_of_health_opens_with_a_signature(town: Database) -> None:
    with town.transaction() as session:
        agree(session, person(session, 1, "Елена"), "special")
        need = needs.assess(session, 1, {**NEED, "ground": "disabled_care"}, employee(session), NOON)
        assert need.ground == "disabled_care"


def test_a_risk_stands_until_it_is_cleared_with_a_reason(town: Database) -> None:
    with town.transaction() as session:
        who = employee(session)
        flag = risks.raise_flag(session, 1, "debts", "звонили из ЖКХ", who, NOON)
        assert risks.raise_flag(session, 1, "debts", "ещё раз", who, NOON) is flag
        for code in ("", "выдумка", "x" * 10_000):
            with pytest.raises(Incomplete):
                risks.raise_flag(session, 1, code, "", who, NOON)
        with pytest.raises(Incomplete):
            risks.clear(session, flag.id, "\u200b", who, NOON)
        risks.clear(session, flag.id, "долг погашен", employee(session, "zayac"), NOON)
        assert risks.risks_of(session, 1) == []
        assert risks.risks_of(session, 1, with_cleared=True) == [flag]
        assert risks.raise_flag(session, 1, "debts", "", who, NOON).id != flag.id


def test_a_disability_is_written_down_only_with_a_signed_consent(town: Database) -> None:
    fields = {"kind": "disabled_child", "valid_to": date(2028, 1, 1), "certificate": "МСЭ-2024 № 17"}
    with town.transaction() as session:
        who, child, card = employee(session), person(session, 7, "Лев"), family(session, 7)
        with pytest.raises(RecordsError, match="письменного согласия"):
            health.record(session, child.id, fields, who, NOON)
        agree(session, child, "special", form="oral", representative="Никитина О. Д.")
        with pytest.raises(RecordsError):
            health.record(session, child.id, fields, who, NOON)
        consent = agree(session, child, "special", representative="Никитина О. Д., мать")
        row = health.record(session, child.id, fields, who, NOON)
        assert health.record(session, child.id, dict(fields), who, NOON) is row
        assert health.records_of(session, card, NOON) == [row]
        consent.withdrawn_at = NOON
        session.flush()
        assert health.records_of(session, card, NOON) == []
        assert health.open_records(session, card, NOON) == frozenset()
        with pytest.raises(RecordsError):
            health.record(session, child.id, {**fields, "certificate": "другая"}, who, NOON)


def test_a_new_certificate_ends_the_former_record(town: Database) -> None:
    with town.transaction() as session:
        who, adult = employee(session), person(session, 10, "Алексей")
        agree(session, adult, "special")
        first = health.record(session, adult.id, {"kind": "disabled", "group": "2"}, who, NOON)
        second = health.record(session, adult.id, {"kind": "disabled", "group": "3"}, who, NOON)
        assert (first.ended_at, second.ended_at) == (NOON, None)
        with pytest.raises(Incomplete):
            health.end(session, second.id, "", who, NOON)
        health.end(session, second.id, "срок истёк", who, NOON)
        assert len(session.scalars(select(HealthRecord).where(HealthRecord.person_id == adult.id)).all()) == 2
        for wrong in ({"kind": ""}, {"kind": "диагноз"}, {"kind": "disabled", "group": "9"}):
            with pytest.raises(Incomplete):
                health.record(session, adult.id, wrong, who, NOON)


@pytest.mark.parametrize("number", [-1, 0, 10**9, 2**63, 10**30])
def test_a_row_that_is_not_there_is_not_found(town: Database, number: int) -> None:
    with town.transaction() as session:
        who = employee(session)
        for verb in (statuses.revoke, needs.end, risks.clear, health.end):
            with pytest.raises(NotFound):
                verb(session, number, "причина", who, NOON)


def test_rows_of_another_card_are_not_found_through_this_one(town: Database) -> None:
    with town.transaction() as session:
        who = employee(session)
        status, need, flag = (
            family(session, 1).statuses[0],
            needs.needs_of(session, 3)[0],
            risks.risks_of(session, 5)[0],
        )
        for verb, row in ((statuses.revoke, status), (needs.end, need), (risks.clear, flag)):
            with pytest.raises(NotFound):
                verb(session, row.id, "причина", who, NOON, family_id=2)


def test_of_a_restricted_family_no_row_can_be_touched_by_those_not_entitled(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 12)
        need, flag = needs.needs_of(session, 12)[0], risks.risks_of(session, 12)[0]
        large = next(one for one in card.statuses if one.type == "многодетная")
        for login in ("lavrova", "gromova", "kim"):
            who = employee(session, login)
            for verb, row in ((statuses.revoke, large), (needs.end, need), (risks.clear, flag)):
                with pytest.raises(NotFound):
                    verb(session, row.id, "причина", who, NOON)
