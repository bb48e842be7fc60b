"""A Debian machine whose apt is scripted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.scripted_apt import ScriptedApt, install
from workers.provision import machine


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedApt:
    scripted = install(tmp_path / "machine")
    monkeypatch.setenv("PATH", f"{scripted.folder}:/usr/bin:/bin")
    monkeypatch.setattr(machine, "release", lambda: ("debian", "bookworm"))
    return scripted
