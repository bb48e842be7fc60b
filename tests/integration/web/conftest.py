"""An office for the pages' tests: the demo's people and families in migrated SQLite, and a browser without a screen."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from callflow import events
from callflow.caller_id import CallerId, CallerKind
from crm import calls, institution, sign_in
from crm.staff import by_login, service_ids_of
from tests.support.desks import desk_over, pages_over
from tests.support.pages import SECRET, furnish
from web.access import csrf_of
from web.desk import Desk
from web.settings import WebSettings

HOST = "http://127.0.0.1:8080"


class Office:
    """The desk of one test, with the words of its stories."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.app = pages_over(desk)

    def browser(self, login: str | None = None) -> "Browser":
        """A browser, signed in if a login is named."""
        browser = Browser(self)
        if login:
            browser.enter(self._token(login))
        return browser

    def _token(self, login: str) -> str:
        """A new session, as the form would open it: the form has tests of its own."""
        with self.desk.database.transaction() as session:
            result = sign_in.sign_in(session, login, f"demo-{login}-2026", "testclient", "test", datetime.now(UTC))
        assert isinstance(result, sign_in.SignedIn), result
        return result.token

    def fact(self, kind: type, **fields: object) -> None:
        """The exchange reports something."""
        with self.desk.database.transaction() as session:
            calls.record(session, kind(at=datetime.now(UTC), **fields))

    def ring(
        self,
        call: str = "1700000000.1",
        number: str | None = "+79070000101",
        *,
        name: str = "",
        extension: str = "101",
        kind: CallerKind = CallerKind.NUMBER,
        note: str = "",
    ) -> int:
        """Somebody calls the first service, and this extension rings; return the call's id."""
        with self.desk.database.reading() as session:
            lavrova = by_login(session, "lavrova")
            assert lavrova is not None
            first = service_ids_of(session, lavrova.id)[0]
            line = next(line for line in institution.active_lines(session) if line.service_id == first)
        caller = CallerId(kind, number, name, note)
        self.fact(events.CallArrived, call=call, did=line.did, channel="PJSIP/trunk-1")
        self.fact(events.CallerIdentified, call=call, did=line.did, caller=caller)
        self.fact(events.CallerWaiting, call=call, queue=line.service.queue, position=1)
        self.fact(
            events.OperatorRinging, call=call, leg=f"{call}-{extension}", extension=extension, queue=line.service.queue
        )
        with self.desk.database.reading() as session:
            return next(row.id for row in calls.waiting(session, [line.service_id]) if row.linkedid == call)

    def answer(self, call: str = "1700000000.1", extension: str = "101") -> None:
        """The operator picks up."""
        self.fact(events.OperatorAnswered, call=call, leg=f"{call}-{extension}", extension=extension, wait_seconds=3.0)

    def miss(self, call: str = "1700000000.1", extension: str = "101") -> None:
        """Nobody picked up here."""
        self.fact(events.OperatorMissed, call=call, leg=f"{call}-{extension}", extension=extension, ring_seconds=20.0)

    def hang_up(self, call: str = "1700000000.1", extension: str = "101") -> None:
        """The talk is over."""
        leg = f"{call}-{extension}"
        self.fact(events.OperatorReleased, call=call, leg=leg, extension=extension, reason="caller", talk_seconds=9.0)
        self.fact(events.CallEnded, call=call, cause=16)


class Browser:
    """A signed-in person's browser: it knows its form token as a page would."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.client = TestClient(office.app, base_url=HOST, follow_redirects=False)
        self.csrf = ""

    def sign_in(self, login: str, password: str | None = None) -> object:
        """Through the form."""
        page = self.client.get("/login")
        form = {"login": login, "password": password or f"demo-{login}-2026", "csrf": token_in(page.text)}
        answer = self.client.post("/login", data=form, headers={"origin": HOST})
        if answer.status_code == 303:
            self.csrf = token_in(self.get("/me").text)
        return answer

    def enter(self, token: str) -> None:
        """With the cookie of an open session."""
        self.client.cookies.set("dispatch", token, domain="127.0.0.1", path="/")
        self.csrf = csrf_of(token)

    def get(self, path: str, **headers: str) -> object:
        """Open an address as a browser does."""
        return self.client.get(path, headers={"accept": "text/html", **headers})

    def post(self, path: str, **fields: object) -> object:
        """Send a form of one of our pages."""
        return self.client.post(path, data={"csrf": self.csrf, **fields}, headers={"sec-fetch-site": "same-origin"})

    def part(self, name: str) -> str:
        """One part of the workplace as a script gets it."""
        text = self.get("/parts?at=workplace").text
        return next(part for part in text.split('<div id="part-') if part.startswith(f'{name}"'))


def token_in(text: str) -> str:
    """The form token of a page."""
    return text.split('name="csrf" value="')[1].split('"', maxsplit=1)[0] if 'name="csrf" value="' in text else ""


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo's records, made once and copied for each test."""
    return furnish(tmp_path_factory.mktemp("furnished"))


@pytest.fixture
def office(furnished: Path, tmp_path: Path) -> Iterator[Office]:
    """A fresh office without Redis: what the pages do must not need it."""
    for file in furnished.glob("records.db*"):
        shutil.copy(file, tmp_path / file.name)
    settings = WebSettings(
        data_dir=tmp_path, secret_key=SECRET, redis_url=f"unix://{tmp_path}/nobody.sock", _env_file=None
    )
    desk = desk_over(settings)
    yield Office(desk)
    desk.close()
