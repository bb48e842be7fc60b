"""Many synthetic families, quickly, for the benchmarks: the same ones every time.

+7 907 000-xx-xx has room for ten thousand numbers only, so these lie in DEF codes 935 and 943–948, unallocated in the
Rossvyaz table of 04.2026 (domain.md §10.6). Not allocated is not reserved: a database filled by this must never get a
trunk.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from callflow.text import search_key
from crm.family_tables import Family, FamilyStatus, Person, Phone

CODES = ("935", "943", "944", "945", "946", "947", "948")
CHUNK = 5_000
EPOCH = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)

_SURNAMES = """
Алексеев Баранов Виноградов Герасимов Денисов Ермаков Журавлёв Зуев Исаев Ковалёв Лазарев Медведев Назаров
Осипов Поляков Родионов Савельев Тарасов Устинов Филиппов Харитонов Цветков Чернов Шилов Щербаков Юрьев
Яковлев
"""
_WOMEN = "Анна Ольга Ирина Мария Татьяна Наталья Юлия Алёна Вера Дарья Полина Ксения Светлана Оксана"
_MEN = "Александр Дмитрий Максим Иван Артём Михаил Никита Егор Илья Фёдор Павел Степан Лев Тимур"
_FATHERS = "Александр Иван Николай Павел Степан Роман Виктор Борис Антон"
_STREETS = "Лесная Садовая Мира Кирова Школьная Полевая Речная Победы Заводская Набережная"
SURNAMES, WOMEN, MEN, FATHERS, STREETS = (words.split() for words in (_SURNAMES, _WOMEN, _MEN, _FATHERS, _STREETS))


def number_of(index: int) -> str:
    """Return the mobile number of the applicant of family `index` (from 0); distinct up to 70 million."""
    code = CODES[index % len(CODES)]
    return f"+7{code}{index // len(CODES):07d}"


def families(session: Session, count: int, *, at: datetime = EPOCH) -> int:
    """Insert `count` families of four people with one number each; return how many rows. Adds to what is there."""
    first_family = (session.scalar(select(func.max(Family.id))) or 0) + 1
    first_person = (session.scalar(select(func.max(Person.id))) or 0) + 1
    rows = 0
    for start in range(0, count, CHUNK):
        chunk = range(start, min(start + CHUNK, count))
        cards = [_card(index, first_family + index, at) for index in chunk]
        people = [row for index in chunk for row in _people(index, first_family + index, first_person + index * 4)]
        phones = [
            {
                "person_id": first_person + index * 4,
                "number": number_of(index),
                "raw": number_of(index),
                "label": "мобильный",
            }
            for index in chunk
        ]
        statuses = [
            {"family_id": first_family + index, "type": "многодетная", "basis": "документ", "verified_on": at.date()}
            for index in chunk
            if index % 3
        ]
        for model, values in ((Family, cards), (Person, people), (Phone, phones), (FamilyStatus, statuses)):
            if values:
                session.connection().execute(insert(model), values)
            rows += len(values)
    _move_sequences(session)
    return rows


def _card(index: int, family_id: int, at: datetime) -> dict[str, Any]:
    surname = SURNAMES[index % len(SURNAMES)]
    street = STREETS[index // 7 % len(STREETS)]
    return {
        "id": family_id,
        "card_number": f"С-{family_id:05d}",
        "name": f"{surname}ы",
        "address": f"ул. {street}, д. {index % 120 + 1}, кв. {index % 90 + 1}",
        "locality": "г. Заречинск",
        "created_at": at,
    }


def _people(index: int, family_id: int, person_id: int) -> Iterator[dict[str, Any]]:
    surname = SURNAMES[index % len(SURNAMES)]
    father = FATHERS[index // 3 % len(FATHERS)]
    kin = (("мать", WOMEN, "а", 35), ("отец", MEN, "", 38), ("дочь", WOMEN, "а", 9), ("сын", MEN, "", 6))
    for place, (relation, names, ending, age) in enumerate(kin):
        name = names[(index // 11 + place * 5) % len(names)]
        patronymic = f"{father}{'овна' if ending else 'ович'}"
        full = f"{surname}{ending} {name} {patronymic}"
        yield {
            "id": person_id + place,
            "family_id": family_id,
            "relation": relation,
            "surname": f"{surname}{ending}",
            "name": name,
            "patronymic": patronymic,
            "birth_date": date(2026 - age, 1, 1) + timedelta(days=index % 365),
            "is_applicant": place == 0,
            "search_key": search_key(full),
        }


def _move_sequences(session: Session) -> None:
    """On PostgreSQL the next row's number comes from a sequence, which knows nothing of numbers given by hand."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in ("family", "person"):
        session.connection().exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
        )
