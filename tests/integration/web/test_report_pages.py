"""«Отчёты» and «Актуализация» on the pages: who reads them, what they show, closing once."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.cards import upkeep
from crm.family_tables import Family
from crm.papers.tables import ExportedFile
from crm.ratings.tables import QuarterReport
from tests.integration.crm.surveys import answer, case, service

SPRING = datetime(2024, 5, 14, 9, 0, tzinfo=UTC)
"""In a quarter that is over and that the demo knows nothing of."""


@pytest.fixture
def rated(office) -> str:
    """Service B's second quarter of 2024: 151 points of 20 answers, a refusal; the query that names it."""
    with office.desk.database.transaction() as session:
        for place in range(20):
            answer(session, case(session, SPRING), 8 if place < 11 else 7, SPRING)
        answer(session, case(session, SPRING), "refused", SPRING)
        return f"service={service(session).id}&quarter=2024-2"


def form_of(query: str) -> dict[str, str]:
    return dict(part.split("=") for part in query.split("&"))


def test_the_report_says_it_in_the_procedures_words(office, rated):
    page = office.browser("roshchina").get(f"/reports?{rated}").text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Кэф 75,5" in text
    assert "Работа Сервиса считается условно эффективной." in text
    assert "II квартал 2024 года" in text
    assert "01.04.2024 — 30.06.2024" in text
    assert "Кэф = Сб / Кг × 10" in text
    assert 'role="img"' in page
    assert "Заведующий отделением" in text


def test_a_quarter_without_answers_has_no_verdict(office, rated):
    page = office.browser("chernykh").get(f"/reports?{rated.replace('2024-2', '2024-1')}").text
    assert "не рассчитывается (оценок нет)" in page
    assert "Работа Сервиса считается" not in page


@pytest.mark.parametrize("login", ["lavrova", "gromova", "smirnova", "kim"])
def test_only_the_head_and_the_director_read_reports(office, rated, login):
    browser = office.browser(login)
    assert browser.get(f"/reports?{rated}").status_code == 403
    assert browser.get(f"/reports/rows?{rated}").status_code == 403
    assert browser.post("/reports/close", **form_of(rated)).status_code == 403
    assert 'href="/reports"' not in browser.get("/me").text


@pytest.mark.parametrize(
    "query",
    [
        "service=0",
        "service=-1",
        "service=9223372036854775808",
        "service=x",
        "quarter=2024-5",
        "quarter=2024",
        "quarter=9999-1",
        "quarter=٢٠٢٤-1",
        "quarter=1999-4",
        "quarter=%00",
        "quarter=2024-2%27",
    ],
)
def test_what_is_no_quarter_is_not_found(office, query):
    browser = office.browser("roshchina")
    assert browser.get(f"/reports?{query}").status_code == 404
    assert browser.get(f"/reports/rows?{query}").status_code == 404


def test_every_answer_is_followed_to_its_row_and_looking_is_logged(office, rated):
    browser = office.browser("roshchina")
    page = browser.get(f"/reports/rows?{rated}")
    assert page.status_code == 200
    assert len(re.findall(r'href="/journal/\d+"', page.text)) == 21
    assert len(re.findall(r'href="/journal/\d+"', browser.get(f"/reports/rows?{rated}&mark=8").text)) == 11
    assert len(re.findall(r'href="/journal/\d+"', browser.get(f"/reports/rows?{rated}&mark=refused").text)) == 1
    assert "Таких отметок" in browser.get(f"/reports/rows?{rated}&mark=1").text
    for odd in ("mark=11", "mark=%27", "number=0", "number=-5", "number=" + "9" * 5000, "number=x"):
        assert browser.get(f"/reports/rows?{rated}&{odd}").status_code in (200, 404, 414)
    with office.desk.database.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "report.rows")).all()
    assert len(events) >= 4


def test_closing_freezes_numbers_and_shows_scores_to_the_rated(office, rated):
    browser, own = office.browser("roshchina"), office.browser("gromova")
    with office.desk.database.transaction() as session:
        entry_id = case(session, SPRING).id
        answer(session, session.get_one(type(case(session, SPRING)), entry_id), 8, SPRING)
    assert "оценка получена" in own.get(f"/journal/{entry_id}/rating").text
    done = browser.post("/reports/close", **form_of(rated))
    assert (done.status_code, done.headers["location"]) == (303, f"/reports?{rated}")
    assert browser.post("/reports/close", **form_of(rated)).status_code == 303
    page = browser.get(f"/reports?{rated}").text
    assert "Отчёт № 1 от" in page
    assert "SHA-256" in page
    assert "Закрыть квартал" not in page
    assert 'class="mark">8<' in own.get(f"/journal/{entry_id}/rating").text
    with office.desk.database.reading() as session:
        assert len(session.scalars(select(QuarterReport).where(QuarterReport.year == 2024)).all()) == 1


