"""Specialists: absences with substitutes, device states, settings, and what the dispatcher sees of all that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import presence
from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.specialists import absences, devices, reading, settings
from crm.specialists.absence_rules import AWAY
from crm.specialists.presence_words import Device
from crm.specialists.reading import SpecialistLine
from crm.specialists.tables import Absence, DeviceState, Specialist
from tests.integration.crm import scenario as s

DAY = timedelta(days=1)
FAR = s.NOON + 100 * DAY
"""A month without anything of the demo's own."""


def enter(
    session: Session, who: str, first: int, last: int, *, kind: str = "leave", instead: str = "", by: str = "roshchina"
) -> Absence:
    substitute = s.employee(session, instead).id if instead else None
    since, until = FAR + first * DAY, FAR + last * DAY
    return absences.enter(
        session, s.employee(session, who).id, kind, since, until, substitute, s.employee(session, by), s.NOON
    )


def line(session: Session, login: str, at=s.NOON) -> SpecialistLine:
    (found,) = reading.lines(session, at, only=s.employee(session, login).id)
    return found


def test_an_absence_holds_from_its_first_instant_to_before_its_last(town: Database) -> None:
    with town.transaction() as session:
        smirnova = s.employee(session, "smirnova").id
        entered = enter(session, "smirnova", 0, 5)
        assert absences.is_absent(session, smirnova, FAR - timedelta(seconds=1)) is None
        assert absences.is_absent(session, smirnova, FAR) is entered
        assert absences.is_absent(session, smirnova, FAR + 5 * DAY) is None
        assert [one.id for one in absences.within(session, [smirnova], FAR + DAY, FAR + 2 * DAY)] == [entered.id]
        assert absences.within(session, [smirnova], FAR + 5 * DAY, FAR + 6 * DAY) == []


def test_the_same_absence_twice_is_one_and_an_overlapping_one_is_refused_with_a_sentence(town: Database) -> None:
    with town.transaction() as session:
        first = enter(session, "smirnova", 0, 5)
        assert enter(session, "smirnova", 0, 5).id == first.id
        with pytest.raises(RecordsError, match="уже записано: отпуск"):
            enter(session, "smirnova", 4, 9, kind="sick")
        enter(session, "smirnova", 5, 9, kind="sick")
        enter(session, "vorobey", 0, 5)


def test_a_withdrawn_absence_stays_in_the_table_and_holds_no_more(town: Database) -> None:
    with town.transaction() as session:
        head, entered = s.employee(session, "roshchina"), enter(session, "smirnova", 0, 5)
        with pytest.raises(Incomplete):
            absences.withdraw(session, entered.id, " ", head, s.NOON)
        absences.withdraw(session, entered.id, "вышла раньше", head, s.NOON)
        absences.withdraw(session, entered.id, "ещё раз", head, s.after(5))
        assert absences.is_absent(session, entered.employee_id, FAR) is None
        kept = session.get_one(Absence, entered.id)
        assert (kept.withdrawn_at, kept.withdrawn_reason) == (s.NOON, "вышла раньше")
        enter(session, "smirnova", 0, 5)
    with town.reading() as session:
        actions = session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("absence.%"))).all()
    assert sorted(actions)[-3:] == ["absence.enter", "absence.enter", "absence.withdraw"]


def test_who_may_enter_whose_absence(town: Database) -> None:
    with town.transaction() as session:
        enter(session, "smirnova", 0, 1, by="smirnova")
        enter(session, "smirnova", 1, 2, by="chernykh")
        enter(session, "smirnova", 2, 3, by="kim")
        for stranger in ("vorobey", "lavrova"):
            with pytest.raises(NotFound):
                enter(session, "smirnova", 3, 4, by=stranger)
        own = absences.is_absent(session, s.employee(session, "smirnova").id, FAR)
        assert own is not None
        with pytest.raises(NotFound):
            absences.withdraw(session, own.id, "так", s.employee(session, "vorobey"), s.NOON)
        for missing in (0, -1, 2**63, 10**9):
            with pytest.raises(NotFound):
                absences.enter(
                    session, missing, "leave", FAR, FAR + DAY, None, s.employee(session, "roshchina"), s.NOON
                )
            with pytest.raises(NotFound):
                absences.withdraw(session, missing, "так", s.employee(session, "roshchina"), s.NOON)


