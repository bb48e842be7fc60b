"""Who may do what: every route names its roles by one dependency, and a route that names none serves nobody.

The walk over all routes in tests/unit/web/test_access.py fails for a route without `allow(…)`.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Request

from crm import audit, sign_in, staff
from crm.staff import Employee, Role
from web.desk import Desk, desk_of
from web.forms import Form, posted

ON_CALLS = (Role.DISPATCHER, Role.COORDINATOR, Role.HEAD)
WITH_FAMILIES = (*ON_CALLS, Role.SPECIALIST, Role.DIRECTOR)
HAVE_STATUS = (*ON_CALLS, Role.SPECIALIST)
EVERYBODY = tuple(Role)


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer."""


class Forbidden(Exception):
    """This person may not do this; or the form did not come from our page."""


@dataclass(frozen=True)
class Visitor:
    """The signed-in person of one request."""

    employee: Employee
    role: Role
    extension: str | None
    service_ids: tuple[int, ...]
    session_id: int
    token: str
    ip: str

    @property
    def id(self) -> int:
        """The employee's id."""
        return self.employee.id

    @property
    def csrf(self) -> str:
        """What every form of this session carries."""
        return csrf_of(self.token)

    @property
    def actor(self) -> audit.Actor:
        """The same person for the audit log."""
        return audit.Actor.of(self.employee, self.ip)

    def may(self, *roles: Role) -> bool:
        """Whether the role is one of these; for menus and buttons, the routes decide by themselves."""
        return self.role in roles


def csrf_of(token: str) -> str:
    """The form token that belongs to a cookie: who does not know the cookie cannot make it."""
    return hmac.new(token.encode(), b"csrf", sha256).hexdigest()[:32]


def token_matches(token: str, form: Form, request: Request) -> bool:
    """Whether the form (or the header of a script's request) carries the token of this cookie."""
    given = request.headers.get("x-csrf-token") or form.first("csrf")
    return hmac.compare_digest(given.encode(), csrf_of(token).encode())


class Rule:
    """A dependency that lets these roles pass; the empty rule (`public`) lets everybody pass and gives no visitor."""

    def __init__(self, roles: frozenset[Role], *, activity: bool = True) -> None:
        self.roles = roles
        self.activity = activity

    def __call__(self, request: Request, form: Annotated[Form, Depends(posted)]) -> Visitor:
        """The visitor. Raises SignInNeeded or Forbidden."""
        desk = desk_of(request)
        visitor = visitor_of(desk, request, activity=self.activity)
        if visitor is None:
            raise SignInNeeded
        if request.method == "POST" and not token_matches(visitor.token, form, request):
            note(desk, visitor, "request.forged", request)
            raise Forbidden
        if visitor.role not in self.roles:
            note(desk, visitor, "access.denied", request)
            raise Forbidden
        request.state.visitor = visitor  # from here on a file may be received (web.uploads)
        return visitor


class PublicRule:
    """Open to whoever comes; named so that the walk over the routes finds it."""

    roles: frozenset[Role] | None = None

    def __call__(self) -> None:
        """Nothing to check."""


def allow(*roles: Role, activity: bool = True) -> Any:
    """The rule of a route: `visitor: Visitor = allow(Role.HEAD)`. `activity=False`: does not keep the session awake."""
    return Depends(Rule(frozenset(roles), activity=activity))


def public() -> Any:
    """The rule of the few routes before the sign-in."""
    return Depends(PublicRule())


def cookie_name(desk: Desk) -> str:
    """`__Host-` binds the cookie to this host over https; plain http cannot have it."""
    return "__Host-dispatch" if desk.settings.https else "dispatch"


def client_ip(request: Request) -> str:
    """The address that uvicorn believes: a proxy's word counts only where `trusted_proxies` names the proxy."""
    return request.client.host if request.client else ""


def visitor_of(desk: Desk, request: Request, *, activity: bool) -> Visitor | None:
    """Whose cookie this is."""
    token = request.cookies.get(cookie_name(desk), "")
    if not 20 <= len(token) <= 200:
        return None
    at = datetime.now(UTC)
    with desk.database.reading() as session:
        known = sign_in.authenticate(session, token, at, activity=False)
        if known is None:
            return None
        extension = staff.extension_of(session, known.employee.id)
        services = tuple(staff.service_ids_of(session, known.employee.id))
    if activity and sign_in.needs_touch(known.web_session, at):
        with desk.database.transaction() as session:
            sign_in.authenticate(session, token, at)
    role = Role(known.employee.role)
    number = extension.number if extension else None
    return Visitor(known.employee, role, number, services, known.web_session.id, token, client_ip(request))


def note(desk: Desk, visitor: Visitor, action: str, request: Request) -> None:
    """Write a refusal into the audit log, with the route's pattern instead of the address."""
    route = request.scope.get("route")
    with desk.database.transaction() as session:
        audit.write(session, visitor.actor, action, subject="route", subject_id=getattr(route, "path", ""))
