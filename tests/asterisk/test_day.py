"""A day of sixty calls, a downtime of ours in the middle of it: ledger, journal and report are what the script says.

The whole product runs (`family-dispatch up --demo`). What must come of the calls is computed here from the table
below, in the few lines of `Expected`, and by nothing of the product; the end is compared with that, not with a second
run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.service_level import Fate
from crm import staff
from crm.call_tables import CallRecord
from crm.family_tables import Family
from crm.institution import Line, Service
from crm.journal_tables import DRAFT, JournalEntry
from crm.lines.tables import VoiceMessage
from crm.missed import reading
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.service_report.figures import ServiceFigures, figures
from crm.transfers import participants
from tests.support.day import PATIENT, TYPED, Day, Does, running_day
from tests.support.wait import wait_for

A, B, B_MOBILE = "+79070009001", "+74924800001", "+79070009002"
SERVICES = {A: "dispatch", B: "coordinator", B_MOBILE: "coordinator"}
HIDDEN, FORGED, SHARED = "hidden", "forged", "shared"
SPECIAL = {HIDDEN: None, FORGED: A, SHARED: "+79070000801"}
"""Who hides his number, who presents one of ours, who calls from a telephone that two families have."""


def number_of(who: str) -> str | None:
    """«5/2»: the second member of the demo's fifth family; «2/0»: the second family at home; «?7»: a stranger."""
    if who in SPECIAL:
        return SPECIAL[who]
    if who.startswith("?"):
        return f"+7907000990{who[1:]}"
    family, member = (int(part) for part in who.split("/"))
    return f"+7907000{family:02}{member:02}" if member else f"+7492480{family:02}00"


@dataclass(frozen=True)
class Row:
    """One call of the script. `scene`: calls of one scene come together, scenes come one after another."""

    scene: str
    who: str
    line: str
    does: Does

    @property
    def number(self) -> str | None:
        return number_of(self.who)


