"""A dispatcher works ten families of a campaign while three real calls come in between (issue 6, «Done when»).

Nothing is lost, whoever calls in always comes first, and the journal is right. Real exchange, real sound, Chromium;
only the calendar is taken out, so that it is always a good time to call.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.dialler import window
from crm.campaigns import planning
from crm.campaigns.outcomes import Outcome
from crm.campaigns.tables import PLANNED, RUNNING, Campaign, CampaignTarget, CampaignText
from crm.demo.town import town_behaviours
from crm.dialler.tables import DiallerSettings, DialTask
from crm.family_tables import Family, Phone
from crm.journal import SAVED
from crm.journal_tables import JournalEntry
from crm.measures.tables import FamilyTold
from crm.outgoing.tables import OutgoingCall
from crm.staff import by_login
from tests.support.live_office import LiveOffice, eventually
from tests.support.live_office import Person as Dispatcher
from tests.support.open_window import FOLDER, always
from tests.support.service import LiveService
from tests.support.wait import wait_for

FAMILIES = 10
TALKS = 40_000
"""ms: her own phone, two seconds of ringing, the answer; on a machine that does other things as well."""
_POST = """async (path) => {
  const csrf = document.querySelector("meta[name=csrf]").content;
  return (await fetch(path, { method: "POST", body: new URLSearchParams({ csrf }) })).status;
}"""
CALLER = "+79071230000"
"""Nobody's number: those who call in are no family of the campaign."""


@pytest.fixture
def office(chromium: Browser, tmp_path: Path) -> Iterator[LiveOffice]:
    """A service of its own, in which it is always a good time to call."""
    with LiveService(PYTHONPATH=os.pathsep.join([str(FOLDER), os.environ.get("PYTHONPATH", "")])) as service:
        found = LiveOffice(service, chromium, tmp_path)
        yield found
        errors = [error for person in found.people for error in person.unforgiven()]
        for caller in found.callers:
            caller.__exit__(None, None, None)
        for person in found.people:
            person.context.close()
        found.database.dispose()
        assert not errors, "\n".join(errors)


