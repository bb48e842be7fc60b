"""Secrets of the settings: which are strong, where their files are, and how a refusal is told without repeating one.

Source: OWASP ASVS 5.0 13.3.1 (reliability.md S33): a file that every user of the machine can read holds no secret.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

PREFIX = "DISPATCH_"
SHORTEST_SECRET = 32  # characters: 16 random bytes in hex
LONGEST_FILE = 4096
SECRET_FIELDS = ("secret_key", "ami_secret", "database_url", "redis_url")  # an address may hold a password
_EXAMPLES = ("changeme", "change-me", "change_me", "password", "секрет", "secretsecret", "example")


class SettingsError(Exception):
    """The settings are unusable; `sentences` (Russian) name each wrong one. The CLI prints them and exits with 2."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def strong_secret(value: str | None) -> str | None:
    """Refuse a secret that could be guessed. Raises ValueError with a sentence that does not repeat it."""
    if value is None:
        return None
    value = value.strip()
    advice = "создайте новый: openssl rand -hex 32"
    if any(example in value.lower() for example in _EXAMPLES):
        raise ValueError(f"секрет взят из примера; {advice}")
    if len(value) < SHORTEST_SECRET:
        raise ValueError(f"секрет слишком короткий: нужно не менее {SHORTEST_SECRET} знаков; {advice}")
    if len(set(value)) < 8 or any(ord(character) < 33 or ord(character) == 127 for character in value):
        raise ValueError(f"секрет должен быть случайным, без пробелов и управляющих знаков; {advice}")
    return value


class SecretFiles(PydanticBaseSettingsSource):
    """`DISPATCH_X_FILE` → the content of that file as X, for every secret field; asked after the environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Serve pydantic's interface; the reading itself is in `__call__`, which sees all fields at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        problems: list[str] = []
        in_file = dotenv_values(".env") if Path(".env").is_file() else {}
        for field in SECRET_FIELDS:
            if field not in self.settings_cls.model_fields:
                continue
            variable = f"{PREFIX}{field.upper()}"
            problems += _emptied(variable) + _exposed_in_dotenv(variable, in_file)
            name = os.environ.get(f"{variable}_FILE") or in_file.get(f"{variable}_FILE")
            if not name:
                continue
            if os.environ.get(variable) or in_file.get(variable):
                problems.append(f"{variable}: задана и переменная, и {variable}_FILE; оставьте одну.")
                continue
            try:
                values[field] = read_secret(Path(name))
            except ValueError as error:
                problems.append(f"{variable}_FILE: {error}.")
        if problems:
            raise SettingsError(problems)
        return values


def read_secret(path: Path) -> str:
    """The file's content without the last line break.

    Raises ValueError with a sentence: not there, not readable, empty, too long, or readable by everybody.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} – не файл")
        if status.st_mode & stat.S_IROTH:
            raise ValueError(f"файл {path} может прочитать любой пользователь; выполните: chmod 600 {path}")
        if status.st_size > LONGEST_FILE:
            raise ValueError(f"файл {path} слишком велик для секрета")
        value = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"файл {path} не является текстом") from None
    except OSError as error:
        raise ValueError(f"файл {path} не читается ({error.strerror})") from None
    if not value:
        raise ValueError(f"файл {path} пуст")
    return value


def _emptied(variable: str) -> list[str]:
    """An empty secret is a mistake of a script, and must not silently become another secret than the one meant."""
    if variable in os.environ and not os.environ[variable].strip():
        return [f"{variable}: значение пусто; задайте его или уберите переменную."]
    return []


def _exposed_in_dotenv(variable: str, in_file: Mapping[str, str | None]) -> list[str]:
    if in_file.get(variable) and Path(".env").stat().st_mode & stat.S_IROTH:
        return [f"{variable}: файл .env с секретом может прочитать любой пользователь; выполните: chmod 600 .env."]
    return []


_SENTENCES = {
    "int_parsing": "нужно целое число",
    "int_type": "нужно целое число",
    "greater_than_equal": "число не может быть меньше {ge}",
    "less_than_equal": "число не может быть больше {le}",
    "bool_parsing": "нужно true или false",
    "bool_type": "нужно true или false",
    "literal_error": "допустимые значения: {expected}",
}


def sentence_of(problem: Any) -> str:
    """One sentence for one refused variable. Pydantic's own text is not used: it may quote the value."""
    field = ".".join(str(part) for part in problem["loc"])
    context = problem.get("ctx", {})
    if problem["type"] == "value_error":  # raised by our own validators, which repeat no secret
        text = str(context.get("error", "недопустимое значение"))
    else:
        template = _SENTENCES.get(problem["type"], "недопустимое значение")
        expected = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "")
        text = template.format_map({**context, "expected": expected})
    sentence = text if text.startswith(PREFIX) else f"{PREFIX}{field.upper()}: {text}"
    return sentence if sentence.endswith(".") else f"{sentence}."
