"""Every route says who may use it, and it is what was agreed."""

import pytest

from crm.staff import Role
from tests.support import role_table
from web.role_matrix import matrix_of, routes_of, rules_of
from web.route_titles import TITLES

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
    "GET /families/search": FAMILIES,
    "POST /families/typed": FAMILIES,
    "POST /families/likely": CALLS,
    "GET /families/duplicates": {Role.COORDINATOR, Role.HEAD},
    "GET /families/{family_id}/merge": CALLS,
    "POST /families/{family_id}/merge": CALLS,
    "GET /families/{family_id}/merge/{other_id}": CALLS,
    "POST /families/{family_id}/merge/{other_id}": CALLS,
    "POST /families/{family_id}/different/{other_id}": CALLS,
    "GET /families/{family_id}": FAMILIES,
    "GET /families/{family_id}/timeline": FAMILIES,
    "GET /families/{family_id}/changes": FAMILIES,
    "GET /families/{family_id}/edit/{section}": CALLS,
    "POST /families/{family_id}/edit/{section}": CALLS,
    "GET /families/{family_id}/access": {Role.HEAD, Role.DIRECTOR},
    "POST /families/{family_id}/access": {Role.HEAD, Role.DIRECTOR},
    "GET /families/{family_id}/people/new": CALLS,
    "POST /families/{family_id}/people": CALLS,
    "GET /families/{family_id}/people/{person_id}": CALLS,
    "POST /families/{family_id}/people/{person_id}": CALLS,
    "POST /families/{family_id}/people/{person_id}/leave": CALLS,
    "POST /families/{family_id}/people/{person_id}/return": CALLS,
    "POST /families/{family_id}/people/{person_id}/phones": CALLS,
    "POST /families/{family_id}/people/{person_id}/phones/{phone_id}": CALLS,
    "POST /families/{family_id}/people/{person_id}/phones/{phone_id}/remove": CALLS,
    "GET /families/{family_id}/statuses/new": CALLS | {Role.DIRECTOR},
    "POST /families/{family_id}/statuses": CALLS | {Role.DIRECTOR},
    "GET /families/{family_id}/statuses/{status_id}": CALLS | {Role.DIRECTOR},
    "POST /families/{family_id}/statuses/{status_id}": CALLS | {Role.DIRECTOR},
    "POST /families/{family_id}/statuses/{status_id}/verify": CALLS | {Role.DIRECTOR},
    "POST /families/{family_id}/statuses/{status_id}/revoke": CALLS | {Role.DIRECTOR},
    "GET /families/{family_id}/needs": CALLS,
    "POST /families/{family_id}/needs": CALLS,
    "POST /families/{family_id}/needs/{need_id}/end": CALLS,
    "GET /families/{family_id}/risks": CALLS,
    "POST /families/{family_id}/risks": CALLS,
    "POST /families/{family_id}/risks/{risk_id}/clear": CALLS,
    "GET /families/{family_id}/health/{person_id}": CALLS,
    "POST /families/{family_id}/health/{person_id}": CALLS,
    "POST /families/{family_id}/health/{person_id}/end": CALLS,
    "GET /catalogues": TRAINING,
    "POST /catalogues/{catalogue}": TRAINING,
    "GET /catalogues/{catalogue}": TRAINING,
    "POST /catalogues/{catalogue}/{item_id}": TRAINING,
    "POST /catalogues/{catalogue}/{item_id}/move": TRAINING,
    "GET /families/{family_id}/consents": FAMILIES,
    "POST /families/{family_id}/consents/spoken": CALLS | {Role.SPECIALIST},
    "POST /families/{family_id}/consents/paper": CALLS | {Role.SPECIALIST},
    "POST /families/{family_id}/consents/withdraw": CALLS | {Role.SPECIALIST},
    "GET /families/{family_id}/consents/{person_id}/{purpose}/print": FAMILIES,
    "GET /calls/{call_id}/consents": CALLS,
    "POST /calls/{call_id}/consents": CALLS,
    "GET /consents/texts": {Role.HEAD, Role.DIRECTOR},
    "POST /consents/texts": {Role.HEAD, Role.DIRECTOR},
    "GET /subjects": {Role.HEAD, Role.DIRECTOR},
    "POST /subjects/{request_id}/answer": {Role.HEAD, Role.DIRECTOR},
    "GET /families/{family_id}/subject": {Role.HEAD, Role.DIRECTOR},
    "POST /families/{family_id}/subject/requests": {Role.HEAD, Role.DIRECTOR},
    "POST /families/{family_id}/subject/export": {Role.HEAD, Role.DIRECTOR},
    "POST /families/{family_id}/subject/destruction": {Role.HEAD},
    "GET /destructions/{act_id}": {Role.HEAD, Role.DIRECTOR},
    "POST /destructions/{act_id}/log": {Role.HEAD, Role.DIRECTOR},
    "POST /destructions/{act_id}/decision": {Role.HEAD, Role.DIRECTOR},
    "GET /journal": JOURNAL,
    "POST /journal": JOURNAL,
    "GET /journal/{entry_id}": JOURNAL,
    "GET /journal/new": CALLS,
    "POST /journal/new": CALLS,
    "POST /journal/new/draft": CALLS,
    "POST /journal/new/search": CALLS,
    "POST /journal/new/applicant": CALLS,
    "POST /appeals/{entry_id}/applicant": CALLS,
    "POST /appeals/{entry_id}/measures": CALLS,
    "POST /appeals/{entry_id}/measures/{measure_id}/done": CALLS,
    "POST /appeals/{entry_id}/measures/{measure_id}/annul": CALLS,
    "POST /appeals/{entry_id}/move": CALLS,
    "POST /appeals/{entry_id}/assign": CALLS,
    "POST /appeals/{entry_id}/clarify": CALLS,
    "POST /appeals/{entry_id}/resolve": CALLS,
    "POST /appeals/{entry_id}/consult": CALLS,
    "POST /appeals/{entry_id}/refer": CALLS,
    "POST /appeals/{entry_id}/decline": CALLS,
    "POST /appeals/{entry_id}/reopen": CALLS,
    "POST /appeals/{entry_id}/correct": CALLS,
    "POST /appeals/{entry_id}/annul": CALLS,
    "GET /journal/control": JOURNAL,
    "GET /registry": {Role.COORDINATOR, Role.HEAD, Role.DIRECTOR},
    "GET /exports": JOURNAL,
    "POST /exports": JOURNAL,
    "GET /exports/{export_id}": JOURNAL,
    "GET /exports/{export_id}/file": JOURNAL,
    "POST /exports/verify": JOURNAL,
    "GET /imports": {Role.COORDINATOR, Role.HEAD, Role.DIRECTOR},
    "POST /imports": {Role.COORDINATOR, Role.HEAD},
    "GET /imports/{job_id}": {Role.COORDINATOR, Role.HEAD, Role.DIRECTOR},
    "POST /imports/{job_id}/mapping": {Role.COORDINATOR, Role.HEAD},
    "POST /imports/{job_id}/confirm": {Role.COORDINATOR, Role.HEAD},
    "POST /imports/{job_id}/cancel": {Role.COORDINATOR, Role.HEAD},
    "GET /journal/{entry_id}/rating": JOURNAL,
    "POST /journal/{entry_id}/rating": JOURNAL,
    "POST /ratings/{rating_id}/correct": JOURNAL,
    "GET /upkeep": CALLS,
    "POST /upkeep/{family_id}/confirm": CALLS,
    "GET /reports": {Role.HEAD, Role.DIRECTOR},
    "GET /reports/rows": {Role.HEAD, Role.DIRECTOR},
    "POST /reports/close": {Role.HEAD, Role.DIRECTOR},
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
    "GET /audit/family/{family_id}": {Role.AUDITOR, Role.HEAD, Role.DIRECTOR},
    "GET /settings/roles": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR, Role.AUDITOR},
    "POST /prints": FAMILIES | {Role.AUDITOR},
    "GET /me": ALL,
    "POST /me/password": ALL,
    "POST /me/sound": ALL,
    "POST /me/sessions/{session_id}/end": ALL,
    "POST /phone/credential": ALL,
}


def test_every_route_has_exactly_one_rule(app):
    routes = list(routes_of(app))
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


def test_every_route_has_words_for_the_table_of_roles(app):
    missing = set(matrix_of(app).roles) - set(TITLES)
    assert not missing, "say in web/route_titles.py what these do"
    assert all(": " in words for words in TITLES.values())
    left_over = set(TITLES) - set(matrix_of(app).roles)
    assert not left_over, "these routes are gone"


def test_no_two_lines_of_the_table_say_the_same(app):
    lines = [(line.section, line.title) for line in matrix_of(app).lines()]
    assert len(lines) == len(set(lines)), "one title, two rules"
    sections = [section for section, _ in matrix_of(app).sections()]
    assert len(sections) == len(set(sections)), "a section's lines stand together in web/route_titles.py"


def test_the_guide_shows_the_table_of_the_routes(app):
    assert role_table.written() == role_table.drawn(matrix_of(app)), "run: .venv/bin/python -m tests.support.role_table"


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/.git/config", "/static/build/../../app.py", "/static/%2e%2e/app.py"]
)
def test_nothing_about_our_insides_is_served(app, path):
    from starlette.testclient import TestClient

    answer = TestClient(app, base_url="http://127.0.0.1:8080").get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text
