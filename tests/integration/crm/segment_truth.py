"""What a condition means, asked family by family in Python with the rules of the cards and consents themselves: the
query of `crm.segments` is compared with it. And families of every kind, the same ones every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import search_key
from crm.call_tables import CallRecord
from crm.cards.family_rules import birthday
from crm.cards.statuses import is_running
from crm.cards.tables import NeedAssessment, RiskFlag
from crm.consents.rules import standings
from crm.consents.tables import Consent
from crm.family_tables import Family, FamilyStatus, Person, Phone
from crm.journal_tables import JournalEntry
from crm.masked import age
from crm.measures.tables import FamilyTold
from crm.search.index import index_many
from crm.segments.conditions import Condition
from crm.segments.kinds import KINDS, Choice, Number

CHILD = ("сын", "дочь", "пасынок", "падчерица", "подопечный", "подопечная", "внук", "внучка", "ребёнок")
ONE_VALUE = {"place": "locality", "housing": "housing", "income": "income_band", "transport": "transport"}


def meets(session: Session, family: Family, rows: Sequence[Condition], on: date) -> bool:
    """Whether the family meets all of them; of place, housing, income, transport one is enough."""
    for one in rows:
        alternatives = [other for other in rows if other.kind == one.kind] if one.kind in ONE_VALUE else [one]
        if not any(_meets(session, family, other, on) for other in alternatives):
            return False
    return True


def _meets(session: Session, family: Family, one: Condition, on: date) -> bool:  # noqa: PLR0911, PLR0912
    children = [person for person in family.members if person.relation in CHILD and person.birth_date]
    within = (on, on + timedelta(days=one.number("days"))) if "days" in one.values else (on, on)
    match one.kind:
        case "children":
            count = sum(birthday(child.birth_date, 18) > on for child in children)
            return count >= one.number("count") if one.word("how") == "least" else count <= one.number("count")
        case "child_age":
            ages = [age(child, on) for child in children]
            return any(one.number("since") <= years <= one.number("until") for years in ages)
        case "turning":
            return any(within[0] <= birthday(child.birth_date, one.number("age")) <= within[1] for child in children)
        case "study_ends":
            ends = [person.full_time_student_until for person in family.members if person.relation in CHILD]
            return any(end and within[0] <= end <= within[1] for end in ends)
        case "status" | "no_status":
            held = [row for row in family.statuses if row.type == one.word("code") and is_running(row, on)]
            if one.kind == "no_status":
                return not held
            return any(row.verified_on for row in held) if one.word("proof") == "proved" else bool(held)
        case "paper_ends":
            papers = [row for row in family.standing_statuses if one.word("code") in ("", row.type)]
            return any(row.valid_to and within[0] <= row.valid_to <= within[1] for row in papers)
        case "risk":
            risks = session.scalars(select(RiskFlag).where(RiskFlag.family_id == family.id))
            return any(row.code == one.word("code") and row.cleared_at is None for row in risks)
        case "need":
            needs = session.scalars(select(NeedAssessment).where(NeedAssessment.family_id == family.id))
            return any(one.word("code") in row.kinds and row.ended_at is None for row in needs)
        case "phone":
            return (one.word("have") == "yes") == any(person.active_phones for person in family.members)
        case "robots":
            noon = datetime.combine(on, time(9), UTC)
            known = standings(session, [person.id for person in family.members], noon)
            return (one.word("have") == "yes") == any(row.auto_calls for row in known.values())
        case "silent":
            since = datetime.combine(on - timedelta(days=one.number("days") - 1), time(), UTC)
            return not _talked(session, family, since)
        case "measure":
            topic, how = f"measure-{one.word('code')}", one.word("how")
            rows = session.scalars(select(FamilyTold).where(FamilyTold.family_id == family.id))
            outcomes = {row.outcome for row in rows if row.topic == topic}
            return {"untold": not outcomes, "has_not": "has" not in outcomes}.get(how, how in outcomes)
    return getattr(family, ONE_VALUE[one.kind]) == one.word("code")


def _talked(session: Session, family: Family, since: datetime) -> bool:
    calls = session.scalars(select(CallRecord).where(CallRecord.family_id == family.id))
    entries = session.scalars(select(JournalEntry).where(JournalEntry.family_id == family.id))
    told = session.scalars(select(FamilyTold).where(FamilyTold.family_id == family.id))
    return (
        any(call.answered_at and call.arrived_at >= since for call in calls)
        or any(
            row.state == "saved" and row.contact_method != "third_party" and row.created_at >= since for row in entries
        )
        or any(row.at >= since for row in told)
    )


def any_condition(chance: Random, codes: dict[str, list[str]]) -> Condition:
    """A condition of any kind with any values."""
    kind = chance.choice(list(KINDS.values()))
    values: dict[str, int | str] = {}
    for field in kind.fields:
        if isinstance(field, Number):
            values[field.name] = chance.randint(field.lowest, min(field.highest, 400))
        elif isinstance(field, Choice):
            values[field.name] = chance.choice(list(field.options))
        else:
            values[field.name] = chance.choice([*codes[field.of], *([""] if field.every else [])])
    if kind.code == "children":
        values["count"] = chance.randint(0, 4)
    if kind.code == "child_age":
        values["since"], values["until"] = sorted((chance.randint(0, 23), chance.randint(0, 23)))
    return Condition(kind.code, values)


def generate(session: Session, how_many: int, on: date, measure_ids: Sequence[int], employee_id: int) -> list[int]:
    """Add families with whatever a family may have; on every border of every rule somebody stands."""
    chance = Random("segments")  # noqa: S311 - the same ones every time
    ids = []
    for number in range(how_many):
        family = Family(
            card_number=f"Ц-{number:05d}",
            name="Проба",
            locality=chance.choice(["с. Речное", "с. 100%_\\", ""]),
            housing=chance.choice(["rent", "none", ""]),
            income_band=chance.choice(["below", ""]),
            transport=chance.choice(["none", ""]),
            restricted=chance.random() < 0.1,
            state=chance.choice(["active"] * 8 + ["importing", "destroyed"]),
            created_at=datetime.combine(on, time(), UTC),
        )
        family.people = [_person(chance, on, place) for place in range(chance.randint(1, 6))]
        family.statuses = [_status(chance, on) for _ in range(chance.randint(0, 3))]
        session.add(family)
        session.flush()
        ids.append(family.id)
        _around(session, chance, family, on, measure_ids, employee_id)
    session.flush()
    index_many(session, ids)
    session.expire_all()
    return ids


def _near(chance: Random, on: date, years: int = 0) -> date:
    day = on.replace(year=on.year - years) if (on.month, on.day) != (2, 29) else date(on.year - years, 2, 28)
    return day + timedelta(days=chance.choice([-200, -31, -30, -1, 0, 1, 2, 29, 30, 31, 200]))


def _person(chance: Random, on: date, place: int) -> Person:
    child = place > 0 and chance.random() < 0.85
    born: date | None = _near(chance, on, chance.choice([1, 2, 3, 7, 14, 17, 18, 19, 23]) if child else 35)
    if chance.random() < 0.15:
        born = chance.choice([None, date(2008, 2, 29), date(2012, 2, 29)])
    left = datetime.combine(on, time(), UTC) if chance.random() < 0.15 else None
    person = Person(
        surname="Проба",
        relation=chance.choice(CHILD) if child else chance.choice(["мать", "брат", ""]),
        birth_date=min(born, on) if born else None,
        search_key=search_key("Проба"),
        left_at=left,
        incapable=chance.random() < 0.1,
        full_time_student_until=_near(chance, on) if chance.random() < 0.2 else None,
        phones=[],
    )
    if chance.random() < 0.4:
        gone = datetime.combine(on, time(), UTC) if chance.random() < 0.3 else None
        person.phones.append(Phone(number="+79070007777", raw="", removed_at=gone))
    return person


def _status(chance: Random, on: date) -> FamilyStatus:
    return FamilyStatus(
        type=chance.choice(["многодетная", "малоимущая"]),
        valid_from=chance.choice([None, _near(chance, on)]),
        valid_to=chance.choice([None, _near(chance, on)]),
        verified_on=chance.choice([None, on]),
        revoked_at=datetime.combine(on, time(), UTC) if chance.random() < 0.2 else None,
    )


def _around(  # noqa: PLR0917 - private, called once
    session: Session, chance: Random, family: Family, on: date, measure_ids: Sequence[int], employee_id: int
) -> None:
    at = datetime.combine(on, time(9), UTC)
    ago = timedelta(days=chance.choice([0, 1, 29, 30, 31, 179, 180, 181]))
    for code in ("debts", "school"):
        if chance.random() < 0.3:
            cleared = at if chance.random() < 0.3 else None
            session.add(
                RiskFlag(family_id=family.id, code=code, raised_by_id=employee_id, raised_at=at, cleared_at=cleared)
            )
    if chance.random() < 0.4:
        kinds = chance.sample(["urgent", "legal", "own_1", "own_12"], 2)
        ended = at if chance.random() < 0.3 else None
        session.add(
            NeedAssessment(family_id=family.id, kinds=kinds, assessed_by_id=employee_id, assessed_at=at, ended_at=ended)
        )
    if chance.random() < 0.5:
        session.add(
            FamilyTold(
                family_id=family.id,
                counted_as=family.id,
                topic=f"measure-{chance.choice(measure_ids)}",
                outcome=chance.choice(["told", "refused", "has"]),
                at=at - ago,
            )
        )
    for person in family.people:
        for _ in range(chance.choice([0, 0, 1, 2, 3])):
            given = chance.random() < 0.7
            session.add(
                Consent(
                    family_id=family.id,
                    person_id=person.id,
                    purpose=chance.choice(["auto_calls", "auto_calls", "recording"]),
                    given=given,
                    form=chance.choice(["oral", "written"]),
                    text_id=1,
                    representative=chance.choice(["", "", "мать"]),
                    valid_until=chance.choice([None, None, _near(chance, on)]),
                    taken_by_id=employee_id,
                    at=at - timedelta(days=chance.randint(1, 3)),
                    withdrawn_at=at if given and chance.random() < 0.15 else None,
                )
            )
    if chance.random() < 0.4:
        session.add(
            CallRecord(
                linkedid=f"segments-{family.id}",
                state="ended",
                family_id=family.id,
                arrived_at=at - ago,
                answered_at=chance.choice([None, at - ago]),
            )
        )
