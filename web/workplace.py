"""What the workplace shows of one moment, gathered in one reading: the call, who it may be, who waits, who is in.

Nothing here is guessed by the page: the state comes from the records, so a refreshed or second tab shows the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import not_, or_, select
from sqlalchemy.orm import Session

from callflow.call import Direction, LegState
from callflow.identity import IdentityLevel, may_discuss_case, may_see_full_card
from crm import calls, exchange_state, families, heartbeat, institution, journal
from crm.appointments.reading import Line as BookingLine
from crm.appointments.reading import as_lines as booking_lines
from crm.appointments.reading import of_family as bookings_of
from crm.appointments.tables import Appointment
from crm.calls import CallLegRecord, CallRecord
from crm.consents.rules import local_date
from crm.dialler import switches
from crm.dialler.switches import Switches
from crm.dialler.tables import DialTask
from crm.families import Family, MaskedFamily, Person
from crm.journal import JournalEntry
from crm.missed import reading as missed
from crm.missed.reading import NONE_MISSED, MissedCount, MissedRow
from crm.outgoing import reading as outgoing
from crm.outgoing.tables import OutgoingCall
from crm.presence import Presence
from crm.recordings import reading as recordings
from crm.recordings import watching
from crm.recordings.reading import CallRecording
from crm.reminders import talking
from crm.reminders.bookings import bookings_of as bookings_to_remind
from crm.specialists import dispositions
from crm.specialists.tables import CallDisposition
from crm.staff import Role
from crm.tips import reading as tips
from crm.tips.reading import NO_TIPS, TipCount
from crm.transfers import reading as transfers
from crm.transfers.reading import TransferLine
from web import consents
from web.access import HAVE_STATUS, ON_CALLS, Visitor
from web.consents import ConsentLine
from web.told import NOTHING_TOLD, Told, told_of

LISTENER_SILENT = timedelta(seconds=10)
NEVER_STOPPED = Switches()


@dataclass
class OwnCall:
    """The call on this person's screen and everything its panels need. `phase`: ringing, talking or wrapup."""

    call: CallRecord
    phase: str
    since: datetime
    line: str
    candidates: list[MaskedFamily] = field(default_factory=list)
    chosen: MaskedFamily | None = None
    level: IdentityLevel = IdentityLevel.UNKNOWN
    family: Family | None = None
    people: Sequence[Person] = ()
    history: Sequence[JournalEntry] = ()
    bookings: Sequence[BookingLine] = ()
    entry: JournalEntry | None = None
    dispositions: Sequence[CallDisposition] = ()
    consents: ConsentLine | None = None
    recording: CallRecording | None = None
    monitored: str = ""
    order: OutgoingCall | None = None
    transfer: TransferLine | None = None
    reminders: Sequence[tuple[DialTask, Sequence[Appointment]]] = ()
    from_robot: Sequence[BookingLine] | None = None
    robot_asked: DialTask | None = None
    told: Told = NOTHING_TOLD

    @property
    def is_open(self) -> bool:
        """Whether the full card is shown."""
        return self.family is not None

    @property
    def may_be_reminded(self) -> bool:
        """Whether somebody has answered and has said who he is: only then may a booking be named (domain.md §3.5)."""
        return self.phase in ("talking", "wrapup") and may_see_full_card(self.level)

    @property
    def may_discuss(self) -> bool:
        """Whether details of the case may be said aloud (domain.md §3.5)."""
        return may_discuss_case(self.level)


@dataclass
class BarState:
    """What the top of every page shows. `current`: this person's call, whatever its phase."""

    presence: Presence | None
    on_calls: bool
    has_status: bool
    waiting: Sequence[CallRecord]
    link_trouble: str
    missed: MissedCount = NONE_MISSED
    tips: TipCount = NO_TIPS
    current: CallRecord | None = None
    ringing: CallRecord | None = None
    ringing_since: datetime | None = None
    busy: bool = False
    packet: TransferLine | None = None
    order: OutgoingCall | None = None
    dialling: Switches = NEVER_STOPPED
    promised: Sequence[MissedRow] = ()


def watched_services(session: Session, visitor: Visitor) -> tuple[int, ...]:
    """Whose queue this person sees: the operators their own services', the head everybody's."""
    if visitor.role is Role.HEAD and not visitor.service_ids:
        return tuple(service.id for service in institution.services(session))
    return visitor.service_ids