def campaign_of_those_who_answer(office: LiveOffice) -> int:
    """A running campaign for ten families whose telephones answer, all of them due; its id."""
    at = datetime.now(UTC)
    with office.database.transaction() as session:
        session.execute(update(Campaign).values(state="done"))
        session.execute(update(DiallerSettings).values(robot_on=False))  # or reminders would ring beside her
        head = by_login(session, "roshchina")
        assert head is not None
        row = Campaign(
            service_id=1, title="Встреча семей", kind="free", state=RUNNING, state_at=at, created_at=at, launched_at=at,
            launched_by_id=head.id, starts_on=at.date() - timedelta(days=1), ends_on=at.date() + timedelta(days=20),
            per_day=FAMILIES, conditions=[],
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(CampaignText(campaign_id=row.id, version=1, text="Мы сообщаем о встрече семей.", created_at=at))
        for family_id in who_answers(session)[:FAMILIES]:
            family = session.get_one(Family, family_id)
            family.contact_from = family.contact_until = ""
            for person in family.people:
                person.do_not_call = False
            session.add(
                CampaignTarget(campaign_id=row.id, family_id=family_id, counted_as=family_id, state_at=at, added_at=at)
            )
        return row.id


def who_answers(session: Session) -> list[int]:
    """Families whose every telephone answers in the invented town, none of them shared."""
    behaviours = town_behaviours()
    numbers = Counter(session.scalars(select(Phone.number).where(Phone.removed_at.is_(None))))
    found = []
    wanted = select(Family).where(Family.restricted.is_(False), Family.preferred_channel == "").order_by(Family.id)
    for family in session.scalars(wanted):
        own = [phone.number for person in family.people for phone in person.active_phones]
        if own and all(numbers[one] == 1 and behaviours.get(one, "").startswith(("answers", "presses")) for one in own):
            found.append(family.id)
    return found


def current(page: Page) -> int:
    """The task that the page shows."""
    action = page.locator("form[action$='/outcome']").get_attribute("action")
    assert action
    return int(action.split("/")[-2])


def talk(anna: Dispatcher, office: LiveOffice) -> int:
    """She calls the family of the page, hears it, and hangs up; the task."""
    page, task_id = anna.page, current(anna.page)
    page.click("text=Позвонить")
    expect(page.locator(".list-talk")).to_be_visible(timeout=TALKS)
    page.keyboard.press("Alt+KeyE")
    eventually(lambda: not office.rows(select(OutgoingCall.id).where(OutgoingCall.live)), 15, "the talk to end")
    expect(page.locator(".list-talk")).to_have_count(0, timeout=TALKS)
    return task_id


def outcome(page: Page, digit: int, task_id: int) -> None:
    """One key for the outcome; the next family is there."""
    page.locator("body").press(str(digit))
    page.wait_for_function(
        "task => !document.querySelector(`form[action='/campaigns/work/${task}/outcome']`)", arg=task_id, timeout=15_000
    )


def incoming(anna: Dispatcher, office: LiveOffice, substance: str) -> None:
    """A stranger calls while she is in the list: he is answered, and his appeal written, before anything else."""
    page, task_id = anna.page, current(anna.page)
    page.fill("#f-note", f"пояснение {task_id}")
    office.call(number=CALLER)
    expect(page.locator(".strip")).to_contain_text("Входящий звонок", timeout=TALKS)
    expect(page.locator("#campaign-call .notice.warn")).to_contain_text("ждёт звонящий", timeout=TALKS)
    expect(page.locator(".campaign-dial")).to_be_disabled()
    anna.forgiven.append(rf"409 \(Conflict\) \(.*/campaigns/work/{task_id}/call\)")
    assert page.evaluate(_POST, f"/campaigns/work/{task_id}/call") == 409  # nor by any other way than the button
    page.keyboard.press("Alt+KeyA")
    page.click(".nav a:has-text('Рабочее место')")
    expect(page.locator(".call-panel.talking")).to_be_visible(timeout=TALKS)
    page.fill("#a-substance", substance)
    page.fill("#a-name", "Неизвестный Пётр")
    page.fill("#a-brief", "не назвался")
    page.click("#b-hangup")
    expect(page.locator(".call-panel.wrapup")).to_be_visible(timeout=TALKS)
    page.click("text=Сохранить в журнал")
    expect(page.locator("#part-call")).to_contain_text("Звонков нет", timeout=TALKS)
    page.click(".nav a:has-text('Кампании')")
    page.click(".page-head a:has-text('Звонить')")
    assert current(page) == task_id  # the family waited for her
    expect(page.locator("#f-note")).to_have_value(f"пояснение {task_id}")  # and so did what she had typed


@pytest.mark.timeout(480)  # thirteen talks with real rings
def test_ten_families_while_three_callers_come_first(office: LiveOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "spans", always)
    campaign_id = campaign_of_those_who_answer(office)
    with office.database.transaction() as session:
        while planning.plan(session, datetime.now(UTC), mode="demo"):
            pass
    anna = office.person("lavrova").ready()
    page = anna.page
    page.goto(f"{office.service.url}/campaigns/work")
    expect(page.locator("#phone-state")).to_contain_text("101 на связи", timeout=TALKS)
    page.click("text=Начать: следующая семья")
    worked: dict[int, Outcome] = {}
    for place in range(FAMILIES):
        if place in (2, 5, 8):
            incoming(anna, office, f"Спрашивает о пособии, {place}")
        task_id = talk(anna, office)
        expect(page.locator("h2#whom-title")).to_be_visible()
        said = Outcome.HELP if place == 4 else Outcome.REFUSED if place == 6 else Outcome.TOLD
        outcome(page, {Outcome.TOLD: 1, Outcome.HELP: 2, Outcome.REFUSED: 6}[said], task_id)
        worked[task_id] = said
        if said is Outcome.HELP:
            page.fill("#a-substance", "Нужны документы на участок.")
            page.click("text=Сохранить в журнал")
            expect(page.locator("#toasts")).to_contain_text("записано в журнал", timeout=TALKS)
            page.click("text=Начать: следующая семья")
    assert len(worked) == FAMILIES

    with office.reading() as session:
        targets = session.scalars(select(CampaignTarget).where(CampaignTarget.campaign_id == campaign_id)).all()
        tasks = session.scalars(select(DialTask).where(DialTask.id.in_(worked))).all()
        told = session.scalars(select(FamilyTold).where(FamilyTold.topic == f"campaign-{campaign_id}")).all()
        calls = session.scalars(select(OutgoingCall).order_by(OutgoingCall.id)).all()
        entries = session.scalars(select(JournalEntry).where(JournalEntry.state == SAVED)).all()
        by_family = {one.family_id: one for one in targets}
    assert [by_family[one.family_id].state for one in tasks] == [worked[one.id].value for one in tasks]
    assert [one.state for one in targets].count(PLANNED) == 0
    assert {one.family_id for one in told} == {one.family_id for one in tasks}
    assert [(one.task_id, one.result) for one in calls] == [(one, "answered") for one in worked]
    fresh = [one for one in entries if "пособии, " in one.substance or "участок." in one.substance]
    assert len(fresh) == 4
    (helped,) = [one for one in fresh if "участок." in one.substance]
    (target,) = [one for one in targets if one.state == Outcome.HELP]
    assert (helped.family_id, target.entry_id) == (target.family_id, helped.id)
    wait_for(lambda: not office.channels(), 10, "no channel to be left")