def test_impossible_fields_have_sentences(town: Database) -> None:
    with town.transaction() as session:
        head, smirnova = s.employee(session, "roshchina"), s.employee(session, "smirnova").id
        with pytest.raises(Incomplete) as problem:
            absences.enter(session, smirnova, "прогул", FAR, FAR - DAY, 10**9, head, s.NOON)
        assert set(problem.value.fields) == {"kind", "until", "substitute_id"}
        kim = s.employee(session, "kim").id
        with pytest.raises(Incomplete, match="обязательные"):
            absences.enter(session, smirnova, "leave", FAR, FAR + DAY, kim, head, s.NOON)


def test_a_chain_of_substitutes_is_followed_and_never_closes(town: Database) -> None:
    with town.transaction() as session:
        smirnova, vorobey = s.employee(session, "smirnova"), s.employee(session, "vorobey")
        enter(session, "smirnova", 0, 9, instead="vorobey")
        enter(session, "vorobey", 2, 4, instead="oganesyan")
        assert absences.substitute_of(session, smirnova.id, FAR) == vorobey
        found = absences.substitute_of(session, smirnova.id, FAR + 2 * DAY)
        assert found is not None
        assert found.login == "oganesyan"
        assert absences.substitutes_now(session, FAR + 2 * DAY)[smirnova.id] == found
        with pytest.raises(Incomplete) as problem:
            enter(session, "oganesyan", 3, 5, instead="smirnova")
        assert set(problem.value.fields) == {"substitute_id"}
        enter(session, "oganesyan", 4, 5, instead="smirnova")  # nobody leads to him any more
        assert absences.substitute_of(session, vorobey.id, FAR) is None


def test_of_two_who_enter_at_once_one_is_refused(town: Database) -> None:
    def attempt(number: int) -> str:
        try:
            with town.transaction() as session:
                enter(session, "smirnova", number, 9)
        except RecordsError:
            return "refused"
        return "entered"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == ["entered", "refused", "refused", "refused"]


def test_gone_for_a_while_is_said_anew_and_ends_when_he_is_back(town: Database) -> None:
    with town.transaction() as session:
        smirnova = s.employee(session, "smirnova")
        until = s.NOON + timedelta(hours=1)
        first = absences.enter(session, smirnova.id, AWAY, s.NOON, until, None, smirnova, s.NOON)
        later = until + timedelta(hours=1)
        second = absences.enter(session, smirnova.id, AWAY, s.after(60), later, None, smirnova, s.after(60))
        assert first.withdrawn_at == s.after(60)
        assert absences.is_absent(session, smirnova.id, s.after(90)) is second
        absences.come_back(session, smirnova, s.after(120))
        assert absences.is_absent(session, smirnova.id, s.after(121)) is None
        enter(session, "smirnova", 0, 1, kind="sick")
        absences.come_back(session, smirnova, FAR)
        assert absences.is_absent(session, smirnova.id, FAR) is not None  # a sick leave is the head's to withdraw


def test_the_line_says_what_holds_now(town: Database) -> None:
    at = FAR + DAY
    with town.transaction() as session:
        smirnova = s.employee(session, "smirnova")
        presence.set_ready(session, smirnova.id, at)
        assert line(session, "smirnova", at).is_free
        devices.note(session, {"201": Device.BUSY}, at)
        assert line(session, "smirnova", at).words == "говорит"
        devices.note(session, {"201": Device.OFF, "203": Device.OFF}, at)
        assert line(session, "smirnova", at).words == "на внешнем номере"
        presence.set_ready(session, s.employee(session, "vorobey").id, at)
        off = line(session, "vorobey", at)
        assert (off.state, off.rings) == ("no_phone", False)
        devices.note(session, {"201": Device.IDLE}, at)
        presence.start_break(session, smirnova.id, "обед", at)
        assert line(session, "smirnova", at).words == "перерыв: обед"
        enter(session, "smirnova", 0, 5, kind="sick", instead="vorobey")
        shown = line(session, "smirnova", at)
        assert (shown.state, shown.rings) == ("absent", True)  # the number in town
        assert shown.words.startswith("больничный до ")
        assert shown.words.endswith("заменяет Воробей М. О.")
        assert shown.substitute == s.employee(session, "vorobey")
        assert (shown.extension, shown.outside_number) == ("201", line(session, "smirnova", FAR).outside_number)


