"""The dispatchers' pages over the outbound engine's rig: real exchange, network, Redis, and the clerk of their calls.

Lavrova sits at 101, Zayac at 102; the service is open round the clock, so that a test runs on a Sunday evening too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import delete, select

from crm import exchange_state, heartbeat, presence
from crm.calendar.tables import ServiceHours
from crm.call_tables import CallRecord
from crm.outgoing.tables import OutgoingCall
from crm.staff import by_login
from telephony.config.dialling import DiallingPlan, WindowPlan
from telephony.config.plan import LinePlan, Member, QueuePlan, TrunkPlan
from tests.integration.web.conftest import Office
from tests.support.desks import desk_over
from tests.support.exchange import LiveExchange, operator
from tests.support.network import Network
from tests.support.pages import SECRET
from tests.support.robot_rig import DEMO_LINE, LIMIT, Rig
from tests.support.wait import wait_for
from web.settings import WebSettings
from workers import orders, outgoing

QUEUE = "dispatch"
"""Of the demo's first service."""


def offices_exchange(network: Network) -> LiveExchange:
    """With two operators, whose calls go out to this network."""
    now = int(time.time())
    return LiveExchange(
        town_bind=None,
        town=(),
        trunk=TrunkPlan(peers=("127.0.0.2",), contact=network.address),
        staff=(operator("101"), operator("102")),
        queues=(QueuePlan(name=QUEUE, members=(Member(extension="101"), Member(extension="102", penalty=1))),),
        lines=(LinePlan(did=DEMO_LINE, queue=QUEUE),),
        dialling=DiallingPlan(
            lines=3,
            trunk_lines=20,
            synthetic=True,
            windows=(WindowPlan(queue=QUEUE, spans=((now - 3600, now + 7200),)),),
        ),
    )


class RigOffice:
    """The pages, and what the records say of the calls that they ask for."""

    def __init__(self, rig: Rig, pages: Office) -> None:
        self.rig, self.pages, self.database = rig, pages, rig.database

    def orders(self) -> list[OutgoingCall]:
        """Calls that were asked for, oldest first."""
        with self.database.reading() as session:
            return list(session.scalars(select(OutgoingCall).order_by(OutgoingCall.id)))

    def wait_order(self, number: int = 1) -> OutgoingCall:
        """The order of this number once it is over."""
        wait_for(lambda: len(self.orders()) >= number and not self.orders()[number - 1].live, LIMIT, "the order's end")
        return self.orders()[number - 1]

    def talk_of(self, login: str) -> CallRecord | None:
        """The call that she has answered and that goes on."""
        with self.database.reading() as session:
            who = by_login(session, login)
            talking = select(CallRecord).where(CallRecord.answered_at.is_not(None), CallRecord.ended_at.is_(None))
            return session.scalars(talking.where(CallRecord.employee_id == who.id if who else False)).first()


@contextmanager
def office_over(rig: Rig) -> Iterator[RigOffice]:
    """Both dispatchers are on the line, the clerk works as in the listener."""
    at = datetime.now(UTC)
    with rig.database.transaction() as session:
        session.execute(delete(ServiceHours))
        exchange_state.note_link(session, up=True, reason="", at=at)
        heartbeat.beat(session, "listener", at + timedelta(hours=1), "")
        for login in ("lavrova", "zayac"):
            who = by_login(session, login)
            assert who is not None
            presence.set_ready(session, who.id, at)
    settings = WebSettings(data_dir=rig.folder, secret_key=SECRET, redis_url=rig.valkey.url, _env_file=None)
    desk = desk_over(settings)
    known: Any = SimpleNamespace(mode="demo", redis_address=lambda: rig.valkey.url)
    counter = orders.Counter(known, rig.database, rig.session, rig.feed)
    stopping = threading.Event()
    clerk = threading.Thread(target=orders.serve, args=(counter, stopping, [outgoing.carry_out]), daemon=True)
    clerk.start()
    yield RigOffice(rig, Office(desk))
    stopping.set()
    clerk.join(10)
    desk.close()
