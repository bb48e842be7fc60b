"""«Кампании»: drafts, dry runs, launches, the list that dispatchers work, coverage; who sees which."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from callflow.dialler import window
from crm import exchange_state, heartbeat
from crm.audit import AuditEvent
from crm.call_tables import CallRecord
from crm.campaigns import launching, planning, running, trying, worklist
from crm.campaigns.outcomes import Outcome
from crm.campaigns.tables import RUNNING, Campaign, CampaignTarget
from crm.demo.campaigns import FORM_KEYS
from crm.dialler.tables import DialTask
from crm.family_tables import Family
from crm.journal_tables import SAVED, JournalEntry
from crm.outgoing.tables import OutgoingCall
from crm.speech.tables import SpeechCall
from crm.staff import by_login
from tests.support.open_window import always

TODAY = datetime.now(UTC).date()
FORM = {
    "service_id": "1", "title": "Встреча семей", "kind": "free", "channel": "human", "rest_by_people": "yes",
    "starts_on": TODAY.isoformat(), "ends_on": (TODAY + timedelta(days=20)).isoformat(), "per_day": "5",
    "text": "Мы сообщаем о встрече семей. Телефон {номер}.", "form_key": "k" * 32,
}  # fmt: skip


@pytest.fixture(autouse=True)
def any_time(office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a good time to call, and the exchange answers."""
    monkeypatch.setattr(window, "spans", always)
    with office.desk.database.transaction() as session:
        exchange_state.note_link(session, up=True, reason="", at=datetime.now(UTC))
        heartbeat.beat(session, "listener", datetime.now(UTC), "")


def made(office, **values: str) -> int:
    """A draft of the head's; those of the demo stand aside."""
    with office.desk.database.transaction() as session:
        session.execute(update(Campaign).where(Campaign.form_key.in_(FORM_KEYS)).values(state="done"))
    answer = office.browser("roshchina").post("/campaigns/new", **{**FORM, **values})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rsplit("/", 1)[1])


def tried(office, campaign_id: int) -> None:
    """Its dry run, asked for on the page and made as the worker makes it."""
    assert office.browser("roshchina").post(f"/campaigns/{campaign_id}/dry-run").status_code == 303
    trying.make(office.desk.database, campaign_id, datetime.now(UTC), mode="demo")


def begun(office, **values: str) -> int:
    """A running campaign with today's families planned."""
    campaign_id = made(office, **values)
    tried(office, campaign_id)
    answer = office.browser("roshchina").post(f"/campaigns/{campaign_id}/launch", version=version(office, campaign_id))
    assert answer.status_code == 303, answer.text
    with office.desk.database.transaction() as session:
        while planning.plan(session, datetime.now(UTC), mode="demo"):
            pass
    return campaign_id


def version(office, campaign_id: int) -> str:
    with office.desk.database.reading() as session:
        return str(session.get_one(Campaign, campaign_id).version)


def held(office, login: str = "lavrova") -> tuple[int, int]:
    """Task and family that she holds."""
    with office.desk.database.reading() as session:
        item = worklist.held(session, by_login(session, login))
        assert item is not None
        return item.task.id, item.family.id


def state(office, campaign_id: int, family_id: int) -> str:
    with office.desk.database.reading() as session:
        return session.scalars(
            select(CampaignTarget.state).where(
                CampaignTarget.campaign_id == campaign_id, CampaignTarget.family_id == family_id
            )
        ).one()


def logged(office) -> list[str]:
    with office.desk.database.reading() as session:
        mine = AuditEvent.action.startswith("campaign.")
        return list(session.scalars(select(AuditEvent.action).where(mine).order_by(AuditEvent.seq)))


