"""One line of everything that happened with a family, as far as the viewer may know it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from crm import calls, journal
from crm.cards import needs, people, risks, statuses
from crm.cards.editing import save_header
from crm.cards.timeline import TimelineItem, timeline
from crm.db import Database
from crm.errors import NotFound
from tests.integration.crm.cards import agree, employee, family, person
from tests.integration.crm.scenario import NOON, play, whole_talk


def kinds(items: list[TimelineItem]) -> list[str]:
    return [item.kind for item in items]


def read(database: Database, login: str = "lavrova", number: int = 1, **more: object) -> list[TimelineItem]:
    with database.reading() as session:
        at = NOON + timedelta(days=1)
        return timeline(session, family(session, number).id, employee(session, login), at=at, **more)


def test_everything_that_happened_stands_on_one_line_newest_first(town: Database) -> None:
    before = len(read(town, limit=500))
    with town.transaction() as session:
        who = employee(session)
        call = play(session, whole_talk())
        calls.choose_person(session, call.id, person(session, 1, "Елена").id, who, NOON)
        calls.confirm_identity(session, call.id, 3, ["birth_date", "address"], who, NOON)
        save_header(session, 1, {"address": "ул. Мира"}, family(session, 1).version, who, NOON + timedelta(minutes=2))
        statuses.add(session, 1, {"type": "неполная"}, who, NOON + timedelta(minutes=3))
        need = {"ground": "no_income", "kinds": ["urgent"]}
        needs.assess(session, 1, need, who, NOON + timedelta(minutes=4))
        flag = risks.raise_flag(session, 1, "debts", "", who, NOON + timedelta(minutes=5))
        risks.clear(session, flag.id, "погашен", who, NOON + timedelta(minutes=6))
        agree(session, person(session, 1, "Елена"), "transfer", at=NOON + timedelta(minutes=7))
    items = read(town, limit=500)
    assert kinds(items[: len(items) - before]) == ["consent", "risk", "risk", "need", "status", "change", "call"]
    assert [item.at for item in items] == sorted((item.at for item in items), reverse=True)
    change = next(item for item in items if item.kind == "change")
    assert (change.text, change.who, change.link) == ("адрес проживания", "Лаврова Н. А.", "/families/1/changes")
    assert "Мира" not in change.title + change.text


def test_the_pages_of_the_line_miss_nothing_and_repeat_nothing(town: Database) -> None:
    with town.transaction() as session:
        who = employee(session)
        for number in range(12):
            at = NOON + timedelta(minutes=number // 3)  # three saves of one instant
            people.add_person(session, 1, {"surname": f"Гость{number}"}, who, at)
    whole = read(town, limit=500)
    pages: list[TimelineItem] = []
    before: datetime | None = None
    for _ in range(len(whole) + 1):
        page = read(town, limit=4, before=before)
        if not page:
            break
        pages += page
        before = page[-1].at
    assert sorted(map(repr, pages)) == sorted(map(repr, whole))


def test_an_appeal_of_a_service_that_one_does_not_read_is_not_on_ones_line(town: Database) -> None:
    with town.transaction() as session:
        gromova = employee(session, "gromova")
        draft = journal.new_draft(session, 2, "email", gromova, NOON)
        draft.family_id = 3
        fields = {"substance": "Просит вызвать юриста.", "applicant_name": "Соколова", "topic": "документы",
                  "family_brief": "Соколовы", "contact_method": "email", "obstacle": None}  # fmt: skip
        journal.save_entry(session, draft.id, fields, draft.version, gromova, NOON)
    texts = {
        login: " ".join(item.text for item in read(town, login, 3)) for login in ("gromova", "roshchina", "lavrova")
    }
    assert "вызвать юриста" in texts["gromova"]
    assert "вызвать юриста" in texts["roshchina"]
    assert "вызвать юриста" not in texts["lavrova"]


@pytest.mark.parametrize("login", ["lavrova", "vorobey", "kim"])
def test_a_restricted_family_has_no_line_for_those_not_entitled(town: Database, login: str) -> None:
    with pytest.raises(NotFound):
        read(town, login, 12)
    assert read(town, "durnovo", 12)
