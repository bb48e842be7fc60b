"""The main job end to end, on real parts: a SIP call, the card before the answer, the talk, the journal row."""

from datetime import UTC, datetime

from playwright.sync_api import expect
from sqlalchemy import select

from crm.journal import SAVED
from crm.presence import Presence
from tests.support.live_office import A, B, LiveOffice, Person, eventually

SECRETS = ("д. 12", "кв. 4", "Дарья", "Илья", "907 000-01-01", "9070000101", "79070000101")
"""What nobody may read before the caller's identity is confirmed: house, children, the whole number."""


def talking(person: Person) -> None:
    """Answers on the screen and waits until both hear each other: the caller echoes, so what comes back went out."""
    person.page.click("#b-answer")
    expect(person.page.locator(".call-panel.talking")).to_be_visible()
    person.hears()


def test_the_whole_story_from_the_invite_to_the_journal_row(office: LiveOffice) -> None:  # noqa: PLR0915 - one story
    started = datetime.now(UTC)
    anna, pyotr, alla = (office.person(login) for login in ("lavrova", "zayac", "gromova"))
    anna.ready()
    pyotr.ready()
    page = anna.page
    caller = office.call(hold_ms=12_000)

    # Before the answer: on her screen only, masked.
    expect(page.locator(".call-panel.ringing")).to_be_visible()
    expect(page.locator("#card-title")).to_have_text("Елена Викторовна")
    expect(page.locator("#part-card")).to_contain_text("Звонить до 16:00")
    assert office.last_call().answered_at is None
    html = page.content() + anna.heard()
    assert [secret for secret in SECRETS if secret in html] == []
    call_id = office.last_call().id
    expect(pyotr.page.locator("#part-waiting")).to_contain_text("Ждут: 1")
    for other in (pyotr, alla):
        expect(other.page.locator("#part-call")).to_contain_text("Звонков нет")
        assert "Елена Викторовна" not in other.page.content() + other.heard()
        assert [one for one in other.notices() if one["call"] == call_id] == []
        assert not {"pop", "withdrawn", "talk", "wrapup"} & {one["kind"] for one in other.notices()}
    assert {"kind": "pop", "call": call_id} in anna.notices()
    assert {"queue"} >= {one["kind"] for one in alla.notices()} - {"presence", "link", "phone", "resync"}

    talking(anna)

    # Still masked: an answered call is not a known caller.
    assert "д. 12" not in page.content()
    page.fill("#i-street", "Лесная")
    page.fill("#i-birth", "17.04.1985")
    page.check("[name=named]")
    page.click("text=Личность подтверждена")
    expect(page.locator("#part-card")).to_contain_text("д. 12")
    expect(page.locator("#part-card")).to_contain_text("Дарья")
    page.fill("#a-substance", "Просит справку о составе семьи.")
    expect(page.locator("[data-saved]")).to_contain_text("сохранено")
    (draft,) = office.entries(call_id)
    assert (draft.substance, draft.number) == ("Просит справку о составе семьи.", None)

    # The caller hangs up; the operator is in peace until the row is written.
    assert caller.finish() == 0, caller.errors()
    expect(page.locator(".call-panel.wrapup")).to_be_visible()
    office.wait_paused("101")
    expect(page.locator("#a-substance")).to_have_value("Просит справку о составе семьи.")
    page.click("text=Сохранить в журнал")
    expect(page.locator("#toasts")).to_contain_text("записано в журнал")
    expect(page.locator("#part-call")).to_contain_text("Звонков нет")
    office.wait_rung("101")
    (entry,) = office.entries(call_id)
    assert entry.state == SAVED
    assert f"Обращение № {entry.number} " in page.locator("#toasts").inner_text()
    page.goto(f"{office.service.url}/journal")
    expect(page.locator("tbody tr").first).to_contain_text("Просит справку о составе семьи.")
    expect(page.locator("tbody tr").first.locator("td").first).to_have_text(str(entry.number))

    # The records tell the same story as the wire.
    call = eventually(lambda: office.last_call(id=call_id, state="ended"))
    assert (call.disposition, call.end_evidence, call.did) == ("answered", "event", A)
    for mine, seen in (
        (call.arrived_at, r"\tS\t.*\tINVITE"),
        (call.answered_at, r"\tR\t.*INVITE\tSIP/2.0 200"),
        (call.ended_at, r"\tS\t.*\tBYE"),
    ):
        assert abs(mine.timestamp() - caller.seen(seen)) <= 1.0, (seen, mine)
    assert [(leg.extension, leg.state) for leg in call.legs] == [("101", "ended")]
    assert call.legs[0].answered_at is not None
    logged = office.audited(started)
    assert [logged.count(one) for one in ("identity.confirm", "family.open", "journal.save")] == [1, 1, 1], logged
    verified = office.service.command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_call_that_the_first_operator_misses_moves_to_the_second(office: LiveOffice) -> None:
    anna, pyotr = office.person("lavrova").ready(), office.person("zayac").ready()
    office.call()
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    expect(pyotr.page.locator("#part-call")).to_contain_text("Звонков нет")
    anna.page.click("#b-reject")
    expect(pyotr.page.locator(".call-panel.ringing")).to_be_visible()
    expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")
    assert not anna.page.title().startswith("☎")
    talking(pyotr)
    call = office.last_call()
    assert [leg.extension for leg in call.legs][-1] == "102"
    assert "Елена" not in anna.page.content()
    pyotr.page.click("#b-hangup")
    expect(pyotr.page.locator(".call-panel.wrapup")).to_be_visible()


