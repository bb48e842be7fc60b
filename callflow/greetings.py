"""What a caller hears: S-1 when the line is open, S-4 in the break and after hours (domain.md §9.2). Pure.

The texts are made of pieces, each spoken ahead into a file of its own (`workers.prompts`), so that a service has a
handful of long files and one short one for every time at which it opens again. The dialplan joins them in the order
of `ORDER`; a piece that is missing is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from callflow.speech.dates import FROM_WEEKDAY, ON_WEEKDAY, UNTIL_WEEKDAY, from_time, on_day, span
from callflow.speech.pieces import PIECES
from callflow.speech.speakable import speakable
from callflow.speech.templates import Unresolved, fill

if TYPE_CHECKING:
    from callflow.calendar import Interval, Moment

OPEN: Final = "open"
BREAK: Final = "break"
CLOSED: Final = "closed"

ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    OPEN: ("notice", "greeting"),
    BREAK: ("hello", "next", "hours", "choose", "danger"),
    CLOSED: ("hello", "closed", "hours", "next", "choose", "danger"),
}
"""Pieces of each state in the order in which they are said; «next» is one of many, by the time of the next opening."""

DANGER: Final = (
    "Если есть угроза жизни или здоровью, позвоните по номеру сто двенадцать. "
    "Детский телефон доверия: восемь восемьсот, две тысячи, сто двадцать два, круглосуточно и бесплатно."
)
PLACES: Final = 10
"""How far a caller's place in line is counted; who is farther behind hears that it will take long."""
_ORDINALS: Final = (
    "первое", "второе", "третье", "четвёртое", "пятое", "шестое", "седьмое", "восьмое", "девятое", "десятое",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A service as its callers hear of it.

    `named` follows «Вы позвонили»: «в Семейную диспетчерскую». `week` are the hours of Monday … Sunday; empty where
    nobody set any. `notice` is the sentence on recording, empty while nothing is recorded; `greeting` replaces S-1.
    """

    named: str
    institution: str
    zone: ZoneInfo
    week: Sequence[Sequence[Interval]] = ()
    callback: bool = True
    voicemail: bool = True
    position: bool = True
    notice: str = ""
    greeting: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


def spoken(kind: str, service: Spoken, moment: Moment) -> str:
    """The whole text of a state: `kind` is "open", "break" or "closed" (a LineState serves as well).

    Raises ValueError for another kind.
    """
    if kind not in ORDER:
        raise ValueError(f"no such state of a line: {kind}")
    said = {**pieces(service), "next": next_opening(kind, service, moment)}
    return " ".join(text for name in ORDER[kind] if (text := said.get(name)))


def pieces(service: Spoken) -> dict[str, str]:
    """Name → text of every piece that does not depend on the day; an empty text is not to be spoken."""
    hello = _worded(service, "closed_hello", {"в службу": service.named, "учреждение": service.institution})
    welcome = f"Здравствуйте! Вы позвонили {speakable(service.named)}, {speakable(service.institution)}."
    stay = "Пожалуйста, оставайтесь на линии, специалист ответит вам в ближайшее время."
    greeting = speakable(service.greeting) or f"{welcome} {stay}"
    return {
        # A notice of recording is heard before a phone rings; the greeting then is what remains to be said.
        "notice": f"{welcome} {speakable(service.notice)}" if service.notice else "",
        "greeting": stay if service.notice else greeting,
        "hello": hello,
        "closed": _worded(service, "closed_now", {"учреждение": service.institution}),
        "hours": _worded(service, "closed_hours", {"часы": said}) if (said := hours_said(service.week)) else "",
        "choose": _choices(service),
        "danger": DANGER,
        "stay": _in_queue(service),
        **_places(service),
        "offer": _offer(service),
        "number": "Ваш номер не определился. Наберите номер, на который вам перезвонить, начиная с восьмёрки, "
        "и нажмите решётку.",
        "again": "Номер набран не полностью. Попробуйте ещё раз.",
        "taken": "Ваша просьба принята. Специалист перезвонит вам. До свидания.",
        "message": "Оставьте сообщение после сигнала: кто вы и чем вам помочь. Закончив, положите трубку.",
        "kept": "Спасибо, ваше сообщение принято. До свидания.",
        "human": "Соединяем с сотрудником. Пожалуйста, не кладите трубку.",
        "nobody": "Сейчас никто не может подойти. При угрозе жизни позвоните по номеру сто двенадцать.",
        "bye": "Спасибо за звонок. До свидания.",
        # To whom the robot calls, without a word of who called: the dialogue broke off; nobody is there now (sd-dial).
        "robot-trouble": "Извините, связь прервалась. До свидания.",
        "robot-later": "Сейчас соединить вас с сотрудником не получается. Вам перезвонят. До свидания.",
    }


def next_opening(kind: str, service: Spoken, moment: Moment) -> str:
    """The piece that names when somebody answers again; "" where that is not known."""
    if kind == OPEN or moment.next_open is None:
        return ""
    opens = moment.next_open.astimezone(service.zone)
    minute = opens.hour * 60 + opens.minute
    if kind == CLOSED:
        return _worded(service, "closed_next", {"ближайший": f"{on_day(opens.date())}, с {from_time(minute)}"})
    for earlier, later in pairwise(service.week[opens.weekday()] if service.week else ()):
        if later.starts == minute:
            return _worded(service, "closed_break", {"перерыв": span(earlier.ends, later.starts)})
    return _worded(service, "closed_break", {"перерыв": f"до {from_time(minute)}"})


def hours(week: Sequence[Sequence[Interval]]) -> str:
    """«Мы работаем с понедельника по среду и в пятницу с восьми до семнадцати часов, …, перерыв с двенадцати до
    тринадцати часов.» Days that begin and end alike are named together; "" for a week without hours."""
    said = hours_said(week)
    return f"Мы работаем {said}." if said else ""


def hours_said(week: Sequence[Sequence[Interval]]) -> str:
    """The same without the words around it."""
    outer: dict[tuple[int, int], list[int]] = {}
    breaks: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for day, intervals in enumerate(week):
        if intervals:
            outer.setdefault((intervals[0].starts, intervals[-1].ends), []).append(day)
            gaps = tuple((one.ends, two.starts) for one, two in pairwise(intervals))
            breaks.setdefault(gaps, []).append(day)
    if not outer:
        return ""
    said = [f"{_days(days)} {_whole(starts, ends)}" for (starts, ends), days in outer.items()]
    everywhere = len(breaks) == 1
    for gaps, days in breaks.items():
        if gaps:
            spans = " и ".join(span(*gap) for gap in gaps)
            said.append(f"перерыв {'' if everywhere else _days(days) + ' '}{spans}")
    return ", ".join(said)


def _worded(service: Spoken, name: str, values: Mapping[str, str]) -> str:
    """A piece of S-4 in the head's own words; in ours where hers lack something that is not known now."""
    for text in (service.texts.get(name, ""), PIECES[name].default):
        try:
            if text:
                return speakable(fill(text, values))
        except Unresolved:
            continue
    return ""


def _whole(starts: int, ends: int) -> str:
    return "круглосуточно" if (starts, ends) == (0, 24 * 60) else span(starts, ends)


def _days(days: Sequence[int]) -> str:
    """«с понедельника по среду и в пятницу»: three days in a row and more are a stretch."""
    stretches: list[list[int]] = []
    for day in days:
        if stretches and stretches[-1][-1] == day - 1:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    named: list[str] = []
    for stretch in stretches:
        if len(stretch) > 2:
            named.append(f"{FROM_WEEKDAY[stretch[0]]} по {UNTIL_WEEKDAY[stretch[-1]]}")
        else:
            named.extend(ON_WEEKDAY[day] for day in stretch)
    return " и ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _choices(service: Spoken) -> str:
    said = []
    if service.callback:
        said.append("Чтобы специалист перезвонил вам, нажмите один.")
    if service.voicemail:
        said.append("Чтобы оставить сообщение, нажмите два.")
    return " ".join(said)


def _in_queue(service: Spoken) -> str:
    """Said in the queue from time to time."""
    stay = "Пожалуйста, оставайтесь на линии."
    if not service.callback:
        return stay
    return f"{stay} Если вам неудобно ждать, нажмите один: мы перезвоним вам, ваше место в очереди сохранится."


def _places(service: Spoken) -> dict[str, str]:
    """«place-1» … «place-10», «place-more»: said in the queue in the place of «stay», and as often."""
    if not service.position:
        return {}
    said = {f"place-{nth}": f"Ваше место в очереди – {word}." for nth, word in enumerate(_ORDINALS, start=1)}
    said["place-more"] = "Перед вами в очереди больше десяти звонков."
    return {name: f"{text} {_in_queue(service)}" for name, text in said.items()}


def _offer(service: Spoken) -> str:
    """Said when nobody could take the call for long, or nobody is there."""
    return f"Сейчас никто из специалистов не может ответить. {_choices(service)} Или оставайтесь на линии."
