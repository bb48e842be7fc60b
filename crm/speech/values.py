"""What is filled into a piece that is the same for every call of a service: names, telephone, hours."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callflow.greetings import Spoken, hours_said
from callflow.greetings import pieces as line_pieces
from callflow.speech.pieces import EXAMPLES, OPTIONAL, PIECES
from callflow.speech.speakable import speakable
from callflow.speech.templates import Unresolved, fill
from crm import institution
from crm.calendar.reading import calendar_of
from crm.errors import NotFound
from crm.institution import Service
from crm.lines.settings import spoken_of, voice_of
from crm.recordings.settings import notice_of
from crm.speech import texts

LINE = "line_"
"""Begins the names of what callers of an open line hear, so that «again» of a line is not «again» of the robot."""
LINE_TITLES = {
    "line_notice": "Предупреждение о записи разговора",
    "line_greeting": "Приветствие",
    "line_stay": "В очереди",
    "line_choose": "Выбор в перерыв и нерабочее время",
    "line_danger": "112 и детский телефон доверия",
    "line_offer": "Никто не ответил",
    "line_number": "Номер не определился",
    "line_again": "Номер набран не полностью",
    "line_taken": "Просьба перезвонить принята",
    "line_message": "Оставьте сообщение",
    "line_kept": "Сообщение принято",
    "line_human": "Соединяем с сотрудником",
    "line_nobody": "Никто не подошёл",
    "line_bye": "Прощание",
}


def spoken(session: Session, service: Service, at: datetime) -> Spoken:
    """The service as its callers hear of it on the day of `at` (aware)."""
    today = at.astimezone(ZoneInfo(service.institution.timezone)).date()
    return spoken_of(
        service,
        voice_of(session, service.id),
        calendar_of(session, service.id),
        today,
        notice=notice_of(session, service.id),
        texts=texts.worded(session, service.id),
    )


def common(session: Session, service: Service, at: datetime) -> dict[str, str]:
    """Variable → value, for all that does not differ from call to call (`callflow.speech.pieces.VARIABLES`).

    A service without a telephone or hours lacks that value: a text that wants it is then unresolved, and not said.
    """
    said = spoken(session, service, at)
    values = {
        "название службы": service.name,
        "название учреждения": said.institution,
        "учреждение": said.institution,
        "в службу": said.named,
        "номер": _number(session, service),
        "часы": hours_said(said.week),
    }
    for variable, piece in (("службы", "of_service"), ("учреждения", "of_institution")):
        values[variable] = _filled(texts.current(session, service.id, piece).text, piece, values)
    return {name: value for name, value in values.items() if value}


def words_of(session: Session, service: Service, name: str, at: datetime) -> str:
    """What a piece says word for word, where nothing of it differs from call to call; "" where something does.

    `name` is a piece's, or `line_` and a piece of the open line. Raises NotFound for another.
    """
    if name in LINE_TITLES:
        return speakable(line_pieces(spoken(session, service, at)).get(name.removeprefix(LINE), ""))
    if name not in PIECES:
        raise NotFound("Такой реплики нет.")
    try:
        return speakable(fill(texts.current(session, service.id, name).text, common(session, service, at)))
    except Unresolved:
        return ""


def fixed_words(session: Session, service: Service, at: datetime) -> list[str]:
    """Every piece that is the same for each call, word for word: what can be spoken before anybody is called."""
    same = common(session, service, at)
    found = []
    for text in texts.all_current(session, service.id).values():
        try:
            found.append(speakable(fill(text.text, same)))
        except Unresolved:
            continue
    return found


def example_of(session: Session, service: Service, text: str, at: datetime) -> str:
    """`text` with the service's own values and invented ones for the rest: what the preview says. Raises Unresolved."""
    return fill(text, {**EXAMPLES, **common(session, service, at)}, optional=OPTIONAL)


def _filled(text: str, piece: str, values: dict[str, str]) -> str:
    for words in (text, PIECES[piece].default):
        try:
            return fill(words, values)
        except Unresolved:
            continue
    return ""


def _number(session: Session, service: Service) -> str:
    """The service's telephone: a landline before a mobile one, E.164."""
    own = [line for line in institution.every_line(session) if line.service_id == service.id and line.active]
    own.sort(key=lambda line: line.kind != "landline")
    return own[0].did if own else ""
