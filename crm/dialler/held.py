"""What reminder calls hold on those who are called."""

from typing import Any

from sqlalchemy import Select, select

from crm.consents.grounds import CALLS_GROUND, CONSENTS_GROUND
from crm.consents.holdings import Holding, Subject, of_either, of_people
from crm.dialler.tables import CallRefusal, DialAttempt, DialEvent, DialSubject, DialTask, NumberMark

_tasks_of = of_either(DialTask.person_id, DialTask.family_id)


def _tasks(subject: Subject) -> Select[Any]:
    return select(DialTask.id).where(_tasks_of(subject))


TASK = Holding(
    DialTask,
    "Исходящие звонки о деле",
    _tasks_of,
    {
        "planned_at": "Запланировано",
        "number": "Номер",
        "due_at": "Не раньше",
        "deadline": "Не позже",
        "reason": "Почему звонит сотрудник",
        "delivered_at": "Напомнили",
    },
    {"reason": ""},
    kept=CALLS_GROUND,
    silent=(
        "kind",
        "channel",
        "state",
        "state_at",
        "rule",
        "priority",
        "stretches",
        "owner",
        "lease_until",
        "ver",
    ),
)

SUBJECT = Holding(
    DialSubject,
    "О чём звонили",
    lambda subject: DialSubject.task_id.in_(_tasks(subject)),
    {"outcome": "Чем кончилось", "withdrawn_at": "Снято", "withdrawn_reason": "Почему снято"},
    {"withdrawn_reason": ""},
    kept=CALLS_GROUND,
    silent=("occasion",),
)

ATTEMPT = Holding(
    DialAttempt,
    "Звонки робота",
    of_either(DialAttempt.person_id, DialAttempt.family_id),
    {
        "sending_at": "Когда",
        "number": "Номер",
        "disposition": "Чем кончился",
        "answered_at": "Ответили",
        "identified_at": "Назвались",
        "played_at": "Прослушали",
        "ended_at": "Закончен",
    },
    kept=CALLS_GROUND,
    silent=(
        "n",
        "kind",
        "shown_number",
        "state",
        "live",
        "rang",
        "not_after",
        "told_at",
        "ringing_at",
        "news_at",
        "answered_by",
        "prompts",
        "evidence",
        "detail",
        "hangup_asked_at",
        "hangup_done_at",
    ),
)

EVENT = Holding(
    DialEvent,
    "Ход напоминаний",
    lambda subject: DialEvent.task_id.in_(_tasks(subject)),
    {"at": "Когда", "what": "Что", "detail": "Пояснение"},
    {"detail": ""},
    kept=CALLS_GROUND,
    silent=("source",),
)

REFUSAL = Holding(
    CallRefusal,
    "Отказы от звонков",
    of_either(CallRefusal.person_id, CallRefusal.family_id),
    {
        "at": "Когда",
        "number": "Номер",
        "source": "Как сказано",
        "letter_number": "Письмо №",
        "letter_on": "Дата письма",
        "note": "Слова",
        "ended_at": "Снят",
        "ended_reason": "Почему снят",
    },
    {"note": "", "ended_reason": ""},
    kept=CONSENTS_GROUND,
    silent=("scope",),
)

MARK = Holding(
    NumberMark,
    "Отметки о номере",
    of_people(NumberMark.person_id),
    {"at": "Когда", "number": "Номер", "kind": "Что узнали", "cleared_at": "Снята"},
    kept=CALLS_GROUND,
)