SCRIPT = (
    Row("at the desks", "3/1", A, Does.TALK),
    Row("at the desks", "1/1", A, Does.TALK),
    Row("at the desks", "?1", A, Does.TALK),
    Row("at the desks", "2/0", B_MOBILE, Does.CLOSED),
    Row("at the desks", "4/1", A, Does.BREAK),
    Row("at the desks", HIDDEN, A, Does.CLOSED),
    Row("nobody comes", "5/1", A, Does.ABANDON),
    Row("nobody comes", "5/2", A, Does.ABANDON),
    Row("nobody comes", SHARED, A, Does.ABANDON),
    Row("nobody comes", "9/1", A, Does.ABANDON),
    Row("nobody comes", "?2", A, Does.KEY_1),
    Row("nobody comes", "6/1", A, Does.SHORT),
    Row("nobody comes", "7/1", B, Does.ABANDON),
    Row("nobody comes", FORGED, A, Does.ABANDON),
    Row("a specialist", "5/1", A, Does.TALK),
    Row("a specialist", "4/1", A, Does.CLOSED_VOICE),
    Row("a specialist", "7/2", A, Does.TALK),
    Row("a specialist", "3/1", A, Does.TRANSFER),
    Row("a specialist", HIDDEN, A, Does.CLOSED_TYPED),
    Row("a specialist", "?2", A, Does.CLOSED),
    Row("nobody again", "6/2", A, Does.BREAK_KEY_1),
    Row("nobody again", "10/1", A, Does.KEY_1),
    Row("nobody again", "11/1", A, Does.ABANDON),
    Row("nobody again", SHARED, A, Does.SHORT),
    Row("nobody again", "2/1", A, Does.ABANDON),
    Row("nobody again", "?3", A, Does.ABANDON),
    Row("nobody again", "1/2", A, Does.CLOSED_VOICE),
    Row("nobody again", HIDDEN, A, Does.SHORT),
    Row("we call", "10/1", A, Does.CALLED),
    Row("we call", "11/1", A, Does.CALLED_BUSY),
    Row("before the fall", SHARED, A, Does.TALK),
    Row("before the fall", "1/1", A, Does.TALK),
    Row("before the fall", "2/1", B_MOBILE, Does.TALK),
    Row("talking on", "7/1", B, Does.TALK),
    Row("talking till we are dead", "4/2", A, Does.TALK),
    Row("waiting through it", "13/1", A, Does.LONG_WAIT),
    Row("down, nobody comes", "5/1", A, Does.CLOSED_KEY_1),
    Row("down, nobody comes", "9/1", A, Does.CLOSED),
    Row("down, nobody comes", "14/1", A, Does.ABANDON),
    Row("down, nobody comes", "1/1", A, Does.KEY_1),
    Row("down, nobody comes", "13/2", A, Does.SHORT),
    Row("down, nobody comes", HIDDEN, A, Does.CLOSED_VOICE),
    Row("down, nobody comes", "10/1", B, Does.CLOSED_VOICE),
    Row("down, nobody comes", "?4", A, Does.SHORT),
    Row("down, at the desks", "?2", A, Does.TALK),
    Row("down, at the desks", "3/1", A, Does.TALK),
    Row("down, at the desks", "14/2", A, Does.TALK),
    Row("down, at the desks", HIDDEN, A, Does.BREAK),
    Row("down, at the desks", "2/2", A, Does.BREAK),
    Row("we call again", "5/1", A, Does.CALLED),
    Row("back", "6/1", A, Does.BLIND),
    Row("back", "?3", A, Does.TALK),
    Row("back", "13/1", A, Does.RETURNED),
    Row("evening", SHARED, A, Does.ABANDON),
    Row("evening", "5/2", A, Does.SHORT),
    Row("evening", "14/1", A, Does.BREAK),
    Row("evening", "?4", A, Does.KEY_1),
    Row("good night", "11/1", A, Does.TALK),
    Row("good night", "10/1", A, Does.CLOSED),
    Row("good night", "4/1", B, Does.TRANSFER),
)

FATES = {
    **dict.fromkeys((Does.TALK, Does.TRANSFER, Does.BLIND, Does.RETURNED), Fate.ANSWERED),
    **dict.fromkeys((Does.ABANDON, Does.LONG_WAIT), Fate.LOST),
    Does.SHORT: Fate.SHORT,
    **dict.fromkeys((Does.KEY_1, Does.BREAK_KEY_1, Does.CLOSED_KEY_1, Does.CLOSED_TYPED), Fate.CALLBACK),
    Does.CLOSED_VOICE: Fate.VOICEMAIL,
    Does.BREAK: Fate.BREAK,
    Does.CLOSED: Fate.CLOSED,
}
OURS = (Does.CALLED, Does.CALLED_BUSY)
MET_THE_LAWYER = (Does.TRANSFER, Does.BLIND)
REASONS = {Fate.LOST: "abandoned", Fate.SHORT: "abandoned"}
"""In the ledger; the others are called there as in the report."""


@dataclass
class Duty:
    """One row of the ledger: whose it is, the calls in it and the talk that ended it (places in the script), why."""

    service: str
    whose: str
    calls: list[int] = field(default_factory=list)
    reasons: tuple[str, ...] = ()
    ended_by: int | None = None


