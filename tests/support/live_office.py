"""The running service with people before it: operators in Chromium, callers on SIPp, a look into Asterisk and the rows.

Used by tests/browser. One `LiveOffice` lives as long as the test session; `reset` puts everybody away between tests.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm import keys, staff
from crm.audit import AuditEvent
from crm.calls import CallRecord
from crm.db import Database, open_database
from crm.families import CallerChoice
from crm.journal import DRAFT, JournalEntry
from crm.presence import Presence, PresenceState
from crm.settings import RecordsSettings
from tests.support.phone import DeskPhone
from tests.support.service import LiveService
from tests.support.sipp import Call, SippCaller
from tests.support.wait import wait_for

A, B = "+79070009001", "+74924800001"
"""The lines of «Семейная диспетчерская» (101, 102) and of the coordinator (111)."""
OURS = ("valkey", "agi", "listener", "worker", "ticker", "web", "exchange", "supervisor")

# Keeps what the page was told and every telephone connection, so that a test can look at the wire, not at the picture.
_WITNESS = """
window.__heard = []; window.__connections = [];
const Connection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Connection {
  constructor(...given) { super(...given); window.__connections.push(this); }
};
const Stream = window.EventSource;
window.EventSource = class extends Stream {
  constructor(...given) {
    super(...given);
    for (const name of ["notice", "snapshot", "beat", "goodbye"])
      this.addEventListener(name, (event) => window.__heard.push(`live ${name} ${event.data}`));
  }
};
const send = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (...given) {
  this.addEventListener("load", () => window.__heard.push(`answer ${this.responseText}`));
  return send.apply(this, given);
};
"""
_ENERGY = """async () => {
  let energy = 0;
  for (const one of window.__connections) {
    if (one.connectionState === "closed") continue;
    (await one.getStats()).forEach((about) => {
      if (about.type === "inbound-rtp" && about.kind === "audio") energy += about.totalAudioEnergy ?? 0;
    });
  }
  return energy;
}"""

MERGED = r"409 \(Conflict\) \(.*/appeals/\d+/draft\)"
"""Chromium reports each refused request; a form whose draft changed meanwhile puts both together after this one."""

Row = TypeVar("Row")


class Person:
    """Somebody signed in, in a browser profile of their own, at a screen of 1366×768."""

    def __init__(self, office: LiveOffice, context: BrowserContext, login: str, extension: str) -> None:
        self.office, self.context, self.login, self.extension = office, context, login, extension
        self.errors: list[str] = []
        self.forgiven = [MERGED]
        """Patterns of console errors that this test provokes, such as a server that is away."""
        context.add_init_script(_WITNESS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page = self.open("/workplace")
        if self.page.url.endswith("/login"):
            self.page.fill("#login", login)
            self.page.fill("#password", f"demo-{login}-2026")
            self.page.click("button[type=submit]")
            self.page.wait_for_selector(".nav")
        office.kept[login] = context.storage_state()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def unforgiven(self) -> list[str]:
        return [error for error in self.errors if not any(re.search(one, error) for one in self.forgiven)]

    def open(self, path: str) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.goto(self.office.service.url + path)
        return page

    def ready(self) -> Person:
        """«Готов(а) к звонкам», and waits until the queue would ring this browser."""
        self.page.bring_to_front()
        expect(self.page.locator("#phone-state")).to_contain_text(f"{self.extension} на связи")
        self.page.locator("#part-call button[value=ready]").click()
        expect(self.page.locator("#part-call")).to_contain_text("Вы на линии")
        self.office.wait_rung(self.extension)
        return self

    def heard(self) -> str:
        """Everything the server told this page since it was opened: the live stream and the answers."""
        return "\n".join(self.page.evaluate("window.__heard"))

    def notices(self) -> list[dict[str, Any]]:
        """The live stream's notices."""
        mark = "live notice "
        told = self.page.evaluate("window.__heard")
        return [json.loads(one.removeprefix(mark)) for one in told if one.startswith(mark)]

    def energy(self, page: Page | None = None) -> float:
        """The energy of the sound that came in over the wire (W3C webrtc-stats, totalAudioEnergy); it only grows."""
        return float((page or self.page).evaluate(_ENERGY))

    def hears(self, page: Page | None = None, limit: float = 8.0) -> None:
        """Waits until sound, and not silence, comes in."""
        before = self.energy(page)
        wait_for(lambda: self.energy(page) > before + 1e-5, limit, f"{self.login} to hear something", pause=0.1)


