"""How a wrap-up ends: by the saved row or by a disposition, by nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import journal, presence
from crm.audit import AuditEvent
from crm.call_tables import CallRecord
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError
from crm.presence import Presence
from crm.specialists import dispositions
from crm.specialists.tables import CallDisposition, CallFinish
from tests.integration.crm import scenario as s

FIELDS = {
    "applicant_name": "Кузнецова Е. В.",
    "family_brief": "трое детей",
    "contact_method": "phone",
    "substance": "Спрашивает о пособии.",
}


def in_wrapup(session: Session) -> CallRecord:
    presence.set_ready(session, s.employee(session, "lavrova").id, s.NOON)
    return s.play(session, s.whole_talk())


def disposition(session: Session, code: str) -> CallDisposition:
    return session.scalars(select(CallDisposition).where(CallDisposition.code == code)).one()


def paused(session: Session) -> tuple[bool, str]:
    return presence.desired_pauses(session)["101"]


def test_only_a_disposition_or_the_saved_row_lets_the_next_call_in(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova"), in_wrapup(session)
        assert paused(session) == (True, "wrapup")
        presence.set_ready(session, lavrova.id, s.after(70))
        presence.start_break(session, lavrova.id, "обед", s.after(75))
        presence.set_ready(session, lavrova.id, s.after(80))
        assert paused(session) == (True, "wrapup")
        for nothing in (None, 0, -1, 2**63, 10**9):
            with pytest.raises(Incomplete, match="обязательные"):
                dispositions.finish(session, call.id, nothing, lavrova, s.after(90))
        assert paused(session) == (True, "wrapup")
        dispositions.finish(session, call.id, disposition(session, "prank").id, lavrova, s.after(95))
        assert paused(session) == (False, "")
        found = dispositions.of_call(session, call.id)
        assert found is not None
        assert found.title == "розыгрыш"


def test_leaving_the_line_and_coming_back_leads_to_the_same_wrapup(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova"), in_wrapup(session)
        presence.go_offline(session, lavrova.id, s.after(70))
        presence.go_offline(session, lavrova.id, s.after(71))
        assert paused(session) == (True, "offline")
        back = presence.set_ready(session, lavrova.id, s.after(80))
        assert (back.state, back.call_id) == ("wrapup", call.id)
        presence.go_offline(session, lavrova.id, s.after(90))
        assert presence.start_break(session, lavrova.id, "обед", s.after(91)).state == "wrapup"
        dispositions.finish(session, call.id, disposition(session, "mistake").id, lavrova, s.after(95))
        assert paused(session) == (True, "break: обед")
        presence.go_offline(session, lavrova.id, s.after(96))
        assert presence.set_ready(session, lavrova.id, s.after(97)).state == "ready"


def test_who_signed_out_in_the_talk_finds_its_wrapup_and_a_row_saved_meanwhile_ends_it(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        presence.set_ready(session, lavrova.id, s.NOON)
        call = s.play(session, s.whole_talk()[:5])
        presence.go_offline(session, lavrova.id, s.after(30))
        s.play(session, s.whole_talk()[5:])
        assert session.get_one(Presence, lavrova.id).call_id == call.id
        entry = journal.entry_of_call(session, call.id)
        assert entry is not None
        journal.save_entry(session, entry.id, FIELDS, entry.version, s.employee(session, "roshchina"), s.after(100))
        assert presence.set_ready(session, lavrova.id, s.after(120)).state == "ready"


def test_one_that_stands_for_a_saved_row_cannot_be_chosen(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova"), in_wrapup(session)
        with pytest.raises(Incomplete) as problem:
            dispositions.finish(session, call.id, disposition(session, "recorded").id, lavrova, s.after(90))
        assert "сохраните обращение" in problem.value.fields["disposition"]
        off = disposition(session, "prank")
        dispositions.save(session, off.id, off.title, s.employee(session, "roshchina"), s.NOON, active=False)
        with pytest.raises(Incomplete):
            dispositions.finish(session, call.id, off.id, lavrova, s.after(91))
        assert off.id not in {one.id for one in dispositions.offered(session)}


def test_the_saved_row_is_the_disposition_whatever_was_chosen_before(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova"), in_wrapup(session)
        dispositions.finish(session, call.id, disposition(session, "later").id, lavrova, s.after(90))
        entry = journal.entry_of_call(session, call.id)
        assert entry is not None
        journal.save_entry(session, entry.id, FIELDS, entry.version, lavrova, s.after(200))
        journal.save_entry(session, entry.id, FIELDS, entry.version, lavrova, s.after(201))
        found = dispositions.of_call(session, call.id)
        assert found is not None
        assert found.code == "recorded"
        assert session.scalar(select(func.count()).select_from(CallFinish)) == 1


def test_a_call_may_be_finished_once_by_whose_wrapup_it_is(town: Database) -> None:
    with town.transaction() as session:
        lavrova, zayac, call = s.employee(session, "lavrova"), s.employee(session, "zayac"), in_wrapup(session)
        mistake = disposition(session, "mistake").id
        with pytest.raises(NotFound):
            dispositions.finish(session, call.id, mistake, zayac, s.after(90))
        dispositions.finish(session, call.id, mistake, lavrova, s.after(90))
        again = dispositions.finish(session, call.id, mistake, lavrova, s.after(91))
        assert again.at == s.after(90)
        with pytest.raises(NotFound):
            dispositions.finish(session, call.id, disposition(session, "prank").id, lavrova, s.after(92))
        for missing in (0, -1, 2**63, 10**9):
            with pytest.raises(NotFound):
                dispositions.finish(session, missing, mistake, lavrova, s.after(93))
    with town.reading() as session:
        assert session.scalar(select(func.count()).where(AuditEvent.action == "wrapup.without_entry")) == 1


def test_a_call_still_going_on_is_not_finished(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        presence.set_ready(session, lavrova.id, s.NOON)
        call = s.play(session, s.whole_talk()[:5])
        with pytest.raises(RecordsError, match="ещё идёт"):
            dispositions.finish(session, call.id, disposition(session, "mistake").id, lavrova, s.after(30))


def test_the_head_keeps_the_list_and_the_program_its_two_rows(town: Database) -> None:
    with town.transaction() as session:
        head = s.employee(session, "roshchina")
        made = dispositions.save(session, None, "перевод в другую службу", head, s.NOON)
        assert dispositions.save(session, None, "Перевод  в другую службу", head, s.NOON).id == made.id
        assert made in dispositions.offered(session)
        with pytest.raises(Incomplete):
            dispositions.save(session, None, " ", head, s.NOON)
        with pytest.raises(Incomplete):
            dispositions.save(session, made.id, "РОЗЫГРЫШ", head, s.NOON)
        with pytest.raises(NotFound):
            dispositions.save(session, 10**9, "нечто", head, s.NOON)
        recorded = disposition(session, "recorded")
        with pytest.raises(RecordsError, match="сама программа"):
            dispositions.save(session, recorded.id, "записано", head, s.NOON, active=False)
        assert dispositions.save(session, recorded.id, "записано", head, s.NOON, keeps_draft=True).keeps_draft is False
        order = [one.id for one in dispositions.every(session)]
        dispositions.move(session, made.id, head, s.NOON, up=True)
        dispositions.move(session, order[0], head, s.NOON, up=True)
        moved = [one.id for one in dispositions.every(session)]
        assert moved == [*order[:-2], made.id, order[-2]]
        for one in dispositions.offered(session)[1:]:
            dispositions.save(session, one.id, one.title, head, s.NOON, active=False)
        (last,) = dispositions.offered(session)
        with pytest.raises(RecordsError, match="Хотя бы одна"):
            dispositions.save(session, last.id, last.title, head, s.NOON, active=False)


def test_finished_calls_are_one_s_own_and_the_head_sees_all(town: Database) -> None:
    with town.transaction() as session:
        lavrova, call = s.employee(session, "lavrova"), in_wrapup(session)
        dispositions.finish(session, call.id, disposition(session, "prank").id, lavrova, s.after(90))
        (own,) = dispositions.finished_without_entry(session, lavrova)
        assert (own.call_id, own.disposition, own.is_own) == (call.id, "розыгрыш", True)
        assert own.entry_id is not None
        assert dispositions.finished_without_entry(session, s.employee(session, "zayac")) == []
        (heads,) = dispositions.finished_without_entry(session, s.employee(session, "roshchina"))
        assert (heads.operator, heads.is_own) == ("Лаврова Н. А.", False)
