"""The maker of papers as a process: started when papers wait, killed at will, one at a time, gone with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from crm.db import Database, open_database
from crm.papers import exporting
from tests.support import papers
from tests.support.pages import SECRET, furnish
from tests.support.papers import add_rows, ask
from workers import jobs, paper_runner
from workers.paper_runner import PARENT, PaperRunner
from workers.papers import LOCK, alone, work
from workers.settings import ServiceSettings

PATIENCE = 30.0


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def settings(tmp_path: Path) -> ServiceSettings:
    furnish(tmp_path)
    return ServiceSettings(data_dir=tmp_path, secret_key=SECRET, _env_file=None)


@pytest.fixture
def database(settings: ServiceSettings) -> Iterator[Database]:
    opened = open_database(settings)
    with opened.transaction() as session:
        papers.empty_journal(session)
    yield opened
    opened.dispose()


@pytest.fixture
def environment(settings: ServiceSettings) -> dict[str, str]:
    return {"DISPATCH_DATA_DIR": str(settings.data_dir), "DISPATCH_SECRET_KEY": SECRET}


@pytest.fixture
def runner(database: Database, environment: dict[str, str]) -> Iterator[PaperRunner]:
    made = PaperRunner(database, environment=environment)
    made.start()
    yield made
    made.stop()


def state(database: Database, export_id: int) -> str:
    return papers.row(database, export_id).state


def test_the_job_wakes_the_runner_and_a_child_makes_what_waits(database: Database, runner: PaperRunner) -> None:
    first, second = ask(database, "roshchina"), ask(database, "gromova", "registry")
    jobs.make_papers()
    wait_for(lambda: state(database, second) == "ready", "the export was not made")
    assert state(database, first) == "ready"


def test_without_a_wake_it_looks_by_itself(
    database: Database, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_runner, "LOOK_SECONDS", 0.05)
    runner = PaperRunner(database, environment=environment)
    runner.start()
    export_id = ask(database, "roshchina")
    wait_for(lambda: state(database, export_id) == "ready", "the export was not found")
    runner.stop()


def start_child(environment: dict[str, str], **more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "workers.papers"]
    return subprocess.Popen(command, env={**os.environ, **environment, **more}, cwd=Path.cwd())


def test_a_child_killed_in_the_middle_leaves_a_row_that_the_next_one_finishes(
    database: Database, settings: ServiceSettings, environment: dict[str, str]
) -> None:
    with database.transaction() as session:
        add_rows(session, 3000)
    export_id = ask(database, "roshchina")
    child = start_child(environment)
    wait_for(lambda: state(database, export_id) == "making", "the child did not begin")
    child.kill()
    child.wait()
    assert state(database, export_id) in ("making", "ready")
    assert start_child(environment).wait(PATIENCE) == 0
    made = papers.row(database, export_id)
    assert (made.state, made.done_rows) == ("ready", 3000)
    folder = exporting.folder_of(settings.data_dir)
    assert len(papers.cells(folder, made)) == 3005


def test_what_a_killed_child_left_is_cleared_by_the_next_one(
    database: Database, settings: ServiceSettings, environment: dict[str, str]
) -> None:
    left = exporting.folder_of(settings.data_dir) / "making-abc"
    left.mkdir()
    (left / "tmp123").write_text("personal data")
    ask(database, "roshchina")
    assert start_child(environment).wait(PATIENCE) == 0
    assert not left.exists()


def test_one_child_at_a_time(database: Database, settings: ServiceSettings, environment: dict[str, str]) -> None:
    export_id = ask(database, "roshchina")
    with alone(settings.run_dir / LOCK) as mine:
        assert mine
        assert start_child(environment).wait(PATIENCE) == 0
        assert state(database, export_id) == "asked"
    assert start_child(environment).wait(PATIENCE) == 0
    assert state(database, export_id) == "ready"


def test_the_child_ends_with_its_parent() -> None:
    waiting = "import sys, time; from workers.papers import die_with; print(die_with(int(sys.argv[1])), flush=True); "
    program = (
        "import os, subprocess, sys, time; "
        f"child = subprocess.Popen([sys.executable, '-c', {waiting + 'time.sleep(60)'!r}, str(os.getpid())]); "
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    said = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
    assert "True" in said
    child = int((said - {"True"}).pop())
    parent.kill()
    parent.wait()
    parent.stdout.close()

    def gone() -> bool:
        try:
            return Path(f"/proc/{child}/stat").read_text().split()[2] == "Z"
        except FileNotFoundError:
            return True

    wait_for(gone, "the child lives on without its parent")


def test_a_child_whose_parent_is_gone_already_does_nothing(database: Database, environment: dict[str, str]) -> None:
    export_id = ask(database, "roshchina")
    assert start_child(environment, **{PARENT: str(2**22 - 1)}).wait(PATIENCE) == 1
    assert state(database, export_id) == "asked"


def test_stopping_the_runner_ends_its_child(database: Database, environment: dict[str, str], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    program = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    ask(database, "roshchina")
    runner = PaperRunner(database, [sys.executable, "-c", program], environment)
    runner.start()
    wait_for(lambda: mark.exists() and mark.read_text(), "the child did not start")
    runner.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_the_child_is_niced(database: Database, environment: dict[str, str]) -> None:
    with database.transaction() as session:
        add_rows(session, 3000)
    export_id = ask(database, "roshchina")
    child = start_child(environment)
    wait_for(lambda: state(database, export_id) != "asked", "the child did not begin")
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGSTOP)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) >= 10
        os.kill(child.pid, signal.SIGCONT)
    assert child.wait(PATIENCE) == 0


def test_the_folder_of_the_files_is_the_owners_alone(database: Database, settings: ServiceSettings) -> None:
    export_id = ask(database, "roshchina")
    work(database, settings.data_dir, settings.mode)
    assert state(database, export_id) == "ready"
    folder = exporting.folder_of(settings.data_dir)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
