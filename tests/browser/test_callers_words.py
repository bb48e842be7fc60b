"""Callers who are not in the records yet, and callers whose names are attacks."""

import pytest
from playwright.sync_api import expect

from tests.support.live_office import LiveOffice, eventually

HOSTILE = {
    "B25 a script": "<script>window.__x=1</script>",
    "B25 an image": "><img src=x onerror=window.__x=1>",
    "B25 an end of script": "</script><svg onload=window.__x=1>",
    "B26 a template": "{{7*7}} ${SHELL(id)} %s%n",
    "B26 SQL": "' OR 1=1--",
    "B27 a formula": "=HYPERLINK(1) +1 @x",
    "B28 directions": "\u202egnp.exe\u200b\u2066",
    "B28 accents and length": "Я" + "\u0301" * 200 + "ы" * 300,
    "B28 emoji": "👩‍👧‍👦" * 40,
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_name_is_text(office: LiveOffice, name: str) -> None:
    anna = office.person("lavrova").ready()
    before = anna.page.locator("script").count()
    office.call(number="+79071230001", name=name)
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    shown = anna.page.locator("#part-call bdi").first.inner_text().strip("«»")
    assert 0 < len(shown) <= 80
    assert "\u202e" not in shown
    if name.isascii():
        assert shown == name
    assert anna.page.evaluate("window.__x") is None
    assert anna.page.locator("script").count() == before
    assert anna.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    anna.page.click("#b-answer")
    expect(anna.page.locator(".call-panel.talking")).to_be_visible()
    assert anna.page.evaluate("window.__x") is None


def test_a_new_card_is_made_during_the_talk(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    page = anna.page
    office.call(number="+79071230002")
    expect(page.locator("#card-title")).to_have_text("Номера нет в картотеке")
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    page.fill("#a-substance", "Просит встать на учёт")
    page.click("text=Новая карточка")
    expect(page.locator("#f-surname")).to_be_focused()
    page.fill("#f-surname", "Ветрова")
    page.fill("#f-name", "Анна")
    page.fill("#f-patronymic", "Ильинична")
    page.click("text=Завести и связать со звонком")
    expect(page.locator("#card-title")).to_have_text("Анна Ильинична")
    expect(page.locator("#a-substance")).to_have_value("Просит встать на учёт")
    expect(page.locator("#a-name")).to_have_value("Ветрова Анна Ильинична")
    call = eventually(lambda: office.last_call(state="talking"))
    assert call.family_id is not None
    page.click("#b-hangup")
    page.click("text=Закончить без записи в журнал")
    page.select_option("#f-disposition", label="ошибочный номер")
    page.click("text=Закончить обработку")
    office.wait_rung("101")
    office.call(number="+79071230002")  # the number was taken into the card
    expect(page.locator("#card-title")).to_have_text("Анна Ильинична")


def test_a_call_from_an_unknown_number_is_tied_to_an_existing_card(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    page = anna.page
    office.call(number="+79071230003")
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    page.fill("#a-substance", "Звонит с чужого телефона")
    page.fill("#card-search", "соколова евгения")
    page.click("text=Найти и связать")
    page.click("text=Это звонящий")
    expect(page.locator("#card-title")).to_have_text("Евгения Валерьевна")
    assert "д. 31" not in page.content()  # found by name: still nobody's identity
    page.fill("#i-child", "Матвей")
    page.check("[name=named]")
    page.click("text=Личность подтверждена")
    expect(page.locator("#part-card")).to_contain_text("д. 31")
    expect(page.locator("#a-substance")).to_have_value("Звонит с чужого телефона")
    call = office.last_call()
    (entry,) = office.entries(call.id)
    assert (entry.family_id, entry.person_id) == (call.family_id, call.person_id)
