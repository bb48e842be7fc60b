"""Nothing hinders a screen reader, on any page and in each state of a call; and a whole call needs no mouse."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from crm.journal import SAVED
from tests.support.live_office import LiveOffice, eventually

PAGES = {
    "roshchina": [
        "/workplace",
        "/families",
        "/families/new",
        "/families/duplicates",
        "/families/1",
        "/families/1/timeline",
        "/families/1/changes",
        "/families/1/consents",
        "/families/1/subject",
        "/families/1/merge",
        "/families/1/edit/contact",
        "/families/1/people/1",
        "/families/1/statuses/new",
        "/families/1/needs",
        "/journal",
        "/journal/new",
        "/journal/control",
        "/journal/1",
        "/registry",
        "/upkeep",
        "/reports",
        "/exports",
        "/imports",
        "/subjects",
        "/consents/texts",
        "/catalogues",
        "/settings/roles",
        "/audit",
        "/me",
    ],
    "kim": ["/settings", "/catalogues", "/training", "/system"],
    "vorobey": ["/families", "/families/1/consents", "/me"],
}  # fmt: skip


def barriers(page: Page, where: str) -> list[str]:
    """What axe-core finds, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{where}: {one['id']} {[node['target'] for node in one['nodes']][:3]}" for one in found]


def test_no_page_hinders_a_screen_reader(office: LiveOffice) -> None:
    page = office.browser.new_page(bypass_csp=True)
    page.goto(f"{office.service.url}/login")
    found = barriers(page, "/login")
    page.context.close()
    for login, paths in PAGES.items():
        person = office.person(login, bypass_csp=True)
        for path in paths:
            answer = person.page.goto(office.service.url + path)
            assert answer
            assert answer.status == 200, path
            found += barriers(person.page, f"{login} {path}")
    assert not found, "\n".join(found)


def test_no_state_of_the_workplace_hinders_a_screen_reader(office: LiveOffice) -> None:
    anna = office.person("lavrova", bypass_csp=True)
    page = anna.page
    anna.forgiven.append(r"422 .*/appeals/\d+/save")  # a row without its words is refused, and the page says why
    found = barriers(page, "offline")
    anna.ready()
    found += barriers(page, "idle")
    office.call(number="+79070000801", name="Мария")
    expect(page.locator(".call-panel.ringing")).to_be_visible()
    found += barriers(page, "ringing")
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    found += barriers(page, "talking, nobody chosen")
    page.locator(".candidates input[type=radio]").first.check()
    expect(page.locator("#i-street")).to_be_visible()
    found += barriers(page, "talking, chosen")
    page.fill("#i-street", "Набережная")
    page.check("[name=named]")
    page.click("text=Личность подтверждена")
    expect(page.locator("#part-card")).to_contain_text("д. 6")
    found += barriers(page, "talking, card open")
    page.click("#b-hangup")
    expect(page.locator(".call-panel.wrapup")).to_be_visible()
    page.fill("#a-substance", "")
    page.click("text=Сохранить в журнал")
    expect(page.locator("#a-substance")).to_have_attribute("aria-invalid", "true")
    with page.expect_response("**/parts?at=workplace*"):
        office.person("zayac").ready()
    found += barriers(page, "wrap-up with a mistake")
    expect(page.locator("#a-substance")).to_have_attribute("aria-invalid", "true")  # no notice takes the reason away
    assert not found, "\n".join(found)


def test_a_whole_call_needs_no_mouse(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    page, keyboard = anna.page, anna.page.keyboard
    office.call()
    expect(page.locator(".call-panel.ringing")).to_be_visible()
    page.locator("body").press("Alt+KeyA")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    anna.hears()
    keyboard.press("Alt+KeyO")  # to the form: the topic
    expect(page.locator("#a-topic")).to_be_focused()
    keyboard.press("Tab")
    keyboard.type("Просит справку.")
    for column in ("#a-name", "#a-brief"):
        keyboard.press("Tab")
        expect(page.locator(column)).to_be_focused()
        if not page.input_value(column):
            keyboard.type("Кузнецова Елена Викторовна")
    keyboard.press("Alt+KeyE")
    expect(page.locator(".call-panel.wrapup")).to_be_visible()
    expect(page.locator("#a-brief")).to_be_focused()
    keyboard.press("Control+Enter")
    expect(page.locator("#part-call")).to_contain_text("Звонков нет")
    call = eventually(lambda: office.last_call(state="ended"))
    (entry,) = office.entries(call.id)
    assert (entry.state, entry.substance) == (SAVED, "Просит справку.")
