"""Secrets that our own parts share with the exchange: derived from the installation's one secret, never stored."""

from __future__ import annotations

from crm import keys


def ami_secret(secret_key: str) -> str:
    """The manager user's secret when none was configured."""
    return keys.derive(secret_key, "ami").hex()[:40]


def agi_token(secret_key: str) -> str:
    """What a FastAGI request must carry so that it is believed to come from our dialplan."""
    return keys.derive(secret_key, "agi").hex()[:40]
