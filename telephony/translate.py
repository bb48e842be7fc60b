"""AMI events to the facts `callflow` decides on. Pure; never raises, whatever the exchange says.

A caller can write line breaks into his own number, and so whole headers and events into our stream (M7). He has some
80 characters for it. Therefore an event counts only when it carries the complete description of its channel, and says
nothing in two ways: nobody forges that in so little room, and what remains of the event he broke in two is incomplete
as well.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from callflow import events
from callflow.caller_id import CallerId, parse_from_header
from telephony import variables
from telephony.snapshot import number
from telephony.variables import (
    FROM_TRUNK,
    OTHER_HALF,
    RETURNING_EVENT,
    SD_INBOUND,
    SD_LEG,
    SD_LEG_ANSWERED,
    SD_LEG_END,
    SD_OPERATOR,
    SD_OUTGOING,
    SD_RETURN,
    SD_ROBOT,
    SD_ROBOT_END,
)
from telephony.wire import Message

_CHANNEL_HEADERS = (
    "Privilege",
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "Language",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
)
"""One value each. Of a phone that was called, Exten is empty."""
_MEMBER = re.compile(rf"Local/([0-9A-Za-z_]{{1,32}})@{SD_OPERATOR}(?:/n)?")
_PHONE_CHANNEL = re.compile(r"PJSIP/([0-9A-Za-z_]{1,32})(?:-web)?-[0-9a-f]{8,}")
_FAMILY_HALF = re.compile(rf"Local/[0-9A-Za-z_]{{1,32}}@{SD_OUTGOING}-[0-9a-f]{{8,}};2")
_CALLED_BY_US = re.compile(r"Local/go@sd-dial-[0-9a-f]{8,};1")
"""Whom the robot has called, on his way to the operators (key 0): from then on he is a caller."""
_LEG_CONTEXTS = frozenset({SD_LEG, SD_LEG_ANSWERED, SD_LEG_END})
_EXTENSION = re.compile(r"[0-9A-Za-z_]{1,32}")

Returning = Callable[[Message], str | None]


@dataclass(frozen=True, slots=True)
class TrunkNames:
    """How the trunk's channels are called here, without the number after the dash, and where they come in.

    `own_numbers` (DIDs and extensions) are those that a caller cannot honestly present as his; `area_code` completes
    local numbers.
    """

    channels: tuple[str, ...] = ("PJSIP/trunk",)
    context: str = FROM_TRUNK
    own_numbers: frozenset[str] = frozenset()
    area_code: str | None = None

    def owns(self, channel: str) -> bool:
        return channel.rpartition("-")[0] in self.channels


@dataclass(frozen=True, slots=True)
class _Frame:
    """A believable event: its call, its moment, its headers."""

    message: Message
    call: str
    at: datetime

    def one(self, name: str) -> str:
        return self.message.single(name) or ""

    @property
    def of_caller(self) -> bool:
        return self.one("Uniqueid") == self.call


def _is_callers(message: Message) -> bool:
    """Whether this is the caller's own channel, or the half that stands for whom an operator has called."""
    uniqueid, call = message.single("Uniqueid"), message.single("Linkedid")
    if uniqueid == call:
        return True
    return uniqueid == f"{call}{OTHER_HALF}" and _FAMILY_HALF.fullmatch(message.single("Channel") or "") is not None


def returning_by_user_event(message: Message) -> str | None:
    """Extension a caller returns to, told by our dialplan: the caller's own channel, standing in our own context."""
    if message.event != "UserEvent" or message.get("UserEvent") != RETURNING_EVENT:
        return None
    if message.single("Context") != SD_RETURN or not _is_callers(message):
        return None
    extension = message.single("Extension") or ""
    return extension if _EXTENSION.fullmatch(extension) else None


def translate(
    message: Message,
    *,
    trunk: TrunkNames,
    at: datetime | None = None,
    returning: Returning = returning_by_user_event,
) -> events.CallEvent | None:
    """The fact an event tells, or None.

    `at` (aware) is the moment when the event has no `Timestamp` (manager.conf `timestampevents=yes`); with neither,
    there is no fact. `returning` recognises a caller who comes back to the operator.
    """
    make = _MAKERS.get(message.event)
    if make is None and message.event != "UserEvent":
        return None
    if not is_whole(message):
        return None
    moment = stamp(message) or at
    call = message.single("Linkedid")
    if moment is None or moment.utcoffset() is None or call is None:
        return None
    frame = _Frame(message, call, moment.astimezone(UTC))
    return make(frame, trunk) if make is not None else _told_by_dialplan(frame, trunk, returning)


