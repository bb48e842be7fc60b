"""Two dispatchers press «Позвонить» on one number at the same moment, on real parts: one telephone of ours rings, the
family's rings once, and the other one reads who calls (reliability.md I5)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, select

from callflow.outgoing import Result
from crm.missed import opening
from crm.missed.opening import ByHand
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.staff import Employee, by_login
from tests.support.network import Behaviour
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.rig_office import RigOffice
from tests.support.robot_rig import LIMIT
from tests.support.wait import wait_for

FAMILY = "+79070009971"
WAYS: dict[str, Callable[[int], dict[str, str]]] = {
    "both by the promise": lambda missed_id: {"missed_id": str(missed_id)},
    "both by hand": lambda _: {"number": FAMILY, "person_id": "0", "reason": "договорились", "confirmed": "yes"},
}
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def office(office: RigOffice) -> RigOffice:
    """Families answer and talk."""
    office.rig.network.behaves = Behaviour(ring=0.2, talk=None)
    return office


def promised(office: RigOffice) -> int:
    """Somebody without a card was promised a call, by whoever is free; the row."""
    at = datetime.now(UTC)
    with office.database.transaction() as session:
        for model in (MissedAttempt, MissedContact, MissedCall):  # of the demo
            session.execute(delete(model))
        lavrova = by_login(session, "lavrova")
        assert lavrova is not None
        wanted = ByHand(service_id=1, number=FAMILY, promised_for=at + timedelta(minutes=1))
        return opening.by_hand(session, wanted, lavrova, at).id


@pytest.mark.parametrize("way", WAYS)
def test_one_order_one_ring_one_call(office: RigOffice, phone: DeskPhone, second_phone: DeskPhone, way: str) -> None:
    fields, together = WAYS[way](promised(office)), Barrier(2)
    browsers = [office.pages.browser(login) for login in ("lavrova", "zayac")]

    def press(browser: Any) -> Any:
        together.wait(30)
        return browser.post("/outgoing", **fields)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, browsers))
    assert sorted(answer.status_code == 303 for answer in answers) == [False, True], [one.text for one in answers]
    (order,) = office.orders()
    refused = next(answer.text for answer in answers if answer.status_code != 303)
    with office.database.reading() as session:
        winner = session.get_one(Employee, order.employee_id)
        assert winner.short_name in refused, "the other one reads who calls"
    hers, others = (phone, second_phone) if winner.login == "lavrova" else (second_phone, phone)
    hers.wait_ringing(LIMIT)
    hers.answer()
    wait_for(lambda: office.talk_of(winner.login), LIMIT, "the talk")
    assert [call.number for call in office.rig.network.calls] == [FAMILY]
    assert others.state == "idle"
    hers.hang_up()
    assert office.wait_order().result == Result.ANSWERED
    eventually_idle(hers)
    assert len(office.orders()) == 1
    assert len(office.rig.network.calls) == 1
    with office.database.reading() as session:
        assert session.scalars(select(MissedCall).where(MissedCall.closed_at.is_(None))).all() == [], "and it is kept"
