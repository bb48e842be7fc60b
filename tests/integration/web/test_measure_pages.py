"""«Меры поддержки», «О чём сообщили», «Группы семей» on the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.consents.rules import local_date
from crm.family_tables import Family
from crm.measures.tables import FamilyTold, SupportMeasure
from crm.segments.conditions import Condition
from crm.segments.tables import Segment
from tests.integration.crm.segment_truth import meets

CHILDREN = {"kind-0": "children", "how-0": "least", "count-0": "3"}
YOUNG = {"kind-1": "child_age", "since-1": "0", "until-1": "6"}


def words(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def the_measure(office, measure_id: int) -> SupportMeasure:
    with office.desk.database.reading() as session:
        return session.get_one(SupportMeasure, measure_id)


def test_everybody_who_talks_to_families_reads_the_measures(office):
    for login in ("lavrova", "gromova", "roshchina", "chernykh", "smirnova"):
        page = office.browser(login).get("/measures/1")
        assert page.status_code == 200
        assert "Земельный участок многодетной семье" in page.text
        assert ("/measures/1/edit" in page.text) == (login == "roshchina")
    assert office.browser("kim").get("/measures").status_code == 403


@pytest.mark.parametrize("measure_id", ["0", "-1", "999", str(2**63)])
def test_no_such_measure(office, measure_id):
    assert office.browser("lavrova").get(f"/measures/{measure_id}").status_code in (404, 422)


def test_the_head_adds_a_measure_once(office):
    head = office.browser("roshchina")
    form = {"title": "Билеты в музей", "until": "31.12.2027", "remote": "yes", "active": "yes"}
    places = {head.post("/measures", **form).headers["location"] for _ in range(2)}
    assert len(places) == 1
    place = places.pop()
    page = head.get(place)
    assert "31.12.2027" in page.text
    tell = f"/campaigns/new?measure={place.split('/')[-1]}"
    assert tell in page.text
    assert "Билеты в музей" in head.get(tell).text
    assert tell not in office.browser("lavrova").get(place).text, "dispatchers make no campaigns"
    assert "можно подать дистанционно" in page.text


def test_a_wrong_form_comes_back_as_it_was_typed(office):
    head = office.browser("roshchina")
    page = head.post("/measures", title="", whom="семей <b>с детьми</b>", until="когда-нибудь", active="yes")
    assert page.status_code == 422
    assert "семей &lt;b&gt;с детьми&lt;/b&gt;" in page.text
    page = head.post("/measures", title="", whom="семей с детьми", active="yes")
    assert page.status_code == 422
    assert "Введите название меры." in page.text
    assert 'value="семей с детьми"' in page.text


def test_whoever_was_slower_keeps_what_she_typed(office):
    head = office.browser("roshchina")
    first = {"title": "Участок", "active": "yes", "version": "1"}
    assert head.post("/measures/1", **first).status_code == 303
    page = head.post("/measures/1", title="Земля", active="yes", version="1")
    assert page.status_code == 409
    assert 'value="Земля"' in page.text
    assert 'name="version" value="2"' in page.text
    assert the_measure(office, 1).title == "Участок"


def test_a_dispatcher_changes_no_measure(office):
    dispatcher = office.browser("lavrova")
    assert dispatcher.get("/measures/new").status_code == 403
    assert dispatcher.post("/measures/1", title="Моя", version="1").status_code == 403


def test_the_card_keeps_what_the_family_was_told(office):
    dispatcher = office.browser("lavrova")
    page = dispatcher.get("/families/1")
    assert "О чём сообщили" in page.text
    assert "скидку оформили в прошлом году" in page.text
    answer = dispatcher.post("/families/1/told", measure_id="3", outcome="refused", note="дети уже большие")
    assert (answer.status_code, answer.headers["location"]) == (303, "/families/1")
    assert "дети уже большие" in dispatcher.get("/families/1").text
    dispatcher.post("/families/1/told", measure_id="3", outcome="told")
    with office.desk.database.reading() as session:
        rows = session.scalars(
            select(FamilyTold).where(FamilyTold.family_id == 1, FamilyTold.topic == "measure-3")
        ).all()
        assert [(row.outcome, row.channel) for row in rows] == [("refused", "talk")]
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "family.told")).all()
        assert [event.family_id for event in told] == [1]
        assert "большие" not in told[0].details


def test_beside_a_call_it_is_noted_only_when_the_caller_is_known(office):
    dispatcher = office.browser("lavrova")
    call_id = office.ring()
    assert "Сообщили о мере" not in dispatcher.part("card")
    office.answer()
    assert "Сообщили о мере" not in dispatcher.part("card")
    dispatcher.post(f"/calls/{call_id}/identity", named="yes")
    assert "Сообщили о мере" in dispatcher.part("card")


@pytest.mark.parametrize("family_id", ["0", "-1", "99999", str(2**63)])
def test_nobody_is_told_of_a_family_that_is_not_there(office, family_id):
    answer = office.browser("lavrova").post(f"/families/{family_id}/told", measure_id="1", outcome="told")
    assert answer.status_code in (404, 422)


def test_a_restricted_family_cannot_be_told_by_those_who_may_not_see_it(office):
    with office.desk.database.reading() as session:
        hidden = session.scalars(select(Family.id).where(Family.restricted)).first()
    answer = office.browser("zayac").post(f"/families/{hidden}/told", measure_id="1", outcome="told")
    assert answer.status_code == 404
    assert (
        office.browser("roshchina").post(f"/families/{hidden}/told", measure_id="1", outcome="told").status_code == 303
    )


def test_groups_are_the_coordinators_the_heads_and_the_directors(office):
    for login, status in (("gromova", 200), ("roshchina", 200), ("chernykh", 200), ("lavrova", 403), ("kim", 403)):
        assert office.browser(login).get("/segments").status_code == status
    assert "Новая группа" not in office.browser("chernykh").get("/segments").text
    assert office.browser("chernykh").post("/segments", title="Моя").status_code == 403


def test_a_group_is_put_together_without_a_script(office):
    head = office.browser("roshchina")
    page = head.post("/segments/draw", act="add", add="children")
    assert 'name="kind-0" value="children"' in page.text
    page = head.post("/segments/draw", **CHILDREN, act="add", add="child_age")
    assert 'name="kind-1" value="child_age"' in page.text
    page = head.post("/segments/draw", **CHILDREN, **YOUNG, act="count")
    assert "не меньше 3 детей до 18 лет и есть ребёнок не старше 6 лет." in words(page)
    of_today = [Condition("children", {"how": "least", "count": 3}), Condition("child_age", {"since": 0, "until": 6})]
    with office.desk.database.reading() as session:
        today = local_date(session, datetime.now(UTC))
        found = [one for one in session.scalars(select(Family)) if meets(session, one, of_today, today)]
        cards = {one.card_number for one in found}
    assert len(cards) > 3
    assert f"<strong>{len(cards)}</strong>" in page.text
    assert set(re.findall(r"С-\d{5}", words(page))) == cards
    assert re.search(r"(трое|четверо|пятеро|шестеро) детей, младшему \d", words(page))
    page = head.post("/segments/draw", **CHILDREN, **YOUNG, act="drop-0")
    assert 'name="kind-0" value="child_age"' in page.text
    assert 'name="kind-1"' not in page.text
    answer = head.post("/segments", title="Трое, есть дошкольник", **CHILDREN, **YOUNG)
    assert answer.status_code == 303
    assert head.post("/segments", title="Трое, есть дошкольник", **CHILDREN, **YOUNG).headers == answer.headers
    assert "Трое, есть дошкольник" in head.get("/segments").text


def test_while_somebody_types_only_the_count_is_asked_for(office):
    head = office.browser("roshchina")
    answer = head.client.post(
        "/segments/draw",
        data={"csrf": head.csrf, **CHILDREN},
        headers={"sec-fetch-site": "same-origin", "hx-request": "true", "hx-target": "segment-found"},
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "не меньше 3 детей" in answer.text
    assert "/families/" not in answer.text, "names are shown only where somebody asks for them, and that is logged"


def test_a_wrong_row_is_marked_and_nothing_is_lost(office):
    head = office.browser("roshchina")
    row = {"kind-0": "child_age", "since-0": "9", "until-0": "три"}
    page = head.post("/segments", title="Опечатка", **row)
    assert page.status_code == 422
    assert "Нужно целое число" in page.text
    assert 'value="Опечатка"' in page.text
    assert 'value="три"' in page.text


def test_whoever_was_slower_keeps_her_conditions(office):
    head = office.browser("roshchina")
    assert head.post("/segments/1", title="Первая", active="yes", version="1", **CHILDREN).status_code == 303
    page = head.post("/segments/1", title="Вторая", active="yes", version="1", **YOUNG)
    assert page.status_code == 409
    assert 'value="Вторая"' in page.text
    assert 'value="child_age"' in page.text
    assert head.post("/segments/1", title="Вторая", active="yes", version="2", **YOUNG).status_code == 303
    with office.desk.database.reading() as session:
        assert session.get_one(Segment, 1).conditions == [{"kind": "child_age", "since": 0, "until": 6}]


def test_who_is_in_a_group_is_shown_to_those_entitled_and_logged(office):
    with office.desk.database.reading() as session:
        hidden = session.scalars(select(Family).where(Family.restricted)).one()
    row = {"kind-0": "status", "code-0": "СОП", "proof-0": "any"}
    assert f'href="/families/{hidden.id}"' in office.browser("roshchina").post("/segments/draw", **row).text
    page = office.browser("gromova").post("/segments/draw", **row)
    assert hidden.name not in page.text
    assert "Таких семей нет" in page.text
    with office.desk.database.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "segment.list")).all()
        assert len(events) == 2
        assert not any("СОП" in event.details for event in events)


@pytest.mark.parametrize(
    "form",
    [
        {"kind-0": "drop table"},
        {"kind-0": "children", "count-0": "3", "code-0": "x"},
        {"count-0": "3"},
        {"kind-0": "phone", "have-0": "yes", "unknown": "1"},
        {"act": "drop-x"},
        {"act": "delete-1"},
        {"segment": "-1"},
        {"version": "1;2"},
        {f"kind-{place}": "phone" for place in range(13)},
    ],
)
def test_a_form_of_no_page_of_ours_is_refused(office, form):
    assert office.browser("roshchina").post("/segments/draw", **form).status_code == 422


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "%", "_", "\\", "👨‍👩‍👧", "\u202egnp.exe", "'; DROP TABLE segment;--"]
)
def test_odd_titles_and_values_do_no_harm(office, text):
    head = office.browser("roshchina")
    answer = head.post("/segments", title=f"Группа {text}", **CHILDREN)
    assert answer.status_code == 303
    assert head.get(answer.headers["location"]).status_code == 200
    page = head.post("/segments/draw", **{"kind-0": "place", "code-0": text})
    assert page.status_code == 200
    assert "Выберите значение из списка." in page.text
