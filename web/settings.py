"""What the pages need to know: where they are reached, and where the browser phone finds the exchange."""

from __future__ import annotations

import ipaddress
from typing import Self
from urllib.parse import urlsplit

from pydantic import model_validator

from workers.settings import Bind, BindText, ServiceSettings, bind, is_loopback


class WebSettings(ServiceSettings):
    """Everything that the pages need. `public_url` is what people type when a TLS proxy stands in front."""

    http_bind: BindText = "127.0.0.1:8080"
    public_url: str | None = None
    phone_ws_url: str | None = None
    secure_cookies: bool | None = None
    trusted_proxies: str = ""

    @model_validator(mode="after")
    def _demo_stays_at_home(self) -> Self:
        if self.mode == "demo" and not is_loopback(self.http_bind):
            raise ValueError("DISPATCH_HTTP_BIND: учебный режим с известными паролями работает только на 127.0.0.1")
        return self

    @model_validator(mode="after")
    def _addresses_are_addresses(self) -> Self:
        for name, schemes in (("public_url", ("http", "https")), ("phone_ws_url", ("ws", "wss"))):
            value = getattr(self, name)
            if value is None:
                continue
            parts = urlsplit(value)
            if parts.scheme not in schemes or not parts.hostname or any(sign in value for sign in " ;,'\""):
                raise ValueError(f"DISPATCH_{name.upper()}: нужен адрес вида {schemes[-1]}://узел/")
        for address in self.trusted_proxies.replace(",", " ").split():
            try:
                ipaddress.ip_address(address)
            except ValueError:
                raise ValueError("DISPATCH_TRUSTED_PROXIES: нужны адреса через запятую") from None
        return self

    @property
    def http_address(self) -> Bind:
        """Where uvicorn listens."""
        return bind(self.http_bind)

    @property
    def https(self) -> bool:
        """Whether people reach us by https: then cookies are `__Host-` and Secure."""
        return self.secure_cookies if self.secure_cookies is not None else (self.public_url or "").startswith("https:")

    @property
    def phone_url(self) -> str:
        """The WebSocket of the exchange as a browser must call it."""
        return self.phone_ws_url or f"ws://{self.phone_ws_bind}/ws"

    @property
    def phone_origin(self) -> str:
        """The same without a path, as the Content-Security-Policy wants it."""
        parts = urlsplit(self.phone_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def hosts(self) -> frozenset[str]:
        """Values of the Host header that are ours; anything else is an attack or a mistake (reliability.md B63)."""
        host, port = self.http_address
        names = {host, "localhost", "127.0.0.1", "[::1]"} if is_loopback(self.http_bind) else {host}
        known = {f"{name}:{port}" for name in names} | (names if port in (80, 443) else set())
        if self.public_url:
            known.add(urlsplit(self.public_url).netloc.lower())
        return frozenset(known)
