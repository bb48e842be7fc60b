"""The workplace in a real browser: what appears, what stays, what is never lost."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


def test_the_card_appears_at_once_on_the_ringing_operators_screen_only(place, person):
    anna, pyotr = person("lavrova"), person("zayac")
    expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")
    place.ring("1.1")
    expect(anna.page.locator("#card-title")).to_have_text("Елена Викторовна")
    assert anna.page.title().startswith("☎ Входящий звонок")
    expect(pyotr.page.locator("#part-waiting")).to_contain_text("Ждут: 1")
    expect(pyotr.page.locator("#part-call")).to_contain_text("Звонков нет")
    place.give_up("1.1")
    expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")
    assert not anna.page.title().startswith("☎")


def test_a_ring_never_takes_the_focus_or_the_words_from_a_field(place, person):
    anna = person("lavrova")
    anna.page.focus("#quick-search")
    anna.page.keyboard.type("Кузне")
    place.ring("1.1")
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    anna.page.keyboard.type("цова")
    assert anna.page.input_value("#quick-search") == "Кузнецова"
    assert anna.page.evaluate("document.activeElement.id") == "quick-search"


def test_what_was_typed_survives_a_refresh_a_closed_tab_and_the_choice_of_the_caller(place, person):
    anna = person("lavrova")
    anna.page.click(".call-panel >> text=Готов(а) к звонкам")
    expect(anna.page.locator("#part-status")).to_contain_text("Готов(а)")
    place.ring("1.1")
    place.answer("1.1")
    anna.page.fill("#a-substance", "Просит о пособии")
    expect(anna.page.locator("[data-saved]")).to_contain_text("сохранено")
    anna.page.fill("#a-substance", "Просит о пособии на третьего")
    anna.page.reload()  # before the pause after which the form saves itself
    expect(anna.page.locator("#a-substance")).to_have_value("Просит о пособии на третьего")
    anna.page.fill("#i-street", "Лесная")
    anna.page.check("[name=named]")
    anna.page.fill("#a-substance", "Просит о пособии на третьего ребёнка")
    anna.page.click("text=Личность подтверждена")
    expect(anna.page.locator("#part-card")).to_contain_text("д. 12")
    expect(anna.page.locator("#a-substance")).to_have_value("Просит о пособии на третьего ребёнка")
    place.hang_up("1.1")
    expect(anna.page.locator(".call-panel.wrapup")).to_be_visible()
    anna.page.keyboard.press("Control+Enter")
    expect(anna.page.locator("#toasts")).to_contain_text("Обращение № 1 записано в журнал.")
    expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")


def test_an_untouched_form_follows_the_confirmed_caller_while_typed_words_stay(place, person):
    anna = person("lavrova")
    place.ring("1.1", "+79070000801")
    place.answer("1.1")
    anna.page.fill("#a-substance", "Спрашивает")
    anna.page.locator(".candidates input[type=radio]").first.check()
    expect(anna.page.locator("[name=named]")).to_be_visible()
    expect(anna.page.locator("#a-name")).to_have_value("")  # caller id is not identity
    anna.page.check("[name=named]")
    anna.page.check("[name=voice]")
    anna.page.click("text=Личность подтверждена")
    expect(anna.page.locator("#a-name")).not_to_have_value("")
    expect(anna.page.locator("#a-substance")).to_have_value("Спрашивает")
    expect(anna.page.locator("[data-saved]")).to_contain_text("сохранено")


def test_a_lost_server_is_said_and_the_truth_comes_back_by_itself(place, person):
    anna = person("lavrova")
    expect(anna.page.locator("#server-banner")).to_be_hidden()
    place.server.stop()
    expect(anna.page.locator("#server-banner")).to_be_visible()
    place.ring("1.1")
    place.server.start()
    expect(anna.page.locator("#server-banner")).to_be_hidden(timeout=15_000)
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()


def test_a_lost_exchange_is_said_on_the_screen(place, person):
    anna = person("lavrova")
    place.beat(link=False)
    anna.page.reload()
    expect(anna.page.locator("#part-banner")).to_contain_text("Нет связи с АТС")
    place.beat(link=True)
    anna.page.reload()
    expect(anna.page.locator("#part-banner")).not_to_contain_text("Нет связи с АТС")


def test_two_tabs_share_one_stream_and_both_show_the_call(place, person):
    anna = person("lavrova")
    second = anna.open("/journal")
    opened: list[str] = []
    second.on("request", lambda request: opened.append(request.url) if request.url.endswith("/live") else None)
    second.reload()
    place.ring("1.1")
    expect(second.locator(".strip")).to_contain_text("Входящий звонок")
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    assert opened == []  # the first tab holds the only stream
    anna.page.close()
    place.give_up("1.1")
    expect(second.locator(".strip")).to_have_count(0)
    assert len(opened) == 1


def test_a_signed_out_session_leaves_every_tab(place, person):
    anna = person("lavrova")
    second = anna.open("/journal")
    anna.page.click("summary:has-text('Лаврова')")
    anna.page.click("text=Выйти")
    second.wait_for_url("**/login", timeout=8_000)


def test_nothing_on_the_workplace_hinders_a_screen_reader(place, chromium):
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, bypass_csp=True)
    page = context.new_page()
    page.goto(place.address + "/login")
    assert Axe().run(page).response["violations"] == []
    page.fill("#login", "lavrova")
    page.fill("#password", "demo-lavrova-2026")
    page.click("button[type=submit]")
    page.wait_for_selector(".workplace")
    place.ring("1.1", "+79070000801", name="Мария")
    for stage in ("ringing", "talking"):
        page.wait_for_selector(f".call-panel.{stage}")
        assert Axe().run(page).response["violations"] == []
        place.answer("1.1")
    context.close()


def test_at_twice_the_size_nothing_scrolls_sideways(place, person):
    anna = person("lavrova")
    place.ring("1.1")
    anna.page.set_viewport_size({"width": 683, "height": 384})
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    assert anna.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_confirmation_is_told_though_a_notice_overtakes_the_answer(place, person):
    anna = person("lavrova")
    anna.page.click(".call-panel >> text=Готов(а) к звонкам")
    place.ring("1.1")
    place.answer("1.1")
    anna.page.fill("#i-street", "Лесная")
    anna.page.check("[name=named]")
    anna.page.click("text=Личность подтверждена")
    expect(anna.page.locator("#part-card")).to_contain_text("д. 12")
    anna.page.fill("#a-substance", "Просит о пособии")
    place.hang_up("1.1")
    expect(anna.page.locator(".call-panel.wrapup")).to_be_visible()
    held = []
    anna.page.route("**/save", lambda route: held.append((route, route.fetch())))
    anna.page.click("text=Сохранить в журнал")
    expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")  # by the notice: the answer is still held
    ((route, answer),) = held
    route.fulfill(response=answer)
    expect(anna.page.locator("#toasts")).to_contain_text("записано в журнал")
