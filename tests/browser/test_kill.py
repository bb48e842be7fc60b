"""kill -9 of each of our processes while it rings and while people talk: the call lives, the card comes back."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from crm.calls import CallRecord
from tests.support.live_office import LiveOffice, Person, eventually
from tests.support.supervised import running

# What a browser says of a server that is away for a moment.
AWAY = [r"net::ERR_", r"status of 50\d", r"WebSocket connection to", r"^htmx:(afterRequest|sendError), "]
BACK = 5_000
"""Milliseconds after the restart within which the card must be there (issue 2)."""
PROCESSES = ["valkey", "agi", "listener", "worker", "ticker", "web", "exchange", "supervisor"]


def kill_and_wait(office: LiveOffice, name: str) -> None:
    """kill -9, and waits until the supervisor (after its own death: the next `up`) has everything running again."""
    service = office.service
    former = service.kill(name)
    if name == "supervisor":
        service.start()
    else:
        service.wait_restarted(name, former)


def finish_the_story(office: LiveOffice, anna: Person, call: CallRecord) -> None:
    """Hangs up, writes the row; the call and its row are there once."""
    anna.page.click("#b-hangup")
    expect(anna.page.locator(".call-panel.wrapup")).to_be_visible(timeout=BACK)
    anna.page.fill("#a-substance", "Просит справку.")
    anna.page.fill("#a-name", "Кузнецова Елена Викторовна")
    anna.page.fill("#a-brief", "Многодетная семья.")
    anna.page.click("text=Сохранить в журнал")
    expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")
    (entry,) = office.entries(call.id)
    assert (entry.state, entry.substance) == ("saved", "Просит справку.")
    ended = eventually(lambda: office.last_call(id=call.id, state="ended"))
    assert (ended.disposition, ended.linkedid) == ("answered", call.linkedid)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_ringing_call_outlives_the_death_of(office: LiveOffice, name: str) -> None:
    anna = office.person("lavrova").ready()
    anna.forgiven += AWAY
    office.call()
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    call = office.last_call()
    before = office.channels()
    kill_and_wait(office, name)
    second = anna.open("/workplace")
    expect(second.locator(".call-panel.ringing")).to_be_visible(timeout=BACK)
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    assert office.channels() == before
    anna.page.bring_to_front()
    anna.page.click("#b-answer")
    expect(anna.page.locator(".call-panel.talking")).to_be_visible(timeout=BACK)
    anna.hears()
    finish_the_story(office, anna, call)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_talk_outlives_the_death_of(office: LiveOffice, name: str) -> None:
    anna = office.person("lavrova").ready()
    anna.forgiven += AWAY
    office.call()
    anna.page.click("#b-answer")
    expect(anna.page.locator(".call-panel.talking")).to_be_visible()
    anna.hears()
    call = office.last_call()
    before = office.channels()
    kill_and_wait(office, name)
    anna.hears()
    second = anna.open("/workplace")
    expect(second.locator(".call-panel.talking")).to_be_visible(timeout=BACK)
    assert office.channels() == before
    anna.page.bring_to_front()
    finish_the_story(office, anna, call)


def test_an_answer_and_a_hang_up_while_the_listener_was_dead_are_in_the_records(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    office.call()
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    call = office.last_call()
    former = office.service.kill("listener")
    anna.page.click("#b-answer")
    anna.hears()
    office.service.wait_restarted("listener", former)
    expect(anna.page.locator(".call-panel.talking")).to_be_visible(timeout=BACK)
    former = office.service.kill("listener")
    anna.page.click("#b-hangup")
    eventually(lambda: not office.channels())
    office.service.wait_restarted("listener", former)
    expect(anna.page.locator(".call-panel.wrapup")).to_be_visible(timeout=BACK)
    ended = eventually(lambda: office.last_call(id=call.id, state="ended"))
    assert (ended.disposition, ended.end_evidence) == ("answered", "cdr")
    assert len(office.entries(call.id)) == 1


def test_with_all_of_ours_dead_a_caller_reaches_a_telephone_and_the_talk_is_adopted(office: LiveOffice) -> None:
    service = office.service
    with office.desk_phone("101") as phone:
        office.person("lavrova").ready().context.close()
        pids = {name: service.pid_of(name) for name in PROCESSES if name != "exchange"}
        service.kill("supervisor")
        for name, pid in pids.items():
            eventually(lambda pid=pid: not running(pid), 5, f"{name} to be dead")
        assert not service.page_answers()
        office.call()
        phone.wait_ringing()
        phone.answer()
        eventually(lambda: phone.loud_packets > 5, 5, "sound at the desk")
        assert len(office.channels()) >= 2
        service.start()
        assert phone.state == "talking"
        call = eventually(lambda: office.last_call(state="talking"))
        assert [leg.extension for leg in call.legs if leg.state == "talking"] == ["101"]
        phone.hang_up()
        ended = eventually(lambda: office.last_call(id=call.id, state="ended"))
        assert ended.disposition == "answered"


def test_a_killed_exchange_is_said_on_the_screen_and_heals_by_itself(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    anna.forgiven += AWAY
    office.call()
    anna.page.click("#b-answer")
    expect(anna.page.locator(".call-panel.talking")).to_be_visible()
    call = office.last_call()
    former = office.service.kill("asterisk")
    expect(anna.page.locator("#part-banner")).to_contain_text("Нет связи с АТС")
    office.service.wait_restarted("asterisk", former)
    expect(anna.page.locator("#part-banner")).not_to_contain_text("Нет связи с АТС", timeout=20_000)
    ended = eventually(lambda: office.last_call(id=call.id, state="ended"))
    assert (ended.disposition, ended.end_evidence) == ("answered", "snapshot")
    assert ended.ended_at - ended.arrived_at < timedelta(minutes=1)
    expect(anna.page.locator(".call-panel.wrapup")).to_be_visible()
    anna.page.click("text=Закончить без записи в журнал")
    anna.page.select_option("#f-disposition", label="ошибочный номер")
    anna.page.click("text=Закончить обработку")
    expect(anna.page.locator("#phone-state")).to_contain_text("на связи", timeout=20_000)  # and not «разговор» for ever
    office.wait_rung("101", limit=25)
    office.call(number="+79070000201")
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    anna.page.click("#b-answer")
    anna.hears()
