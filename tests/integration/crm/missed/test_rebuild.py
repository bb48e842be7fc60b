"""A day's calls, heard live and with our programs down for a part of it: the ledger comes to the same (M10, F33)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select

from callflow.call import CallState
from callflow.caller_id import CallerId
from callflow.dialplan_word import DialplanWord, Subject
from callflow.events import (
    CallArrived,
    CallEnded,
    CallerGaveUp,
    CallerIdentified,
    CallerWaiting,
    OperatorAnswered,
    OperatorReleased,
    OperatorRinging,
)
from crm import calls
from crm.call_tables import CallRecord
from crm.db import Database
from crm.missed import rebuilding
from crm.missed.tables import MissedContact
from telephony.translate import TrunkNames, caller_of
from tests.integration.crm.missed import ledger as g
from tests.integration.crm.scenario import DID, QUEUE
from workers.missed import Told, missed_events, read_files
from workers.recorder import Recorder, Seen

NUMBERS = ("+79070000101", "+79070000401", "+79070000801", "+79070009955", None)
KINDS = ("answered", "abandoned", "break", "callback", "voicemail")


def headers(number: str | None) -> str:
    """The From header as the dialplan encodes it."""
    return quote('"" <sip:anonymous@anonymous.invalid>' if number is None else f'"" <sip:{number}@provider>', safe="")


def identify(presented: str, asserted: str) -> CallerId:
    return caller_of(presented, asserted, TrunkNames(own_numbers=frozenset([DID])))


class Script:
    """Calls of a morning, at whole seconds: as events, and as the exchange's files have them."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a script, not a secret
        self.told: list[Told] = []
        self.queue_log: list[str] = []
        self.records: list[str] = []
        for number in range(60):
            began = g.TEN + timedelta(minutes=number * 2, seconds=chance.randrange(60))
            self._call(f"{int(began.timestamp())}.{number}", began, chance.choice(KINDS), chance.choice(NUMBERS))
        self.told.sort(key=lambda one: one.at)

    def _call(self, call: str, began: datetime, kind: str, number: str | None) -> None:
        caller = headers(number)
        leg, end = f"{call}9", began + timedelta(seconds=40)
        self._log(began, call, DID, "SDCALLER", caller, "")
        self.told += [
            CallArrived(call=call, at=began, did=DID, channel=""),
            CallerIdentified(call=call, at=began, caller=identify(caller, ""), did=DID),
        ]
        userfield = ""
        if kind in ("break", "callback", "voicemail"):
            userfield = kind
            self.told.append(DialplanWord(subject=Subject.LINE, call=call, at=end, order="", state=kind))
        else:
            self._log(began, call, "NONE", "ENTERQUEUE", "", "", "1")
            self.told.append(CallerWaiting(call=call, at=began, queue=QUEUE, position=1))
        if kind == "abandoned":
            self._log(end, call, "NONE", "ABANDON", "1", "1", "40")
            self.told.append(CallerGaveUp(call=call, at=end, waited_seconds=40))
        if kind == "answered":
            answer = began + timedelta(seconds=5)
            self._log(answer, call, "101", "CONNECT", "5", leg, "4")
            self._log(end, call, "101", "COMPLETECALLER", "5", "35", "1")
            self.told += [
                OperatorRinging(call=call, at=began, leg=leg, extension="101", queue=QUEUE),
                OperatorAnswered(call=call, at=answer, leg=leg, extension="101", wait_seconds=5),
                OperatorReleased(call=call, at=end, leg=leg, extension="101", reason="caller", talk_seconds=35),
            ]
        self.told.append(CallEnded(call=call, at=end, cause=16))
        self.records.append(
            f'"","x","s","sd-inbound","","PJSIP/trunk-1","","Queue","","{began:%Y-%m-%d %H:%M:%S}",,'
            f'"{end:%Y-%m-%d %H:%M:%S}",40,0,"NO ANSWER","DOCUMENTATION","{call}","{userfield}","","{call}",1\n'
        )

    def _log(self, at: datetime, call: str, agent: str, event: str, *data: str) -> None:
        self.queue_log.append("|".join([str(int(at.timestamp())), call, QUEUE, agent, event, *data]) + "\n")

    def write(self, folder: Path) -> None:
        """The exchange's files of the whole day."""
        (folder / "cdr-csv").mkdir()
        (folder / "queue_log").write_text("".join(self.queue_log))
        (folder / "cdr-csv/Master.csv").write_text("".join(self.records))


def record(database: Database, *items: Told | Seen) -> None:
    for item in items:
        with database.transaction() as session:
            Recorder._record_one(session, item)