def test_an_unanswered_ring_moves_on_by_itself(office: LiveOffice) -> None:
    anna, pyotr = office.person("lavrova").ready(), office.person("zayac").ready()
    office.call()
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    expect(pyotr.page.locator(".call-panel.ringing")).to_be_visible(timeout=25_000)  # a ring lasts 20 s
    expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")
    states = [(leg.extension, leg.state) for leg in office.last_call().legs]
    assert states == [("101", "missed"), ("102", "ringing")]


def test_a_caller_who_gives_up_leaves_no_card_and_an_abandoned_call(office: LiveOffice) -> None:
    anna, pyotr = office.person("lavrova").ready(), office.person("zayac").ready()
    caller = office.call(hold_ms=1500)  # a line that greets has answered him; nobody else has
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    assert caller.finish() == 0, caller.errors()
    for person in (anna, pyotr):
        expect(person.page.locator("#part-call")).to_contain_text("Звонков нет")
        expect(person.page.locator("#part-waiting")).to_contain_text("Ждут: 0")
        assert not person.page.title().startswith("☎")
    call = eventually(lambda: office.last_call(state="ended"))
    assert (call.disposition, call.answered_at, call.end_evidence) == ("abandoned", None, "event")
    assert abs(call.ended_at.timestamp() - caller.seen(r"\tS\t.*\tBYE")) <= 1.0
    assert office.entries(call.id) == []
    expect(anna.page.locator("#part-card")).to_contain_text("не дождавшись")


def test_a_hidden_number_is_said_and_shows_nobody(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    office.call(number=None)
    expect(anna.page.locator("#card-title")).to_have_text("Номер скрыт")
    assert office.last_call().caller_kind == "hidden"
    talking(anna)


def test_an_unknown_number_is_said_with_what_to_do(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    office.call(number="+79071234567")
    expect(anna.page.locator("#card-title")).to_have_text("Номера нет в картотеке")
    expect(anna.page.locator("#part-card")).to_contain_text("Спросите фамилию")
    talking(anna)


def test_of_several_people_on_one_number_the_chosen_is_remembered(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    office.call(number="+79070000801")
    expect(anna.page.locator("#card-title")).to_contain_text("На этом номере")
    talking(anna)
    chosen = anna.page.locator(".candidates label", has_text="Валентина")
    chosen.locator("input").check()
    expect(anna.page.locator("#card-title")).to_contain_text("Валентина")
    anna.page.click("#b-hangup")
    anna.page.click("text=Закончить без записи в журнал")
    anna.page.select_option("#f-disposition", label="ошибочный номер")
    anna.page.click("text=Закончить обработку")
    office.wait_rung("101")
    office.call(number="+79070000801")
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    first = anna.page.locator(".candidates label").first
    expect(first).to_contain_text("Валентина")
    expect(first).to_contain_text("в прошлый раз")


def test_our_own_number_as_caller_id_is_a_possible_forgery_and_shows_nobody(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    office.call(number=B)
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    expect(anna.page.locator("#part-call")).to_contain_text("озможна подмена")
    assert anna.page.locator(".candidates").count() == 0
    assert (office.last_call().caller_kind, office.last_call().family_id) == ("own", None)


def test_an_operator_on_a_break_is_not_rung(office: LiveOffice) -> None:
    anna, pyotr = office.person("lavrova").ready(), office.person("zayac").ready()
    anna.page.click("#status-menu summary")
    anna.page.click("text=Перерыв: обед")
    office.wait_paused("101")
    office.call()
    expect(pyotr.page.locator(".call-panel.ringing")).to_be_visible()
    expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")
    (reason,) = office.rows(select(Presence.reason).where(Presence.state == "break"))
    assert reason == "обед"
