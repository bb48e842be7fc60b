"""How the pages of the outbound engine say things: states, steps of a story with their evidence, the head's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from callflow.dialler.retry import Then
from callflow.dialler.rules import Live, Rule
from callflow.dialler.states import AttemptState, Channel, Disposition, TaskState
from callflow.speech.pieces import PIECES
from crm.dialler.tables import DialAttempt, DialEvent, DialTask
from crm.staff import Employee

LIVE_FOR_PAGES = Live()
"""The exchange as it hopefully is: a page says what the records forbid, the order itself asks the exchange."""

FILTERS: Final[Mapping[str, str]] = {
    "": "Все",
    "by_robot": "Звонит робот",
    "by_human": "Звонит сотрудник",
    TaskState.CALLING.value: "Идёт звонок",
    TaskState.CONFIRMED.value: "Придут",
    TaskState.DELIVERED.value: "Напомнили, рассказали",
    TaskState.MOVED.value: "Перенесли",
    TaskState.DECLINED.value: "Отменили, не нужно",
    TaskState.UNREACHABLE.value: "Не дозвонились",
    TaskState.OPTED_OUT.value: "Просили не звонить",
    TaskState.BAD_NUMBER.value: "Нет номера",
    TaskState.EXPIRED.value: "Не успели",
    TaskState.CANCELLED.value: "Сняты",
}
TONES: Final = {
    TaskState.CONFIRMED: ("ok", "circle-check"),
    TaskState.DELIVERED: ("ok", "circle-check"),
    TaskState.MOVED: ("accent", "calendar-days"),
    TaskState.DECLINED: ("warn", "x"),
    TaskState.UNREACHABLE: ("bad", "phone-missed"),
    TaskState.EXPIRED: ("bad", "clock"),
    TaskState.BAD_NUMBER: ("bad", "circle-alert"),
    TaskState.OPTED_OUT: ("warn", "phone-off"),
    TaskState.CALLING: ("accent", "phone-call"),
    TaskState.CLAIMED: ("accent", "phone-outgoing"),
    TaskState.DUE: ("", "clock"),
    TaskState.CANCELLED: ("", "x"),
}
"""Class and icon of a state's tag; the words beside them say the same."""

ATTEMPTS: Final = {
    AttemptState.SENDING.value: "набираем",
    AttemptState.RINGING.value: "звонит",
    AttemptState.ANSWERED.value: "разговор",
    AttemptState.ENDED.value: "закончен",
    AttemptState.NOT_SENT.value: "не отправлен: телефон не звонил",
    AttemptState.UNKNOWN.value: "итог неизвестен",
}
THEN: Final = {
    Then.AGAIN_AFTER.value: "повторить через",
    Then.NEXT_OCCASION.value: "в следующее время плана",
    Then.HUMAN.value: "передать сотруднику",
    Then.END.value: "больше не звонить",
}
MARKS: Final = {"bad": "такого номера нет", "wrong_person": "ответил другой человек"}
SCOPES: Final = {"robot": "звонки робота", "all": "все звонки"}

_STEPS: Final[Mapping[str, str]] = {
    "planned": "Звонок запланирован",
    "claimed": "Взято в работу",
    "due": "Ждёт своего времени",
    "sending": "Заказ звонка записан и передан АТС",
    "ringing": "Телефон звонит",
    "answered": "Ответили",
    "not_sent": "Звонок не состоялся: телефон не звонил",
    "unknown": "Итог звонка неизвестен",
    "over": "АТС: разговор окончен",
    "identified": "Подтвердили, что это нужный человек",
    "played": "Сообщение прослушано до конца",
    "confirm": "Клавиша 1: придут. Запись подтверждена",
    "cancel": "Клавиша 3: запись отменена, время свободно",
    "offers": "Клавиша 2: предложено другое время",
    "move": "Запись перенесена на выбранное время",
    "rate": "Оценка подтверждена и записана в столбец 8",
    "refuse_score": "Звёздочка: отказ от оценки записан в столбец 8",
    "attempt_counted": "Засчитано как попытка опроса",
    "refuse_robot": "Клавиша 9: отказ от автоматических звонков записан",
    "wrong_person": "Ответил другой человек: номер отмечен",
    "call_back": "Просят, чтобы позвонил сотрудник",
    "human": "Клавиша 0: соединяем с сотрудником",
    "broken": "Разговор робота прервался",
    "said": "Прозвучало",
    "hung up": "Положили трубку",
    "person": "Итог звонка сотрудника",
    "skipped": "Сотрудник пропустил",
    "not_reached": "Сотрудник не дозвонился",
    "withdrawn": "Запись изменилась во время разговора",
    "calling": "Звоним",
}
_SOURCES: Final = {
    "word": "по сообщению АТС",
    "agi": "по ходу разговора с роботом",
    "talk": "по разговору с оператором",
    "cdr": "по журналу соединений АТС",
    "status": "по ответу АТС о линиях",
    "gate": "проверка АТС перед набором",
    "sweep": "очередная проверка программы",
    "plan": "план напоминаний",
    "ratings": "план опросов",
    "dialler": "правила обзвона",
    "person": "сотрудник",
}
_UNNAMED: Final = {
    "booking": "О записи",
    "offered": "Свободное время",
    "moved": "Новое время",
    "info": "Сообщение кампании",
    "echo": "Проверка оценки",
}
"""Pieces that no head words anew."""
_RULES: Final = {one.value: one.title for one in Rule}
DISPOSITIONS: Final = {one.value: one.title for one in Disposition}
_STATES: Final = {one.value: one.title for one in TaskState}
_HUMAN_DETAILS: Final = {"queue": "в очередь операторов", "closed": "сейчас никого: перезвоним"}


