"""What the lists that people call through have in common: reminders, campaigns, ratings. One family after another."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.errors import Incomplete
from web.forms import BadForm, Fields, Form, Line, fill
from web.missed import read_moment

DIALLING = "Звоним: как только ваш телефон ответит, программа наберёт номер."
STOPPED = "Список остановлен: остальное ждёт."


class Skipped(Fields):
    """Why she passes this family over; `stop` ends her work with the list."""

    reason: Line = ""
    stop: bool = False

    @property
    def words(self) -> str:
        """The reason for the story; who stops need not give one."""
        return self.reason or ("закончили работу со списком" if self.stop else "")


def read_form(model: type[Any], form: Form) -> Any:
    """What was sent. Raises BadForm: the page's own buttons send nothing else."""
    sent, _problems = fill(model, form)
    if sent is None:
        raise BadForm
    return sent


def later_moment(day: str, time: str, zone: ZoneInfo, at: datetime) -> datetime:
    """When the family asked to be called again. Raises Incomplete."""
    moment = read_moment(day, time, zone, at) if time else None
    if moment is None:
        raise Incomplete({"time": "Укажите время: например 15:00, день 25.11."})
    return moment
