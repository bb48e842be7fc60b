"""What the tips hold on a family; who told of it is somebody else's data and never on the family's paper."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from crm.consents.grounds import JOURNAL_GROUND
from crm.consents.holdings import Holding, Subject, of_families
from crm.tips.tables import Tip, TipAttempt, TipDuty, TipReport

_mine = of_families(Tip.family_id)


def _of_tips(column: InstrumentedAttribute[Any]) -> Callable[[Subject], ColumnElement[bool]]:
    return lambda subject: column.in_(select(Tip.id).where(_mine(subject)))


TIP = Holding(
    Tip,
    "Информация о семье от третьих лиц",
    _mine,
    {
        "taken_at": "Когда поступила",
        "letter_at": "Когда написали семье",
        "visit_on": "День выезда",
        "talked_at": "Когда поговорили",
        "talked_with": "С кем поговорили",
        "ended_at": "Закончено",
        "end_note": "Пояснение",
    },
    {"about_name": "", "about_address": "", "numbers": [], "talked_with": "", "end_note": ""},
    kept=JOURNAL_GROUND,
    silent=(
        "risk",
        "first_due_at",
        "reach_due_at",
        "letter_how",
        "visit_due_at",
        "head_told_at",
        "head_why",
        "head_seen_at",
        "ended_how",
        "open_key",
        "version",
    ),
)

REPORT = Holding(
    TipReport,
    "Сообщения о семье",
    _of_tips(TipReport.tip_id),
    {"at": "Когда"},
    {"words": "", "numbers": []},
    kept=JOURNAL_GROUND,
    silent=("risk", "said_112", "form_key"),
)

ATTEMPT = Holding(
    TipAttempt,
    "Попытки связаться с семьёй",
    _of_tips(TipAttempt.tip_id),
    {"at": "Когда", "number": "На какой номер", "note": "Пояснение"},
    {"note": ""},
    kept=JOURNAL_GROUND,
    silent=("result", "form_key"),
)

DUTY = Holding(
    TipDuty,
    "Кому сообщили об угрозе",
    _of_tips(TipDuty.tip_id),
    {},
    {"whom": "", "note": ""},
    kept=JOURNAL_GROUND,
    silent=("body", "done_at"),
)