def test_a_draft_is_made_once_and_its_mistakes_stand_beside_the_fields(office):
    head = office.browser("roshchina")
    refused = head.post("/campaigns/new", **{**FORM, "text": "", "ends_on": "2020-01-01", "per_day": "0"})
    assert refused.status_code == 422
    for words in ("Последний день раньше", "Нужно число от 1 до 5000", "Напишите, о чём сообщаем"):
        assert words in refused.text
    assert "Встреча семей" in refused.text, "what was typed is still there"
    first, second = made(office), made(office)
    assert first == second
    assert "ещё не запущена" in head.get("/campaigns").text


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("per_day", "=cmd", 422),
        ("per_day", str(2**63), 422),
        ("starts_on", "завтра", 422),
        ("kind", "war", 422),
        ("measure_id", "-1", 422),
        ("segment_id", str(2**63), 422),
        ("text", "{" * 50, 422),
        ("title", "\u202e😀 %_\\", 303),
        ("other", "x", 422),
    ],
)
def test_hostile_fields_are_sentences(office, field, value, status):
    answer = office.browser("roshchina").post("/campaigns/new", **{**FORM, field: value, "form_key": "z" * 32})
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_the_dry_run_stands_on_the_page_and_the_launch_follows_it(office):
    campaign_id = made(office)
    head = office.browser("roshchina")
    page = f"/campaigns/{campaign_id}"
    assert "Запустить" not in head.get(page).text
    assert head.post(f"{page}/launch", version="1").status_code == 409
    head.post(f"{page}/dry-run")
    assert "ждём очереди" in head.get(f"{page}/progress").text
    trying.make(office.desk.database, campaign_id, datetime.now(UTC), mode="demo")
    text = head.get(page).text
    assert "Кому не позвоним" in text
    assert "Запустить" in text
    assert "Кузнецовы" in text
    assert "Посчитать" not in office.browser("lavrova").get(page).text
    assert "Кузнецовы" not in office.browser("lavrova").get(page).text, "a dry run is for whoever asked"
    assert head.post(f"{page}/launch", version=version(office, campaign_id)).status_code == 303
    assert head.post(f"{page}/launch", version=version(office, campaign_id)).status_code == 303, "launched once"
    assert logged(office).count("campaign.launch") == 1
    assert "Как идёт" in head.get(page).text


def test_a_changed_draft_wants_another_dry_run(office):
    campaign_id = made(office)
    tried(office, campaign_id)
    head = office.browser("roshchina")
    changed = {name: value for name, value in FORM.items() if name != "form_key"} | {"per_day": "7"}
    stale = head.post(f"/campaigns/{campaign_id}/edit", **changed, version="9")
    assert stale.status_code == 409
    assert 'value="7"' in stale.text, "nothing typed is lost"
    assert head.post(f"/campaigns/{campaign_id}/edit", **changed, version="1").status_code == 303
    assert "изменена после пробного прогона" in head.get(f"/campaigns/{campaign_id}").text
    assert head.post(f"/campaigns/{campaign_id}/launch", version="1").status_code == 409


def test_dispatchers_look_and_call_but_do_not_make(office):
    campaign_id = begun(office)
    lavrova = office.browser("lavrova")
    assert lavrova.get(f"/campaigns/{campaign_id}").status_code == 200
    for path in ("new", f"{campaign_id}/pause", f"{campaign_id}/launch", f"{campaign_id}/dry-run"):
        assert lavrova.post(f"/campaigns/{path}").status_code == 403
    for login in ("smirnova", "kim"):
        assert office.browser(login).get("/campaigns").status_code == 403
    assert office.browser("gromova").get(f"/campaigns/{campaign_id}").status_code == 404, "another service"
    for number in ("0", "-1", str(2**63)):
        assert lavrova.get(f"/campaigns/{number}").status_code == 404


def test_pausing_and_stopping_want_a_reason(office):
    campaign_id = begun(office)
    head, page = office.browser("roshchina"), f"/campaigns/{campaign_id}"
    assert head.post(f"{page}/pause").status_code == 422
    assert head.post(f"{page}/pause", reason="проверяем текст").status_code == 303
    assert "проверяем текст" in office.browser("lavrova").get(page).text
    assert office.browser("lavrova").post("/campaigns/work/next").status_code == 303
    assert "Звонить сейчас некому" in office.browser("lavrova").get("/campaigns/work").text
    assert head.post(f"{page}/resume").status_code == 303
    assert head.post(f"{page}/stop", reason="меру отменили").status_code == 303
    assert head.post(f"{page}/resume").status_code == 409


def test_another_text_is_another_version_and_a_wrong_one_comes_back(office):
    campaign_id = begun(office)
    head, page = office.browser("roshchina"), f"/campaigns/{campaign_id}"
    refused = head.post(f"{page}/text", text="Приходите, {куда}!")
    assert refused.status_code == 422
    assert "Приходите, {куда}!" in refused.text
    assert head.post(f"{page}/text", text="Приходите в воскресенье.").status_code == 303
    assert "версия 2" in head.get(page).text
    office.browser("lavrova").post("/campaigns/work/next")
    assert "Приходите в воскресенье" in office.browser("lavrova").get("/campaigns/work").text


