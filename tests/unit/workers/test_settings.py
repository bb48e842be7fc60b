"""Bad settings stop the start with the variable's name and a sentence, and no secret is repeated (B79, S33)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crm.settings import RecordsSettings, SettingsError, load
from web.settings import WebSettings
from workers.settings import Bind, ServiceSettings, bind, is_loopback

GOOD_SECRET = "5f2b9c0d7a1e48f36b8d2c7e90a4f1b35f2b9c0d7a1e48f3"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("DISPATCH_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path / "data"))


def refused(settings: type = WebSettings) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(settings)
    return caught.value.sentences


BAD = [
    ("MODE", "prod"),
    ("MODE", "DEMO "),
    ("DATABASE_URL", "not an address"),
    ("DATABASE_URL", "mysql://root:hunter2hunter2@db/records"),
    ("DATABASE_URL", "postgresql+asyncpg://u:hunter2hunter2@db/records"),
    ("DATABASE_URL", "postgresql://u:hunter2hunter2@db"),
    ("DATABASE_URL", "postgresql://u:hunter2hunter2@db:99999999999999999999x/r"),
    ("DATABASE_URL", "sqlite:///relative.db"),
    ("DATABASE_URL", "sqlite://"),
    ("REDIS_URL", "http://:hunter2hunter2@redis"),
    ("REDIS_URL", "redis://:hunter2hunter2@redis:0x1/0"),
    ("REDIS_URL", "redis://:hunter2hunter2@redis:99999/0"),
    ("REDIS_URL", "redis://"),
    ("REDIS_URL", "unix://"),
    ("SECRET_KEY", "changeme"),
    ("SECRET_KEY", "changeme-changeme-changeme-changeme-42"),
    ("SECRET_KEY", "short-1234"),
    ("SECRET_KEY", ""),
    ("SECRET_KEY", "   "),
    ("SECRET_KEY", "a" * 64),
    ("SECRET_KEY", "0123456789 0123456789 abcdefghijklmnop"),
    ("AMI_SECRET", "changeme"),
    ("TIMEZONE", "Mars/Olympus"),
    ("TIMEZONE", "../../etc/passwd"),
    ("TIMEZONE", "UTC+3:00 please"),
    ("AMI_PORT", "0"),
    ("AMI_PORT", "-1"),
    ("AMI_PORT", "99999"),
    ("AMI_PORT", "http"),
    ("AMI_PORT", "1e3"),
    ("AMI_HOST", "not a host"),
    ("AMI_HOST", "999.1.1.1"),
    ("AMI_USER", "dispatch\nsecret"),
    ("AGI_BIND", "4573"),
    ("AGI_BIND", "127.0.0.1:0"),
    ("AGI_BIND", "127.0.0.1:-1"),
    ("AGI_BIND", "127.0.0.1:65536"),
    ("AGI_BIND", "127.0.0.1:٤٥٧٣"),
    ("SIP_BIND", "127.0.0.1"),
    ("SIP_BIND", ":5060"),
    ("SIP_BIND", "256.0.0.1:5060"),
    ("TRUNK_BIND", "127.0.0.1:5060"),  # the desk phones' own: they could not be told apart
    ("PHONE_WS_BIND", "127.0.0.1:4573"),  # the AGI server's
    ("RTP_PORTS", "12000"),
    ("RTP_PORTS", "12999-12000"),
    ("RTP_PORTS", "0-9999"),
    ("RTP_PORTS", "12000-99999"),
    ("RTP_PORTS", "12000-12001"),
    ("RTP_PORTS", "08-17"),
    ("TRUNK", "bad host;exec"),
    ("EXCHANGE", "asterisk"),
    ("EXCHANGE", "external"),  # without an AMI secret
    ("HTTP_BIND", "0.0.0.0:8080"),  # in demo mode
    ("HTTP_BIND", "192.0.2.1:8080"),
    ("SIP_BIND", "0.0.0.0:5060"),
    ("PHONE_WS_BIND", "0.0.0.0:8088"),
    ("PUBLIC_URL", "ftp://example.com"),
    ("DATA_DIR", "/"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DISPATCH_{name}", value)
    sentences = refused()
    expected = "AMI_SECRET" if (name, value) == ("EXCHANGE", "external") else name
    assert any(f"DISPATCH_{expected}" in sentence for sentence in sentences), sentences
    assert "hunter2hunter2" not in " ".join(sentences)


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_MODE", "prod")
    monkeypatch.setenv("DISPATCH_AMI_PORT", "0")
    monkeypatch.setenv("DISPATCH_TIMEZONE", "Mars/Olympus")
    assert len(refused()) == 3


@pytest.mark.parametrize("secret", ["changeme", "hunter2", "0123456789 0123456789 abcdefghijklmnop"])
def test_no_secret_is_repeated(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("DISPATCH_SECRET_KEY", secret)
    text = " ".join(refused())
    assert "DISPATCH_SECRET_KEY" in text
    assert secret not in text


def test_good_secrets_do_not_show_in_the_settings_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_SECRET_KEY", GOOD_SECRET)
    monkeypatch.setenv("DISPATCH_AMI_SECRET", GOOD_SECRET)
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql://u:hunter2hunter2@db/records")
    monkeypatch.setenv("DISPATCH_REDIS_URL", "redis://:hunter2hunter2@redis/0")
    settings = load(ServiceSettings)
    assert settings.key() == GOOD_SECRET
    assert GOOD_SECRET not in repr(settings)
    assert "hunter2hunter2" not in repr(settings)


def test_the_defaults_are_the_embedded_parts(tmp_path: Path) -> None:
    settings = load(ServiceSettings)
    assert settings.mode == "demo"
    assert settings.database_address() == f"sqlite:///{tmp_path}/data/records.db"
    assert settings.redis_address() == f"unix://{tmp_path}/data/run/valkey.sock"
    assert settings.agi_address == Bind("127.0.0.1", 4573)


def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = load(RecordsSettings).key(), load(RecordsSettings).key()
    assert first == second
    assert (tmp_path / "data/secret.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "data/secret.key").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load(RecordsSettings).key()
    (tmp_path / "data/secret.key").chmod(0o600)
    (tmp_path / "data/secret.key").write_text("")
    with pytest.raises(SettingsError, match="повреждён"):
        load(RecordsSettings).key()


@pytest.mark.parametrize("variable", ["SECRET_KEY", "AMI_SECRET"])
def test_a_secret_may_stand_in_a_private_file(monkeypatch, tmp_path: Path, variable: str) -> None:
    file = tmp_path / "secret"
    file.write_text(GOOD_SECRET + "\n")
    file.chmod(0o600)
    monkeypatch.setenv(f"DISPATCH_{variable}_FILE", str(file))
    assert getattr(load(ServiceSettings), variable.lower()) == GOOD_SECRET


def test_the_database_address_may_stand_in_a_file(monkeypatch, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://u:p@db/records\n")
    file.chmod(0o600)
    monkeypatch.setenv("DISPATCH_DATABASE_URL_FILE", str(file))
    assert load(RecordsSettings).database_address() == "postgresql://u:p@db/records"


def test_a_secret_file_that_everybody_can_read_is_refused(monkeypatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(GOOD_SECRET)
    file.chmod(0o644)
    monkeypatch.setenv("DISPATCH_SECRET_KEY_FILE", str(file))
    (sentence,) = refused()
    assert "DISPATCH_SECRET_KEY_FILE" in sentence
    assert f"chmod 600 {file}" in sentence
    assert GOOD_SECRET not in sentence


@pytest.mark.parametrize("content", [None, b"", b"  \n", b"\xff\xfe\x00", b"x" * 5000])
def test_a_secret_file_that_is_none_is_refused(monkeypatch, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    monkeypatch.setenv("DISPATCH_SECRET_KEY_FILE", str(file))
    (sentence,) = refused()
    assert "DISPATCH_SECRET_KEY_FILE" in sentence


def test_a_folder_is_no_secret_file(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISPATCH_SECRET_KEY_FILE", str(tmp_path))
    assert "не файл" in refused()[0]


def test_a_weak_secret_in_a_file_is_refused_and_not_repeated(monkeypatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter2")
    file.chmod(0o600)
    monkeypatch.setenv("DISPATCH_SECRET_KEY_FILE", str(file))
    text = " ".join(refused())
    assert "DISPATCH_SECRET_KEY" in text
    assert "hunter2" not in text


def test_a_secret_given_twice_is_refused(monkeypatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(GOOD_SECRET)
    file.chmod(0o600)
    monkeypatch.setenv("DISPATCH_SECRET_KEY_FILE", str(file))
    monkeypatch.setenv("DISPATCH_SECRET_KEY", GOOD_SECRET)
    assert "оставьте одну" in refused()[0]


def test_dotenv_is_read_and_must_be_private_if_it_holds_a_secret(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("DISPATCH_TIMEZONE=Asia/Omsk\n")
    dotenv.chmod(0o644)
    assert load(RecordsSettings).timezone == "Asia/Omsk"
    dotenv.write_text(f"DISPATCH_SECRET_KEY={GOOD_SECRET}\n")
    assert "chmod 600 .env" in refused()[0]
    dotenv.chmod(0o600)
    assert load(RecordsSettings).secret_key == GOOD_SECRET


def test_a_dotenv_of_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("DISPATCH_TIMEZONE=Москва".encode("cp1251"))
    assert ".env" in refused()[0]


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_MODE", "live")
    assert load(RecordsSettings, mode="demo").mode == "demo"
    assert load(RecordsSettings, mode=None).mode == "live"


def test_live_mode_may_listen_beyond_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_MODE", "live")
    monkeypatch.setenv("DISPATCH_HTTP_BIND", "0.0.0.0:8080")
    monkeypatch.setenv("DISPATCH_SIP_BIND", "192.0.2.10:5060")
    assert load(WebSettings).http_address == Bind("0.0.0.0", 8080)


@pytest.mark.parametrize(
    ("text", "host", "port", "home"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.0.0.3:5060", "127.0.0.3", 5060, True),
        ("[::1]:80", "::1", 80, True),
        ("localhost:1", "localhost", 1, True),
        ("pbx.example.org:65535", "pbx.example.org", 65535, False),
        ("0.0.0.0:80", "0.0.0.0", 80, False),
    ],
)
def test_addresses_are_understood(text: str, host: str, port: int, home: bool) -> None:
    assert bind(text) == Bind(host, port)
    assert is_loopback(text) is home


def test_the_start_ends_with_code_2_and_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from workers.cli import main; main()", "up"],
        env={**os.environ, "DISPATCH_SECRET_KEY": "changeme", "DISPATCH_HTTP_BIND": "0.0.0.0:80"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "DISPATCH_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr
    assert "changeme" not in done.stdout + done.stderr
