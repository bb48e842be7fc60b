"""«Аудит», «Роли и разделы» and the log of prints, as people use them (reliability.md S19; domain.md §11 check 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm import audit
from crm.audit import AuditEvent
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.staff import Role, by_login


def family_of(office, card="С-00001"):
    with office.desk.database.reading() as session:
        return session.scalars(select(Family.id).where(Family.card_number == card)).one()


def last(office):
    with office.desk.database.reading() as session:
        return session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc())).first()


def test_who_looked_at_a_family_is_asked_by_its_number_and_shown_in_words(office):
    family_id = family_of(office)
    office.browser("lavrova").get(f"/families/{family_id}")
    head = office.browser("roshchina")
    page = head.get(f"/audit/family/{family_id}").text
    assert "Кто работал с карточкой С-00001" in page
    assert "Лаврова Н. А." in page
    assert "открыта карточка" in page
    assert f'href="/families/{family_id}"' in page
    assert "Кузнецов" not in page.split("<main", 1)[1]
    other = head.get(f"/audit/family/{family_of(office, 'С-00002')}").text
    assert "записей нет" in other


def test_the_filters_narrow_and_stay_in_the_form(office):
    family_id = family_of(office)
    office.browser("lavrova").get(f"/families/{family_id}")
    with office.desk.database.reading() as session:
        lavrova, kim = by_login(session, "lavrova"), by_login(session, "kim")
    head = office.browser("roshchina")
    found = head.post("/audit", employee=lavrova.id, family="c-1", action="family.open", since="01.01.2026").text
    assert found.count('<td class="number">') == 1
    assert f'<option value="{lavrova.id}" selected' in found
    for nothing in ({"employee": kim.id}, {"family": "С-00002"}, {"action": "journal.save"}, {"until": "01.01.2020"}):
        assert "записей нет" in head.post("/audit", **nothing).text


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [("вчера", "", "Нужна дата"), ("02.02.2026", "01.02.2026", "раньше первого"), ("", "31.02.2026", "Нужна дата")],
)
def test_a_day_that_is_none_is_told_beside_its_field(office, since, until, sentence):
    answer = office.browser("roshchina").post("/audit", since=since, until=until)
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize("hostile", ["-1", "0", str(2**63), "9" * 400, "%", "' OR 1=1", "\u202e", "🦜", "²"])
def test_hostile_filters_find_nothing_and_break_nothing(office, hostile):
    head = office.browser("roshchina")
    assert head.post("/audit", employee=hostile, family=hostile, action=hostile, before=hostile).status_code == 200
    assert "записей нет" in head.post("/audit", family=hostile).text


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "x", "1.5"])
def test_a_family_number_that_cannot_be_is_not_there(office, number):
    assert office.browser("roshchina").get(f"/audit/family/{number}").status_code == 404


def test_older_entries_are_a_page_further_on(office):
    with office.desk.database.transaction() as session:
        for place in range(250):
            at = datetime.now(UTC) - timedelta(days=2, seconds=place)
            audit.write(session, audit.Actor(None, f"Прежний {place}."), "sign_in", at=at)
    head, seen, before = office.browser("roshchina"), set(), ""
    for _ in range(4):
        page = head.post("/audit", action="sign_in", before=before).text
        seen |= {place for place in range(250) if f"Прежний {place}." in page}
        before = page.split('name="before" value="')[1].split('"')[0] if 'name="before"' in page else ""
        if not before:
            break
    assert seen == set(range(250))


def test_the_auditor_sees_numbers_without_a_way_into_cards(office):
    family_id = family_of(office)
    office.browser("lavrova").get(f"/families/{family_id}")
    with office.desk.database.transaction() as session:
        kim = by_login(session, "kim")
        kim.role = Role.AUDITOR.value
        session.add(kim)
    auditor = office.browser("kim")
    page = auditor.get("/audit").text
    assert "С-00001" in page
    assert 'href="/families/' not in page
    assert auditor.get(f"/families/{family_id}").status_code == 403


def test_the_page_of_roles_says_what_the_routes_enforce(office):
    page = office.browser("kim").get("/settings/roles").text
    rows = {row.split("</th>")[0]: row for row in page.split('<th scope="row">')[1:]}
    assert rows["поиск"].count(">да<") == 5
    assert rows["показать пароль аппарата"].count(">да<") == 1
    assert office.browser("lavrova").get("/settings/roles").status_code == 403


def test_a_print_is_logged_with_the_family_it_shows(office):
    family_id = family_of(office)
    assert office.browser("smirnova").post("/prints", subject="family", id=family_id).status_code == 204
    row = last(office)
    assert (row.action, row.subject, row.subject_id, row.family_id) == (
        "page.print",
        "family",
        str(family_id),
        family_id,
    )


@pytest.mark.parametrize("subject", ["journal", "audit"])
def test_the_print_of_a_list_needs_the_role_of_its_page(office, subject):
    assert office.browser("roshchina").post("/prints", subject=subject).status_code == 204
    assert last(office).subject == subject
    assert office.browser("smirnova").post("/prints", subject=subject).status_code == 404


def test_a_print_of_what_one_may_not_see_is_refused_and_not_logged(office):
    with office.desk.database.transaction() as session:
        restricted = session.scalars(select(Family).where(Family.restricted)).first()
        lavrova = by_login(session, "lavrova")
        entry = JournalEntry(
            service_id=1, year=2020, number=1, state="saved", family_id=restricted.id, substance="Тайна",
            author_id=by_login(session, "roshchina").id, created_at=datetime.now(UTC), saved_at=datetime.now(UTC),
        )  # fmt: skip
        session.add(entry)
        session.flush()
    assert lavrova is not None
    browser = office.browser("lavrova")
    before = last(office).seq
    for form in (
        {"subject": "family", "id": restricted.id},
        {"subject": "journal_entry", "id": entry.id},
        {"subject": "consent", "id": 10**6},
        {"subject": "destruction_act", "id": 10**6},
        {"subject": "family", "id": "9" * 19},
        {"subject": "family", "id": "-1"},
        {"subject": "нечто", "id": 1},
        {},
    ):
        assert browser.post("/prints", **form).status_code == 404, form
    assert last(office).seq == before