def test_a_robots_text_is_heard_on_her_own_phone(office):
    campaign_id = made(office, channel="robot")
    head, page = office.browser("roshchina"), f"/campaigns/{campaign_id}"
    tried(office, campaign_id)
    assert "Прослушайте этот текст" in head.get(page).text
    answer = head.post(f"{page}/hear")
    with office.desk.database.transaction() as session:
        call = session.scalars(select(SpeechCall)).first()
        if call is None:  # the head of the demo has no telephone of her own
            assert answer.status_code == 409
            running.note_heard(session, campaign_id, by_login(session, "roshchina"), datetime.now(UTC))
        else:
            call.live, call.state, call.result = False, "ended", "played"
    text = head.get(page).text
    assert "Прослушано" in text
    assert "Прослушайте этот текст" not in text, "done: the launch is open without counting once more"
    assert f'action="{page}/launch"' in text
    assert "campaign.heard" in logged(office)


def test_the_next_family_comes_by_itself_with_her_words(office):
    campaign_id = begun(office)
    lavrova = office.browser("lavrova")
    assert "ждут звонка: 5" in lavrova.get("/campaigns/work").text
    assert lavrova.post("/campaigns/work/next", campaign=str(campaign_id)).status_code == 303
    text = lavrova.get("/campaigns/work").text
    task_id, family_id = held(office)
    assert "Лаврова Нина Аркадьевна" in text
    assert "Мы сообщаем о встрече семей" in text
    assert "{" not in re.sub(r"<script.*?</script>", "", text.split("Что сказать")[1].split("Чем кончился")[0])
    assert re.search(r"\+7 907 •••-••-\d\d", text)
    assert lavrova.post(f"/campaigns/work/{task_id}/outcome", outcome="told", note="да").status_code == 303
    assert state(office, campaign_id, family_id) == Outcome.TOLD
    assert held(office)[1] != family_id
    assert logged(office).count("campaign.finish") == 1
    assert lavrova.post(f"/campaigns/work/{task_id}/outcome", outcome="refused").status_code == 409


def test_two_dispatchers_have_different_families(office):
    begun(office)
    for login in ("lavrova", "zayac"):
        office.browser(login).post("/campaigns/work/next")
    assert held(office)[1] != held(office, "zayac")[1]
    task_id, _ = held(office)
    assert office.browser("zayac").post(f"/campaigns/work/{task_id}/outcome", outcome="told").status_code == 409


def test_later_wants_a_time_and_skipping_a_reason(office):
    begun(office)
    lavrova = office.browser("lavrova")
    lavrova.post("/campaigns/work/next")
    task_id, family_id = held(office)
    refused = lavrova.post(f"/campaigns/work/{task_id}/outcome", outcome="later", note="<b>занята</b> 😀", time="потом")
    assert refused.status_code == 422
    assert "&lt;b&gt;занята&lt;/b&gt;" in refused.text
    assert lavrova.post(f"/campaigns/work/{task_id}/outcome", outcome="later", time="23:59").status_code == 303
    task_id, second = held(office)
    assert second != family_id
    assert lavrova.post(f"/campaigns/work/{task_id}/skip").status_code == 422
    assert lavrova.post(f"/campaigns/work/{task_id}/skip", reason="соседи").status_code == 303
    assert held(office)[1] not in (family_id, second)


def test_a_caller_who_waits_is_shown_and_the_call_refused(office):
    begun(office)
    lavrova = office.browser("lavrova")
    lavrova.post("/campaigns/work/next")
    task_id, _ = held(office)
    at = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        session.add(
            CallRecord(
                linkedid="1.1",
                service_id=1,
                direction="inbound",
                state="waiting",
                caller_kind="number",
                caller_number="+79071234567",
                arrived_at=at,
            )
        )
    text = lavrova.get("/campaigns/work").text
    assert "В очереди ждёт звонящий" in text
    assert re.search(r"campaign-dial[^>]* disabled", text)
    refused = lavrova.post(f"/campaigns/work/{task_id}/call")
    assert refused.status_code == 409
    assert "ждёт звонящий" in refused.text
    with office.desk.database.reading() as session:
        assert session.scalars(select(OutgoingCall)).all() == []


