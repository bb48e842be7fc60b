"""The outermost door: hosts, sizes, origins, headers, and failures that tell nothing."""

import logging

import pytest
from starlette.testclient import TestClient

HOST = "http://127.0.0.1:8080"


@pytest.fixture
def client(app):
    return TestClient(app, base_url=HOST, follow_redirects=False, raise_server_exceptions=False)


def policy(answer):
    return dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/login", 200),
        ("GET", "/workplace", 401),
        ("GET", "/live", 401),
        ("GET", "/no-such-page", 404),
        ("GET", "/families/9223372036854775808", 401),
        ("POST", "/login", 403),
        ("DELETE", "/login", 405),
        ("TRACE", "/login", 405),
        ("GET", "/static/build/none.js", 404),
        ("GET", "/static/icon.svg", 200),
    ],
)
def test_every_answer_carries_the_security_headers(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    rules = policy(answer)
    assert rules["default-src"] == "'none'"
    for name in ("script-src", "style-src", "img-src"):
        assert rules[name] == "'self'"
    assert rules["connect-src"] == "'self' ws://127.0.0.1:8088"
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert rules[name] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:8081", "127.0.0.1:8080.evil.example", "", "localhost:8080@evil"]
)
def test_a_foreign_host_header_is_refused(client, host):
    answer = client.get("/login", headers={"host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:8081"},
        {},
    ],
)
def test_a_form_from_elsewhere_is_refused(client, headers):
    answer = client.post("/login", data={"login": "x", "password": "y"}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_only_forms_are_read(client, kind):
    answer = client.post(
        "/login", content=b'{"login": "x"}', headers={"content-type": kind, "sec-fetch-site": "same-origin"}
    )
    assert answer.status_code in (403, 415)


def test_a_body_over_the_limit_is_refused_declared_or_not(client):
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
    big = b"a=" + b"x" * 600_000
    assert client.post("/login", content=big, headers=headers).status_code == 413
    assert client.post("/login", content=iter([big[:300_000], big[300_000:]]), headers=headers).status_code == 413
    assert client.post("/login", content=b"a", headers={**headers, "content-length": "-1"}).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"login=%00&password=x",
        b"login=%ff%fe",
        b"login=\xff",
        b"&".join(b"a%d=1" % i for i in range(500)),
        b"login=%ed%a0%80",
    ],
)
def test_bytes_that_are_no_form_are_a_clean_refusal(client, body):
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/login", content=body, headers=headers)
    assert 400 <= answer.status_code < 500


def test_a_failure_shows_an_id_and_no_traceback_and_logs_no_message(app, client, caplog):
    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("Канарейкин +79990001122")

    with caplog.at_level(logging.ERROR):
        answer = client.get("/broken")
    assert answer.status_code == 500
    error_id = answer.headers["x-error-id"]
    assert error_id in answer.text
    for text in (answer.text, caplog.text):
        assert "Канарейкин" not in text
    assert "Traceback" not in answer.text
    assert error_id in caplog.text
    assert answer.headers["content-security-policy"]


def test_built_files_are_kept_for_ever(client, tmp_path, monkeypatch):
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from web.app import BuiltFiles

    (tmp_path / "app-HASH.js").write_text("1")
    small = TestClient(Starlette(routes=[Mount("/static/build", BuiltFiles(directory=tmp_path))]))
    assert "immutable" in small.get("/static/build/app-HASH.js").headers["cache-control"]