class Expected:
    """What the script leaves behind, by the rules of domain.md §6.2 in plain words."""

    def __init__(self, script: Sequence[Row]) -> None:
        self.duties: list[Duty] = []
        open_now: dict[tuple[str, str], Duty] = {}
        for place, row in enumerate(script):
            key = (SERVICES[row.line], self._whose(place, row))
            if row.does is Does.CALLED_BUSY:
                continue
            if row.does is Does.CALLED or FATES[row.does] is Fate.ANSWERED:
                if key in open_now:
                    open_now.pop(key).ended_by = place
                continue
            if key not in open_now:
                open_now[key] = Duty(*key)
                self.duties.append(open_now[key])
            fate = FATES[row.does]
            reason = REASONS.get(fate, str(fate))
            duty = open_now[key]
            duty.calls.append(place)
            duty.reasons = (*(one for one in duty.reasons if one != reason), reason)

    @staticmethod
    def _whose(place: int, row: Row) -> str:
        if row.who in (HIDDEN, FORGED):
            return f"call {place}"
        if row.who == SHARED or row.who.startswith("?"):
            return str(row.number)
        return f"С-{int(row.who.split('/')[0]):05}"


class Told:
    """What the records say of the day; calls are named by their places in the script."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.calls = list(self._calls())
        """Each row's call, in the script's order."""
        self.place = {call.id: place for place, call in enumerate(self.calls)}

    def _calls(self) -> Iterator[CallRecord]:
        found: dict[tuple[str | None, str], list[CallRecord]] = {}
        for call in self.session.scalars(select(CallRecord).order_by(CallRecord.arrived_at, CallRecord.id)):
            found.setdefault((call.caller_number, call.direction), []).append(call)
        for row in SCRIPT:
            yield found[row.number, "outbound" if row.does in OURS else "inbound"].pop(0)
        assert not any(found.values()), "calls that nobody made"

    def duties(self) -> list[Duty]:
        """The ledger, oldest duty first. A row that is neither open nor ended by a talk would be wrong."""
        cards = {family.id: family.card_number for family in self.session.scalars(select(Family))}
        queues = {service.id: service.queue for service in self.session.scalars(select(Service))}
        found = []
        for row in self.session.scalars(select(MissedCall)):
            own = select(MissedContact).where(MissedContact.missed_id == row.id).order_by(MissedContact.at)
            contacts = list(self.session.scalars(own))
            calls = sorted(self.place[contact.call_id or 0] for contact in contacts)
            assert row.times == len(calls)
            assert row.first_at == min(self.calls[place].arrived_at for place in calls)
            assert row.last_at == max(self.calls[place].arrived_at for place in calls)
            assert (row.closed_how == "talk") == (row.closed_call_id is not None)
            assert (row.closed_at is None) == (row.closed_how == "")
            whose = cards[row.family_id] if row.family_id else row.number if row.number_certain else f"call {calls[0]}"
            ended_by = self.place[row.closed_call_id] if row.closed_call_id else None
            found.append(Duty(queues[row.service_id], str(whose), calls, tuple(row.reasons), ended_by))
        return sorted(found, key=lambda duty: duty.calls)


def places(scene: str) -> list[int]:
    return [place for place, row in enumerate(SCRIPT) if row.scene == scene]


def begin(day: Day, scene: str) -> list[Future[None]]:
    found = [SCRIPT[place] for place in places(scene)]
    assert found, scene
    return [day.begin(row.number, row.line, row.does) for row in found]


def play(day: Day, *scenes: str, answered: bool = True, recorded: bool = True) -> None:
    """Whole scenes, one after another; `answered`: the operators take their telephones up."""
    day.at_the_desks(answered)
    for scene in scenes:
        day.finish(begin(day, scene), recorded=recorded)


def talking(day: Day, scene: str) -> list[Future[None]]:
    """The one call of this scene, begun and not to be ended before its number is `held` no more."""
    [place] = places(scene)
    number = str(SCRIPT[place].number)
    day.held.add(number)
    calls = begin(day, scene)
    wait_for(lambda: day.talk_of(number), PATIENT, f"the talk of {scene}", pause=0.1)
    return calls


def is_waiting(day: Day, number: str | None) -> bool:
    with day.database.reading() as session:
        waiting = select(CallRecord.id).where(CallRecord.caller_number == number, CallRecord.queue.is_not(None))
        return bool(session.scalars(waiting.where(CallRecord.answered_at.is_(None))).all())


@pytest.mark.timeout(600)
def test_a_day_of_sixty_calls_is_what_its_script_says_and_our_downtime_changes_nothing(tmp_path: Path) -> None:
    assert len(SCRIPT) == 60
    began = datetime.now(UTC)
    with running_day(tmp_path) as day:
        play(day, "at the desks")
        play(day, "nobody comes", answered=False)
        play(day, "a specialist")
        play(day, "nobody again", answered=False)
        play(day, "we call", "before the fall")

        # Two talk and one waits when everything of ours dies: one talk ends meanwhile, the other when we are back. The
        # line of B rings Zayac only, so the first is with him, and the second with Lavrova.
        day.at_the_desks(True)
        on, till_we_are_dead = talking(day, "talking on"), talking(day, "talking till we are dead")
        day.at_the_desks(False)
        waits = begin(day, "waiting through it")
        [waiting] = places("waiting through it")
        wait_for(lambda: is_waiting(day, SCRIPT[waiting].number), PATIENT, "the third to wait", pause=0.1)
        day.kill_everything_of_ours()
        day.held.clear()
        day.held |= {str(SCRIPT[place].number) for place in places("talking on")}
        down = begin(day, "down, nobody comes")
        day.finish([*till_we_are_dead, *waits, *down], recorded=False)
        play(day, "down, at the desks", recorded=False)
        day.service.start()
        day.held.clear()
        day.finish(on)

        play(day, "we call again", "back")
        play(day, "evening", answered=False)
        play(day, "good night")
        wait_for(lambda: messages(day) == sum(row.does is Does.CLOSED_VOICE for row in SCRIPT), PATIENT, "the messages")
        with day.database.reading() as session:
            told = Told(session)
            check_calls(told)
            check_ledger(told)
            check_lists(told)
            check_journal(told)
            check_reports(told, began)


def messages(day: Day) -> int:
    with day.database.reading() as session:
        return session.scalar(select(func.count(VoiceMessage.id)).where(VoiceMessage.call_id.is_not(None))) or 0


def check_calls(told: Told) -> None:
    """Every call is there once, at its place, and has ended."""
    for place, (row, call) in enumerate(zip(SCRIPT, told.calls, strict=True)):
        answered = row.does is Does.CALLED or FATES.get(row.does) is Fate.ANSWERED
        assert (call.did, call.state, call.answered_at is not None) == (row.line, "ended", answered), (place, row)
        family = None if row.who in SPECIAL or row.who.startswith("?") else int(row.who.split("/")[0])
        known = told.session.get(Family, call.family_id) if call.family_id else None
        assert (known.card_number if known else None) == (f"С-{family:05}" if family else None), (place, row)
        lawyer = [one.name for one in participants.of_call(told.session, call.id) if one.name.startswith("Смирнова")]
        assert bool(lawyer) == (row.does in MET_THE_LAWYER), (place, row)
    arrivals = [[told.calls[place].arrived_at for place in places(scene)] for scene in scenes()]
    # The exchange's files, which tell of our downtime, count whole seconds.
    assert all(max(before).replace(microsecond=0) <= min(after) for before, after in pairwise(arrivals))
    heard = set(told.session.scalars(select(VoiceMessage.call_id)))
    assert heard == {told.calls[place].id for place, row in enumerate(SCRIPT) if row.does is Does.CLOSED_VOICE}


def scenes() -> list[str]:
    return list(dict.fromkeys(row.scene for row in SCRIPT))


def check_ledger(told: Told) -> None:
    assert told.duties() == sorted(Expected(SCRIPT).duties, key=lambda duty: duty.calls)
    typed = next(call for row, call in zip(SCRIPT, told.calls, strict=True) if row.does is Does.CLOSED_TYPED)
    row = told.session.scalars(
        select(MissedCall).join(MissedContact, MissedContact.missed_id == MissedCall.id).where(
            MissedContact.call_id == typed.id
        )
    ).one()  # fmt: skip
    assert (row.number, row.number_certain, row.family_id) == (f"+7{TYPED[1:]}", False, None)
    tried = [(told.place[one.call_id or 0], one.result) for one in told.session.scalars(select(MissedAttempt))]
    assert tried == [(place, "busy") for place, row in enumerate(SCRIPT) if row.does is Does.CALLED_BUSY]


def check_lists(told: Told) -> None:
    """«Перезвонить» shows the open duties, each at the place in line of its first call."""
    head, now = staff.by_login(told.session, "roshchina"), datetime.now(UTC)
    assert head
    for service in told.session.scalars(select(Service)):
        listed = reading.open_rows(told.session, head, now, service_id=service.id)
        starts = [one.row.first_at for one in listed]
        assert starts == sorted(starts)
        owed = [one for one in Expected(SCRIPT).duties if one.service == service.queue and one.ended_by is None]
        assert sorted(starts) == sorted(min(told.calls[place].arrived_at for place in one.calls) for one in owed)
        assert reading.count(told.session, [service.id], now).open == len(owed)


def check_journal(told: Told) -> None:
    """Every talk has one row in the journal, a draft until somebody writes it; nothing else has one."""
    entries = select(JournalEntry.call_id, JournalEntry.state).where(JournalEntry.call_id.is_not(None))
    found = [(told.place[call_id], state) for call_id, state in told.session.execute(entries)]
    talked = [place for place, call in enumerate(told.calls) if call.answered_at is not None]
    assert sorted(found) == [(place, DRAFT) for place in talked]


def check_reports(told: Told, began: datetime) -> None:
    for service in told.session.scalars(select(Service)):
        own = [row for row in SCRIPT if SERVICES[row.line] == service.queue]
        zone = service.institution.timezone
        check_report(told, figures_since(told, service, began, zone), own, service.queue)


def figures_since(told: Told, service: Service, began: datetime, zone: str) -> ServiceFigures:
    """The report of today; of both days for a test that runs past midnight."""
    first, last = (at.astimezone(ZoneInfo(zone)).date() for at in (began, datetime.now(UTC)))
    return figures(told.session, service.id, first, last)


def check_report(told: Told, report: ServiceFigures, own: Sequence[Row], queue: str) -> None:
    came = [row for row in own if row.does not in OURS]
    fates = Counter(FATES[row.does] for row in came)
    assert {fate: count for fate, count in report.total.fates.items() if count} == dict(fates)
    assert (report.total.total, report.total.offered) == (len(came), fates[Fate.ANSWERED] + fates[Fate.LOST])
    for parts in (report.days, report.hours):
        assert sum(one.total for one in parts.values()) == len(came)
    titles = {line.did: line.title for line in told.session.scalars(select(Line))}
    by_line = {title: dict(tally.fates) for title, tally in report.lines}
    assert by_line == {
        titles[line]: dict(Counter(FATES[row.does] for row in came if row.line == line))
        for line in dict.fromkeys(row.line for row in came)
    }
    assert (report.outgoing, report.outgoing_answered) == (
        sum(row.does in OURS for row in own),
        sum(row.does is Does.CALLED for row in own),
    )
    talks = {one.name.split()[0]: one.calls for one in report.operators if one.calls}
    assert talks.pop("Смирнова", 0) == sum(row.does in MET_THE_LAWYER for row in own)
    assert set(talks) <= {"Лаврова", "Заяц"}
    assert sum(talks.values()) == fates[Fate.ANSWERED]
    duties = [one for one in Expected(SCRIPT).duties if one.service == queue]
    talked = sum(one.ended_by is not None for one in duties)
    backs = report.call_backs
    assert (backs.rows, backs.talked, backs.open) == (len(duties), talked, len(duties) - talked)
    assert (backs.in_time, backs.by_reason) == (talked, 0)
