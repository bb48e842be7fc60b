"""From the INVITE that leaves SIPp to the caller's card painted in a real Chromium, with 100,000 families on record.

All times are CLOCK_REALTIME of this machine: SIPp's message log, a stamp on each event read from the manager interface,
and in the page the time right after the frame that holds the card was drawn. Each caller hangs up half a second after
the first ringing, so that the same few operators can be rung again.

    .venv/bin/python tests/bench/bench_screen_pop.py
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright  # noqa: E402
from sqlalchemy import select  # noqa: E402

from crm.calls import CallLegRecord, CallRecord  # noqa: E402
from telephony.config.plan import Address  # noqa: E402
from tests.bench.ami_clock import AmiClock  # noqa: E402
from tests.bench.callers import FROM, Callers  # noqa: E402
from tests.bench.figure import Figure, percentile, table  # noqa: E402
from tests.bench.office import PASSWORD, Office, Operator, running_office  # noqa: E402
from tests.support.sipp import Call  # noqa: E402
from tests.support.tools import Tools  # noqa: E402
from tests.support.wait import wait_for  # noqa: E402
from workers.exchange import ami_address  # noqa: E402

FAMILIES = 100_000
OPERATORS = 3
CALLS = 300
RATE = 5.0
RING_MS = 400
WARM_UP = 10
P50, P99 = 100, 300
CHROMIUM = ("--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

# A task queued from an animation frame runs after that frame was drawn and handed over.
WATCH = """(() => {
  const seen = new Set();
  window.benchCards = [];
  performance.setResourceTimingBufferSize(20000);
  const look = () => {
    const card = document.querySelector('#part-card[data-subject^="call-"]');
    const name = card?.querySelector('.card-name');
    if (!name?.textContent.trim() || !document.querySelector('.call-panel.ringing')) return;
    const call = Number(card.dataset.subject.split('-')[1]);
    if (seen.has(call)) return;
    seen.add(call);
    const inserted = Date.now();
    const zero = inserted - performance.now();
    const answer = performance.getEntriesByType('resource').filter((one) => one.name.includes('/parts')).pop();
    const asked = zero + (answer?.startTime ?? NaN), answered = zero + (answer?.responseEnd ?? NaN);
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () =>
        window.benchCards.push({ call, asked, answered, inserted, painted: Date.now(), hidden: document.hidden });
      port2.postMessage(0);
    });
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
})();"""


@dataclass
class Journeys:
    """The stages of every call, in milliseconds after its INVITE."""

    called: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    requested: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    inserted: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)
    missing: int = 0


def measure(calls: int = CALLS, families: int = FAMILIES, operators: int = OPERATORS) -> Journeys:
    with ExitStack() as stack:
        office = stack.enter_context(running_office(operators=operators, families=families))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = ami_address(office.settings)
        clock = AmiClock(Address(host=address.host, port=address.port), address.user, address.secret)
        stack.callback(clock.close)
        tool = Tools().chromium()
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=tool.command[0],
            args=[*tool.command[1:], *CHROMIUM],
            env={**tool.environment()},
        )
        stack.callback(browser.close)
        pages = [_open(browser, office, operator) for operator in office.operators]
        _call(office, folder / "warm", WARM_UP, calls)
        callers = _call(office, folder / "calls", calls, 0)
        cards = [card for page in pages for card in page.evaluate("window.benchCards")]
        assert not any(card["hidden"] for card in cards), "a page was hidden: what it paints is not seen"
        return _journeys(office, callers, clock, cards)


def _open(browser: Any, office: Office, operator: Operator) -> Page:
    """Sign in; wait until the phone in the page is registered."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="ru-RU")
    page: Page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{office.service.url}/login")
    page.fill("#login", operator.login)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.goto(f"{office.service.url}/workplace")
    page.wait_for_selector("#phone-state.ok", timeout=60_000)
    return page


def _call(office: Office, folder: Path, count: int, first: int) -> Callers:
    call = Call(to=office.did, from_header=FROM, cancel_ms=RING_MS, media=False)
    with Callers(folder, office.service.trunk, call, count=count, rate=RATE, first=first) as callers:
        code = callers.finish(count / RATE + 60)
    assert code == 0, f"SIPp ended with {code}: {callers.errors()}"
    wait_for(lambda: not _open_calls(office), 20, "every call to be over")
    return callers


def _open_calls(office: Office) -> bool:
    with office.database.reading() as session:
        return session.scalars(select(CallRecord.id).where(CallRecord.ended_at.is_(None)).limit(1)).first() is not None


def _journeys(office: Office, callers: Callers, clock: AmiClock, cards: list[dict[str, Any]]) -> Journeys:
    invited = callers.invited()
    called = clock.first("AgentCalled", "CallerIDNum")
    seen = {card["call"]: card for card in sorted(cards, key=lambda card: -card["painted"])}
    with office.database.reading() as session:
        records = {record.caller_number: record for record in session.scalars(select(CallRecord))}
        rang: dict[int, float] = {}
        for leg in session.scalars(select(CallLegRecord).order_by(CallLegRecord.rang_at)):
            if leg.rang_at:
                rang.setdefault(leg.call_id, leg.rang_at.timestamp())
    journeys = Journeys()
    for number, start in invited.items():
        record = records.get(number)
        card = seen.get(record.id) if record else None
        if record is None or card is None:
            journeys.missing += 1
            continue
        journeys.asked.append((record.arrived_at.timestamp() - start) * 1000)
        journeys.called.append((called[number] - start) * 1000)
        journeys.heard.append((rang[record.id] - start) * 1000)
        journeys.requested.append(card["asked"] - start * 1000)
        journeys.answered.append(card["answered"] - start * 1000)
        journeys.inserted.append(card["inserted"] - start * 1000)
        journeys.painted.append(card["painted"] - start * 1000)
    return journeys


def run(calls: int | None = None, seconds: float | None = None) -> list[Figure]:
    """Rows of the benchmark."""
    count = calls or (int(seconds * RATE) if seconds else CALLS)
    journeys = measure(count)
    note = (
        f"{count} calls at {RATE:g} a second, {OPERATORS} operators each in a profile of one Chromium with a registered"
        f" phone, {FAMILIES} families in SQLite, {WARM_UP} calls before to warm up; the caller gives up {RING_MS} ms"
        " after the first ringing. SIPp, Asterisk, the service and Chromium share this machine."
    )
    rows = [
        Figure(
            "screen pop: calls whose card was shown", count - journeys.missing, "calls", count, at_most=False, note=note
        )
    ]
    for name, share, limit in (("p50", 0.5, P50), ("p99", 0.99, P99)):
        rows.append(
            Figure(
                f"INVITE → card painted, {name}",
                percentile(journeys.painted, share),
                "ms",
                limit,
                peer=percentile(journeys.called, share),
                peer_name="INVITE → its AgentCalled, our lookup leg included",
                note=note,
            )
        )
    stages = ", ".join(
        f"{name} {percentile(values, 0.5):.0f}/{percentile(values, 0.99):.0f}"
        for name, values in (
            ("AGI asked", journeys.asked),
            ("AgentCalled on the wire", journeys.called),
            ("listener heard it", journeys.heard),
            ("page asks", journeys.requested),
            ("page has the answer", journeys.answered),
            ("card in the page", journeys.inserted),
            ("painted", journeys.painted),
        )
    )
    rows.append(Figure("… longest", max(journeys.painted), "ms", note=f"ms after the INVITE, p50/p99: {stages}."))
    return rows


if __name__ == "__main__":
    print(table(run()))
