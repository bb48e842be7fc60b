"""A newcomer's walk with the demo's data: call → card → appeal → closing → rating → quarter report, in the browser."""

import re
from datetime import UTC, datetime

from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.support.live_office import LiveOffice
from tests.support.wait import wait_for

PATIENCE_MS = 15_000


def open_action(page: Page, title: str) -> None:
    """Unfolds one of the actions beside a saved row."""
    page.locator("details.action", has=page.locator(f"summary:text-is('{title}')")).locator("summary").click()


def test_from_the_call_to_the_quarter_report(office: LiveOffice) -> None:  # noqa: PLR0915 - one story
    started = datetime.now(UTC)
    anna = office.person("lavrova").ready()
    anna.forgiven.append(r"422 .*/appeals/\d+/resolve")  # an end without a result is refused, and the page says why
    page = anna.page
    caller = office.call(hold_ms=20_000)

    # The call, the card, the appeal.
    expect(page.locator(".call-panel.ringing")).to_be_visible()
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    page.fill("#i-street", "Лесная")
    page.check("[name=named]")
    page.click("text=Личность подтверждена")
    expect(page.locator("#part-card")).to_contain_text("д. 12")
    page.fill("#a-substance", "Просит помочь с путёвкой в лагерь.")
    page.check("input[name=obstacle][value=no]")
    expect(page.locator("[data-saved]")).to_contain_text("сохранено")
    page.click("#b-hangup")
    expect(page.locator(".call-panel.wrapup")).to_be_visible()
    caller.finish()
    page.fill("#a-substance", "Просит помочь с путёвкой в летний лагерь.")
    page.press("#a-substance", "Control+Enter")  # at once: the draft that was about to be saved must not get in the way
    expect(page.locator("#toasts")).to_contain_text("записано в журнал")
    number = re.search(r"№ (\d+)", page.locator("#toasts").inner_text())
    assert number

    # Measures and the end of the appeal.
    page.click(".nav a:has-text('Журнал')")
    page.click(f"tbody a:text-is('{number[1]}')")
    open_action(page, "Иная мера")
    page.fill("#f-measure-other-what", "Заявка на путёвку подана в управление образования")
    page.click("details.action[open] button:has-text('Сделано')")
    expect(page.locator("#main")).to_contain_text("Заявка на путёвку подана")
    open_action(page, "Вопрос решён: конечный результат")
    page.click("button:has-text('Записать результат')")  # a refusal is seen, where it belongs
    expect(page.locator("#n-final_result")).to_have_text("Запишите конечный результат.")
    expect(page.locator("#n-final_result")).to_be_in_viewport()
    assert re.search(r"/journal/\d+$", page.url)  # and the page may be refreshed
    page.fill("#f-final_result", "Путёвка в лагерь выделена.")
    page.select_option("#f-result_kind", "help")
    page.click("button:has-text('Записать результат')")
    expect(page.locator("#rating")).to_contain_text("Опрос заявителя")
    expect(page.locator("#rating")).to_contain_text("лучше провести другому сотруднику")
    where = page.url

    # Somebody else asks for the rating; whose work it is does not see the score yet.
    vera = office.person("roshchina")
    head = vera.page
    head.goto(where)
    head.locator("#rating .score", has_text=re.compile("^9$")).click()
    head.click("text=Записать в столбец 8")
    expect(head.locator("#rating .mark")).to_have_text("9")
    page.goto(where)
    expect(page.locator("#rating .mark")).to_have_text("оценка получена")

    # The quarter that runs counts it at once.
    head.click(".nav summary")
    head.click(".nav a:has-text('Отчёты')")
    report = head.locator("#main")
    expect(report).to_contain_text("квартал ещё идёт")
    expect(report).to_contain_text("90,0")

    # The third quarter of the coordinator is ready to be signed: 20 scores, 151 points.
    head.select_option("select[name=service]", label="Социальный координатор для многодетных семей")
    expect(report).to_contain_text("«Социальный координатор для многодетных семей»")
    head.select_option("select[name=quarter]", label="III квартал 2026 года")
    expect(report).to_contain_text("III квартал 2026 года (01.07.2026")
    expect(report).to_contain_text("75,5")
    expect(report).to_contain_text("условно эффективной")
    head.click("button:has-text('Закрыть квартал')")
    expect(report).to_contain_text(re.compile(r"Отчёт № \d+ от"))

    # The journal as a protected Excel file.
    head.goto(f"{office.service.url}/journal")
    head.click("button:has-text('Excel')")
    download = head.locator("a[href$='/file']")
    expect(download).to_be_visible(timeout=PATIENCE_MS)
    with head.expect_download() as coming:
        download.click()
    with coming.value.path().open("rb") as file:
        sheet = load_workbook(file).active
    assert sheet.protection.sheet
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert any("Заявка на путёвку подана" in str(row[5]) and str(row[7]) == "9" for row in rows if len(row) > 7)

    logged = office.audited(started)
    assert {"journal.save", "journal.resolve", "rating.give", "report.close", "export.ask", "export.download"} <= {
        *logged
    }
    wait_for(lambda: office.service.command("audit", "verify").returncode == 0, 10, "the audit log to be whole")