def _told_by_dialplan(frame: _Frame, trunk: TrunkNames, returning: Returning) -> events.CallEvent | None:
    match frame.message.get("UserEvent"):
        case variables.LEG_EVENT:
            return _direct_leg(frame)
        case variables.CALLER_EVENT:
            return _identified(frame, trunk)
        case variables.ENDED_EVENT:
            return _left(frame)
    extension = returning(frame.message)
    return None if extension is None else events.CallReturning(call=frame.call, at=frame.at, extension=extension)


def ended_order(message: Message) -> str | None:
    """The `ChannelId` we gave to a call of our own that has just ended, told by the Hangup of its channel."""
    if message.event != "Hangup" or not is_whole(message):
        return None
    return message.single("Uniqueid")


def is_forged(message: Message) -> bool:
    """Whether an event we act upon is incomplete or says a thing twice: worth a line in the security log."""
    return message.event in _MAKERS and not is_whole(message)


def is_whole(message: Message) -> bool:
    """Whether an event carries the complete description of its channel, and says nothing in two ways."""
    if any(len(set(message.all(name))) != 1 for name in _CHANNEL_HEADERS):
        return False
    return all(message.get(name) for name in ("Privilege", "Channel", "Uniqueid", "Linkedid"))


def stamp(message: Message) -> datetime | None:
    """The event's own time in UTC."""
    text = message.single("Timestamp") or ""
    if not re.fullmatch(r"[0-9]{9,11}(\.[0-9]{1,6})?", text):
        return None
    return datetime.fromtimestamp(float(text), UTC)


def member_extension(member: str, interface: str) -> str:
    """Extension of a queue member by its name or by `Local/<extension>@sd-operator/n`; empty when it is not ours."""
    match = _MEMBER.fullmatch(interface)
    if match is None:
        return ""
    return member if _EXTENSION.fullmatch(member) else match[1]


def _newchannel(frame: _Frame, trunk: TrunkNames) -> events.CallEvent | None:
    channel, did = frame.one("Channel"), frame.one("Exten")
    if not (trunk.owns(channel) and frame.one("Context") == trunk.context and frame.of_caller):
        return None
    return events.CallArrived(call=frame.call, at=frame.at, did=did, channel=channel)


def _identified(frame: _Frame, trunk: TrunkNames) -> events.CallEvent | None:
    """Who calls, by the raw header: parsed here and nowhere else, for the dialplan's own parsing can be fooled (M8)."""
    channel, context = frame.one("Channel"), frame.one("Context")
    called_us = trunk.owns(channel) and context == SD_INBOUND
    called_by_us = _CALLED_BY_US.fullmatch(channel) is not None and context == SD_ROBOT
    if not (frame.of_caller and (called_us or called_by_us)):
        return None
    caller = caller_of(frame.one("From"), frame.one("Pai"), trunk)
    return events.CallerIdentified(call=frame.call, at=frame.at, caller=caller, did=frame.one("Did"))


def caller_of(presented: str, asserted: str, trunk: TrunkNames) -> CallerId:
    """Who calls, by the From header and the P-Asserted-Identity as the dialplan encoded them; "" for none."""
    return parse_from_header(
        unquote(presented, errors="replace"),
        asserted=unquote(asserted, errors="replace") or None,
        own_numbers=trunk.own_numbers,
        area_code=trunk.area_code,
    )


def _joined(frame: _Frame, _: TrunkNames) -> events.CallEvent | None:
    queue, position = frame.one("Queue"), number(frame.one("Position"))
    if not queue or position < 1:
        return None
    return events.CallerWaiting(call=frame.call, at=frame.at, queue=queue, position=position)


def _agent(frame: _Frame) -> tuple[str, str] | None:
    extension = member_extension(frame.one("MemberName"), frame.one("Interface"))
    leg = frame.one("DestUniqueid")
    return (leg, extension) if leg and extension else None


