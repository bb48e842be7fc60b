"""The consultation record: once per row, once in column 6, seen by whoever may read the row."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import journal
from crm.appeals import work
from crm.appeals.tables import AppealMeasure
from crm.cards import timeline
from crm.db import Database
from crm.directory import DirectoryEntry
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import Family
from crm.journal import JournalEntry
from crm.specialists import competence, consult, consultations, dispositions
from crm.specialists.tables import CompetenceTopic, Consultation
from tests.integration.crm import scenario as s

FIELDS = {
    "applicant_name": "Кузнецова Е. В.",
    "family_brief": "трое детей",
    "contact_method": "phone",
    "substance": "Спрашивает о пособии.",
}


def topic(session: Session, title: str = "единое пособие") -> int:
    return session.scalars(select(CompetenceTopic.id).where(CompetenceTopic.title == title)).one()


def place(session: Session) -> DirectoryEntry:
    return session.scalars(select(DirectoryEntry).where(DirectoryEntry.name.like("МФЦ%"))).one()


def answered(session: Session, **more: Any) -> dict[str, Any]:
    return {"topic": topic(session), "kind": "answered", "answer": "Подать на Госуслугах", **more}


def draft(session: Session) -> JournalEntry:
    call = s.play(session, s.whole_talk())
    entry = journal.entry_of_call(session, call.id)
    assert entry is not None
    return entry


def saved(session: Session, **fields: Any) -> JournalEntry:
    entry, lavrova = draft(session), s.employee(session, "lavrova")
    return journal.save_entry(session, entry.id, {**FIELDS, **fields}, entry.version, lavrova, s.after(200))


def counted(session: Session, entry_id: int) -> tuple[int, int]:
    """Consultations and measures of a row."""
    made = select(func.count()).select_from(Consultation).where(Consultation.entry_id == entry_id)
    measures = select(func.count()).select_from(AppealMeasure).where(AppealMeasure.entry_id == entry_id)
    return session.scalar(made) or 0, session.scalar(measures) or 0


def test_what_is_filled_in_with_the_row_stands_in_column_six_once(town: Database) -> None:
    with town.transaction() as session:
        lavrova, entry = s.employee(session, "lavrova"), draft(session)
        given = answered(session, remote=True)
        entry = journal.save_draft(session, entry.id, {"consultation": given}, entry.version, lavrova, s.after(100))
        assert (entry.consultation, counted(session, entry.id)) == (given, (0, 0))
        fields = {**FIELDS, "explained": True, "consultation": given}
        for seconds in (200, 201, 202):
            entry = journal.save_entry(session, entry.id, fields, entry.version, lavrova, s.after(seconds))
        assert counted(session, entry.id) == (1, 1)  # «порядок разъяснён» does not come twice
        words = "Тема: единое пособие. Подать на Госуслугах. О дистанционном формате рассказано"
        assert entry.measures == f"12.11.2026. Разъяснён порядок получения помощи. {words}"
        assert entry.progress == "new"
        made = consultations.holding(session, entry.id)
        assert made is not None
        linked = (made.call_id, made.family_id, made.person_id, made.channel, made.remote_told)
        assert linked == (entry.call_id, entry.family_id, entry.person_id, "phone", True)
        found = dispositions.of_call(session, made.call_id or 0)
        assert found is not None
        assert found.code == "consulted"


def test_a_row_without_a_consultation_has_none_and_a_topic_alone_is_none(town: Database) -> None:
    with town.transaction() as session:
        entry = saved(session, consultation={"topic": topic(session)})
        assert counted(session, entry.id) == (0, 0)
        assert consultations.of_entry(session, entry.id) == []


def test_what_is_missing_or_points_at_nothing_is_said_beside_its_field(town: Database) -> None:
    with town.transaction() as session:
        for given, wrong in (
            ({"answer": "да"}, {"consultation_topic", "consultation_kind"}),
            (answered(session, kind="referred"), {"consultation_where"}),
            (answered(session, kind="referred", where=10**9), {"consultation_where"}),
            (answered(session, topic=10**9), {"consultation_topic"}),
            (
                answered(session, kind="connected", specialist=s.employee(session, "lavrova").id),
                {"consultation_specialist"},
            ),
        ):
            with pytest.raises(Incomplete) as problem:
                saved(session, consultation=given)
            assert set(problem.value.fields) == wrong


def test_a_topic_of_another_service_or_switched_off_is_not_chosen(town: Database) -> None:
    with town.transaction() as session:
        head = s.employee(session, "roshchina")
        theirs = competence.save(session, None, "реестр многодетных", "", 2, head, s.NOON)
        off = competence.save(session, None, "старое пособие", "", None, head, s.NOON)
        competence.save(session, off.id, off.title, "", None, head, s.NOON, active=False)
        offered = {one.id for one in competence.offered(session, [1])}
        assert not offered & {theirs.id, off.id}
        for one in (theirs.id, off.id):
            with pytest.raises(Incomplete):
                saved(session, consultation=answered(session, topic=one))


def test_a_referral_names_the_directory_s_entry(town: Database) -> None:
    with town.transaction() as session:
        mfc = place(session)
        entry = saved(session, consultation=answered(session, kind="outside", where=mfc.id, answer=""))
        assert entry.measures.endswith(
            "Направление в другую организацию: куда МФЦ «Мои документы». Тема: единое пособие"
        )
        (line,) = consultations.of_entry(session, entry.id)
        assert (line.place, line.kind, line.holds) == (mfc.name, "вне компетенции: направление", True)
        closed = consult.close(session, entry, s.employee(session, "lavrova"), s.after(300))
        assert (closed.progress, closed.final_result) == ("referred", "Направлено: МФЦ «Мои документы»")
        assert counted(session, entry.id) == (1, 1)


def test_without_a_consultation_the_row_is_not_closed_as_one(town: Database) -> None:
    with town.transaction() as session:
        entry = saved(session)
        with pytest.raises(Incomplete) as refused:
            consult.close(session, entry, s.employee(session, "lavrova"), s.after(300))
        assert "тему" in refused.value.fields["consultation_kind"]
        assert entry.closed_at is None


def test_an_answer_closes_the_row_as_a_consultation(town: Database) -> None:
    with town.transaction() as session:
        entry = saved(session, consultation=answered(session))
        closed = consult.close(session, entry, s.employee(session, "lavrova"), s.after(300))
        assert (closed.progress, counted(session, entry.id)) == ("consulted", (1, 1))


def test_on_the_page_of_a_row_it_is_written_once(town: Database) -> None:
    with town.transaction() as session:
        lavrova, entry = s.employee(session, "lavrova"), saved(session)
        vorobey = s.employee(session, "vorobey").id
        given = answered(session, kind="connected", specialist=vorobey, answer="")
        made = consultations.record(session, entry.id, given, lavrova, s.after(300))
        assert consultations.record(session, entry.id, given, lavrova, s.after(301)).id == made.id
        assert counted(session, entry.id) == (1, 1)
        assert "Соединение со специалистом учреждения: Воробей М. О." in entry.measures
        assert entry.progress == "in_work"
        with pytest.raises(RecordsError, match="уже записана"):
            consultations.record(session, entry.id, answered(session), lavrova, s.after(302))
        with pytest.raises(Incomplete):
            consultations.record(session, entry.id, {}, lavrova, s.after(302))
        work.annul_measure(session, made.measure_id, "ошибка", lavrova, s.after(303))
        assert consultations.holding(session, entry.id) is None
        consultations.record(session, entry.id, answered(session), lavrova, s.after(304))
        assert [one.holds for one in consultations.of_entry(session, entry.id)] == [False, True]


def test_two_windows_do_not_overwrite_each_other(town: Database) -> None:
    with town.transaction() as session:
        lavrova, entry = s.employee(session, "lavrova"), draft(session)
        version = entry.version
        journal.save_draft(session, entry.id, {"consultation": answered(session)}, version, lavrova, s.after(100))
        other = answered(session, answer="другое")
        with pytest.raises(StaleVersion) as stale:
            journal.save_draft(session, entry.id, {"consultation": other}, version, lavrova, s.after(101))
        assert stale.value.current["consultation"]["answer"] == "Подать на Госуслугах"


def test_strangers_neither_write_nor_read_it(town: Database) -> None:
    with town.transaction() as session:
        entry, lavrova = saved(session, consultation=answered(session)), s.employee(session, "lavrova")
        session.get_one(Family, entry.family_id).restricted = True
        session.flush()
        for stranger in ("gromova", "zayac", "smirnova", "kim"):
            with pytest.raises(NotFound):
                consultations.record(session, entry.id, answered(session), s.employee(session, stranger), s.after(300))
        with pytest.raises(NotFound):
            timeline.timeline(session, entry.family_id or 0, s.employee(session, "zayac"))
        shown = timeline.timeline(session, entry.family_id or 0, s.employee(session, "roshchina"), at=s.after(400))
        (told,) = [one for one in shown if one.kind == "consultation"]
        assert (told.title, told.who) == ("Консультация: единое пособие", lavrova.short_name)
        assert not [one for one in shown if one.kind == "measure" and "единое пособие" in one.text]


def test_the_head_keeps_the_list_of_topics(town: Database) -> None:
    with town.transaction() as session:
        head = s.employee(session, "roshchina")
        made = competence.save(session, None, "льготы на проезд", "Через МФЦ.", 1, head, s.NOON)
        assert competence.save(session, None, "Льготы на проезд", "Через МФЦ.", 1, head, s.NOON).id == made.id
        with pytest.raises(Incomplete):
            competence.save(session, None, "льготы на проезд", "иначе", 1, head, s.NOON)
        with pytest.raises(Incomplete):
            competence.save(session, None, "", "", 99, head, s.NOON)
        with pytest.raises(NotFound):
            competence.save(session, 2**63, "а", "", None, head, s.NOON)
        order = [one.id for one in competence.every(session)]
        competence.move(session, made.id, head, s.NOON, up=True)
        assert [one.id for one in competence.every(session)] == [*order[:-2], made.id, order[-2]]
