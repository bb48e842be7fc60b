"""«Выгрузки» and «Реестр» as people use them: asked for, waited for, fetched, checked, and who gets nothing."""

from __future__ import annotations

import io
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import openpyxl
import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.papers import exporting
from tests.integration.web.conftest import HOST, Browser, Office
from tests.support import papers
from tests.support.papers import add_rows


@pytest.fixture
def filled(office: Office) -> Office:
    with office.desk.database.transaction() as session:
        papers.empty_journal(session)
        add_rows(session, 3, substance="Спросила о пособии")
    return office


def work(office: Office) -> None:
    """What the maker of papers does."""
    database = office.desk.database
    folder = exporting.folder_of(office.desk.settings.data_dir)
    with database.reading() as session:
        waiting = list(exporting.waiting(session))
    for export_id in waiting:
        exporting.make(database, export_id, folder, datetime.now(UTC))


def asked(browser: Browser, **form: object) -> str:
    """Press «Excel»; the address of the page that waits."""
    answer = browser.post("/exports", **form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def made(office: Office, browser: Browser, **form: object) -> str:
    address = asked(browser, **form)
    work(office)
    return address


def test_a_journal_is_asked_for_waited_for_and_fetched(filled: Office) -> None:
    head = filled.browser("roshchina")
    address = asked(head, kind="journal", service_id=1)
    waiting = head.get(address).text
    assert "Файл готовится" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert f'<noscript><p><a class="button" href="{address}">Обновить</a>' in waiting
    work(filled)
    ready = head.get(address).text
    assert "в нём 3 строки" in ready
    assert "hx-trigger" not in ready.partition('id="export"')[2].partition("</section>")[0]
    answer = head.get(f"{address}/file")
    day = f"{datetime.now(filled.desk.zone):%Y-%m-%d}"
    disposition = answer.headers["content-disposition"]
    assert disposition == (
        f"attachment; filename=\"journal-{day}.xlsx\"; filename*=UTF-8''{quote(f'Журнал {day}.xlsx')}"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert [cell.value for cell in page["A"]][5:] == ["1", "2", "3"]


def test_what_the_list_shows_is_what_the_file_holds(filled: Office) -> None:
    with filled.desk.database.transaction() as session:
        add_rows(session, 2, topic="документы", applicant_name="Орлова Татьяна")
    head = filled.browser("roshchina")
    address = made(filled, head, kind="journal", service_id=1, topic="документы", text="Орлова", since="2026-11-01")
    assert "в нём 2 строки" in head.get(address).text
    assert "с 01.11.2026, с отбором" in head.get(address).text
    assert "Орлова" not in head.get(address).text


def test_pressing_twice_is_one_export(filled: Office) -> None:
    head = filled.browser("roshchina")
    assert asked(head, kind="journal", service_id=1) == asked(head, kind="journal", service_id=1)


@pytest.mark.parametrize(
    ("login", "form", "status"),
    [
        ("lavrova", {"kind": "registry"}, 404),
        ("lavrova", {"kind": "journal", "service_id": 2}, 404),
        ("lavrova", {"kind": "journal"}, 404),
        ("lavrova", {"kind": "everything"}, 404),
        ("lavrova", {"kind": "journal", "service_id": 2**63}, 404),
        ("lavrova", {"kind": "journal", "service_id": "-1"}, 404),
        ("lavrova", {"kind": "journal", "service_id": "x"}, 422),
        ("lavrova", {"kind": "journal", "service_id": 1, "since": "вчера"}, 422),
        ("lavrova", {"service_id": 1}, 422),
        ("lavrova", {"kind": "journal", "service_id": 1, "viewer": "chernykh"}, 422),
        ("smirnova", {"kind": "journal", "service_id": 1}, 403),
        ("kim", {"kind": "registry"}, 403),
    ],
)
def test_what_one_may_not_have_is_refused(filled: Office, login: str, form: dict[str, object], status: int) -> None:
    answer = filled.browser(login).post("/exports", **form)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_others_exports_are_not_there(filled: Office) -> None:
    mine = made(filled, filled.browser("lavrova"), kind="journal", service_id=1)
    other = filled.browser("zayac")
    assert [other.get(mine).status_code, other.get(f"{mine}/file").status_code] == [404, 404]
    assert mine not in other.get("/exports").text
    head = filled.browser("roshchina")
    assert mine in head.get("/exports").text
    assert "Лаврова" in head.get("/exports").text
    assert head.get(f"{mine}/file").status_code == 200
    for number in ("-1", "0", str(2**63), "x", "999"):
        assert head.get(f"/exports/{number}").status_code == 404
        assert head.get(f"/exports/{number}/file").status_code == 404


def test_a_file_that_is_gone_is_told(filled: Office) -> None:
    head = filled.browser("roshchina")
    address = made(filled, head, kind="journal", service_id=1)
    shutil.rmtree(exporting.folder_of(filled.desk.settings.data_dir))
    assert head.get(f"{address}/file").status_code == 404
    assert head.get(address).status_code == 200


def test_a_failure_is_a_sentence(filled: Office) -> None:
    head = filled.browser("roshchina")
    address = asked(head, kind="journal", service_id=1)
    exporting.make(filled.desk.database, int(address.rpartition("/")[2]), Path("/nowhere"), datetime.now(UTC))
    assert "папка выгрузок недоступна" in head.get(address).text


def send(browser: Browser, content: bytes, name: str = "Журнал.xlsx") -> object:
    return browser.client.post(
        "/exports/verify",
        data={"csrf": browser.csrf},
        files={"file": (name, content)},
        headers={"sec-fetch-site": "same-origin", "accept": "text/html"},
    )


def test_a_file_is_checked(filled: Office) -> None:
    head = filled.browser("roshchina")
    address = made(filled, head, kind="journal", service_id=1)
    content = head.get(f"{address}/file").content
    assert "Подлинный: выгрузка № 1" in send(head, content).text
    book = openpyxl.load_workbook(io.BytesIO(content))
    book.active["E6"] = "<script>alert(1)</script>"
    changed = io.BytesIO()
    book.save(changed)
    told = send(head, changed.getvalue()).text
    assert "Изменён после выгрузки" in told, told.partition("<h1>")[2][:1500]
    assert "<td>E6</td>" in told
    assert "<script>alert" not in told
    assert "Спросила о пособии" in told
    other = send(filled.browser("zayac"), changed.getvalue()).text
    assert "<td>E6</td>" in other
    assert "Спросила о пособии" not in other
    assert "Не наш файл" in send(head, b"something else").text
    assert not list((filled.desk.settings.data_dir / "imports").glob("*"))


def test_without_a_file_the_form_says_so(filled: Office) -> None:
    answer = filled.browser("roshchina").post("/exports/verify")
    assert answer.status_code == 422
    assert "Выберите файл" in answer.text


def test_a_check_without_the_form_token_is_refused(filled: Office) -> None:
    browser = filled.browser("roshchina")
    browser.csrf = "wrong"
    assert send(browser, b"x").status_code == 403
    answer = browser.client.post("/exports/verify", files={"file": ("a", b"x")}, headers={"origin": HOST})
    assert answer.status_code == 403


def test_the_registry_on_the_screen_is_the_one_in_the_file(filled: Office) -> None:
    coordinator = filled.browser("gromova")
    shown = coordinator.get("/registry").text
    numbers = re.findall(r'<td class="number"><a href="/families/\d+">(\d+)</a>', shown)
    assert numbers == [str(number + 1) for number in range(len(numbers))]
    assert "Контактные данные (телефон, эл. почта)" in shown
    address = made(filled, coordinator, kind="registry")
    assert f"в нём {len(numbers)} " in coordinator.get(address).text
    with filled.desk.database.reading() as session:
        looked = session.scalars(select(AuditEvent).where(AuditEvent.action == "registry.open")).all()
        assert [event.actor_name for event in looked] == ["Громова А. Ю."]
    for login in ("lavrova", "smirnova", "kim"):
        assert filled.browser(login).get("/registry").status_code == 403


@pytest.mark.parametrize("number", ["0", "-1", "9999999", "1e9", "x", "²"])
def test_a_page_of_the_registry_that_is_not_there_shows_the_nearest(filled: Office, number: str) -> None:
    answer = filled.browser("gromova").get(f"/registry?number={number}")
    assert answer.status_code == 200
    assert "Кузнецова" in answer.text