def catch_up(database: Database, folder: Path, at: datetime) -> None:
    """What the listener does after a login, with nothing going on at the exchange."""
    files = read_files(folder, at - timedelta(days=1))
    with database.reading() as session:
        wanted = rebuilding.unheard(session, files.arrivals) | calls.open_calls(session)
    record(database, Seen(at, (), missed_events(files, wanted, set(), identify)))


def outcome(database: Database) -> list[tuple[object, ...]]:
    """The ledger without numbers of rows: whose, which calls, when, why, how it ended."""
    with database.reading() as session:
        found = []
        for row in g.rows(session):
            contacts = session.execute(
                select(CallRecord.linkedid, MissedContact.at, MissedContact.reason)
                .join(MissedContact, MissedContact.call_id == CallRecord.id)
                .where(MissedContact.missed_id == row.id)
                .order_by(CallRecord.linkedid)
            ).all()
            by = session.get(CallRecord, row.closed_call_id) if row.closed_call_id else None
            found.append(
                (
                    row.family_id,
                    row.number,
                    row.first_at,
                    row.last_at,
                    row.due_at,
                    row.times,
                    row.closed_how,
                    row.closed_at,
                    by.linkedid if by else "",
                    tuple(tuple(contact) for contact in contacts),
                )
            )
        return sorted(found, key=lambda one: (one[2], str(one)))


@pytest.fixture
def town(town: Database) -> Database:
    """Set up before the day of the script."""
    from crm.staff import Employee

    with town.transaction() as session:
        for employee in session.scalars(select(Employee)):
            employee.created_at = g.TEN - timedelta(days=30)
    return town


@pytest.mark.parametrize("seed", [1, 2])
def test_five_minutes_of_downtime_change_nothing(
    town: Database, tmp_path: Path, seed: int, request: pytest.FixtureRequest
) -> None:
    script = Script(seed)
    script.write(tmp_path)
    # With the listener there all the time.
    record(town, *script.told)
    whole = outcome(town)
    assert len(whole) > 5
    # The same day in the same town again, with the listener away for some minutes, three times.
    with town.transaction() as session:
        _forget_the_day(session)
    holes = [(minute, minute + 5) for minute in (11, 47, 83)]
    rest = list(script.told)
    for start, end in holes:
        heard = [one for one in rest if one.at < g.minute(start)]
        rest = [one for one in rest if one.at >= g.minute(end)]
        record(town, *heard)
        catch_up(town, _as_of(tmp_path, script, g.minute(end)), g.minute(end))
        catch_up(town, _as_of(tmp_path, script, g.minute(end)), g.minute(end))
    record(town, *rest)
    assert outcome(town) == whole


def test_never_heard_of_at_all(town: Database, tmp_path: Path) -> None:
    """The listener was down the whole morning; reading the files twice makes no doubles."""
    script = Script(7)
    script.write(tmp_path)
    record(town, *script.told)
    whole = outcome(town)
    with town.transaction() as session:
        _forget_the_day(session)
    for _ in range(3):
        catch_up(town, tmp_path, g.minute(200))
    assert outcome(town) == whole
    with town.reading() as session:
        assert len(session.scalars(select(CallRecord.id)).all()) == 60
        assert set(session.scalars(select(CallRecord.state))) == {CallState.ENDED.value}


def test_calls_from_before_this_database_are_another_installations(town: Database, tmp_path: Path) -> None:
    from crm.staff import Employee

    Script(7).write(tmp_path)
    with town.transaction() as session:
        for employee in session.scalars(select(Employee)):
            employee.created_at = g.minute(500)
    catch_up(town, tmp_path, g.minute(501))
    assert outcome(town) == []


def _as_of(folder: Path, script: Script, at: datetime) -> Path:
    """The files as they stand at this moment: what has not happened yet is not in them."""
    target = folder / f"at-{int(at.timestamp())}"
    (target / "cdr-csv").mkdir(parents=True, exist_ok=True)
    lines = [line for line in script.queue_log if int(line.split("|")[0]) < at.timestamp()]
    ended = [line for line in script.records if _end_of(line) < at]
    (target / "queue_log").write_text("".join(lines))
    (target / "cdr-csv/Master.csv").write_text("".join(ended))
    return target


def _end_of(line: str) -> datetime:
    from telephony.cdr_csv import parse_records

    (found,) = parse_records([line])
    return found.start + timedelta(seconds=found.duration)


def _forget_the_day(session: object) -> None:
    """The same town, before the day: nothing of its calls."""
    from sqlalchemy import delete, update
    from sqlalchemy.orm import Session

    from crm.call_tables import CallLegRecord
    from crm.journal_tables import JournalEntry
    from crm.presence import Presence

    assert isinstance(session, Session)
    g.clear(session)
    session.execute(update(Presence).values(call_id=None))
    session.execute(delete(JournalEntry).where(JournalEntry.call_id.is_not(None)))
    session.execute(delete(CallLegRecord))
    session.execute(delete(CallRecord))
