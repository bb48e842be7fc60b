"""What the invented families' cards hold beyond name and address: the cases of domain.md §10.3.

05 the eldest comes of age next month, 06 a student of 19, 07 and 15 health that was only spoken of, 12 «СОП» entrusted
to the psychologist, 20 a deaf mother who writes e-mail, 25 an adult who cannot be left alone, 26 an interpreter.
Written straight into the tables: demo data are nobody's work, so they leave no trace in the audit log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.cards.statuses import HEALTH_STATUSES, SPOKEN
from crm.cards.tables import NeedAssessment, RiskFlag
from crm.family_tables import Family, FamilyAssignment, FamilyStatus
from crm.staff import Employee

_CARDS: dict[int, dict[str, str | bool]] = {
    1: {"housing": "own_flat", "income_band": "below", "transport": "bus"},
    2: {"housing": "own_house", "contact_from": "18:00", "preferred_channel": "phone"},
    3: {"housing": "rent", "income_band": "below", "situation": "Осталась одна с ребёнком, зарплату задерживают.",
        "measures_received": "Продуктовый набор в сентябре."},
    4: {"housing": "own_house", "transport": "none"},
    5: {"housing": "own_flat", "transport": "car", "measures_received": "Бесплатное питание в школе."},
    8: {"housing": "own_house", "contact_from": "10:00", "contact_until": "19:00"},
    12: {"housing": "social_rent", "income_band": "none", "no_messages": True, "ask_only_for": "Жанну Витальевну",
         "situation": "Отец не работает, долги за квартиру; дети в школу ходят."},
    14: {"housing": "own_house", "transport": "rare_bus"},
    16: {"preferred_channel": "email"},
    17: {"source": "third_party", "no_messages": True, "ask_only_for": "Галину Анатольевну"},
    18: {"source": "third_party", "housing": "rent", "income_band": "none"},
    20: {"preferred_channel": "email", "transport": "rare_bus"},
    26: {"housing": "dormitory", "income_band": "below", "preferred_channel": "in_person"},
}  # fmt: skip
_PEOPLE: dict[tuple[int, int], dict[str, str | bool]] = {
    (6, 3): {"study_place": "Владимирский педагогический колледж"},
    (1, 3): {"study_place": "школа № 2"},
    (16, 1): {"email": "dementieva@example.com"},
    (20, 1): {"email": "markelova@example.com", "special_needs": "не слышит: только письменно", "do_not_call": True},
    (25, 3): {"incapable": True},
    (26, 1): {"special_needs": "нужен переводчик с таджикского"},
}
_NEXT = {
    5: ("zayac", "Предупредить: меры поддержки скоро закончатся.", 9),
    6: ("lavrova", "Попросить новую справку об учёбе.", 30),
    12: ("roshchina", "Сверить план сопровождения с КДН.", 6),
    13: ("gromova", "Запросить недостающие документы.", -2),
    18: ("lavrova", "Выехать к семье вместе со специалистом.", 1),
}
_NOT_CONFIRMED = frozenset([9, 22, 30])
"""Nobody has asked them since their cards were opened."""


@dataclass(frozen=True)
class _Paper:
    """The document behind a status; `days` how long ago it was made out."""

    basis: str
    issued_by: str
    number: str
    days: int
    valid_days: int = 0


_PAPERS = {
    "многодетная": _Paper("удостоверение многодетной семьи", "УСЗН Заречинского района", "МД-{:04d}", 700),
    "малоимущая": _Paper("справка о признании малоимущей", "УСЗН Заречинского района", "МИ-{:03d}", 340, 365),
    "опекунская": _Paper("акт о назначении опекуна", "отдел опеки и попечительства", "{:02d}-О", 900),
    "СОП": _Paper("постановление КДН и ЗП", "КДН и ЗП Заречинского района", "{:02d}/10", 45, 365),
    "семья участника СВО": _Paper("справка об участии", "военкомат", "{:03d}", 200),
}
_NEEDS = {
    3: ("no_income", "", ["domestic", "urgent"], "Нужны продукты до зарплаты.", "lavrova"),
    12: ("adaptation", "semi", ["legal", "pedagogical", "psychological"], "Длительное сопровождение вместе с КДН.",
         "roshchina"),
    18: ("no_income", "home", ["labour", "legal"], "Мать потеряла работу.", "zayac"),
    25: ("no_care", "home", ["domestic", "legal"], "Нужно представительство в органах опеки.", "gromova"),
}  # fmt: skip
_RISKS = {
    5: ("benefit_ends", "Старшему скоро 18.", "zayac"),
    12: ("neglect", "По постановлению комиссии.", "roshchina"),
    18: ("job_loss", "Мать не работает с августа.", "lavrova"),
}
ENTRUSTED = {12: "durnovo"}


def load_cards(session: Session, at: datetime) -> None:
    """Fill the demo families' cards; days are counted from `at`."""
    staff = {one.login: one for one in session.scalars(select(Employee))}
    today = at.date()
    for family in session.scalars(select(Family).order_by(Family.id)):
        number = int(family.card_number.removeprefix("С-"))
        _set(family, _CARDS.get(number, {}).items())
        for place, person in enumerate(family.people, start=1):
            _set(person, _PEOPLE.get((number, place), {}).items())
        _plan(family, number, staff, today)
        for status in family.statuses:
            _document(status, number, staff, at)
        _judge(session, family, number, staff, at)
    session.flush()


