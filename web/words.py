"""How the screen says things: numbers of things, moments, telephones; registered as filters of the templates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from callflow import spoken_time
from callflow.phone import normalise
from crm.presence import PresenceState

TOPICS = (
    "пособия и выплаты",
    "социальные услуги на дому",
    "статус многодетной семьи",
    "документы",
    "консультация юриста",
    "консультация психолога",
    "дети: школа и сад",
    "ребёнок-инвалид",
    "вещевая и продуктовая помощь",
    "жильё",
    "трудная ситуация, кризис",
    "сообщение о другой семье",
    "иное",
)

BREAK_REASONS = ("обед", "отдых", "совещание", "выезд", "работа с документами")


def plural(number: int, one: str, few: str, many: str) -> str:
    """«1 ребёнок», «3 ребёнка», «11 детей»."""
    tens, units = number % 100, number % 10
    if units == 1 and tens != 11:
        word = one
    elif 2 <= units <= 4 and not 12 <= tens <= 14:
        word = few
    else:
        word = many
    return f"{number} {word}"


def epoch(moment: datetime) -> int:
    """Milliseconds since 1970, for the page's clocks."""
    return int(moment.timestamp() * 1000)


def day(value: date | datetime | None, zone: ZoneInfo | None = None) -> str:
    """«12.11.2026», or a dash."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = value.astimezone(zone or UTC)
    return f"{value:%d.%m.%Y}"


def age(birth_date: date | None, today: date) -> str:
    """«7 лет»; nothing for an unknown date."""
    if birth_date is None:
        return ""
    years = today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
    return plural(years, "год", "года", "лет") if years >= 0 else ""


def phone(number: str | None) -> str:
    """«+7 907 000-01-01»; what is no Russian number is shown as it came."""
    if not number:
        return "—"
    known = normalise(number)
    return known.display if known else number


def masked_phone(number: str | None) -> str:
    """«+7 907 •••-••-01»; of other numbers only the last two digits."""
    if not number:
        return ""
    known = normalise(number)
    return known.masked if known else f"•••{number[-2:]}"


def duration(length: timedelta | None) -> str:
    """«4 мин 05 с», «40 с»."""
    if length is None:
        return ""
    seconds = max(0, int(length.total_seconds()))
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} мин {rest:02} с" if minutes else f"{rest} с"


def presence_title(state: str, reason: str) -> str:
    """«перерыв: обед»."""
    title = PresenceState(state).title
    return f"{title}: {reason}" if reason else title


_BROWSERS = (
    ("Edg/", "Edge"),
    ("YaBrowser", "Яндекс Браузер"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser(user_agent: str) -> str:
    """«Chrome, Windows», by which a person recognises her own computer."""
    found = [next((title for mark, title in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(part for part in found if part) or "неизвестный браузер"


class Clock:
    """The institution's time of day, one moment for the whole page."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.at = datetime.now(UTC)

    @property
    def today(self) -> date:
        """The date at the institution."""
        return self.at.astimezone(self.zone).date()

    def ago(self, moment: datetime) -> str:
        """«5 мин назад», «вчера 14:30»."""
        return spoken_time.ago(moment, self.at, self.zone)

    def time(self, moment: datetime) -> str:
        """«14:02»."""
        return f"{moment.astimezone(self.zone):%H:%M}"

    def exact(self, moment: datetime) -> str:
        """«12.11.2026 14:02:07», for the hover."""
        return f"{moment.astimezone(self.zone):%d.%m.%Y %H:%M:%S}"