def _ringing(frame: _Frame, _: TrunkNames) -> events.CallEvent | None:
    agent, queue = _agent(frame), frame.one("Queue")
    if agent is None or not queue:
        return None
    return events.OperatorRinging(call=frame.call, at=frame.at, leg=agent[0], extension=agent[1], queue=queue)


def _missed(frame: _Frame, _: TrunkNames) -> events.CallEvent | None:
    agent = _agent(frame)
    if agent is None:
        return None
    # app_queue.c hands rna() milliseconds, whatever its documentation says.
    seconds = number(frame.one("RingTime")) / 1000
    return events.OperatorMissed(call=frame.call, at=frame.at, leg=agent[0], extension=agent[1], ring_seconds=seconds)


def _answered(frame: _Frame, _: TrunkNames) -> events.CallEvent | None:
    agent = _agent(frame)
    if agent is None:
        return None
    waited = float(number(frame.one("HoldTime")))
    return events.OperatorAnswered(call=frame.call, at=frame.at, leg=agent[0], extension=agent[1], wait_seconds=waited)


def _released(frame: _Frame, _: TrunkNames) -> events.CallEvent | None:
    agent, reason = _agent(frame), frame.one("Reason")
    if agent is None:
        return None
    return events.OperatorReleased(
        call=frame.call,
        at=frame.at,
        leg=agent[0],
        extension=agent[1],
        reason=reason if reason in ("caller", "agent", "transfer") else "lost",
        talk_seconds=float(number(frame.one("TalkTime"))),
    )


def _abandoned(frame: _Frame, _: TrunkNames) -> events.CallEvent | None:
    return events.CallerGaveUp(call=frame.call, at=frame.at, waited_seconds=float(number(frame.one("HoldTime"))))


def _held(frame: _Frame, _: TrunkNames) -> events.CallEvent | None:
    match = _PHONE_CHANNEL.fullmatch(frame.one("Channel"))
    if match is None or frame.of_caller:
        return None
    kind = events.CallHeld if frame.message.event == "Hold" else events.CallUnheld
    return kind(call=frame.call, at=frame.at, extension=match[1])


def _direct_leg(frame: _Frame) -> events.CallEvent | None:
    """A phone rung without a queue (a return, a rescue): its own channel tells, standing in our own context."""
    phone, queue = _PHONE_CHANNEL.fullmatch(frame.one("Channel")), frame.one("Queue")
    if phone is None or frame.of_caller or not queue or frame.one("Context") not in _LEG_CONTEXTS:
        return None
    call, at, leg, extension = frame.call, frame.at, frame.one("Uniqueid"), phone[1]
    match frame.one("State"):
        case "ringing":
            return events.OperatorRinging(call=call, at=at, leg=leg, extension=extension, queue=queue)
        case "answered":
            return events.OperatorAnswered(call=call, at=at, leg=leg, extension=extension, wait_seconds=0.0)
        case "missed":
            return events.OperatorMissed(call=call, at=at, leg=leg, extension=extension, ring_seconds=0.0)
        case _:
            return None


def _left(frame: _Frame) -> events.CallEvent | None:
    """Whom the robot had called is gone: his own channel is a Local one, of whose Hangup nobody hears."""
    if not (frame.of_caller and _CALLED_BY_US.fullmatch(frame.one("Channel")) and frame.one("Context") == SD_ROBOT_END):
        return None
    return events.CallEnded(call=frame.call, at=frame.at, cause=number(frame.one("Cause")))


def _hangup(frame: _Frame, trunk: TrunkNames) -> events.CallEvent | None:
    # Staff who call each other, and the town's own side, are nobody's call.
    if not (frame.of_caller and trunk.owns(frame.one("Channel"))):
        return None
    return events.CallEnded(call=frame.call, at=frame.at, cause=number(frame.one("Cause")))


_MAKERS: dict[str, Callable[[_Frame, TrunkNames], events.CallEvent | None]] = {
    "Newchannel": _newchannel,
    "QueueCallerJoin": _joined,
    "AgentCalled": _ringing,
    "AgentRingNoAnswer": _missed,
    "AgentConnect": _answered,
    "AgentComplete": _released,
    "QueueCallerAbandon": _abandoned,
    "Hold": _held,
    "Unhold": _held,
    "Hangup": _hangup,
}
