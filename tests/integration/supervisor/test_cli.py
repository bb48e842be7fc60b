"""The command line: readable help, sentences instead of tracebacks, no default account, demo and live apart."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.ports import free_port

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    clean |= {"DISPATCH_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "100", "NO_COLOR": "1"}

    def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from workers.cli import main; main()", *arguments],
            env=clean | {f"DISPATCH_{name}": value for name, value in variables.items()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
            cwd=tmp_path,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return command


COMMANDS = [
    [],
    ["up"],
    ["init"],
    ["demo"],
    ["doctor"],
    ["call-in"],
    ["audit"],
    ["audit", "verify"],
    ["audit", "query"],
    ["export"],
    ["export", "journal"],
    ["export", "registry"],
    ["export", "efficiency"],
    ["export", "verify"],
    ["version"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_in_russian(run: Run, command: list[str]) -> None:
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Вызов:" in done.stdout
    assert "Параметры" in done.stdout
    assert not re.search(r"Options|Commands|Show this|Usage|\[default", done.stdout)
    assert len(re.findall("[а-яё]{3,}", done.stdout)) > 5


def test_the_version_is_told(run: Run) -> None:
    assert run("version").stdout.startswith("family-dispatch 0.")


def test_an_unknown_command_is_refused(run: Run) -> None:
    done = run("nonsense")
    assert done.returncode == 2
    assert "Нет команды" in done.stderr


INIT = ("init", "--institution", "ГКУСО «Пример»", "--admin-login", "Admin", "--admin-name", "Ким Анна Сергеевна")


def test_init_makes_one_administrator_with_a_password_shown_once(run: Run, tmp_path: Path) -> None:
    done = run(*INIT, "--line", "8 (495) 123-45-67")
    assert done.returncode == 0, done.stderr
    password = re.search(r"Одноразовый пароль: (\S+)", done.stdout)[1]
    assert "Администратор: admin" in done.stdout
    assert "+74951234567" in done.stdout
    records = (tmp_path / "data/records.db").read_bytes()
    assert password.encode() not in records
    with sqlite3.connect(tmp_path / "data/records.db") as database:
        rows = database.execute("select login, role, surname, patronymic, password_hash from employee").fetchall()
    assert [row[:4] for row in rows] == [("admin", "administrator", "Ким", "Сергеевна")]
    from crm import passwords

    assert passwords.matches(rows[0][4], password)
    again = run(*INIT)
    assert again.returncode == 2
    assert "уже созданы" in again.stderr
    assert "пароль" not in again.stdout
    assert run("audit", "verify", MODE="live").stdout.startswith("Журнал действий цел, записей: 1")


def test_init_without_answers_says_what_is_missing(run: Run) -> None:
    done = run("init")
    assert done.returncode == 2
    assert "Полное название учреждения" in done.stderr


@pytest.mark.parametrize("number", ["nonsense", "+12125550100", "+79070000101"])
def test_init_takes_no_line_that_cannot_be_one(run: Run, number: str) -> None:
    done = run(*INIT, "--line", number)
    assert done.returncode == 2
    assert number in done.stderr


def test_a_line_may_be_added_later_and_only_once(run: Run) -> None:
    assert run(*INIT).returncode == 0
    assert run("init", "--line", "+74951234567").returncode == 0
    again = run("init", "--line", "+74951234567")
    assert again.returncode == 2
    assert "уже есть" in again.stderr


def test_live_mode_does_not_start_before_it_is_ready(run: Run) -> None:
    ports = {"HTTP_BIND": f"127.0.0.1:{free_port()}", "AGI_BIND": f"127.0.0.1:{free_port()}", "EXCHANGE": "external"}
    secret = "5f2b9c0d7a1e48f36b8d2c7e90a4f1b3"
    bare = run("up", MODE="live", AMI_SECRET=secret, **ports)
    assert bare.returncode == 2
    assert "Нет администратора" in bare.stderr
    assert "Нет ни одной линии" in bare.stderr
    run(*INIT)
    still = run("up", MODE="live", AMI_SECRET=secret, **ports)
    assert still.returncode == 2
    assert "Нет администратора" not in still.stderr
    assert "Нет ни одной линии" in still.stderr


def test_demo_data_loads_twice_without_harm_and_prints_the_logins(run: Run, tmp_path: Path) -> None:
    first, second = run("demo"), run("demo")
    assert first.returncode == second.returncode == 0
    assert "Лаврова" in first.stdout
    with sqlite3.connect(tmp_path / "data/records.db") as database:
        assert database.execute("select count(*) from family").fetchone() == (30,)


def test_demo_and_live_never_share_a_folder(run: Run) -> None:
    assert run("demo").returncode == 0
    for command in (INIT, ("up",)):
        done = run(*command, MODE="live")
        assert done.returncode == 2
        assert "учебный" in done.stderr
        assert "не смешиваются" in done.stderr


def test_demo_mode_refuses_to_listen_beyond_this_machine(run: Run) -> None:
    done = run("up", "--demo", HTTP_BIND="0.0.0.0:8080")
    assert done.returncode == 2
    assert "DISPATCH_HTTP_BIND" in done.stderr


def test_a_training_call_is_refused_in_live_mode(run: Run) -> None:
    done = run("call-in", "--from", "+79070000101", MODE="live")
    assert done.returncode == 2
    assert "только в учебном режиме" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--from", "nonsense"], "nonsense"),
        (["--from", "+79070000101", "--to", "+74950000000"], "Линии службы"),
        (["--from", "+79070000101", "--keys", "1;System"], "Клавиши"),
    ],
)
def test_a_training_call_that_makes_no_sense_is_refused(run: Run, arguments: list[str], word: str) -> None:
    assert run("demo").returncode == 0
    done = run("call-in", *arguments)
    assert done.returncode == 2
    assert word in done.stderr


def test_a_training_call_without_the_service_says_so_and_is_not_placed_later(run: Run, tmp_path: Path) -> None:
    assert run("demo").returncode == 0
    done = run("call-in", "--from", "+79070000101")
    assert done.returncode == 1
    assert "family-dispatch up" in done.stderr
    with sqlite3.connect(tmp_path / "data/records.db") as database:
        assert database.execute("select state from training_call").fetchall() == [("failed",)]


def test_a_changed_audit_log_is_found(run: Run, tmp_path: Path) -> None:
    assert run(*INIT).returncode == 0
    with sqlite3.connect(tmp_path / "data/records.db") as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{name}"')
        database.execute("update audit_event set actor_name = 'somebody else' where seq = 1")
    done = run("audit", "verify", MODE="live")
    assert done.returncode == 1
    assert "первая неверная запись № 1" in done.stderr


def test_doctor_has_a_sentence_for_every_part_when_all_is_down(run: Run) -> None:
    ports = {"AMI_PORT": str(free_port())}
    ports |= {name: f"127.0.0.1:{free_port()}" for name in ("HTTP_BIND", "AGI_BIND", "PHONE_WS_BIND")}
    assert run("demo").returncode == 0
    done = run("doctor", **ports)
    assert done.returncode == 1
    for name in ("Диск", "База данных", "Часы"):
        assert re.search(rf"^{name} +работает", done.stdout, re.M), done.stdout
    for name in (
        r"Очередь \(Redis\)",
        "АТС Asterisk",
        r".*\(AMI\)",
        r".*\(AGI\)",
        "Городская линия",
        "Телефон в браузере",
    ):
        row = re.search(rf"^{name} +ОШИБКА +(.+)$", done.stdout, re.M)
        assert row, (name, done.stdout)
        assert "family-dispatch up" in row[1]


def test_who_did_what_is_asked_in_words_and_as_json(run: Run) -> None:
    run(*INIT, "--line", "8 (495) 123-45-67")
    shown = run("audit", "query")
    assert "заведён сотрудник" in shown.stdout
    row = json.loads(run("audit", "query", "--action", "employee.created", "--json").stdout)
    assert (row["seq"], row["action"], row["subject"]) == (1, "employee.created", "employee")
    assert "Ким" not in str(row), "the log names a person by number"
    assert run("audit", "query", "--employee", "admin", "--since", "2020-01-01").stdout == ""
    assert run("audit", "query", "--until", "31.12.2019").stdout == ""
    assert "есть более ранние" not in run("audit", "query", "--limit", "1").stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("--employee", "nobody"),
        ("--family", "С-77777"),
        ("--action", "nonsense"),
        ("--since", "вчера"),
        ("--limit", "0"),
    ],
    ids=" ".join,
)
def test_a_question_that_cannot_be_meant_is_refused_with_a_sentence(run: Run, wrong: tuple[str, str]) -> None:
    run(*INIT, "--line", "8 (495) 123-45-67")
    done = run("audit", "query", *wrong)
    assert done.returncode == 2
    assert re.search("[а-яё]{4,}", done.stderr)
