"""A call from the ring to the journal, and the office around it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.pictures.story import SHARED, UNKNOWN, Story


def login(story: Story) -> None:
    """The first page, with the accounts of the demo."""
    story.take("login", story.page())


def workplace_idle(story: Story) -> None:
    """Before the first call."""
    page = story.page("lavrova")
    expect(page.locator("#phone-state")).to_contain_text("на связи")
    story.take("workplace-idle", page)
    page.click("#part-call button[value=ready]")
    expect(page.locator("#status-menu")).to_contain_text("Готов(а)")
    page.wait_for_timeout(1500)  # the exchange follows the wish


def status_menu(story: Story) -> None:
    """Own status."""
    page = story.page("lavrova")
    page.click("#status-menu summary")
    story.take("status-menu", page)
    page.keyboard.press("Escape")
    if page.locator("#status-menu[open]").count():
        page.click("#status-menu summary")


def keys(story: Story) -> None:
    """The sheet of keys."""
    page = story.page("lavrova")
    page.click("[data-dialog=keys]")
    expect(page.locator("#keys")).to_be_visible()
    story.take("keys", page)
    page.click("#keys [data-close]")


def workplace_ringing(story: Story) -> None:
    """The card before the answer."""
    page = story.page("lavrova")
    story.call()
    expect(page.locator(".call-panel.ringing")).to_be_visible()
    expect(page.locator("#card-title")).to_have_text("Елена Викторовна")
    story.take("workplace-ringing", page)


def workplace_answered(story: Story) -> None:
    """Answered, identity not yet confirmed: the answers to the control questions are being written."""
    page = story.page("lavrova")
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    page.fill("#i-street", "Лесная")
    page.fill("#i-birth", "17.04.1985")
    page.check("[name=named]")
    story.take("workplace-answered", page)


def workplace_talking(story: Story) -> None:
    """The open card and the appeal side by side."""
    page = story.page("lavrova")
    page.click("text=Личность подтверждена")
    expect(page.locator("#part-card")).to_contain_text("Дарья")
    page.select_option("#a-topic", "документы")
    page.fill("#a-substance", "Просит разъяснить, как получить справку о составе семьи для школы.")
    expect(page.locator("[data-saved]")).to_contain_text("сохранено")
    expect(page.locator(".toast")).to_have_count(0)
    story.take("workplace-talking", page)


def strip(story: Story) -> None:
    """Another section during a talk."""
    page = story.open("lavrova", "Семьи")
    expect(page.locator("#part-strip, .strip").first).to_contain_text("Идёт разговор")
    story.take("strip", page)
    page.click("text=Вернуться на рабочее место")
    expect(page.locator("#b-hangup")).to_be_visible()


def workplace_wrapup(story: Story) -> None:
    """After the talk, until the row is written."""
    page = story.page("lavrova")
    page.click("#b-hangup")
    expect(page.locator(".call-panel.wrapup")).to_be_visible()
    story.take("workplace-wrapup", page)
    page.click("text=Сохранить в журнал")
    expect(page.locator("#part-call")).to_contain_text("Звонков нет")


def workplace_shared(story: Story) -> None:
    """Several people on one number."""
    page = story.page("lavrova")
    page.wait_for_timeout(1500)  # the exchange lets calls through again
    expect(page.locator(".toast")).to_have_count(0)
    story.call(SHARED)
    expect(page.locator("#card-title")).to_contain_text("На этом номере")
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    story.take("workplace-shared", page)
    _finish_without_entry(page)


def new_card(story: Story) -> None:
    """A card made during the talk."""
    page = story.page("lavrova")
    page.wait_for_timeout(1500)
    story.call(UNKNOWN)
    expect(page.locator("#card-title")).to_have_text("Номера нет в картотеке")
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    page.click("#card-find >> text=Новая карточка")
    expect(page.locator("#card-find #f-surname")).to_be_visible()
    story.take("new-card", page)
    _finish_without_entry(page)


def _finish_without_entry(page: Page) -> None:
    page.click("#b-hangup")
    page.click("text=Закончить без записи в журнал")
    page.select_option("#f-disposition", label="ошибочный номер")
    page.click("text=Закончить обработку")
    expect(page.locator("#part-call")).to_contain_text("Звонков нет")


def journal(story: Story) -> None:
    """The statutory journal."""
    page = story.open("lavrova", "Журнал")
    expect(page.locator("tbody")).to_contain_text("справку о составе семьи")
    story.take("journal", page)


def families(story: Story) -> None:
    """Search."""
    page = story.open("lavrova", "Семьи")
    page.fill("#f-text", "гусев")
    page.click("main button:has-text('Найти')")
    expect(page.locator("main a.found-line").first).to_be_visible()
    story.take("families", page)


def family(story: Story) -> None:
    """One card."""
    page = story.page("lavrova")
    page.fill("#f-text", "кузнецова елена")
    page.click("main button:has-text('Найти')")
    expect(page.locator("main a.found-line")).to_have_count(1)
    page.click("main a.found-line")
    expect(page.locator("main")).to_contain_text("Состав семьи")
    story.take("family", page)


def me(story: Story) -> None:
    """The ring, the microphone, the password."""
    page = story.page("lavrova")
    page.click(".bar-right details.menu summary")
    page.click("text=Моя страница")
    expect(page.locator("main")).to_contain_text("Звук звонка")
    story.take("me", page)


def training(story: Story) -> None:
    """A townsman's call, ordered on the page."""
    page = story.open("roshchina", "Учебный звонок")
    story.take("training", page)


def audit(story: Story) -> None:
    """Who did what."""
    page = story.open("roshchina", "Аудит")
    expect(page.locator("#phone-state")).to_contain_text("на связи")
    expect(page.locator("tbody tr").first).to_be_visible()
    story.take("audit", page)


def settings(story: Story) -> None:
    """Lines and people."""
    page = story.open("kim", "Настройки")
    expect(page.locator("main")).to_contain_text("Все изменения применены")
    story.take("settings", page)


def settings_person(story: Story) -> None:
    """A new colleague."""
    page = story.page("kim")
    page.click("text=Добавить сотрудника")
    expect(page.locator("dialog[open]")).to_be_visible()
    story.take("settings-person", page)
    page.click("dialog[open] [data-close]")


def system(story: Story) -> None:
    """Each part, green."""
    page = story.open("kim", "Проверка системы")

    for _ in range(20):  # some parts report once in a while
        if "Всё в порядке" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(1000)
        page.click("text=Проверить ещё раз")
    story.take("system", page)
