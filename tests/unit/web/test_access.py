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
MANAGERS = {Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR}
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
    "GET /missed": CALLS,
    "GET /missed/{missed_id}": CALLS,
    "POST /missed/{missed_id}/claim": CALLS,
    "POST /missed/{missed_id}/release": CALLS,
    "POST /missed/{missed_id}/close": CALLS,
    "POST /missed/{missed_id}/attempt": CALLS,
    "POST /missed/{missed_id}/promise": CALLS,
    "GET /missed/new": CALLS,
    "POST /missed/new": CALLS,
    "GET /handover": CALLS,
    "POST /handover": CALLS,
    "POST /handover/{handover_id}/take": CALLS,
    "GET /settings/missed": {Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR},
    "POST /settings/missed": {Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR},
    "POST /presence": CALLS | {Role.SPECIALIST},
    "POST /calls/{call_id}/person": CALLS,
    "POST /calls/{call_id}/identity": CALLS,
    "POST /calls/{call_id}/search": CALLS,
    "GET /calls/{call_id}/new-card": CALLS,
    "POST /calls/{call_id}/new-card": CALLS,
    "POST /calls/{call_id}/finish": CALLS,
    "GET /finished-calls": JOURNAL,
    "POST /appeals/{entry_id}/consultation": CALLS,
    "GET /specialists": FAMILIES | {Role.ADMINISTRATOR},
    "GET /specialists/me": {Role.SPECIALIST},
    "POST /specialists/me": {Role.SPECIALIST},
    "GET /specialists/{employee_id}": MANAGERS,
    "POST /specialists/{employee_id}": MANAGERS,
    "GET /absences": FAMILIES | {Role.ADMINISTRATOR},
    "POST /absences": FAMILIES | {Role.ADMINISTRATOR},
    "POST /absences/{absence_id}/withdraw": FAMILIES | {Role.ADMINISTRATOR},
    "GET /settings/dispositions": MANAGERS,
    "POST /settings/dispositions": MANAGERS,
    "POST /settings/dispositions/{disposition_id}": MANAGERS,
    "POST /settings/dispositions/{disposition_id}/move": MANAGERS,
    "GET /settings/competence": MANAGERS,
    "POST /settings/competence": MANAGERS,
    "POST /settings/competence/{topic_id}": MANAGERS,
    "POST /settings/competence/{topic_id}/move": MANAGERS,
    "GET /calls/{call_id}/connect": CALLS,
    "GET /calls/{call_id}/connect/{employee_id}": CALLS,
    "POST /calls/{call_id}/transfer": CALLS,
    "POST /calls/{call_id}/transfer/{transfer_id}/complete": CALLS,
    "POST /calls/{call_id}/transfer/{transfer_id}/join": CALLS,
    "POST /calls/{call_id}/transfer/{transfer_id}/back": CALLS,
    "GET /packet": CALLS | {Role.SPECIALIST},
    "GET /packet/{transfer_id}": CALLS | {Role.SPECIALIST},
    "POST /packet/{transfer_id}": CALLS | {Role.SPECIALIST},
    "POST /appeals/{entry_id}/draft": CALLS,
    "POST /appeals/{entry_id}/save": CALLS,
    "GET /appointments": FAMILIES,
    "GET /appointments/week": FAMILIES,
    "GET /appointments/list": FAMILIES,
    "GET /appointments/week.ics": FAMILIES,
    "GET /appointments/{appointment_id}": FAMILIES,
    "GET /appointments/{appointment_id}/ics": FAMILIES,
    "GET /appointments/new": CALLS,
    "POST /appointments/hold": CALLS,
    "GET /appointments/holds/{hold_id}": CALLS,
    "POST /appointments/holds/{hold_id}/book": CALLS,
    "POST /appointments/holds/{hold_id}/release": CALLS,
    "POST /appointments/{appointment_id}/move": CALLS,
    "POST /appointments/{appointment_id}/confirm": CALLS | {Role.SPECIALIST},
    "POST /appointments/{appointment_id}/done": CALLS | {Role.SPECIALIST},
    "POST /appointments/{appointment_id}/no-show": CALLS | {Role.SPECIALIST},
    "POST /appointments/{appointment_id}/cancel": CALLS | {Role.SPECIALIST},
    "GET /appointments/waiting": CALLS,
    "POST /appointments/waiting": CALLS,
    "POST /appointments/waiting/{wish_id}/close": CALLS,
    "POST /appointments/offers/{offer_id}/take": CALLS,
    "POST /appointments/offers/{offer_id}/decline": CALLS,
    "POST /appeals/{entry_id}/support": CALLS,
    "GET /timetables": {Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
    "GET /timetables/{employee_id}": {Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
    "POST /timetables/{employee_id}/length": {Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
    "POST /timetables/{employee_id}/hours": {Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
    "POST /timetables/{employee_id}/hours/{interval_id}/end": {Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
    "POST /timetables/{employee_id}/exceptions": {Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
    "POST /timetables/{employee_id}/exceptions/{exception_id}/remove": {Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
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
    "GET /recordings": {Role.HEAD, Role.DIRECTOR},
    "GET /recordings/{recording_id}": {Role.HEAD, Role.DIRECTOR},
    "POST /recordings/{recording_id}/listen": {Role.HEAD, Role.DIRECTOR},
    "GET /recordings/{recording_id}/audio": {Role.HEAD, Role.DIRECTOR},
    "POST /recordings/{recording_id}/hold": {Role.DIRECTOR},
    "POST /recordings/{recording_id}/release": {Role.DIRECTOR},
    "GET /recording-rules/{service_id}": {Role.HEAD, Role.DIRECTOR},
    "POST /recording-rules/{service_id}": {Role.HEAD, Role.DIRECTOR},
    "POST /recording-rules/{service_id}/off": {Role.HEAD, Role.DIRECTOR},
    "POST /calls/{call_id}/recording/stop": CALLS,
    "GET /monitoring": {Role.HEAD, Role.DIRECTOR},
    "POST /monitoring": {Role.HEAD},
    "POST /monitoring/{monitor_id}/end": {Role.HEAD},
    "POST /monitoring/rule/{service_id}": {Role.DIRECTOR},
    "POST /monitoring/signed/{service_id}": {Role.HEAD, Role.DIRECTOR},
    "GET /upkeep": CALLS,
    "POST /upkeep/{family_id}/confirm": CALLS,
    "GET /reports": {Role.HEAD, Role.DIRECTOR},
    "GET /reports/rows": {Role.HEAD, Role.DIRECTOR},
    "POST /reports/close": {Role.HEAD, Role.DIRECTOR},
    "GET /reports/service": {Role.HEAD, Role.DIRECTOR},
    "GET /reports/service/targets": {Role.HEAD, Role.DIRECTOR},
    "POST /reports/service/targets": {Role.HEAD},
    "GET /wallboard": JOURNAL,
    "GET /wallboard/board": JOURNAL,
    "POST /wallboard/pass": {Role.HEAD},
    "POST /wallboard/pass/{pass_id}/withdraw": {Role.HEAD},
    "GET /wall": None,
    "GET /wall/board": None,
    "GET /outgoing": CALLS,
    "POST /outgoing": CALLS,
    "POST /outgoing/{order_id}/hangup": CALLS,
    "GET /training": TRAINING,
    "POST /training": TRAINING,
    "GET /settings": {Role.ADMINISTRATOR},
    "POST /settings/lines": {Role.ADMINISTRATOR},
    "POST /settings/people": {Role.ADMINISTRATOR},
    "POST /settings/extensions": {Role.ADMINISTRATOR},
    "POST /settings/people/{employee_id}/end-sessions": {Role.ADMINISTRATOR},
    "POST /settings/extensions/{extension_id}/secret": {Role.ADMINISTRATOR},
    "GET /settings/voice": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
    "POST /settings/voice": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
    "POST /settings/voice/assignments": {Role.HEAD, Role.DIRECTOR},
    "POST /settings/voice/assignments/{assignment_id}/revoke": {Role.HEAD, Role.DIRECTOR},
    "GET /voice/{message_id}": {Role.DISPATCHER, Role.COORDINATOR, Role.HEAD, Role.DIRECTOR},
    "GET /settings/calendar": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
    "POST /settings/calendar/hours": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
    "POST /settings/calendar/hours/{hours_id}/cancel": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
    "POST /settings/calendar/days": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
    "POST /settings/calendar/days/{day_id}/cancel": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
    "POST /settings/calendar/years": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
    "POST /settings/calendar/years/withdraw": {Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR},
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
