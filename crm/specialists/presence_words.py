"""What is said of a specialist this minute, and whether it makes sense to connect to him. Pure; `now` is local time.

The words fit men and women alike: nobody was asked.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from crm.specialists.absence_rules import AWAY, TITLES

_PHONE_OFF = "телефон выключен"
_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")


class Device(StrEnum):
    """What the telephones behind an extension do, all of them together."""

    IDLE = "idle"
    RINGING = "ringing"
    BUSY = "busy"
    OFF = "off"


class State(StrEnum):
    """What the dispatcher sees. FREE and UNKNOWN may be connected to without a second thought."""

    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    BREAK = "break"
    NO_PHONE = "no_phone"
    OUT = "out"  # not in the timetable now, or gone for a while
    ABSENT = "absent"
    UNKNOWN = "unknown"  # has said nothing, and nothing is known of the telephone


@dataclass(frozen=True)
class Own:
    """What the person said of himself: `state` as `crm.presence.PresenceState`, since when."""

    state: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class Away:
    """The absence that holds now; `substitute` is who serves in his place, as it is shown."""

    kind: str
    until: datetime
    entered_at: datetime
    substitute: str = ""


@dataclass(frozen=True)
class Facts:
    """All that is known of one specialist. `works`: whether he receives by his timetable, and until when that holds."""

    own: Own | None = None
    device: Device | None = None
    talks: bool = False
    away: Away | None = None
    works: tuple[bool, datetime | None] | None = None
    has_outside_number: bool = False


@dataclass(frozen=True)
class Said:
    """The state, its words, and until when it holds, where that is known. `phone_off`: nothing would ring."""

    state: State
    words: str
    until: datetime | None = None
    phone_off: bool = False


def say(facts: Facts, now: datetime) -> Said:
    """Decide by what is surest: an absence, what the exchange hears, the person's own word, the timetable.

    Whatever it is, a telephone that is switched off is said too: the dispatcher would only wait for nothing.
    """
    said = _said(facts, now)
    if facts.device is not Device.OFF or facts.has_outside_number or facts.talks:
        return said
    words = said.words if said.state in (State.NO_PHONE, State.ABSENT) else f"{said.words}, {_PHONE_OFF}"
    return replace(said, words=words, phone_off=True)


def _said(facts: Facts, now: datetime) -> Said:
    away = _still_away(facts)
    if away is not None:
        return _absent(away, now)
    return _at_the_phone(facts) or _on_break(facts) or _out_of_hours(facts, now) or _reachable(facts)


def _at_the_phone(facts: Facts) -> Said | None:
    if facts.talks or facts.device is Device.BUSY:
        return Said(State.TALKING, "говорит")
    return Said(State.RINGING, "звонит телефон") if facts.device is Device.RINGING else None


def _on_break(facts: Facts) -> Said | None:
    if facts.own is None or facts.own.state != "break":
        return None
    reason = facts.own.reason
    return Said(State.BREAK, "перерыв" if reason in ("", "перерыв") else f"перерыв: {reason}")


def _out_of_hours(facts: Facts, now: datetime) -> Said | None:
    """By the timetable, unless the person says that he is there."""
    says_ready = facts.own is not None and facts.own.state == "ready"
    if says_ready or facts.works is None or facts.works[0]:
        return None
    back = facts.works[1]
    return Said(State.OUT, f"нет до {when(back, now)}" if back else "сейчас не принимает", back)


def _reachable(facts: Facts) -> Said:
    if facts.device is Device.OFF:
        no_phone = Said(State.NO_PHONE, _PHONE_OFF)
        return Said(State.FREE, "на внешнем номере") if facts.has_outside_number else no_phone
    says_ready = facts.own is not None and facts.own.state == "ready"
    if says_ready or facts.device is Device.IDLE:
        return Said(State.FREE, "свободен(на)")
    return Said(State.UNKNOWN, "не на линии")


def _still_away(facts: Facts) -> Away | None:
    """«Ушёл до 15:00» yields to a later «на месте»; a sick leave does not."""
    away, own = facts.away, facts.own
    if away is not None and away.kind == AWAY and own is not None and own.state == "ready":
        return None if own.since > away.entered_at else away
    return away


def _absent(away: Away, now: datetime) -> Said:
    words = f"{'нет' if away.kind == AWAY else TITLES.get(away.kind, 'отсутствие')} до {last_day(away.until, now)}"
    if away.substitute:
        words += f", заменяет {away.substitute}"
    return Said(State.OUT if away.kind == AWAY else State.ABSENT, words, away.until)


def last_day(until: datetime, now: datetime) -> str:
    """The end of an absence: «15:00» today; of one that ends with a day, that day: «27.11»."""
    end = until.astimezone(now.tzinfo)
    if (end.hour, end.minute) != (0, 0):
        return when(until, now)
    day = (end - timedelta(minutes=1)).date()
    if day == now.date():
        return "завтра"
    return f"{day:%d.%m}" if day.year == now.year else f"{day:%d.%m.%Y}"


def when(moment: datetime, now: datetime) -> str:
    """An instant to come as it is said: «15:00», «завтра 09:00», «пн 09:00», «27.11 09:00»."""
    local = moment.astimezone(now.tzinfo)
    clock = f"{local:%H:%M}"
    days = (local.date() - now.date()).days
    if days <= 0:
        return clock
    if days == 1:
        return f"завтра {clock}"
    return f"{_DAYS[local.weekday()]} {clock}" if days < 7 else f"{local:%d.%m} {clock}"
