"""What the records need to know: demo or live, where the data lies, which database, which secret.

From the environment or `.env`, prefix `DISPATCH_`; a secret also from the file that `DISPATCH_…_FILE` names, so that it
need not stand in the environment. A bad value stops the start with the field's name and a sentence, never a traceback,
and never with the value of a secret (reliability.md B79). Every process calls `load(ItsSettings)` once, at its start.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from crm import keys
from crm.settings_secrets import PREFIX, SHORTEST_SECRET, SecretFiles, SettingsError, sentence_of, strong_secret

__all__ = ["PREFIX", "SHORTEST_SECRET", "RecordsSettings", "SettingsError", "default_data_dir", "load", "strong_secret"]

_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")


def _known_database(url: str | None) -> str | None:
    """Accept SQLite with a full path and PostgreSQL. The refusals do not repeat the address: it may hold a password."""
    if url is None:
        return None
    if url.startswith("postgres://"):  # what hosting panels write
        url = f"postgresql://{url.removeprefix('postgres://')}"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.drivername not in _DRIVERS:
        raise ValueError(
            "адрес базы данных должен быть вида sqlite:////путь/к/файлу или postgresql://имя:пароль@узел/база"
        )
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_absolute():
        raise ValueError("для SQLite нужен полный путь к файлу: sqlite:////путь/к/файлу")
    if parsed.get_backend_name() == "postgresql" and not parsed.database:
        raise ValueError("в адресе базы данных нет её имени: postgresql://имя:пароль@узел/база")
    return url


def default_data_dir() -> Path:
    """Return the XDG data home's folder of this program (its specification ignores a relative value)."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share"
    return base / "family-dispatch"


class RecordsSettings(BaseSettings):
    """Settings of everything that opens the database. Other processes inherit and add their own."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    mode: Literal["demo", "live"] = "demo"
    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: Annotated[str | None, AfterValidator(_known_database)] = Field(default=None, repr=False)
    secret_key: Annotated[str | None, AfterValidator(strong_secret)] = Field(default=None, repr=False)
    timezone: str = "Europe/Moscow"

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        if "\0" in str(path) or path == Path("/"):
            raise ValueError("это не папка для данных")
        return path.expanduser().absolute()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"часовой пояс «{name}» неизвестен; пример: Europe/Moscow") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which people read the clock."""
        return ZoneInfo(self.timezone)

    @property
    def audit_anchor(self) -> Path:
        """The file outside the database by which a cut tail of the audit log is found."""
        return self.data_dir / "audit.anchor"

    def key(self) -> str:
        """Return the installation's secret; at the first start it is made in `data_dir`/secret.key (0600).

        Raises SettingsError where others may read that file, or where it holds no key.
        """
        if self.secret_key is not None:
            return self.secret_key
        path = self.data_dir / "secret.key"
        secret = keys.read_or_create(path)
        if path.stat().st_mode & 0o077:
            raise SettingsError([f"{path}: ключ могут прочитать посторонние. Выполните: chmod 600 {path}"])
        if len(secret) < SHORTEST_SECRET:
            raise SettingsError([f"{path}: файл ключа повреждён. Восстановите его из резервной копии."])
        return secret

    def database_address(self) -> str:
        """Return the database's URL: SQLite in `data_dir` where none was named."""
        return self.database_url or f"sqlite:///{self.data_dir / 'records.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls), file_secret_settings


Settings = TypeVar("Settings", bound=RecordsSettings)


def load(cls: type[Settings], **values: Any) -> Settings:
    """Read settings of class `cls` (`values` that are not None win over the environment). Raises SettingsError."""
    try:
        return cls(**{name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        problems = error.errors(include_input=False)
        raise SettingsError([sentence_of(problem) for problem in problems]) from None
    except UnicodeDecodeError:
        raise SettingsError([".env: файл не в кодировке UTF-8."]) from None
    except OSError as error:
        raise SettingsError([f"{error.filename or '.env'}: не читается ({error.strerror})."]) from None
