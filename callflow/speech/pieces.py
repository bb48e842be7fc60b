"""Every piece of speech that a head may word anew, with its default of domain.md §9.2 and what may be filled in. Pure.

A piece is one file: the robot and the dialplan join pieces, so that what differs from family to family is short. Names
are used in the nominative only, for people's names are not declined (domain.md §9.1): that is why «для {имя}» of the
regulation is «для абонента: {имя}» here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Dialogue(Enum):
    """Where a piece is said."""

    NAMES = "names"
    REMINDER = "reminder"
    MACHINE = "machine"
    CLOSED = "closed"
    INFORMATION = "information"
    SURVEY = "survey"

    @property
    def title(self) -> str:
        """For the page's headings."""
        return _TITLES[self]


_TITLES: Final = {
    Dialogue.NAMES: "Как называют службу и учреждение",
    Dialogue.REMINDER: "Напоминание о записи",
    Dialogue.MACHINE: "Автоответчик",
    Dialogue.CLOSED: "Перерыв и нерабочее время",
    Dialogue.INFORMATION: "Сообщение о мере поддержки",
    Dialogue.SURVEY: "Оценка работы специалиста",
}


@dataclass(frozen=True)
class Variable:
    """What may stand in braces. `own`: it differs from call to call, so that such a piece cannot be recorded once."""

    title: str
    example: str
    own: bool = False


VARIABLES: Final[Mapping[str, Variable]] = {
    "название службы": Variable("как служба называется в настройках", "Семейная диспетчерская"),
    "название учреждения": Variable("как учреждение называется в настройках", "Семейный центр"),
    "службы": Variable("название службы: чьё сообщение", "Семейной диспетчерской"),
    "учреждение": Variable("название учреждения: кто", "Заречинский социально-реабилитационный центр"),
    "учреждения": Variable("название учреждения: откуда", "Заречинского социально-реабилитационного центра"),
    "в службу": Variable("название службы: куда вы позвонили", "в Семейную диспетчерскую"),
    "номер": Variable("телефон службы", "8 (49248) 2-10-01"),
    "часы": Variable("часы работы по календарю", "с понедельника по пятницу с восьми до семнадцати часов"),
    "перерыв": Variable("когда кончится перерыв", "с двенадцати до тринадцати часов", own=True),
    "ближайший": Variable("когда служба откроется", "в понедельник, девятого марта, с восьми часов", own=True),
    "имя": Variable("имя и отчество", "Елена Викторовна", own=True),
    "день": Variable("день приёма", "в четверг, двадцать шестого ноября", own=True),
    "время": Variable("время приёма", "в четырнадцать часов тридцать минут", own=True),
    "адрес": Variable("адрес приёма", "ул. Центральная, д. 5", own=True),
    "кабинет": Variable("кабинет, если он назван", "кабинет двенадцать", own=True),
    "первое": Variable("первое свободное время", "в пятницу, двадцать седьмого ноября, в десять часов", own=True),
    "второе": Variable("второе свободное время", "в понедельник, тридцатого ноября, в девять часов", own=True),
    "оценка": Variable("названная оценка", "десять баллов", own=True),
}
OPTIONAL: Final = frozenset({"кабинет"})
EXAMPLES: Final[Mapping[str, str]] = {name: one.example for name, one in VARIABLES.items()}
_COMMON: Final = ("службы", "учреждение", "учреждения", "номер")
_BOOKING: Final = (*_COMMON, "день", "время", "адрес", "кабинет")


@dataclass(frozen=True)
class Piece:
    """One piece: `name` in programs, `title` on the page, `script` its number in domain.md §9.2."""

    name: str
    dialogue: Dialogue
    script: str
    title: str
    default: str
    variables: tuple[str, ...] = _COMMON

    @property
    def recordable(self) -> bool:
        """Whether a voice can say it once for all: nothing of its default differs from call to call."""
        return not any(VARIABLES[name].own for name in self.variables if f"{{{name}}}" in self.default)


def _pieces(dialogue: Dialogue, script: str, rows: tuple[tuple[str, str, str, tuple[str, ...]], ...]) -> list[Piece]:
    return [Piece(name, dialogue, script, title, default, variables) for name, title, default, variables in rows]