def bar_state(session: Session, visitor: Visitor, at: datetime) -> BarState:
    """Own status, the queue, the link to the exchange."""
    on_calls = visitor.role in ON_CALLS
    services = watched_services(session, visitor) if on_calls else ()
    state = BarState(
        presence=session.get(Presence, visitor.id),
        on_calls=on_calls,
        has_status=visitor.role in HAVE_STATUS and visitor.extension is not None,
        waiting=calls.waiting(session, services) if services else [],
        missed=missed.count(session, services, at),
        link_trouble=link_trouble(session, at) if on_calls or visitor.role is Role.ADMINISTRATOR else "",
    )
    state.tips = tips.count(session, visitor.employee, at) if on_calls else NO_TIPS
    state.dialling = switches.current(session) if on_calls else NEVER_STOPPED
    if state.missed.promised:
        state.promised = missed.promises_near(session, visitor.employee, at, missed.DRAWN_AHEAD)
    state.packet = transfers.incoming(session, visitor.id) if visitor.role in HAVE_STATUS else None
    state.current = current = calls.current_call(session, visitor.id) if on_calls else None
    state.order = outgoing.last_order(session, visitor.employee, at) if on_calls else None
    if current is not None:
        leg = own_leg(current, visitor.id)
        state.busy = leg is not None and leg.state == LegState.TALKING
        # Her own phone rings for a call that she asked for: nobody is calling her.
        if leg is not None and leg.state == LegState.RINGING and _asked_for(current):
            state.busy = True
        elif leg is not None and leg.state == LegState.RINGING:
            state.ringing, state.ringing_since = current, leg.rang_at or current.arrived_at
    return state


def _asked_for(call: CallRecord) -> bool:
    """Whether her phone rings for a call of her own; once it was answered, it rings for a family that was cut off."""
    return call.direction == Direction.OUTBOUND and call.answered_at is None


def link_trouble(session: Session, at: datetime) -> str:
    """The truth about the exchange and what to do, or ''."""
    link = exchange_state.exchange_state(session)
    beats = {row.process: row.at for row in heartbeat.heartbeats(session)}
    listener = beats.get("listener")
    if listener is None or at - listener > LISTENER_SILENT:
        return (
            "Нет связи с АТС: не отвечает служба связи. Звонки приходят на телефоны, но карточки не открываются."
            " Отвечайте по телефону, записывайте обращение вручную и сообщите администратору."
        )
    if link.link != "up":
        return (
            "Нет связи с АТС. Новые звонки могут не проходить. Идущий разговор не прерывайте;"
            " если связь не вернётся за минуту, сообщите администратору."
        )
    return ""


def own_leg(call: CallRecord, employee_id: int) -> CallLegRecord | None:
    """This person's live ring or talk in the call."""
    live = [
        leg for leg in call.legs if leg.employee_id == employee_id and leg.state in (LegState.RINGING, LegState.TALKING)
    ]
    talking = [leg for leg in live if leg.state == LegState.TALKING]
    return (talking or live)[-1] if live else None


def own_call(session: Session, visitor: Visitor, call: CallRecord, at: datetime) -> OwnCall:
    """The call on this person's screen, masked as far as the caller's identity is not confirmed."""
    leg = own_leg(call, visitor.id)
    phase, since = _phase(session, visitor, call, leg, at)
    line = session.get(institution.Line, call.line_id) if call.line_id else None
    own = OwnCall(
        call, phase, since, line.title or line.service.name if line else "", level=IdentityLevel(call.identity_level)
    )
    _who(session, visitor, own, at)
    own.entry = journal.entry_of_call(session, call.id)
    own.dispositions = dispositions.offered(session) if phase == "wrapup" else ()
    own.order = outgoing.order_of_call(session, call.id) if call.direction == Direction.OUTBOUND else None
    own.recording = recordings.of_call(session, call.id, visitor.employee, at)
    own.monitored = watching.told_to(session, call.id, visitor.id)
    own.transfer = transfers.of_call(session, call.id)
    asked = talking.came_from(session, call) if call.direction == Direction.INBOUND else None
    if asked is not None:
        own.robot_asked = asked
        about = bookings_to_remind(session, asked, withdrawn=True)
        own.from_robot = [line for line in booking_lines(session, about, visitor.employee) if not line.hidden]
    if own.family is not None and own.may_be_reminded:
        own.reminders = talking.of_family(session, own.family.id, visitor.employee, at)
        own.told = told_of(session, own.family.id, local_date(session, at))
    return own