@dataclass(frozen=True)
class Step:
    """One line of a story: when, what, more of it, and how we know."""

    at: datetime
    words: str
    detail: str
    evidence: str
    of_attempt: bool


def steps(session: Session, events: Sequence[DialEvent]) -> list[Step]:
    """The story in plain Russian; steps that say what the one before has just said are left out."""
    found: list[Step] = []
    for event in events:
        step = _step(session, event)
        if step is None or (found and (found[-1].words, found[-1].detail) == (step.words, step.detail)):
            continue
        found.append(step)
    return found


def _step(session: Session, event: DialEvent) -> Step | None:
    if event.what == "calling" or (event.what == "task" and not event.detail):
        return None  # the attempt's own line says it with more
    words, detail = _words(event), ""
    if event.what in ("said", "played", "hung up"):
        return Step(event.at, words, _said(event.detail), _evidence(session, event), of_attempt=True)
    if event.source == "person":
        detail = event.detail
    elif event.what in ("ended", *_STATES):
        detail = DISPOSITIONS.get(event.detail) or _RULES.get(event.detail, _plain(event.detail))
    elif event.what == "human":
        detail = _HUMAN_DETAILS.get(event.detail, "")
    return Step(event.at, words, detail if detail != words else "", _evidence(session, event), bool(event.attempt_id))


def _words(event: DialEvent) -> str:
    if event.what.startswith("key"):
        pressed = event.what.partition(" ")[2]  # none where it would tell a score (`workers.dialogue.kinds`)
        return f"Нажали клавишу {pressed}".strip()
    if event.what == "ended":
        return "Звонок закончен"
    if event.what in _STEPS and (event.attempt_id or event.what not in _STATES or event.what in ("due", "claimed")):
        return _STEPS[event.what]
    state = _STATES.get(event.what)
    return f"Итог: {state}" if state else _STEPS.get(event.what, "Служебная отметка")


def _said(detail: str) -> str:
    """«кто звонит, кому звонят (не до конца)»: which words were played, and whether to their end."""
    names, _, played = detail.partition(" ")
    done, _, whole = played.partition("/")
    titles = [_piece(name) for name in names.split(",") if name]
    cut = done.isdecimal() and whole.isdecimal() and int(done) < int(whole)
    return ", ".join(titles).lower() + (" (не до конца)" if cut else "")


def _piece(name: str) -> str:
    known = PIECES.get(name)
    if known is not None:
        return known.title
    kind = name.partition(":")[0]
    return _UNNAMED.get(kind, "Слова робота")


def _plain(detail: str) -> str:
    """Words of people and of the rules; names of orders, codes and numbers say nothing to a dispatcher."""
    return detail if any("а" <= letter <= "я" for letter in detail.lower()) else ""


def _evidence(session: Session, event: DialEvent) -> str:
    employee = session.get(Employee, event.employee_id) if event.employee_id else None
    if employee is None and event.source.startswith("employee-") and event.source[9:].isdecimal():
        employee = session.get(Employee, int(event.source[9:]))
    if employee is not None:
        return employee.short_name
    return _SOURCES.get(event.source, "программа")


def heard_words(attempt: DialAttempt) -> str:
    """What of a call was heard, as far as it is proved."""
    if attempt.answered_at is None:
        return ""
    if attempt.played_at is not None:
        return "сообщение прослушали до конца"
    return "назвались, но до конца не дослушали" if attempt.identified_at is not None else "кто ответил, неизвестно"


def channel_words(task: DialTask) -> str:
    """Who calls."""
    return "робот" if task.channel == Channel.ROBOT.value else "сотрудник"
