"""The office of the leak tests: the demo's records with the canary's family in them, and everybody signed in once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from crm.audit import AuditEvent
from tests.integration.web import canary
from tests.integration.web.conftest import Browser, Office
from tests.support.desks import desk_over
from tests.support.pages import SECRET, furnish
from web.desk import Desk
from web.settings import WebSettings

LOGINS = canary.STRANGERS + canary.READERS


def cage(folder: Path) -> dict[str, str]:
    """Furnish the folder and plant the canary; return everybody's session cookie by login."""
    furnish(folder)
    desk = desk_in(folder)
    with desk.database.transaction() as session:
        canary.plant(session)
    office = Office(desk)
    cookies = {}
    for login in LOGINS:
        client = office.browser(login).client
        cookies[login] = client.cookies["dispatch"]
    desk.close()
    return cookies


def desk_in(folder: Path, redis: str = "") -> Desk:
    """A desk over the records of this folder."""
    settings = WebSettings(
        data_dir=folder, secret_key=SECRET, redis_url=redis or f"unix://{folder}/nobody.sock", _env_file=None
    )
    return desk_over(settings)


class Caged:
    """A copy of the caged records, and the people at their screens."""

    def __init__(self, source: Path, folder: Path, cookies: dict[str, str]) -> None:
        self._source, self._folder = source, folder
        self._copy()
        self.desk = desk_in(folder)
        self.office = Office(self.desk)
        self.cookies = cookies
        self.statements = 0
        event.listen(self.desk.database.engine, "before_cursor_execute", self._count)
        self._browsers: dict[str, Browser] = {}

    def _copy(self) -> None:
        for file in self._folder.glob("records.db*"):
            file.unlink()
        for file in self._source.glob("records.db*"):
            shutil.copy(file, self._folder / file.name)

    def again(self) -> None:
        """Everything as it was planted."""
        self.desk.database.dispose()
        self._copy()

    def _count(self, *_of_the_statement: Any) -> None:
        self.statements += 1

    def at(self, login: str) -> Browser:
        """This person's browser."""
        if login not in self._browsers:
            browser = Browser(self.office)
            browser.enter(self.cookies[login])
            assert browser.get("/me").status_code == 200, f"{login} is not signed in"
            self._browsers[login] = browser
        return self._browsers[login]

    def audit_rows(self) -> int:
        """How long the audit log is."""
        with self.desk.database.reading() as session:
            return session.query(AuditEvent).count()

    def actions(self) -> set[str]:
        """What has been logged."""
        with self.desk.database.reading() as session:
            return {row.action for row in session.query(AuditEvent.action).distinct()}


@contextmanager
def _opened(source: Path, folder: Path, cookies: dict[str, str]) -> Any:
    caged = Caged(source, folder, cookies)
    try:
        yield caged
    finally:
        caged.desk.close()


opened: Callable[[Path, Path, dict[str, str]], AbstractContextManager[Caged]] = _opened
