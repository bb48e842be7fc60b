"""What the background processes need to know: Redis, the telephone exchange, and on which addresses they meet.

The defaults are the embedded parts: everything on loopback, nothing to configure.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from crm.settings import RecordsSettings, SettingsError, load, strong_secret

__all__ = ["Bind", "ServiceSettings", "SettingsError", "bind", "is_loopback", "load"]

_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}\.?)*")


class Bind(NamedTuple):
    """An address that a process listens on."""

    host: str
    port: int


def bind(text: str) -> Bind:
    """`127.0.0.1:8080`, `[::1]:8080` or `localhost:8080` as a pair.

    Raises:
        ValueError: a sentence in Russian.
    """
    host, separator, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host:
        raise ValueError(f"«{text}» – не адрес; нужно узел:порт, например 127.0.0.1:8080")
    if not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"порт «{port}» недопустим; нужно число от 1 до 65535")
    if not _is_host(host):
        raise ValueError(f"«{host}» – не адрес узла")
    return Bind(host, int(port))


def is_loopback(text: str) -> bool:
    """Whether `узел:порт` can be reached from this machine only."""
    host = bind(text).host
    if host == "localhost":
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_host(host: str) -> bool:
    if _is_address(host):
        return True
    looks_like_address = re.fullmatch(r"[0-9.]+", host) is not None  # 999.1.2.3 is a mistake, not a name
    return not looks_like_address and _HOST_NAME.fullmatch(host) is not None


def _bind_text(text: str) -> str:
    bind(text)
    return text.strip()


def _host_text(text: str | None) -> str | None:
    if text is None:
        return None
    _host, separator, port = text.strip().rpartition(":")
    if separator and port.isdecimal():
        return _bind_text(text)
    if not _is_host(text.strip()):
        raise ValueError(f"«{text}» – не адрес узла")
    return text.strip()


def _required_host(text: str) -> str:
    if not _is_host(text.strip()):
        raise ValueError(f"«{text}» – не адрес узла")
    return text.strip()


def _redis_address(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        port_known = parts.port is None or parts.port > 0
    except ValueError:
        port_known = False
    if not port_known or parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError("адрес Redis должен быть вида redis://узел:6379/0, rediss://… или unix:///путь/к/сокету")
    if (parts.scheme == "unix" and not parts.path) or (parts.scheme != "unix" and not parts.hostname):
        raise ValueError("в адресе Redis нет узла или пути к сокету")
    return url


def _rtp_range(text: str) -> str:
    first, separator, last = (part.strip() for part in text.partition("-"))
    if not separator or not first.isdecimal() or not last.isdecimal():
        raise ValueError(f"«{text}» – не диапазон портов; пример: 12000-12999")
    if not 1024 <= int(first) < int(last) <= 65535:
        raise ValueError(f"диапазон «{text}» недопустим: порты от 1024 до 65535, первый меньше последнего")
    if int(last) - int(first) < 19:  # four ports for each of the two legs, and room for a second call
        raise ValueError(f"диапазон «{text}» мал: нужно не менее 20 портов (4 на каждый разговор)")
    return f"{first}-{last}"


def _user_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text):
        raise ValueError("имя – латинские буквы, цифры, «-» и «_», не более 40 знаков")
    return text


BindText = Annotated[str, AfterValidator(_bind_text)]


class ServiceSettings(RecordsSettings):
    """Everything that a process other than the pages needs."""

    redis_url: Annotated[str | None, AfterValidator(_redis_address)] = Field(default=None, repr=False)
    exchange: Literal["embedded", "external"] = "embedded"
    ami_host: Annotated[str, AfterValidator(_required_host)] = "127.0.0.1"
    ami_port: int = Field(default=5038, ge=1, le=65535)
    ami_user: Annotated[str, AfterValidator(_user_name)] = "dispatch"
    ami_secret: Annotated[str | None, AfterValidator(strong_secret)] = Field(default=None, repr=False)
    agi_bind: BindText = "127.0.0.1:4573"
    sip_bind: BindText = "127.0.0.1:5060"
    trunk_bind: BindText = "127.0.0.3:5060"
    town_bind: BindText = "127.0.0.2:5060"
    trunk: Annotated[str | None, AfterValidator(_host_text)] = None
    phone_ws_bind: BindText = "127.0.0.1:8088"
    rtp_ports: Annotated[str, AfterValidator(_rtp_range)] = "12000-12999"
    speech: Literal["auto", "rhvoice", "festival", "espeak-ng"] = "auto"
    """Which engine speaks (`workers.speech.engines`); auto: the best that can be had."""

    @model_validator(mode="after")
    def _addresses_differ(self) -> Self:
        for group in (("agi_bind", "phone_ws_bind"), ("sip_bind", "trunk_bind", "town_bind")):
            seen: dict[Bind, str] = {}
            for field in group:
                address = bind(getattr(self, field))
                if address in seen:
                    names = f"DISPATCH_{seen[address].upper()} и DISPATCH_{field.upper()}"
                    raise ValueError(f"{names}: один и тот же адрес {address.host}:{address.port}")
                seen[address] = field
        return self

    @model_validator(mode="after")
    def _external_exchange_has_a_secret(self) -> Self:
        if self.exchange == "external" and self.ami_secret is None:
            raise ValueError("DISPATCH_AMI_SECRET: для внешней АТС нужен пароль AMI")
        return self

    @model_validator(mode="after")
    def _town_stays_at_home(self) -> Self:
        """The town's families and passwords are invented and printed: nobody outside may meet them."""
        if self.mode == "demo":
            for field in ("agi_bind", "sip_bind", "trunk_bind", "town_bind", "phone_ws_bind"):
                if not is_loopback(getattr(self, field)):
                    raise ValueError(
                        f"DISPATCH_{field.upper()}: учебный режим с известными паролями работает только на 127.0.0.0/8"
                    )
        return self

    @property
    def run_dir(self) -> Path:
        """Sockets, locks and ready marks of the running processes."""
        return self.data_dir / "run"

    @property
    def exchange_run_dir(self) -> Path:
        """The embedded exchange's own run folder, with its control socket."""
        return self.data_dir / "asterisk" / "run"

    @property
    def log_dir(self) -> Path:
        """One log file for each process."""
        return self.data_dir / "log"

    def redis_address(self) -> str:
        """Redis's address, the embedded Valkey's socket if none was named."""
        return self.redis_url or f"unix://{self.run_dir / 'valkey.sock'}"

    @property
    def agi_address(self) -> Bind:
        """Where our FastAGI server listens."""
        return bind(self.agi_bind)

    @property
    def agi_peers(self) -> tuple[str, ...]:
        """Addresses that may open a FastAGI session: this machine, and the exchange where it is another one."""
        own = (self.agi_address.host, "127.0.0.1", "::1")
        return tuple(dict.fromkeys((*own, self.ami_host)))
