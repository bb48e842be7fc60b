"""Who told us of a family stands in one table and is shown by one page (domain.md §6.3): looked for in every other
table, in every page of every role, in every export, in what leaves the process, and in the audit log."""

from __future__ import annotations

import logging
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import delete, select

from crm import passwords
from crm.audit import AuditEvent
from crm.calendar.tables import ServiceHours
from crm.consents import subject
from crm.errors import RecordsError
from crm.family_tables import Family, Person
from crm.journal_tables import JournalEntry
from crm.models import Base
from crm.papers import exporting, making
from crm.papers.kinds import KINDS
from crm.papers.tables import ExportedFile
from crm.staff import Employee, Role, by_login
from crm.tips.tables import Tip, TipAttempt, TipDuty, TipInformant, TipReport
from tests.integration.web import walk
from tests.integration.web.canary import CANARY
from tests.integration.web.conftest import Office
from tests.integration.web.test_access_exports import WANTED
from tests.integration.web.test_leaks import Leaks
from tests.support.desks import desk_over
from tests.support.pages import SECRET
from tests.support.valkey import TemporaryValkey
from web.settings import WebSettings
from workers.feed import NoticeKind

NAME, PHONE, HOUSE = "Болтунова Зинаида Прокофьевна", "8 (907) 000-99-81", "кружок «Ласточка-Балаболка»"
MARKS = ("болтунов", "прокофьевн", "балаболк", "9070009981", "000-99-81", "000‑99‑81", "0009981")
STAFF = ("lavrova", "zayac", "gromova", "roshchina", "chernykh", "kim", "smirnova", "durnovo", "vorobey", "auditor")
"""Those who took it down, the other service, the head, the director, the administrator, specialists, the auditor."""
FORM = {
    "service_id": "1", "risk": "yes", "said_112": "yes", "words": "Дети одни вторые сутки.", "about_name": "Тихомировы",
    "informant_name": NAME, "informant_phone": PHONE, "informant_organisation": HOUSE,
}  # fmt: skip
SEARCHES = {
    "/families/search": "text", "/families/typed": "text", "/journal": "text", "/registry": "text", "/audit": "text",
    "/missed": "text", "/tips/new": "text",
}  # fmt: skip


@pytest.fixture
def place(furnished: Path, tmp_path: Path) -> Iterator[Office]:
    """An office with a real Redis and an auditor, without the demo's tips, open round the clock."""
    for file in furnished.glob("records.db*"):
        shutil.copy(file, tmp_path / file.name)
    with TemporaryDirectory(prefix="sd-") as sockets, TemporaryValkey(Path(sockets)) as valkey:
        settings = WebSettings(data_dir=tmp_path, secret_key=SECRET, redis_url=valkey.url, _env_file=None)
        office = Office(desk_over(settings))
        with office.desk.database.transaction() as session:
            for model in (TipInformant, TipReport, TipAttempt, TipDuty, Tip, ServiceHours):
                session.execute(delete(model))
            session.add(
                Employee(
                    surname="Сверкин", name="Лев", patronymic="", login="auditor", role=Role.AUDITOR.value,
                    created_at=datetime.now(UTC), password_hash=passwords.hashed("demo-auditor-2026"),
                )
            )  # fmt: skip
        yield office
        office.desk.close()


def worked(office: Office) -> tuple[Tip, int]:
    """A danger is told of a family with a card, three attempts are made, a letter is written, a visit planned, the
    bodies are told; a second person tells of the same family. The tip and the family."""
    with office.desk.database.reading() as session:
        family_id = session.scalars(select(Family.id).where(Family.card_number == "С-00001")).one()
    lavrova = office.browser("lavrova")
    for login in ("lavrova", "zayac"):
        browser = office.browser(login)
        key = re.search(r'name="form_key" value="(\w+)"', browser.get("/tips/new").text)[1]
        answer = browser.post("/tips/new", **FORM, form_key=key, family=str(family_id))
        assert answer.status_code == 303, answer.text
    with office.desk.database.reading() as session:
        tip = session.scalars(select(Tip)).one()
    for number in range(3):
        key = f"{number}" * 16
        assert lavrova.post(f"/tips/{tip.id}/attempt", result="no_answer", form_key=key).status_code == 303
    assert lavrova.post(f"/tips/{tip.id}/letter", how="email").status_code == 303
    assert lavrova.post(f"/tips/{tip.id}/visit", who="Громова", address="ул. Новая").status_code == 303
    assert lavrova.post(f"/tips/{tip.id}/informed", body="kdn", whom_kdn="Орлова").status_code == 303
    return tip, family_id


