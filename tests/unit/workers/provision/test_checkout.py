"""When the checkout's environment and pages count as ready, and when they must be made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.provision import pages as pages_module
from workers.provision import python_environment, python_tools
from workers.provision.errors import ProvisionError
from workers.provision.node import Node
from workers.provision.pages import Pages
from workers.provision.python_environment import PythonEnvironment


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose `uv` only makes the interpreter's file."""
    root = tmp_path / "checkout"
    (root / "deploy").mkdir(parents=True)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml", "deploy/build-constraints.txt"):
        (root / name).write_text("library==1\n")

    def run(command: list[str], _failure: str, **_rest: object) -> str:
        if "venv" in command:
            (root / ".venv/bin").mkdir(parents=True, exist_ok=True)
            (root / ".venv/bin/python").touch()
            (root / ".venv/pyvenv.cfg").write_text("version_info = 3.11.2\n")
        return ""

    monkeypatch.setattr(python_environment, "find_uv", lambda *_: Path("uv"))
    monkeypatch.setattr(python_environment, "uv_settings", lambda *_: {})
    monkeypatch.setattr(python_environment, "run", run)
    return root


def test_an_environment_is_ready_once_made_and_a_development_one_serves_a_run(checkout: Path) -> None:
    environment = PythonEnvironment(checkout, checkout, print)
    assert not environment.is_ready("run")
    environment.make("run")
    assert environment.is_ready("run")
    assert not environment.is_ready("dev")
    environment.make("dev")
    assert environment.is_ready("run")
    environment.make("run")
    assert environment.is_ready("dev"), "what the tests need is not torn down by a run"


@pytest.mark.parametrize(
    "changed", ["requirements.lock", "requirements-dev.lock", "pyproject.toml", ".venv/pyvenv.cfg"]
)
def test_a_changed_lock_project_or_interpreter_makes_it_anew(checkout: Path, changed: str) -> None:
    environment = PythonEnvironment(checkout, checkout, print)
    environment.make("run")
    (checkout / changed).write_text("version_info = 3.12.1\n")
    assert not environment.is_ready("run")


def test_an_interpreter_that_has_gone_makes_it_anew(checkout: Path) -> None:
    environment = PythonEnvironment(checkout, checkout, print)
    environment.make("run")
    (checkout / ".venv/bin/python").unlink()
    assert not environment.is_ready("run")


def test_a_checkout_that_was_moved_is_not_ready(checkout: Path) -> None:
    PythonEnvironment(checkout, checkout, print).make("run")
    moved = checkout.rename(checkout.with_name("moved"))
    assert not PythonEnvironment(moved, moved, print).is_ready("run")


def test_a_failed_installation_is_not_taken_for_ready(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = PythonEnvironment(checkout, checkout, print)
    environment.make("run")

    def fail(*_: object, **__: object) -> str:
        raise ProvisionError("нет сети")

    monkeypatch.setattr(python_environment, "run", fail)
    with pytest.raises(ProvisionError):
        environment.make("run")
    assert not environment.is_ready("run")


def test_pages_are_built_again_only_when_their_sources_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], _failure: str, **_rest: object) -> str:
        ran.append(command)
        (tmp_path / "node_modules").mkdir(exist_ok=True)
        (tmp_path / "web/static/build").mkdir(parents=True, exist_ok=True)
        (tmp_path / "web/static/build/app.js").touch()
        return ""

    monkeypatch.setattr(pages_module, "find_node", lambda *_: Node(["node"], ["npm"], tmp_path))
    monkeypatch.setattr(pages_module, "run", run)
    pages = Pages(tmp_path, tmp_path, print)
    assert pages.is_ready(), "there is nothing to build from"
    (tmp_path / "web/assets").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "web/assets/build.mjs"):
        (tmp_path / name).write_text("{}")
    assert not pages.is_ready()
    pages.build()
    assert pages.is_ready()
    assert ran[0][:3] == ["npm", "ci", "--ignore-scripts"]
    (tmp_path / "web/assets/new.css").touch()
    assert not pages.is_ready()
    pages.build()
    assert [command[0] for command in ran] == ["npm", "node", "node"], "an unchanged lock needs no second installation"


def test_a_failed_command_gives_its_last_lines_as_the_detail() -> None:
    with pytest.raises(ProvisionError) as caught:
        python_tools.run(["sh", "-c", "echo because; exit 3"], "Не вышло.")
    assert (caught.value.sentence, caught.value.detail) == ("Не вышло.", "because")


def test_an_interrupted_installation_of_a_tool_leaves_nothing(tmp_path: Path) -> None:
    requirements = tmp_path / "tool.txt"
    requirements.write_text("# a remark\ntool==1.2 \\\n    --hash=sha256:0\n")
    arguments = ("tool", requirements, tmp_path, print)
    with pytest.raises(ProvisionError):
        python_tools.install_pinned(
            *arguments, what="орудие", install=lambda target: ["sh", "-c", f"touch {target}/half; exit 1"]
        )
    folder = python_tools.install_pinned(
        *arguments, what="орудие", install=lambda target: ["sh", "-c", f"touch {target}/whole"]
    )
    assert folder.name.startswith("tool-1.2-")
    assert [path.name for path in folder.iterdir()] == ["whole"]
