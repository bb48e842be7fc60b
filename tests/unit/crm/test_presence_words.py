"""What is said of a specialist, by all that is known of him."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.specialists.absence_rules import AWAY
from crm.specialists.presence_words import Away, Device, Facts, Own, State, last_day, say, when

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 12, 12, 0, tzinfo=MOSCOW)
READY = Own("ready", "", NOW - timedelta(hours=1))
OFFLINE = Own("offline", "", NOW - timedelta(hours=1))


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=MOSCOW).astimezone(UTC)


def away(kind: str, until: datetime, substitute: str = "", entered: datetime = NOW) -> Away:
    return Away(kind, until, entered, substitute)


@pytest.mark.parametrize(
    ("facts", "state", "words"),
    [
        (Facts(), State.UNKNOWN, "не на линии"),
        (Facts(own=READY), State.FREE, "свободен(на)"),
        (Facts(own=READY, device=Device.IDLE), State.FREE, "свободен(на)"),
        (Facts(own=OFFLINE, device=Device.IDLE), State.FREE, "свободен(на)"),
        (Facts(device=Device.IDLE), State.FREE, "свободен(на)"),
        (Facts(own=READY, device=Device.BUSY), State.TALKING, "говорит"),
        (Facts(own=READY, talks=True, device=Device.IDLE), State.TALKING, "говорит"),
        (Facts(own=READY, device=Device.RINGING), State.RINGING, "звонит телефон"),
        (Facts(own=READY, device=Device.OFF), State.NO_PHONE, "телефон выключен"),
        (Facts(own=READY, device=Device.OFF, has_outside_number=True), State.FREE, "на внешнем номере"),
        (Facts(own=Own("break", "обед", NOW), device=Device.IDLE), State.BREAK, "перерыв: обед"),
        (Facts(own=Own("break", "перерыв", NOW)), State.BREAK, "перерыв"),
        (Facts(device=Device.IDLE, works=(False, at(2026, 11, 12, 15, 0))), State.OUT, "нет до 15:00"),
        (Facts(device=Device.IDLE, works=(False, at(2026, 11, 13, 9, 0))), State.OUT, "нет до завтра 09:00"),
        (Facts(device=Device.IDLE, works=(True, at(2026, 11, 12, 16, 0))), State.FREE, "свободен(на)"),
        # A telephone that is off is never hidden behind the hours.
        (Facts(device=Device.OFF, works=(False, at(2026, 11, 12, 15, 0))), State.OUT, "нет до 15:00, телефон выключен"),
        (Facts(own=Own("break", "обед", NOW), device=Device.OFF), State.BREAK, "перерыв: обед, телефон выключен"),
        (Facts(device=Device.OFF, talks=True), State.TALKING, "говорит"),
        # His own word is newer than a timetable made in September.
        (Facts(own=READY, works=(False, at(2026, 11, 12, 15, 0))), State.FREE, "свободен(на)"),
        # He talks, whatever the timetable says.
        (Facts(talks=True, works=(False, at(2026, 11, 12, 15, 0))), State.TALKING, "говорит"),
    ],
)
def test_each_combination_has_its_words(facts: Facts, state: State, words: str) -> None:
    said = say(facts, NOW)
    assert (said.state, said.words) == (state, words)


def test_an_absence_is_surer_than_everything_else_and_names_the_substitute() -> None:
    sick = away("sick", at(2026, 11, 28, 0, 0), "Воробей М. О.")
    said = say(Facts(own=READY, device=Device.IDLE, talks=True, away=sick), NOW)
    assert (said.state, said.words) == (State.ABSENT, "больничный до 27.11, заменяет Воробей М. О.")
    assert said.until == at(2026, 11, 28, 0, 0)


def test_gone_for_a_while_ends_with_the_word_that_he_is_back() -> None:
    gone = away(AWAY, at(2026, 11, 12, 15, 0), entered=NOW)
    assert say(Facts(own=OFFLINE, device=Device.IDLE, away=gone), NOW).words == "нет до 15:00"
    assert say(Facts(own=READY, device=Device.IDLE, away=gone), NOW).words == "нет до 15:00"  # said before he went
    back = Own("ready", "", NOW + timedelta(minutes=5))
    assert say(Facts(own=back, device=Device.IDLE, away=gone), NOW + timedelta(minutes=6)).state is State.FREE
    sick = away("sick", at(2026, 11, 12, 15, 0))
    assert say(Facts(own=back, away=sick), NOW + timedelta(minutes=6)).state is State.ABSENT


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (at(2026, 11, 12, 15, 0), "15:00"),
        (at(2026, 11, 13, 0, 0), "завтра"),
        (at(2026, 11, 14, 0, 0), "13.11"),
        (at(2027, 1, 11, 0, 0), "10.01.2027"),
        (at(2026, 11, 13, 9, 5), "завтра 09:05"),
    ],
)
def test_the_end_of_an_absence_is_a_day_or_a_time(until: datetime, words: str) -> None:
    assert last_day(until, NOW) == words


def test_a_time_to_come_is_said_as_people_say_it() -> None:
    assert when(at(2026, 11, 16, 9, 0), NOW) == "пн 09:00"
    assert when(at(2026, 11, 30, 9, 0), NOW) == "30.11 09:00"
    assert when(NOW - timedelta(minutes=1), NOW) == "11:59"
