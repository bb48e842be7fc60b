"""A tip by real calls (domain.md §6.3, S-6; B-32, B-33): a neighbour calls the department's number, the operator writes
down what he tells while they talk, the family is called three times in vain, and it all ends with a talk with an adult.

Real exchange, network and pages; what arrived at the network is counted.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from callflow.outgoing import Result
from crm.appeals.rows import measures_of
from crm.call_tables import CallRecord
from crm.journal_tables import JournalEntry
from crm.outgoing.asking import TWICE
from crm.presence import Presence, PresenceState
from crm.specialists.tables import CallDisposition
from crm.staff import by_login
from crm.tips import attempts
from crm.tips.tables import Tip, TipAttempt, TipDuty, TipInformant, TipReport
from tests.asterisk.conftest import Calling
from tests.support.network import Behaviour
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.rig_office import RigOffice
from tests.support.robot_rig import DEMO_LINE, LIMIT
from tests.support.wait import wait_for

NEIGHBOUR, FAMILY = "+79070009981", "+79070009971"
FORM = {
    "service_id": "1", "risk": "no", "words": "Дети одни вторые сутки.", "about_name": "Тихомировы",
    "numbers": "8 907 000-99-71", "informant_name": "Болтунова Зинаида Прокофьевна",
}  # fmt: skip
VAIN = [
    (Behaviour(ring=0.2, status=486), Result.BUSY),
    (Behaviour(ring=0.2, status=480), Result.UNREACHABLE),
    (Behaviour(ring=0.2, status=603), Result.REJECTED),
]
"""What becomes of the three attempts."""
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def office(office: RigOffice) -> RigOffice:
    """Without the demo's tips."""
    with office.database.transaction() as session:
        for model in (TipInformant, TipReport, TipAttempt, TipDuty, Tip):
            session.execute(delete(model))
    return office


def told(office: RigOffice, phone: DeskPhone, call: Calling) -> tuple[int, int]:
    """A neighbour calls, she answers and writes it down while they talk, he hangs up; the tip and his call."""
    caller = call(DEMO_LINE, from_header=f"<sip:{NEIGHBOUR}@127.0.0.2>", media=False, echo=True, patience_ms=60_000)
    phone.wait_ringing(LIMIT)
    phone.answer()
    his = wait_for(lambda: office.talk_of("lavrova"), LIMIT, "the talk")
    lavrova = office.pages.browser("lavrova")
    empty = lavrova.get(f"/tips/new?call={his.id}").text
    key = re.search(r'name="form_key" value="(\w+)"', empty)
    assert key is not None
    answer = lavrova.post("/tips/new", **{**FORM, "form_key": key[1], "call": str(his.id)})
    assert answer.status_code == 303, answer.text
    assert "Сообщили: 1" in office.pages.browser("zayac").get("/journal").text, "while the neighbour still talks"
    assert office.talk_of("lavrova") is not None
    caller.vanish()
    phone.hang_up()
    eventually_idle(phone)
    wait_for(lambda: wrapping_up(office) == his.id, LIMIT, "her wrap-up")
    with office.database.reading() as session:
        taken = session.scalars(select(CallDisposition.id).where(CallDisposition.code == "tip")).one()
    lavrova.post(f"/calls/{his.id}/finish", disposition=str(taken))
    assert wrapping_up(office) is None
    return int(answer.headers["location"].rsplit("/", maxsplit=1)[1]), his.id


def wrapping_up(office: RigOffice) -> int | None:
    """The call after which Lavrova is given her minutes."""
    with office.database.reading() as session:
        lavrova = by_login(session, "lavrova")
        assert lavrova is not None
        row = session.get_one(Presence, lavrova.id)
        return row.call_id if row.state == PresenceState.WRAPUP else None


def dial(office: RigOffice, phone: DeskPhone, tip_id: int, number: int) -> None:
    """«Позвонить» on the tip for the `number`th time; she takes her telephone."""
    asked = [one.requested_at for one in office.orders()]
    wait_for(lambda: not asked or datetime.now(UTC) > asked[-1] + TWICE, LIMIT, "another click to be another call")
    answer = office.pages.browser("lavrova").post(f"/tips/{tip_id}/call", number=FAMILY)
    assert answer.status_code == 303, answer.text
    phone.wait_ringing(LIMIT)
    assert len(office.rig.network.to(FAMILY)) == number - 1, "nobody is called before she is there"
    phone.answer()
    wait_for(lambda: len(office.rig.network.to(FAMILY)) == number, LIMIT, "the call to arrive")