def found_in(text: str) -> list[str]:
    folded = text.casefold()
    return [f"{mark}: {folded[max(0, folded.find(mark) - 60) :][:140]}" for mark in MARKS if mark in folded]


def test_no_other_table_holds_it(place: Office) -> None:
    """Nor the words by which cards and rows are found, the drafts, the versions, the notices that wait."""
    worked(place)
    leaky = {}
    with place.desk.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = "\n".join(str(tuple(row)) for row in session.execute(select(table)))
            if found := found_in(rows):
                leaky[table.name] = found
    assert set(leaky) == {"tip_informant"}, leaky


def test_no_page_of_anybody_shows_it(place: Office) -> None:
    tip, family_id = worked(place)
    with place.desk.database.reading() as session:
        entry = session.get_one(JournalEntry, tip.entry_id)
        person_id = session.scalars(select(Person.id).where(Person.family_id == family_id)).first()
    numbers = {"tip_id": tip.id, "entry_id": entry.id, "family_id": family_id, "person_id": person_id}
    steps = {
        re.sub(r"{(\w+)}", lambda one: str(numbers.get(one[1], 1)), step.route)
        + step.path[len(step.path.partition("?")[0]) :].replace(str(CANARY), str(family_id))
        for step in walk.steps(place.app)
        if step.method == "GET"
    }
    opened = dict.fromkeys(STAFF, 0)
    for login in STAFF:
        browser = place.browser(login)
        for path in sorted(steps):
            answer = browser.get(path)
            opened[login] += answer.status_code == 200
            assert not found_in(answer.text), f"{login} {path}: {found_in(answer.text)}"
            assert not found_in(str(answer.headers)), path
        for path, field in SEARCHES.items():
            for text in ("Болтунова", PHONE, "Балаболка"):
                answer = browser.post(path, **{field: text})
                assert f'href="/tips/{tip.id}"' not in answer.text
                assert "Дети одни" not in answer.text
    assert opened["roshchina"] > 100
    assert all(opened.values())


@pytest.mark.parametrize("kind", list(KINDS))
def test_no_export_holds_it(place: Office, tmp_path: Path, kind: str) -> None:
    worked(place)
    at, made = datetime.now(UTC), 0
    for login in STAFF:
        try:
            with place.desk.database.transaction() as session:
                who = by_login(session, login)
                assert who is not None
                asked = exporting.ask(session, kind, dict(WANTED[kind]), who, at).id
        except RecordsError:
            continue
        folder = exporting.folder_of(tmp_path)
        making.make(place.desk.database, asked, folder, at)
        with place.desk.database.reading() as session:
            row = session.get_one(ExportedFile, asked)
        assert row.state == "ready", row.error
        with zipfile.ZipFile(folder / row.stored_as) as parts:
            for name in parts.namelist():
                assert not found_in(parts.read(name).decode(errors="replace")), f"{login} {kind} {name}"
        made += 1
    assert made, "somebody may have it"


def test_nothing_that_leaves_the_process_tells_it(
    place: Office, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Log, terminal, feed and queue, names of files, the audit log, the papers of each of the family."""
    caplog.set_level(logging.DEBUG)
    tip, family_id = worked(place)
    head = place.browser("roshchina")
    shown = head.post(f"/tips/{tip.id}/informants")
    assert NAME in shown.text, "in its own place it stands"
    assert NAME not in str(shown.request.url)
    redis = Leaks.redis_dump(place.desk.settings)  # type: ignore[arg-type] - all that it needs is the address
    assert NoticeKind.TIP.value in redis, "the feed was told that there is one"
    with place.desk.database.reading() as session:
        people = session.scalars(select(Person.id).where(Person.family_id == family_id)).all()
        papers = "\n".join(subject.as_json(subject.everything_on(session, one, datetime.now(UTC))) for one in people)
        log = "\n".join(str(vars(row)) for row in session.scalars(select(AuditEvent)))
    assert "tip.informant" in log
    outside = {
        "log": "\n".join([caplog.text, *(str(one.args) for one in caplog.records)]),
        "terminal": "".join(capfd.readouterr()),
        "Redis": redis,
        "files": "\n".join(str(path) for path in tmp_path.rglob("*")),
        "audit log": log,
        "papers of the family": papers,
    }
    assert not {what: found_in(text) for what, text in outside.items() if found_in(text)}
