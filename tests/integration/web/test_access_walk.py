"""Every route × every role × a family that almost nobody may know of: no byte of it, not even that it exists (S13,
S14, B61; domain.md §11 check 8).

The walk is made from the routes: a new one is walked without anybody thinking of it, or fails the first test here.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from crm.staff import Role
from tests.integration.web import caged, canary, walk
from web.audit_words import ACTIONS
from web.role_matrix import matrix_of

ROLES = {
    "lavrova": Role.DISPATCHER,
    "gromova": Role.COORDINATOR,
    "smirnova": Role.SPECIALIST,
    "roshchina": Role.HEAD,
    "chernykh": Role.DIRECTOR,
    "kim": Role.ADMINISTRATOR,
    "auditor": Role.AUDITOR,
}
SOME_WORK = 10
"""So many questions to the database more or fewer: a millisecond, which drowns in what a page takes anyway."""
NOT_LOGGED = {
    "POST /recording-rules/{service_id}/off": "it is off already",
    "POST /session": "keeps the session open",
    "POST /presence": "one's own readiness, kept in its own table",
    "POST /phone/credential": "the browser's telephone signs in with the session",
    "POST /me/sound": "which bell rings",
    "POST /me/sessions/{session_id}/end": "there is no such session to end",
    "POST /audit": "reading the log",
    "POST /families/likely": "nothing was found that this one resembles",
    "POST /reports/close": "the demo's quarter is closed already",
    "POST /outgoing/{order_id}/hangup": "the call is over already",
    "POST /missed/{missed_id}/release": "nobody had claimed the row",
    "POST /dialling/resume": "nobody had stopped it",
    "POST /campaigns/{campaign_id}/resume": "nobody had paused it",
    "POST /campaigns/{campaign_id}/launch": "she has launched it already",
    "POST /campaigns/work/next": "nobody is due",
    "POST /ratings/work/next": "nobody is due",
    "POST /settings/speech/{service_id}/{name}/preview": "an example is heard, nothing is saved",
}
"""Forms that succeed without an entry, and why."""
NUMBERS_ONLY = {"auditor"}
"""Who looks after the log sees that there is a card, and its number."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("caged")
    return folder, caged.cage(folder)


@pytest.fixture
def cage(planted: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[caged.Caged]:
    with caged.opened(planted[0], tmp_path, planted[1]) as opened:
        yield opened


def ask(cage: caged.Caged, login: str, step: walk.Step) -> tuple[int, str]:
    """The status, and everything that came back, headers too, but for what was typed."""
    browser = cage.at(login)
    answer = browser.get(step.path) if step.method == "GET" else browser.post(step.path, **dict(step.form))
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    text = answer.text
    for _name, value in step.form:  # a form may come back with the words that were typed into it
        text = text.replace(f'value="{escape(value)}"', "")
    return answer.status_code, f"{headers}\n{text}"


def test_the_walk_knows_every_address_question_and_form(cage):
    assert not walk.unknown(cage.office.app), "say in tests/integration/web/walk.py what belongs there"


@pytest.mark.parametrize("login", canary.STRANGERS)
def test_a_stranger_finds_no_trace_of_the_family_and_changes_nothing(cage, login):
    with cage.desk.database.reading() as session:
        before = canary.rows_of_the_family(session)
    marks = canary.MARKS if login not in NUMBERS_ONLY else tuple(one for one in canary.MARKS if one != "77131")
    found = []
    for step in walk.steps(cage.office.app):
        status, text = ask(cage, login, step)
        found += [f"{step}: {status}"] if status >= 500 else []
        found += [f"{step}: {status} …{leak}…" for leak in canary.leaks(text, marks=marks)]
    assert not found, f"{login} sees\n" + "\n".join(found)
    with cage.desk.database.reading() as session:
        assert canary.rows_of_the_family(session) == before


@pytest.mark.parametrize("login", [one for one in canary.STRANGERS if one not in NUMBERS_ONLY])
def test_what_is_hidden_answers_as_what_is_not_there(cage, login):
    wrong = []
    cage.at(login).get("/me")  # the first request of all has a connection to open
    there, missing = (list(walk.steps(cage.office.app, one)) for one in (canary.CANARY, canary.MISSING))
    for hidden, absent in zip(there, missing, strict=True):
        if not hidden.asks:
            continue
        answers, work = [], []
        for step in (hidden, absent):
            counted = cage.statements
            status, text = ask(cage, login, step)
            answers.append((status, canary.unalike(text)))
            work.append(cage.statements - counted)
        if answers[0] != answers[1]:
            wrong.append(f"{hidden}: {answers[0][0]}, a missing one: {answers[1][0]}")
        elif abs(work[0] - work[1]) > SOME_WORK:
            wrong.append(f"{hidden}: {work[0]} questions to the database, a missing one: {work[1]}")
    assert not wrong, f"{login} can tell\n" + "\n".join(wrong)


@pytest.mark.parametrize("login", ROLES)
def test_each_role_is_let_in_where_its_rule_says_and_nowhere_else(cage, login):
    matrix = matrix_of(cage.office.app)
    wrong = []
    for step in walk.steps(cage.office.app):
        roles = matrix.roles[step.name]
        allowed = roles is None or ROLES[login] in roles
        status, _ = ask(cage, login, step)
        # May train the head always, the administrator in demo mode only: the page itself refuses on top of its rule.
        if (status == 403) == allowed and not step.route.startswith("/training"):
            wrong.append(f"{step}: {status}")
    assert not wrong, "\n".join(wrong)


def test_whoever_is_not_signed_in_sees_the_door_only(cage):
    nobody = cage.office.browser()
    for step in walk.steps(cage.office.app):
        answer = nobody.get(step.path) if step.method == "GET" else nobody.post(step.path, **dict(step.form))
        assert answer.status_code in (303, 401), step
        assert not canary.leaks(answer.text), step


@pytest.mark.parametrize("login", canary.READERS)
def test_who_is_entitled_sees_the_family(cage, login):
    """Without this the others would pass on an empty page too."""
    seen = {step.name for step in walk.steps(cage.office.app) if canary.leaks(ask(cage, login, step)[1])}
    expected = {"GET /families/{family_id}", "POST /families/search"}
    if login != "vorobey":
        expected |= {"GET /journal", "POST /journal", "GET /journal/{entry_id}"}
    assert expected <= seen


def test_whatever_is_changed_is_in_the_log_of_who_did_what(cage):
    """Each form once, by the head, over fresh records: it is refused, or it leaves an entry."""
    changed, silent = set(), []
    for step in {step.name: step for step in reversed(list(walk.steps(cage.office.app)))}.values():
        if step.method == "GET":
            continue
        cage.again()
        before = cage.audit_rows()
        status, _ = ask(cage, "roshchina", step)
        if status < 400 and cage.audit_rows() > before:
            changed.add(step.name)
        elif status < 400 and step.name not in NOT_LOGGED:
            silent.append(f"{step}: {status}")
    assert not silent, "\n".join(silent)
    assert len(changed) > 35, "the forms of walk_forms.py are no longer those of the pages"


def test_every_action_of_the_walk_is_logged_in_words(cage):
    for login in ("lavrova", "roshchina", "kim"):
        for step in walk.steps(cage.office.app):
            ask(cage, login, step)
    actions = cage.actions()
    assert {"family.open", "family.search", "access.denied", "page.print"} <= actions
    assert actions <= set(ACTIONS), "say these in web/audit_words.py"
