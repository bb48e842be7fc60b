"""The wallboard and the service report as people open them: figures, roles, the monitor's pass."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.audit import AuditEvent
from crm.service_report import wall_pass
from tests.integration.web.conftest import HOST
from web.role_matrix import routes_of, rules_of

NAME, NUMBER = "Кузнецов", "000-01-01"


def test_the_board_shows_the_moment_without_names_of_families_or_numbers(office):
    office.ring()
    head = office.browser("roshchina")
    page = head.get("/wallboard").text
    assert "Ждут ответа" in page
    part = head.get("/wallboard/board").text
    assert "Лаврова Н. А." in part
    assert "звонит телефон" in part
    assert NAME not in part
    assert NUMBER not in part
    office.answer()
    assert "говорит" in head.get("/wallboard/board").text


def test_full_screen_has_no_menu_and_no_search(office):
    page = office.browser("roshchina").get("/wallboard?wall=1").text
    assert "Ждут ответа" in page
    assert 'class="nav"' not in page
    assert "Поиск семьи" not in page


def test_a_dispatcher_sees_her_own_services_and_a_specialist_none(office):
    assert office.browser("lavrova").get("/wallboard").status_code == 200
    assert office.browser("smirnova").get("/wallboard").status_code == 403
    assert office.browser("kim").get("/wallboard").status_code == 403
    assert "Социальный координатор" not in office.browser("lavrova").get("/wallboard/board").text


@pytest.mark.parametrize("path", ["/wallboard/board", "/wallboard/live"])
def test_a_board_that_is_looked_at_keeps_no_session_awake(office, path):
    (route,) = (route for route in routes_of(office.app) if route.path == path)
    assert rules_of(route)[0].activity is False


# --- the monitor on the wall


def made_monitor(office) -> tuple[TestClient, int]:
    head = office.browser("roshchina")
    answer = head.post("/wallboard/pass", title="дежурка")
    assert (answer.status_code, answer.headers["location"]) == (303, "/wall")
    with office.desk.database.reading() as session:
        (row,) = wall_pass.standing(session, datetime.now(UTC))
    return head.client, row.id


def test_a_monitor_shows_the_board_and_nothing_else(office):
    monitor, _ = made_monitor(office)
    page = monitor.get("/wall")
    assert page.status_code == 200
    assert "Ждут ответа" in page.text
    assert monitor.get("/wall/board").status_code == 200
    for path in ("/families", "/journal", "/wallboard", "/reports/service"):
        answer = monitor.get(path, headers={"accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), "the head is signed out here"


def test_a_monitor_that_was_withdrawn_goes_dark(office):
    monitor, pass_id = made_monitor(office)
    head = office.browser("roshchina")
    assert "дежурка" in head.get("/wallboard").text
    assert office.browser("lavrova").post(f"/wallboard/pass/{pass_id}/withdraw").status_code == 403
    assert head.post(f"/wallboard/pass/{pass_id}/withdraw").status_code == 303
    assert monitor.get("/wall/board").status_code == 401
    assert monitor.get("/wall").headers["location"] == "/login"
    with office.desk.database.reading() as session:
        actions = session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("wall.%"))).all()
    assert sorted(actions) == ["wall.issue", "wall.withdraw"]


def test_without_a_pass_there_is_no_wall(office):
    stranger = TestClient(office.app, base_url=HOST, follow_redirects=False)
    assert stranger.get("/wall").headers["location"] == "/login"
    assert stranger.get("/wall/board").status_code == 401
    assert stranger.get("/wall/live").status_code == 401
    for forged in ("x" * 43, "", "x" * 5000):
        stranger.cookies.set("dispatch-wall", forged)
        assert stranger.get("/wall/board").status_code == 401
        assert stranger.get("/wall/live").status_code == 401


# --- the report


def test_the_report_and_its_empty_state(office):
    head = office.browser("roshchina")
    page = head.get("/reports/service")
    assert page.status_code == 200
    assert "звонков не было" in page.text
    office.ring()
    office.answer()
    office.hang_up()
    page = head.get("/reports/service").text
    assert "из 1 поступивших" in page
    assert "÷ (отвечено + потеряно)" in page
    assert office.browser("chernykh").get("/reports/service").status_code == 200
    assert office.browser("lavrova").get("/reports/service").status_code == 403


@pytest.mark.parametrize(
    "query",
    ["service=-1", "service=x", f"service={2**63}", "since=вчера", "since=0001-01-01", "until=9999-12-31", "since=%00"],
)
def test_addresses_that_no_page_has(office, query):
    assert office.browser("roshchina").get(f"/reports/service?{query}").status_code == 404


def test_a_period_that_is_none_is_said_beside_the_field(office):
    page = office.browser("roshchina").get("/reports/service?since=2026-11-12&until=2026-11-01")
    assert (page.status_code, "Конец периода раньше начала." in page.text) == (422, True)


def test_the_file_is_ordered_with_the_days_of_the_page(office):
    head = office.browser("roshchina")
    answer = head.post("/exports", kind="service", service_id="1", since="2026-11-01", until="2026-11-12")
    assert answer.status_code == 303
    assert "Обслуживание звонков" in head.get(answer.headers["location"]).text
    assert office.browser("lavrova").post("/exports", kind="service", service_id="1", since="2026-11-01",
                                          until="2026-11-12").status_code == 404  # fmt: skip


def test_the_head_sets_targets_and_the_director_reads_them(office):
    head, director = office.browser("roshchina"), office.browser("chernykh")
    form = {"service": "1", "version": "0", "answer_seconds": "15", "level_percent": "90", "short_seconds": "5",
            "abandoned_percent": "5", "missed_percent": "90", "queue_yellow": "2", "queue_red": "4",
            "wait_yellow": "30", "wait_red": "60", "wrapup_yellow": "3", "wrapup_red": "5"}  # fmt: skip
    assert director.post("/reports/service/targets", **form).status_code == 403
    assert head.post("/reports/service/targets", **form).status_code == 303
    assert 'value="15"' in director.get("/reports/service/targets").text
    stale = head.post("/reports/service/targets", **form)
    assert (stale.status_code, "уже изменена" in stale.text) == (409, True)
    wrong = head.post("/reports/service/targets", **{**form, "version": "1", "queue_red": "много", "wait_red": "10"})
    assert wrong.status_code == 422
    assert 'value="много"' in wrong.text, "nothing typed is lost"


def test_printing_is_noted(office):
    assert office.browser("roshchina").post("/prints", subject="service_report").status_code == 204
    assert office.browser("lavrova").post("/prints", subject="service_report").status_code == 404