def test_the_button_asks_for_exactly_this_report_as_a_file(office, rated):
    browser = office.browser("roshchina")
    page = browser.get(f"/reports?{rated}").text
    form = page.split('action="/exports"')[1].split("</form>")[0]
    sent = dict(re.findall(r'name="(kind|service_id|year|quarter)" value="([^"]*)"', form))
    assert browser.post("/exports", **sent).status_code == 303
    with office.desk.database.reading() as session:
        asked = session.scalars(select(ExportedFile).order_by(ExportedFile.id.desc())).first()
        wanted = {"service_id": service(session).id, "year": 2024, "quarter": 2}
    assert (asked.kind, asked.filters) == ("efficiency", wanted)


def test_the_running_quarter_is_not_closed(office):
    browser = office.browser("chernykh")
    today = datetime.now(office.desk.zone).date()
    with office.desk.database.reading() as session:
        query = f"service={service(session).id}&quarter={today.year}-{(today.month + 2) // 3}"
    page = browser.get(f"/reports?{query}").text
    assert "Квартал можно закрыть после" in page
    refused = browser.post("/reports/close", **form_of(query))
    assert refused.status_code == 409
    assert "ещё не закончился" in refused.text


def test_a_correction_after_the_closing_is_announced_and_changes_nothing(office, rated):
    head = office.browser("roshchina")
    with office.desk.database.transaction() as session:
        rating = answer(session, case(session, SPRING), 1, SPRING)
    head.post("/reports/close", **form_of(rated))
    head.post(f"/ratings/{rating.id}/correct", answer="10", reason="опечатка")
    page = head.get(f"/reports?{rated}").text
    assert "После закрытия квартала внесено исправлений: 1" in page
    assert "152 / 21" in re.sub(r"\s+", " ", page)


def test_an_altered_frozen_report_is_reported(office, rated):
    head = office.browser("roshchina")
    head.post("/reports/close", **form_of(rated))
    with office.desk.database.transaction() as session:
        stored = session.scalars(select(QuarterReport).where(QuarterReport.year == 2024)).one()
        stored.figures = {**stored.figures, "refused": 0}
    assert "контрольная сумма не сходится" in head.get(f"/reports?{rated}").text


def test_upkeep_is_for_those_who_call(office):
    for login, status in (("lavrova", 200), ("gromova", 200), ("roshchina", 200), ("smirnova", 403), ("kim", 403)):
        assert office.browser(login).get("/upkeep").status_code == status


@pytest.mark.parametrize("kind", upkeep.kinds())
def test_every_list_opens_and_says_what_to_do(office, kind):
    page = office.browser("lavrova").get(f"/upkeep?kind={kind}&days=365")
    assert page.status_code == 200
    assert 'aria-current="true"' in page.text
    assert "+7907000" not in page.text, "telephones are masked in lists"


@pytest.mark.parametrize("query", ["kind=age-8", "kind=", "kind=%27", "kind=unconfirmed%00"])
def test_there_is_no_other_list(office, query):
    assert office.browser("lavrova").get(f"/upkeep?{query}").status_code == 404


@pytest.mark.parametrize("query", ["days=0", "days=x", "days=99999999999", "number=-1", "number=99999", "number=x"])
def test_odd_windows_are_the_usual_one(office, query):
    assert office.browser("lavrova").get(f"/upkeep?kind=age-18&{query}").status_code == 200


def test_a_restricted_family_is_in_the_heads_list_only(office):
    with office.desk.database.transaction() as session:
        restricted = session.scalars(select(Family).where(Family.restricted)).first()
        restricted.actualized_on = date(2020, 1, 1)
        address = f'href="/families/{restricted.id}"'
    assert address in office.browser("roshchina").get("/upkeep").text
    assert address not in office.browser("zayac").get("/upkeep").text


def test_one_click_takes_a_family_off_the_list(office):
    with office.desk.database.transaction() as session:
        family = session.scalars(select(Family).where(Family.restricted.is_(False)).order_by(Family.id)).first()
        family.actualized_on = date(2020, 1, 1)
        family_id = family.id
    browser = office.browser("lavrova")
    assert f'action="/upkeep/{family_id}/confirm"' in browser.get("/upkeep").text
    for _ in range(2):
        done = browser.post(f"/upkeep/{family_id}/confirm", kind="unconfirmed", days="60", number="1")
        assert (done.status_code, done.headers["location"]) == (303, "/upkeep?kind=unconfirmed&days=60&number=1")
    assert f'action="/upkeep/{family_id}/confirm"' not in browser.get("/upkeep").text
    assert browser.post(f"/upkeep/{family_id}/confirm").headers["location"] == f"/families/{family_id}"
    with office.desk.database.reading() as session:
        stored = session.get_one(Family, family_id)
    assert stored.actualized_on is not None
    assert abs(datetime.now(UTC).date() - stored.actualized_on) <= timedelta(days=1)


@pytest.mark.parametrize("number", [0, -1, 2**63, 999_999])
def test_no_such_family_is_confirmed(office, number):
    assert office.browser("lavrova").post(f"/upkeep/{number}/confirm", kind="unconfirmed").status_code == 404