def _set(row: object, values: Iterable[tuple[str, str | bool]]) -> None:
    for name, value in values:
        setattr(row, name, value)


def _plan(family: Family, number: int, staff: dict[str, Employee], today: date) -> None:
    """Who is responsible, what comes next, and when the card was last confirmed: from last week to two years ago."""
    if number in _NEXT:
        login, action, days = _NEXT[number]
        family.responsible_id, family.next_action = staff[login].id, action
        family.next_action_on = today + timedelta(days=days)
    if number not in _NOT_CONFIRMED:
        family.actualized_on = today - timedelta(days=(number * 61) % 540)
        family.actualized_by_id = staff["lavrova" if number % 2 else "zayac"].id
    if number == 6:
        family.people[2].full_time_student_until = date(today.year + 2, 6, 30)


def _document(status: FamilyStatus, number: int, staff: dict[str, Employee], at: datetime) -> None:
    today = at.date()
    paper = _PAPERS.get(status.type)
    if status.type in HEALTH_STATUSES:
        status.basis, status.verified_on, status.valid_from = SPOKEN, None, None
    elif paper is not None:
        made = today - timedelta(days=paper.days + number)
        status.basis, status.issued_by = paper.basis, paper.issued_by
        status.document_number, status.document_date = paper.number.format(number), made
        status.valid_from = made
        status.valid_to = made + timedelta(days=paper.valid_days) if paper.valid_days else None
    if status.verified_on is not None:
        status.verified_by_id = staff["lavrova" if number % 3 else "gromova"].id
    status.entered_by_id = staff["lavrova"].id
    status.entered_at = at - timedelta(days=41)


def _judge(session: Session, family: Family, number: int, staff: dict[str, Employee], at: datetime) -> None:
    """Needs, risks, and to whom a restricted card is entrusted."""
    if number in _NEEDS:
        ground, form, kinds, reason, login = _NEEDS[number]
        session.add(
            NeedAssessment(
                family_id=family.id,
                ground=ground,
                form=form,
                kinds=kinds,
                urgent="urgent" in kinds,
                remote_explained=True,
                long_support=number == 12,
                reason=reason,
                assessed_by_id=staff[login].id,
                assessed_at=at - timedelta(days=20),
            )
        )
    if number in _RISKS:
        code, text, login = _RISKS[number]
        raised = at - timedelta(days=15)
        session.add(RiskFlag(family_id=family.id, code=code, note=text, raised_by_id=staff[login].id, raised_at=raised))
    if number in ENTRUSTED:
        session.add(FamilyAssignment(family_id=family.id, employee_id=staff[ENTRUSTED[number]].id))
