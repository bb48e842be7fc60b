"""A caller is connected on real parts: her page, his packet, the sound; and a page refreshed in the middle."""

from __future__ import annotations

from playwright.sync_api import expect

from crm.demo.town import OUTSIDE_SPECIALIST
from crm.transfers import participants
from tests.support.live_office import LiveOffice, Person, eventually
from tests.support.wait import wait_for

RINGS = 30_000
"""ms. Before a phone rings the caller may be looked up for two seconds and, with nobody free, greeted to the end; the
pages are told by a machine that does other things as well."""


_CLICK_AT_ONCE = """(words) => {
  window.__still_here = true;
  new MutationObserver((_changes, observer) => {
    const link = [...document.querySelectorAll("a")].find((one) => one.textContent.includes(words));
    if (link) { observer.disconnect(); link.click(); }
  }).observe(document.body, { childList: true, subtree: true });
}"""
"""Clicks the link with these words in the moment in which it appears."""


def talking(office: LiveOffice) -> Person:
    """Lavrova, in a talk with Kuznetsova."""
    anna = office.person("lavrova").ready()
    office.call(headers=("SD-Pretend: open",))
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible(timeout=RINGS)
    anna.page.click("#b-answer")
    expect(anna.page.locator(".call-panel.talking")).to_be_visible()
    anna.hears()
    return anna


def test_a_consultation_outlives_a_refreshed_page_and_ends_with_the_caller_at_the_specialist(
    office: LiveOffice,
) -> None:
    with office.desk_phone("201") as smirnova:
        anna = talking(office)
        page = anna.page
        page.keyboard.press("Alt+KeyC")
        page.click("a:has-text('Смирнова')")
        expect(page.locator("h1")).to_contain_text("Соединить: Смирнова")
        page.fill("#f-packet", "Вопрос: пособие на третьего ребёнка")
        page.click("text=Сначала поговорить")
        smirnova.wait_ringing()
        expect(page.locator("#part-call .transfer")).to_contain_text("Звоним")
        smirnova.answer()
        expect(page.locator("#b-transfer-complete")).to_be_visible()
        anna.hears()

        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        expect(page.locator("#b-transfer-complete")).to_be_visible()
        expect(page.locator("#phone-state")).to_contain_text("разговор", timeout=20_000)
        wait_for(lambda: smirnova.state == "talking", 1)
        anna.hears(limit=15)
        assert office.last_call(state="talking")

        page.keyboard.press("Alt+KeyG")
        expect(page.locator(".call-panel.wrapup")).to_be_visible()
        expect(page.locator("#part-call")).to_contain_text("Звонящий говорит с: Смирнова О. П.")
        heard = smirnova.loud_packets
        wait_for(lambda: smirnova.loud_packets > heard + 10, 5, "the caller's echo")
        smirnova.hang_up()
        call = eventually(lambda: office.last_call(state="ended"), what="the call to end")
        with office.reading() as session:
            people = participants.of_call(session, call.id)
        assert [one.name for one in people] == ["Лаврова Н. А.", "Смирнова О. П."]
        assert len(office.entries(call.id)) == 1


def test_a_talk_that_she_made_comes_back_to_her_refreshed_page(office: LiveOffice) -> None:
    anna = office.person("lavrova")
    page = anna.page
    expect(page.locator("#phone-state")).to_contain_text("101 на связи")
    page.goto(office.service.url + "/outgoing")
    expect(page.locator("#phone-state")).to_contain_text("101 на связи")  # a new page is a new telephone
    page.fill("main [name=number]", OUTSIDE_SPECIALIST)  # in no card: nothing is asked before
    page.click("main button:has-text('Позвонить')")
    expect(page.locator(".call-panel.talking")).to_be_visible(timeout=20_000)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#phone-state")).to_contain_text("разговор", timeout=25_000)
    expect(page.locator(".call-panel.talking")).to_be_visible()
    assert office.last_call(state="talking", direction="outbound")
    page.click("#b-hangup")
    expect(page.locator(".call-panel.wrapup")).to_be_visible()  # though she was off the line all the time
    eventually(lambda: office.last_call(state="ended"), what="the call to end")


def test_a_colleague_reads_the_packet_before_she_answers_and_gets_the_card(office: LiveOffice) -> None:
    pyotr = office.person("zayac")
    expect(pyotr.page.locator("#phone-state")).to_contain_text("102 на связи")
    anna = talking(office)
    page = anna.page
    page.click("#b-hold")  # a habit of other telephones; here the caller waits with music anyhow
    expect(page.locator("#phone-state")).to_contain_text("на удержании")
    page.keyboard.press("Alt+KeyC")
    page.click("a:has-text('Заяц')")
    expect(page.locator("h1")).to_contain_text("Соединить: Заяц")
    page.fill("#f-packet", "Вопрос: справка о составе семьи")
    pyotr.page.evaluate(_CLICK_AT_ONCE, "Кто и о чём")
    page.keyboard.press("Control+Enter")

    expect(pyotr.page.locator("#part-strip")).to_contain_text("Вам переводят звонок: Лаврова Н. А.", timeout=RINGS)
    packet = pyotr.page.locator("#part-packet")
    expect(packet).to_contain_text("Елена Викторовна")
    assert pyotr.page.evaluate("window.__still_here"), "a new page: his telephone would not ring in it"
    expect(packet).to_contain_text("справка о составе семьи")
    assert "907 000-01-01" not in pyotr.page.content()
    expect(pyotr.page.locator("#b-packet-answer")).to_be_enabled(timeout=RINGS)
    pyotr.page.click("#b-packet-answer")
    expect(packet).to_contain_text("Вы говорите с диспетчером")
    expect(page.locator("#phone-state")).to_contain_text("разговор")
    anna.hears()
    pyotr.hears()
    expect(page.locator("#b-transfer-join")).to_be_visible()
    page.click("#b-transfer-join")
    expect(page.locator("#part-call .transfer")).to_contain_text("Разговор втроём")
    anna.hears()
    pyotr.hears()
    page.click("#b-hangup")
    expect(page.locator(".call-panel.wrapup")).to_be_visible()
    expect(packet).to_contain_text("Вы говорите с обратившимся")
    pyotr.hears()
    pyotr.page.click(".nav a:has-text('Рабочее место')")
    expect(pyotr.page.locator(".call-panel.talking")).to_be_visible()
    expect(pyotr.page.locator("#card-title")).to_have_text("Елена Викторовна")
    assert "Звонящий говорит с" not in pyotr.page.content()
    pyotr.page.click("#b-hangup")
    eventually(lambda: office.last_call(state="ended"), what="the call to end")