def three_in_vain(office: RigOffice, phone: DeskPhone, tip_id: int) -> None:
    for number, (behaves, result) in enumerate(VAIN, start=1):
        office.rig.network.behaves = behaves
        dial(office, phone, tip_id, number)
        assert office.wait_order(number).result == result
        eventually_idle(phone)
        assert tried(office, tip_id) == number
        assert tip(office, tip_id).ended_at is None, "an attempt stops nothing"


def tip(office: RigOffice, tip_id: int) -> Tip:
    with office.database.reading() as session:
        return session.get_one(Tip, tip_id)


def tried(office: RigOffice, tip_id: int) -> int:
    with office.database.reading() as session:
        return attempts.numbers_of(session, [tip_id]).get(tip_id, 0)


def _call(office: RigOffice, call_id: int) -> CallRecord:
    with office.database.reading() as session:
        return session.get_one(CallRecord, call_id)


def test_from_a_neighbours_call_to_a_talk_with_the_mother(office: RigOffice, phone: DeskPhone, call: Calling) -> None:
    tip_id, his = told(office, phone, call)
    with office.database.reading() as session:
        assert session.scalars(select(TipInformant.call_id)).one() == his
        assert session.get_one(JournalEntry, tip(office, tip_id).entry_id).call_id is None

    three_in_vain(office, phone, tip_id)
    lavrova, head = office.pages.browser("lavrova"), office.pages.browser("roshchina")
    assert "написать семье" in lavrova.get(f"/tips/{tip_id}").text
    assert lavrova.post(f"/tips/{tip_id}/letter", how="nowhere").status_code == 303
    assert lavrova.post(f"/tips/{tip_id}/visit", who="Громова", address="ул. Новая, 3").status_code == 303
    assert "трижды не дозвонились" in head.get("/tips").text
    with office.database.reading() as session:
        assert [one.kind for one in measures_of(session, tip(office, tip_id).entry_id)].count("home_visit") == 1

    office.rig.network.behaves = Behaviour(ring=0.2, talk=None)
    dial(office, phone, tip_id, 4)
    talk = wait_for(lambda: office.talk_of("lavrova"), LIMIT, "the talk")
    wrong = lavrova.post(f"/tips/{tip_id}/talk", how="call", call_id=str(his), who="мать", adult="yes")
    assert wrong.status_code == 422, "who told us is not the family"
    child = lavrova.post(f"/tips/{tip_id}/talk", how="call", call_id=str(talk.id), who="сын Петя")
    assert child.status_code == 422
    assert tip(office, tip_id).ended_at is None
    adult = lavrova.post(f"/tips/{tip_id}/talk", how="call", call_id=str(talk.id), who="мать, Ольга", adult="yes")
    assert adult.headers["location"] == f"/journal/{tip(office, tip_id).entry_id}"
    phone.hang_up()
    assert office.wait_order(4).result == Result.ANSWERED
    over = tip(office, tip_id)
    assert (over.ended_how, over.ended_call_id, over.talked_at) == ("talk", talk.id, _call(office, talk.id).answered_at)
    with office.database.reading() as session:
        entry = session.get_one(JournalEntry, over.entry_id)
        assert (entry.progress, entry.contact_method, entry.applicant_name) == (
            "in_work", "third_party", "мать, Ольга",
        )  # fmt: skip
    assert [call.number for call in office.rig.network.calls] == [FAMILY] * 4
    assert NEIGHBOUR not in [call.number for call in office.rig.network.calls], "who told us is called by nobody"


def test_whoever_does_not_take_her_own_telephone_has_not_tried(
    office: RigOffice, phone: DeskPhone, call: Calling
) -> None:
    tip_id, _ = told(office, phone, call)
    lavrova = office.pages.browser("lavrova")
    assert lavrova.post(f"/tips/{tip_id}/call", number=FAMILY).status_code == 303
    phone.wait_ringing(LIMIT)
    phone.reject()
    office.wait_order()
    assert office.rig.network.calls == []
    assert tried(office, tip_id) == 0
    assert "0 попыток из 3" in lavrova.get(f"/tips/{tip_id}").text