def test_a_call_is_ordered_with_the_purpose_of_the_list(office):
    begun(office)
    lavrova = office.browser("lavrova")
    lavrova.post("/campaigns/work/next")
    task_id, family_id = held(office)
    for _ in range(2):
        assert lavrova.post(f"/campaigns/work/{task_id}/call").status_code == 303
    with office.desk.database.reading() as session:
        (order,) = session.scalars(select(OutgoingCall)).all()
        assert (order.task_id, order.family_id, order.purpose) == (task_id, family_id, worklist.PURPOSE)


def test_help_opens_the_appeal_with_the_family_in_it(office):
    campaign_id = begun(office)
    lavrova = office.browser("lavrova")
    lavrova.post("/campaigns/work/next")
    task_id, family_id = held(office)
    assert lavrova.post(f"/campaigns/work/{task_id}/outcome", outcome="help").status_code == 303
    text = lavrova.get("/campaigns/work").text
    assert "Семье нужна помощь" in text
    assert "Записать к специалисту" in text
    with office.desk.database.reading() as session:
        target = session.scalars(select(CampaignTarget).where(CampaignTarget.state == Outcome.HELP.value)
                                 .where(CampaignTarget.campaign_id == campaign_id)).one()  # fmt: skip
        entry = session.get_one(JournalEntry, target.entry_id)
        assert (entry.family_id, entry.contact_method) == (family_id, "phone")
        assert entry.applicant_name
        assert entry.occurred_at
        form = {"version": str(entry.version), "applicant_name": entry.applicant_name,
                "family_brief": entry.family_brief or "семья", "contact_method": "phone"}  # fmt: skip
    where = f"/campaigns/work/{target.id}/appeal"
    assert lavrova.post(where, **form).status_code == 422, "without what it is about"
    assert office.browser("zayac").post(where, **form, substance="Чужое").status_code == 404
    with office.desk.database.reading() as session:
        form["version"] = str(session.get_one(JournalEntry, target.entry_id).version)
    saved = lavrova.post(where, **form, substance="Нужны документы.")
    assert (saved.status_code, saved.headers["location"]) == (303, "/campaigns/work")
    with office.desk.database.reading() as session:
        assert session.get_one(JournalEntry, target.entry_id).state == SAVED
    assert "Семье нужна помощь" not in lavrova.get("/campaigns/work").text


def test_a_restricted_family_of_a_campaign_is_the_heads_alone(office):
    campaign_id = begun(office, per_day="100")
    with office.desk.database.reading() as session:
        hidden = session.scalars(select(Family).where(Family.restricted)).first()
        task = session.scalars(
            select(DialTask).where(DialTask.family_id == hidden.id, DialTask.kind == "campaign")
        ).one()
    lavrova, head = office.browser("lavrova"), office.browser("roshchina")
    assert hidden.name in head.get(f"/campaigns/{campaign_id}/families").text
    for path in ("", "/families", "/families?state=planned"):
        assert hidden.name not in lavrova.get(f"/campaigns/{campaign_id}{path}").text
    totals = [
        re.search(r"Все · (\d+)", one.get(f"/campaigns/{campaign_id}/families").text)[1] for one in (lavrova, head)
    ]
    assert int(totals[1]) == int(totals[0]) + 1
    assert lavrova.post(f"/campaigns/work/{task.id}/outcome", outcome="told").status_code == 404
    assert lavrova.post(f"/campaigns/work/{task.id}/call").status_code == 404


def test_coverage_counts_and_goes_to_excel(office):
    lavrova = office.browser("lavrova")
    text = lavrova.get("/campaigns/coverage").text
    assert "Земельный участок" in text
    whole = lavrova.get("/campaigns/coverage?topic=measure-1").text
    assert "По населённым пунктам" in whole
    assert "г. Заречинск" in whole
    for topic in ("measure-999", "measure--1", "' OR 1", "service-99"):
        assert lavrova.get(f"/campaigns/coverage?topic={topic}").status_code == 404
    assert lavrova.post("/exports", kind="coverage", topic="measure-1").status_code == 303
    assert lavrova.post("/exports", kind="coverage", topic="measure-999").status_code == 404


def test_the_card_of_a_launch_is_in_the_log(office):
    campaign_id = begun(office)
    with office.desk.database.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == RUNNING
    assert logged(office)[:3] == ["campaign.create", "campaign.dry_run", "campaign.launch"]
    assert launching.AT_ONCE