def _phase(
    session: Session, visitor: Visitor, call: CallRecord, leg: CallLegRecord | None, at: datetime
) -> tuple[str, datetime]:
    if leg is None:
        presence = session.get(Presence, visitor.id)
        return "wrapup", presence.since if presence else at
    if leg.state == LegState.TALKING:
        # A talk that came back to her after a refreshed page has gone on since she first answered.
        mine = [one.answered_at for one in call.legs if one.employee_id == visitor.id and one.answered_at is not None]
        return "talking", min(mine, default=call.answered_at or at)
    return "ringing", leg.rang_at or call.arrived_at


def _who(session: Session, visitor: Visitor, own: OwnCall, at: datetime) -> None:
    call = own.call
    number = call.caller_number or ""
    # A number that cannot be true, or is withheld, points at nobody (reliability.md B31, B32).
    found = families.find_by_number(session, number) if number and call.caller_kind == "number" else []
    own.candidates = [
        families.masked(session, one.person, one.family, one.phone, visitor.employee, remembered=one.remembered)
        for one in found
    ]
    person = session.get(Person, call.person_id) if call.person_id else None
    family = session.get(Family, call.family_id) if call.family_id else None
    if person is not None:
        own.chosen = families.masked(session, person, family, number, visitor.employee)
    elif family is not None and family.people:
        applicant = next((one for one in family.people if one.is_applicant), family.people[0])
        own.chosen = families.masked(session, applicant, family, number, visitor.employee)
    if family is not None and may_see_full_card(own.level) and families.visible_to(session, family, visitor.employee):
        own.family = family
        own.people = load_people(family)
        own.history = history_of(session, family.id, visitor)
        own.bookings = bookings_of(session, family, visitor.employee, at)
        own.consents = consents.line(session, _asked_first(call, family), at)


def _asked_first(call: CallRecord, family: Family) -> list[int]:
    """Whose consent matters now: the caller's, before he is told apart the applicant's."""
    if call.person_id is not None:
        return [call.person_id]
    return [person.id for person in family.people if person.is_applicant]


def load_people(family: Family) -> list[Person]:
    """The members with their telephones, read now: the page is drawn after the session has closed."""
    for person in family.people:
        _ = person.phones
    _ = family.statuses
    return family.members


def history_of(session: Session, family_id: int, visitor: Visitor, limit: int = 8) -> Sequence[JournalEntry]:
    """The family's last appeals, as far as this person may read the journal."""
    readable = journal.readable_services(session, visitor.employee)
    statement = select(JournalEntry).where(JournalEntry.family_id == family_id, JournalEntry.state == journal.SAVED)
    statement = statement.where(or_(JournalEntry.service_id.in_(readable), JournalEntry.author_id == visitor.id))
    return session.scalars(statement.order_by(JournalEntry.id.desc()).limit(limit)).all()


def open_drafts(session: Session, visitor: Visitor, *, but: int | None = None) -> Sequence[JournalEntry]:
    """Own rows begun and not saved, but for those of calls finished without one: nothing is lost or forgotten."""
    statement = select(JournalEntry).where(JournalEntry.author_id == visitor.id, JournalEntry.state == journal.DRAFT)
    statement = statement.where(not_(dispositions.is_set_aside(JournalEntry.call_id)))
    if but is not None:
        statement = statement.where(JournalEntry.id != but)
    return session.scalars(statement.order_by(JournalEntry.id.desc()).limit(10)).all()


def recent_calls(session: Session, visitor: Visitor, limit: int = 8) -> Sequence[CallRecord]:
    """Calls that rang at this person's phone lately."""
    return calls.recent(session, employee_id=visitor.id, limit=limit)


def seen_cards(session: Session, visitor: Visitor, rows: Sequence[CallRecord]) -> set[int]:
    """The families of these calls whose card this person may open; of the others there is no link."""
    ids = {call.family_id for call in rows if call.family_id is not None}
    statement = select(Family.id).where(Family.id.in_(ids), families.seen_by(visitor.employee))
    return set(session.scalars(statement)) if ids else set()