class LiveOffice:
    """The service, the browser and the callers."""

    def __init__(self, service: LiveService, browser: Browser, folder: Path) -> None:
        self.service, self.browser, self.folder = service, browser, folder
        self.kept: dict[str, Any] = {}
        self.people: list[Person] = []
        self.callers: list[SippCaller] = []
        self.settings = RecordsSettings(data_dir=service.data_dir, _env_file=None)
        self.database: Database = open_database(self.settings)
        self.load_after_first_test: dict[str, tuple[int, int]] = {}
        self._asterisk = json.loads((service.data_dir / "asterisk/program.json").read_text())

    # --- people

    def person(self, login: str, *, browser: Browser | None = None, **profile: Any) -> Person:
        """Signs somebody in (the sign-in of an earlier test is still good) and shows the workplace."""
        with self.reading() as session:
            employee = staff.by_login(session, login)
            assert employee
            own = staff.extension_of(session, employee.id)
        context = (browser or self.browser).new_context(
            viewport={"width": 1366, "height": 768}, locale="ru-RU", storage_state=self.kept.get(login), **profile
        )
        context.set_default_timeout(10_000)
        self.people.append(Person(self, context, login, own.number if own else ""))
        return self.people[-1]

    def desk_phone(self, extension: str, **details: Any) -> DeskPhone:
        """A SIP telephone on the desk, with the secret that the administrator would type into it."""
        with self.reading() as session:
            row = session.scalars(select(staff.Extension).where(staff.Extension.number == extension)).one()
            secret = staff.desk_secret(row, keys.derive(self.settings.key(), "desk-phone"))
        return DeskPhone(self.service.desk, extension, secret=secret, **details)

    # --- callers

    def call(self, to: str = A, number: str | None = "+79070000101", *, name: str = "", **details: Any) -> SippCaller:
        """Somebody calls from outside; echoes what he hears unless told otherwise."""
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        shown = f'"{quoted}" ' if name else ""
        host = "127.0.0.2" if number else "anonymous.invalid"
        details.setdefault("from_header", f"{shown}<sip:{number or 'anonymous'}@{host}>")
        if not details.get("media"):
            details |= {"media": False, "echo": True}
        details.setdefault("patience_ms", 90_000)
        details.setdefault("headers", ("SD-Pretend: open",))  # on a Sunday evening too
        folder = self.folder / f"caller{len(list(self.folder.glob('caller*')))}"
        caller = SippCaller(folder, self.service.trunk, Call(to=to, **details))
        self.callers.append(caller)
        return caller.__enter__()

    # --- Asterisk

    def console(self, command: str) -> str:
        """The answer of Asterisk's console; empty if it is away."""
        config = self.service.data_dir / "asterisk/etc/asterisk.conf"
        done = subprocess.run(
            [*self._asterisk["command"], "-C", str(config), "-rx", command],
            env={**os.environ, **self._asterisk["env"]},
            capture_output=True,
            timeout=15,
            check=False,
        )
        return done.stdout.decode(errors="replace").strip()

    def channels(self) -> list[str]:
        lines = self.console("core show channels concise").splitlines()
        return [line.split("!")[0] for line in lines if "!" in line]

    def bridges(self) -> list[str]:
        return [line for line in self.console("bridge show all").splitlines() if re.match(r"[0-9a-f]{8}-", line)]

    def member(self, extension: str, queue: str = "dispatch") -> str:
        """The queue's line about this operator."""
        lines = self.console(f"queue show {queue}").splitlines()
        return next((line for line in lines if f"Local/{extension}@sd-operator" in line), "")

    def wait_rung(self, extension: str, queue: str = "dispatch", limit: float = 10.0) -> None:
        """Waits until the queue would ring this operator."""

        def free() -> bool:
            shown = self.member(extension, queue)
            return "Not in use" in shown and "(paused" not in shown

        wait_for(free, limit, f"{extension} to be available:\n{self.console('queue show')}", pause=0.1)

    def wait_paused(self, extension: str, queue: str = "dispatch", limit: float = 5.0) -> None:
        wait_for(lambda: "(paused" in self.member(extension, queue), limit, f"{extension} to be paused", pause=0.1)

    # --- the rows

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.database.reading() as session:
            yield session

    def last_call(self, **values: Any) -> CallRecord | None:
        """The newest call, if it has these values."""
        with self.reading() as session:
            row = session.scalars(select(CallRecord).order_by(CallRecord.id.desc()).limit(1)).first()
            if row is None or any(getattr(row, name) != value for name, value in values.items()):
                return None
            return row

    def rows(self, statement: Any) -> Sequence[Any]:
        with self.reading() as session:
            return session.scalars(statement).all()

    def entries(self, call_id: int) -> Sequence[JournalEntry]:
        """The journal rows of a call; never more than one."""
        return self.rows(select(JournalEntry).where(JournalEntry.call_id == call_id))

    def audited(self, since: datetime) -> list[str]:
        """What the audit log has since then."""
        newer = select(AuditEvent).where(AuditEvent.at >= since).order_by(AuditEvent.seq)
        return [row.action for row in self.rows(newer)]

    # --- between tests

    def load(self) -> dict[str, tuple[int, int]]:
        """Descriptors and threads of each process of ours."""
        found = {}
        for name in OURS:
            about = Path(f"/proc/{self.service.pid_of(name)}")
            threads = re.search(r"Threads:\s+(\d+)", (about / "status").read_text())
            assert threads
            found[name] = (len(list((about / "fd").iterdir())), int(threads[1]))
        return found

    def reset(self) -> None:
        """Nobody is signed in on a screen, nobody calls, nobody is ready, nothing is half written."""
        for caller in self.callers:
            caller.__exit__(None, None, None)
        for one in self.people:
            one.context.close()
        self.callers.clear()
        self.people.clear()
        self.console("channel request hangup all")
        wait_for(lambda: not self.channels(), 15, "no channel to be left", pause=0.1)
        wait_for(lambda: not self.bridges(), 5, "no bridge to be left", pause=0.1)
        open_calls = select(CallRecord.id).where(CallRecord.ended_at.is_(None))
        wait_for(lambda: not self.rows(open_calls), 8, "every call to be closed in the records", pause=0.1)
        self.tidy()
        wait_for(
            lambda: "-web/" not in self.console("pjsip show contacts"), 5, "the browsers' phones to be gone", pause=0.1
        )

    def tidy(self) -> None:
        """Puts the operators away in the rows, and waits until the exchange follows."""
        with self.database.transaction() as session:
            for presence in session.scalars(select(Presence)):
                presence.state, presence.reason, presence.call_id = PresenceState.OFFLINE.value, "", None
                presence.resume_state, presence.resume_reason = PresenceState.READY.value, ""
            session.execute(delete(JournalEntry).where(JournalEntry.state == DRAFT))
            session.execute(delete(CallerChoice))
        for extension in ("101", "102"):
            self.wait_paused(extension)


def eventually(condition: Callable[[], Row], limit: float = 8.0, what: str = "") -> Row:
    """The first true answer; asked ten times a second, for each look costs the machine something."""
    return wait_for(condition, limit, what, pause=0.1)  # type: ignore[no-any-return]
