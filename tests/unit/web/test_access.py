"""Every route says who may use it, and it is what was agreed."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from crm.staff import Role
from web.access import PublicRule, Rule

CALLS = {Role.DISPATCHER, Role.COORDINATOR, Role.HEAD}
FAMILIES = CALLS | {Role.SPECIALIST, Role.DIRECTOR}
JOURNAL = CALLS | {Role.DIRECTOR}
TRAINING = {Role.HEAD, Role.ADMINISTRATOR}
ALL = set(Role)

AGREED = {
    "GET /login": None,
    "POST /login": None,
    "POST /logout": ALL,
    "GET /": ALL,
    "GET /session": ALL,
    "POST /session": ALL,
    "GET /live": ALL,
    "GET /parts": ALL,
    "GET /workplace": CALLS,
    "POST /presence": CALLS | {Role.SPECIALIST},
    "POST /calls/{call_id}/person": CALLS,
    "POST /calls/{call_id}/identity": CALLS,
    "POST /calls/{call_id}/search": CALLS,
    "GET /calls/{call_id}/new-card": CALLS,
    "POST /calls/{call_id}/new-card": CALLS,
    "POST /calls/{call_id}/finish": CALLS,
    "POST /appeals/{entry_id}/draft": CALLS,
    "POST /appeals/{entry_id}/save": CALLS,
    "GET /families": FAMILIES,
    "POST /families/search": FAMILIES,
    "GET /families/new": CALLS,
    "POST /families": CALLS,
    "GET /families/{family_id}": FAMILIES,
    "GET /journal": JOURNAL,
    "POST /journal": JOURNAL,
    "GET /journal/{entry_id}": JOURNAL,
    "GET /training": TRAINING,
    "POST /training": TRAINING,
    "GET /settings": {Role.ADMINISTRATOR},
    "POST /settings/lines": {Role.ADMINISTRATOR},
    "POST /settings/people": {Role.ADMINISTRATOR},
    "POST /settings/extensions": {Role.ADMINISTRATOR},
    "POST /settings/people/{employee_id}/end-sessions": {Role.ADMINISTRATOR},
    "POST /settings/extensions/{extension_id}/secret": {Role.ADMINISTRATOR},
    "GET /system": {Role.ADMINISTRATOR, Role.HEAD},
    "GET /audit": {Role.AUDITOR, Role.HEAD, Role.DIRECTOR},
    "POST /audit": {Role.AUDITOR, Role.HEAD, Role.DIRECTOR},
    "GET /me": ALL,
    "POST /me/password": ALL,
    "POST /me/sound": ALL,
    "POST /me/sessions/{session_id}/end": ALL,
    "POST /phone/credential": ALL,
}


def routes_of(app: FastAPI) -> list[APIRoute]:
    found: list[APIRoute] = []
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            found.append(route)
        else:  # an included router (FastAPI 0.165 keeps it whole) or a mounted folder of files
            waiting.extend(getattr(getattr(route, "original_router", None), "routes", []))
    return found


def rules_of(route: APIRoute) -> list[Rule | PublicRule]:
    return [one.call for one in route.dependant.dependencies if isinstance(one.call, Rule | PublicRule)]


def test_every_route_has_exactly_one_rule(app):
    routes = routes_of(app)
    assert len(routes) > 30
    for route in routes:
        assert len(rules_of(route)) == 1, f"{route.methods} {route.path} does not say who may use it"


def test_the_rules_are_those_that_were_agreed(app):
    actual = {}
    for route in routes_of(app):
        for method in route.methods:
            roles = rules_of(route)[0].roles
            actual[f"{method} {route.path}"] = None if roles is None else set(roles)
    assert actual == AGREED


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/.git/config", "/static/build/../../app.py", "/static/%2e%2e/app.py"]
)
def test_nothing_about_our_insides_is_served(app, path):
    from starlette.testclient import TestClient

    answer = TestClient(app, base_url="http://127.0.0.1:8080").get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text
