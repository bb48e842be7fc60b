"""Measures of support, groups of families and what some were told: all invented, as a district might have them."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.family_tables import Family
from crm.measures.tables import FamilyTold, SupportMeasure
from crm.measures.telling import HAS, REFUSED, TALK, TOLD
from crm.measures.topics import topic_of_measure
from crm.segments.tables import Segment
from crm.staff import Employee, by_login

_SEGMENTS: dict[str, list[dict[str, Any]]] = {
    "Многодетные семьи с телефоном": [
        {"kind": "status", "code": "многодетная", "proof": "proved"},
        {"kind": "phone", "have": "yes"},
    ],
    "Трое и больше детей, есть ребёнок до 7 лет": [
        {"kind": "children", "how": "least", "count": 3},
        {"kind": "child_age", "since": 0, "until": 6},
    ],
}
_LARGE, _YOUNG = _SEGMENTS

_MEASURES = (
    (
        "Земельный участок многодетной семье",
        "многодетных семей, которые живут в районе не меньше трёх лет",
        "Подать заявление в администрацию района или через МФЦ.\nДождаться постановки на учёт: до 30 дней.",
        "паспорта родителей\nсвидетельства о рождении детей\nудостоверение многодетной семьи",
        "постановление администрации Заречинского района № 214 (учебное)",
        True,
        _LARGE,
        False,
    ),
    (
        "Выплата на школьную форму",
        "многодетных семей со школьниками",
        "Подать заявление на Госуслугах или в МФЦ.\nДеньги приходят в течение 20 рабочих дней.",
        "паспорт заявителя\nсправка из школы\nномер счёта",
        "закон области № 77-ОЗ (учебный)",
        True,
        _LARGE,
        True,
    ),
    (
        "Молочная кухня для малышей",
        "семей с тремя и больше детьми, где есть ребёнок до трёх лет",
        "Взять направление у участкового педиатра.\nПрийти с ним в пункт выдачи.",
        "направление педиатра\nсвидетельство о рождении ребёнка",
        "закон области № 31-ОЗ (учебный)",
        False,
        _YOUNG,
        False,
    ),
    (
        "Скидка на коммунальные услуги",
        "многодетных семей",
        "Подать заявление в управление социальной защиты или через МФЦ.\nСкидка действует со следующего месяца.",
        "паспорт заявителя\nудостоверение многодетной семьи\nквитанция за последний месяц",
        "закон области № 45-ОЗ (учебный)",
        True,
        _LARGE,
        False,
    ),
    (
        "Путёвка в детский лагерь",
        "многодетных и малоимущих семей с детьми от 7 до 15 лет",
        "Подать заявление в комплексный центр.\nВыбрать смену, когда позвонит специалист.",
        "паспорт заявителя\nсвидетельство о рождении ребёнка\nсправка для лагеря",
        "приказ управления № 18 (учебный)",
        False,
        None,
        True,
    ),
    (
        "Пункт проката для новорождённых",
        "семей с ребёнком до года",
        "Позвонить в пункт проката и выбрать вещи.\nПривезти их помогают волонтёры.",
        "паспорт заявителя",
        "приказ центра № 9 (учебный)",
        True,
        None,
        False,
    ),
)
_TOLD = (
    ("С-00001", 0, TOLD, "", 12),
    ("С-00001", 3, HAS, "скидку оформили в прошлом году", 12),
    ("С-00014", 0, REFUSED, "строиться не собираются", 5),
    ("С-00014", 2, TOLD, "", 5),
)


def load_measures(session: Session, at: datetime) -> None:
    """Six measures, two groups, and what two families were told of in talks."""
    head, dispatcher = by_login(session, "roshchina"), by_login(session, "lavrova")
    segments = {title: _segment(title, rows, head, at) for title, rows in _SEGMENTS.items()}
    session.add_all(segments.values())
    session.flush()
    last_day = date(at.year + 1, 3, 31)
    measures = [
        SupportMeasure(
            title=title,
            whom=whom,
            steps=steps,
            papers=papers,
            source=source,
            remote=remote,
            until=last_day if ends else None,
            segment_id=segments[segment].id if segment else None,
            created_at=at,
            created_by_id=head.id if head else None,
            changed_at=at,
        )
        for title, whom, steps, papers, source, remote, segment, ends in _MEASURES
    ]
    session.add_all(measures)
    session.flush()
    for card, place, outcome, note, days in _TOLD:
        family_id = session.scalars(select(Family.id).where(Family.card_number == card)).one()
        session.add(
            FamilyTold(
                family_id=family_id,
                counted_as=family_id,
                topic=topic_of_measure(measures[place].id),
                measure_id=measures[place].id,
                outcome=outcome,
                channel=TALK,
                employee_id=dispatcher.id if dispatcher else None,
                note=note,
                at=at - timedelta(days=days),
            )
        )


def _segment(title: str, conditions: list[dict[str, Any]], head: Employee | None, at: datetime) -> Segment:
    return Segment(
        title=title, conditions=conditions, created_at=at, created_by_id=head.id if head else None, changed_at=at
    )