def test_device_states_are_kept_for_specialists_only_and_say_what_changed(town: Database) -> None:
    with town.transaction() as session:
        known = devices.watched(session)
        assert known == {"201", "202", "203", "204"}
        for row in session.scalars(select(DeviceState)):
            session.delete(row)
        session.flush()
        assert devices.note(session, {"101": Device.BUSY, "201": Device.IDLE}, s.NOON)
        assert not devices.note(session, {"201": Device.IDLE, "999": Device.BUSY}, s.after(5))
        assert devices.note(session, {"201": Device.BUSY}, s.after(9))
        rows = [(row.extension, row.state, row.since) for row in session.scalars(select(DeviceState))]
    assert rows == [("201", "busy", s.after(9))]


def test_one_s_own_services_come_first_and_oneself_never(town: Database) -> None:
    with town.transaction() as session:
        head = s.employee(session, "roshchina")
        vorobey = s.employee(session, "vorobey")
        settings.save(
            session, vorobey.id, "", "выезды", "3", [2], line_version(session, vorobey.id), head, s.NOON, mode="demo"
        )
        gromova = reading.specialists(session, s.employee(session, "gromova"), s.NOON)
        lavrova = reading.specialists(session, s.employee(session, "lavrova"), s.NOON)
        own = reading.specialists(session, vorobey, s.NOON)
    assert gromova[0].employee.login == "vorobey"
    assert lavrova[-1].employee.login == "vorobey"
    assert [one.employee.login for one in own] == ["durnovo", "oganesyan", "smirnova"]


def line_version(session: Session, employee_id: int) -> int:
    return settings.fetch_specialist(session, employee_id)[1].version


def test_the_settings_are_checked_versioned_and_logged(town: Database) -> None:
    with town.transaction() as session:
        head, oganesyan = s.employee(session, "roshchina"), s.employee(session, "oganesyan")

        def save(number: str, version: int, by=head, services=(1,)) -> Specialist:
            return settings.save(
                session, oganesyan.id, number, "речь", "5а", services, version, by, s.NOON, mode="demo"
            )

        version = line_version(session, oganesyan.id)
        for wrong in ("112", "+7 999 000-00-01", "8 800 200-01-22", "не номер", "+79070009001"):
            with pytest.raises(Incomplete) as problem:
                save(wrong, version)
            assert set(problem.value.fields) == {"outside_number"}
        with pytest.raises(Incomplete):
            save("", version, services=(99,))
        for stranger in ("lavrova", "oganesyan"):
            with pytest.raises(NotFound):
                save("", version, by=s.employee(session, stranger))
        saved = save("8 907 000-91-04", version)
        assert (saved.outside_number, oganesyan.room, saved.version) == ("+79070009104", "5а", version + 1)
        assert save("8 907 000-91-04", version).version == version + 1  # the same form twice
        with pytest.raises(StaleVersion):
            save("8 907 000-91-05", version)
        with pytest.raises(NotFound):
            settings.fetch_specialist(session, s.employee(session, "lavrova").id)
    with town.reading() as session:
        logged = session.scalar(select(func.count()).where(AuditEvent.action == "specialist.save"))
    assert logged == 1


def test_a_topic_is_found_by_unfinished_words(town: Database) -> None:
    with town.reading() as session:
        found = reading.specialists(session, s.employee(session, "lavrova"), s.NOON)
    assert [one.employee.login for one in reading.matching(found, "пособ")] == ["smirnova"]
    assert [one.employee.login for one in reading.matching(found, "РЕБЕНКА реч")] == ["oganesyan"]
    assert len(reading.matching(found, "")) == len(found)
    assert reading.matching(found, "%") == found or reading.matching(found, "%") == []
    assert reading.matching(found, "крипта") == []
