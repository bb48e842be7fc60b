"""Settings: defaults that work, and mistakes named without a traceback or a secret (reliability.md B79)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crm import keys
from crm.settings import RecordsSettings, SettingsError, load

SECRET = "correct-horse-battery-staple-0042"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("DISPATCH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_lies_in_the_data_home(tmp_path: Path) -> None:
    settings = load(RecordsSettings)
    assert settings.mode == "demo"
    assert settings.data_dir == tmp_path / "share" / "family-dispatch"
    assert settings.database_address() == f"sqlite:///{settings.data_dir / 'records.db'}"
    assert settings.zone.key == "Europe/Moscow"


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    settings = load(RecordsSettings)
    secret = settings.key()
    file = settings.data_dir / "secret.key"
    assert len(secret) == 64
    assert file.stat().st_mode & 0o777 == 0o600
    assert load(RecordsSettings).key() == secret
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


def test_starters_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: keys.read_or_create(tmp_path / "here" / "secret.key"), range(8)))) == 1


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "s").write_text(SECRET + "\n")
    (tmp_path / "s").chmod(0o600)
    monkeypatch.setenv("DISPATCH_SECRET_KEY_FILE", str(tmp_path / "s"))
    assert load(RecordsSettings).key() == SECRET


def test_settings_may_stand_in_dot_env(tmp_path: Path) -> None:
    (tmp_path / "s").write_text(SECRET)
    (tmp_path / "s").chmod(0o600)
    (tmp_path / ".env").write_text(f"DISPATCH_MODE=live\nDISPATCH_SECRET_KEY_FILE={tmp_path / 's'}\n")
    settings = load(RecordsSettings)
    assert (settings.mode, settings.key()) == ("live", SECRET)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("MODE", "production", "DISPATCH_MODE: допустимые значения: demo, live."),
        (
            "TIMEZONE",
            "Mars/Olympus",
            "DISPATCH_TIMEZONE: часовой пояс «Mars/Olympus» неизвестен; пример: Europe/Moscow.",
        ),
        ("TIMEZONE", "../../etc/passwd", "DISPATCH_TIMEZONE: часовой пояс «../../etc/passwd» неизвестен"),
        ("SECRET_KEY", "short", "DISPATCH_SECRET_KEY: секрет слишком короткий: нужно не менее 32 знаков"),
        ("SECRET_KEY", "a" * 40, "DISPATCH_SECRET_KEY: секрет должен быть случайным"),
        ("DATABASE_URL", "mysql://root:hunter2@h/b", "DISPATCH_DATABASE_URL: адрес базы данных должен быть вида"),
        ("DATABASE_URL", "postgresql:hunter2", "DISPATCH_DATABASE_URL: адрес базы данных должен быть вида"),
        ("DATABASE_URL", "sqlite:///relative.db", "DISPATCH_DATABASE_URL: для SQLite нужен полный путь"),
        ("SECRET_KEY_FILE", "/nowhere/secret", "DISPATCH_SECRET_KEY_FILE: файл /nowhere/secret не читается"),
    ],
)
def test_a_mistake_is_named_with_its_field(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"DISPATCH_{name}", value)
    with pytest.raises(SettingsError) as error:
        load(RecordsSettings)
    assert len(error.value.sentences) == 1
    assert error.value.sentences[0].startswith(sentence)
    assert "hunter2" not in str(error.value)


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_MODE", "x")
    monkeypatch.setenv("DISPATCH_TIMEZONE", "x")
    with pytest.raises(SettingsError) as error:
        load(RecordsSettings)
    assert len(error.value.sentences) == 2


def test_secrets_are_not_in_the_representation() -> None:
    settings = load(RecordsSettings, secret_key=SECRET, database_url="postgresql://u:hunter2@h/b")
    assert SECRET not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_a_key_for_one_purpose_tells_nothing_of_another() -> None:
    assert keys.derive(SECRET, "audit") != keys.derive(SECRET, "desk-phone")
    assert len(keys.derive(SECRET, "audit")) == 32
