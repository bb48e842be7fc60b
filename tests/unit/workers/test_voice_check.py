"""«Проверка системы» says which voice speaks, and what to do where none does."""

from pathlib import Path

import pytest

from workers import doctor_checks
from workers.doctor import Unwell
from workers.settings import ServiceSettings
from workers.speech.port import SpeechError


class Engine:
    def __init__(self, name: str, *, ill: bool = False) -> None:
        self.name, self.title, self.ill = f"{name}:1", f"голос {name}", ill

    def say(self, text: str) -> bytes:  # noqa: ARG002 - any text
        if self.ill:
            raise SpeechError("ill")
        return b""


def voice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: Engine | None, wish: str = "auto") -> str:
    monkeypatch.setattr("workers.speech.engines.present", lambda _wish, _cache: engine)
    return doctor_checks.voice(ServiceSettings(data_dir=tmp_path, speech=wish, _env_file=None))


def test_the_best_voice_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert voice(monkeypatch, tmp_path, Engine("rhvoice")) == "говорит голос rhvoice"
    assert voice(monkeypatch, tmp_path, Engine("espeak-ng"), "espeak-ng") == "говорит голос espeak-ng"


def test_one_that_stands_in_says_for_whom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "лучший голос (rhvoice) не загружен" in voice(monkeypatch, tmp_path, Engine("espeak-ng"))


@pytest.mark.parametrize("engine", [None, Engine("rhvoice", ill=True)])
def test_silence_is_an_error_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: Engine | None
) -> None:
    with pytest.raises(Unwell, match=r"установите|Проверьте"):
        voice(monkeypatch, tmp_path, engine)