_NAMES: Final = (
    ("of_service", "Чьё сообщение", "службы «{название службы}»", ("название службы",)),
    ("of_institution", "Откуда звонят", "учреждения «{название учреждения}»", ("название учреждения",)),
)
_REMINDER: Final = (
    ("hello", "Кто звонит", "Здравствуйте! Это автоматическое сообщение {службы}, {учреждение}.", _COMMON),
    (
        "who",
        "Кому звонят",
        "Мы звоним для абонента: {имя}. Если вы и есть {имя}, нажмите один. Если это другой человек — два.",
        (*_COMMON, "имя"),
    ),
    (
        "remind_office",
        "Приём на месте",
        "Напоминаем: {день}, {время}, вы записаны на консультацию. Адрес: {адрес}, {кабинет}. "
        "При себе имейте паспорт.",
        _BOOKING,
    ),
    (
        "remind_phone",
        "Консультация по телефону",
        "Напоминаем: {день}, {время}, вы записаны на онлайн-консультацию. "
        "Специалист позвонит вам в назначенное время на этот номер.",
        _BOOKING,
    ),
    (
        "remind_video",
        "Консультация по видеосвязи",
        "Напоминаем: {день}, {время}, вы записаны на онлайн-консультацию. "
        "Специалист свяжется с вами по видеосвязи в назначенное время.",
        _BOOKING,
    ),
    (
        "keys",
        "Клавиши",
        "Если вы придёте, нажмите один. Чтобы перенести запись — два. Чтобы отменить — три. "
        "Прослушать ещё раз — четыре. Соединить со специалистом — ноль. Отказаться от автоматических звонков — девять.",
        _COMMON,
    ),
    ("again", "Нажата не та клавиша", "Такой клавиши нет. Послушайте, пожалуйста, ещё раз.", _COMMON),
    ("sure", "Переспросить об отмене", "Вы отменяете запись? Если да, нажмите один. Если нет — два или подождите.",
     _COMMON),
    ("kept", "Запись оставлена", "Ваша запись остаётся.", _COMMON),
    (
        "moved_offer",
        "Предложить другое время",
        "Есть свободное время: {первое} — нажмите один; {второе} — нажмите два. Если время не подходит, нажмите три: "
        "специалист перезвонит вам. Прослушать ещё раз — четыре.",
        (*_COMMON, "первое", "второе"),
    ),
    (
        "moved_offer_one",
        "Предложить одно другое время",
        "Есть свободное время: {первое} — нажмите один. Если время не подходит, нажмите три: "
        "специалист перезвонит вам. Прослушать ещё раз — четыре.",
        (*_COMMON, "первое"),
    ),
    ("moved", "Запись перенесена", "Ваша запись перенесена: {день}, {время}.", _BOOKING),
    ("cancelled", "Запись отменена", "Ваша запись отменена.", _COMMON),
    ("confirmed", "Запись подтверждена", "Спасибо, мы вас ждём.", _COMMON),
    ("refused", "Отказ от звонков", "Мы больше не будем звонить вам автоматически. До свидания.", _COMMON),
    ("call_back", "Специалист перезвонит", "Специалист перезвонит вам в рабочее время.", _COMMON),
    ("wrong_person", "Не тот человек", "Извините за беспокойство. До свидания.", _COMMON),
    ("wait_human", "Соединяем", "Соединяем со специалистом. Пожалуйста, не кладите трубку.", _COMMON),
    (
        "trouble",
        "Неполадка",
        "Извините, произошла ошибка: ваш выбор не сохранён. Специалист перезвонит вам. До свидания.",
        _COMMON,
    ),
    ("bye", "Прощание", "Спасибо. До свидания.", _COMMON),
)  # fmt: skip
_MACHINE: Final = (
    (
        "machine",
        "Что услышит автоответчик",
        "Здравствуйте! Вам звонили из {учреждения}. Пожалуйста, перезвоните нам в рабочее время по номеру {номер}. "
        "Спасибо.",
        ("учреждение", "учреждения", "номер"),
    ),
)
_CLOSED: Final = (
    ("closed_hello", "Куда попал звонок", "Здравствуйте! Вы позвонили {в службу}.", ("в службу", "учреждение")),
    ("closed_break", "Перерыв", "Сейчас у специалистов перерыв, {перерыв}.", ("перерыв",)),
    ("closed_now", "Нерабочее время", "Сейчас нерабочее время.", ("учреждение",)),
    ("closed_hours", "Часы работы", "Мы работаем {часы}.", ("часы",)),
    ("closed_next", "Ближайший рабочий день", "Ближайший рабочий день — {ближайший}.", ("ближайший",)),
)
_INFORMATION: Final = (
    (
        "info_safe",
        "Никогда не спрашиваем коды",
        "Обращаем ваше внимание: мы никогда не спрашиваем по телефону коды из СМС, данные банковских карт и пароли от "
        "Госуслуг. Проверить звонок можно по номеру {номер}.",
        _COMMON,
    ),
    (
        "info_keys",
        "Клавиши",
        "Чтобы специалист перезвонил вам, нажмите три. Прослушать ещё раз — четыре. Соединить со специалистом — ноль. "
        "Отказаться от автоматических звонков — девять.",
        _COMMON,
    ),
    ("info_bye", "Прощание", "Спасибо, до свидания!", _COMMON),
)
_SURVEY: Final = (
    (
        "survey_hello",
        "О чём звонок",
        "Это опрос о работе {службы}. Ваше обращение рассмотрено.",
        _COMMON,
    ),
    (
        "survey_ask",
        "Вопрос",
        "Пожалуйста, оцените работу специалиста по десятибалльной шкале: один — очень плохо, десять — отлично. "
        "Наберите число от одного до десяти и нажмите решётку. Отказаться от оценки — звёздочка.",
        _COMMON,
    ),
    ("survey_again", "Оценка не понята", "Не удалось распознать оценку. Попробуйте, пожалуйста, ещё раз.", _COMMON),
    (
        "survey_echo",
        "Проверка оценки",
        "Ваша оценка: {оценка}. Верно — один, исправить — два.",
        (*_COMMON, "оценка"),
    ),
    ("survey_thanks", "Оценка записана", "Спасибо, ваша оценка учтена. До свидания.", _COMMON),
    ("survey_refused", "Отказ от оценки", "Спасибо, ваш отказ от оценки записан. До свидания.", _COMMON),
    ("survey_none", "Оценка не получена", "Оценка не получена.", _COMMON),
)
PIECES: Final[Mapping[str, Piece]] = {
    piece.name: piece
    for piece in (
        *_pieces(Dialogue.NAMES, "", _NAMES),
        *_pieces(Dialogue.REMINDER, "S-3", _REMINDER),
        *_pieces(Dialogue.MACHINE, "S-7", _MACHINE),
        *_pieces(Dialogue.CLOSED, "S-4", _CLOSED),
        *_pieces(Dialogue.INFORMATION, "S-5", _INFORMATION),
        *_pieces(Dialogue.SURVEY, "S-8", _SURVEY),
    )
}
"""All pieces by name, in the order in which the page lists them."""
