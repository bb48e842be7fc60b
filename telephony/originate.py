"""Composing the order to place a call, and reading what Asterisk says about it.

One order, one call: the same `channel_id` twice cannot live twice (M4), and the dialplan gate refuses a replay (M14).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from telephony.variables import ORIGINATE_CONTEXTS, OTHER_HALF, is_variable_name
from telephony.wire import Message, UnsafeValue, compose_action

VALUES_LIMIT = 900
"""All variables together, in bytes."""

Law = Literal["alaw", "ulaw"]
"""Of G.711; a Local channel has one of them."""

_EXTENSION = re.compile(r"[0-9A-Za-z_+*#-]{1,40}")
_IDENTITY = re.compile(r"[0-9A-Za-z_.:-]{1,140}")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def compose_originate(
    *,
    action_id: str,
    channel_id: str,
    exten: str,
    context: str,
    to_exten: str,
    to_context: str,
    variables: Mapping[str, str] | None = None,
    timeout_seconds: float = 30.0,
    account: str = "",
    other_channel_id: str = "",
    codec: Law | Literal[""] = "",
) -> list[tuple[str, str]]:
    """Headers of an asynchronous Originate: call `Local/<exten>@<context>`, and let the answered one run into
    `to_exten@to_context`.

    Raises UnsafeValue for a context that is not ours, a name that is not on the list, a value outside of printable
    ASCII, and more than 900 bytes of them. `codec`: of the Local channel itself, Asterisk's own if empty.
    """
    for place in (context, to_context):
        if place not in ORIGINATE_CONTEXTS:
            raise UnsafeValue("context is not one of ours")
    for number in (exten, to_exten):
        if not _EXTENSION.fullmatch(number):
            raise UnsafeValue("extension")
    other = other_channel_id or f"{channel_id}{OTHER_HALF}"
    for identity in (action_id, channel_id, other, *([account] if account else [])):
        if not _IDENTITY.fullmatch(identity):
            raise UnsafeValue("identifier")
    if not 1 <= timeout_seconds <= 300:
        raise UnsafeValue("timeout")
    headers = [
        ("Action", "Originate"),
        ("ActionID", action_id),
        ("Channel", f"Local/{exten}@{context}/n"),
        ("Context", to_context),
        ("Exten", to_exten),
        ("Priority", "1"),
        ("Timeout", str(int(timeout_seconds * 1000))),
        ("Async", "true"),
        ("ChannelId", channel_id),
        ("OtherChannelId", other),
        *([("Account", account)] if account else []),
        *([("Codecs", codec)] if codec else []),
        *_variables(variables or {}),
    ]
    compose_action(headers)
    return headers


def _variables(values: Mapping[str, str]) -> list[tuple[str, str]]:
    for name, value in values.items():
        if not is_variable_name(name):
            raise UnsafeValue("variable name is not on the list")
        if not _PRINTABLE.fullmatch(value):
            raise UnsafeValue(f"{name} is not printable ASCII")
    if sum(len(name) + len(value) + 1 for name, value in values.items()) > VALUES_LIMIT:
        raise UnsafeValue(f"variables over {VALUES_LIMIT} bytes")
    return [("Variable", f"{name}={value}") for name, value in values.items()]


class Placed(Enum):
    """What an OriginateResponse proves."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CONGESTION = "congestion"
    HUNG_UP = "hung_up"
    ASK = "ask"
    """Nothing. Reason 0 is also said about a duplicate order, with the Uniqueid of the call that lives (M5): ask
    `Status` before anything is changed."""


_REASONS = {"1": Placed.HUNG_UP, "3": Placed.NO_ANSWER, "5": Placed.BUSY, "8": Placed.CONGESTION}


@dataclass(frozen=True, slots=True)
class OriginateResult:
    """What was said about one order, found by `action_id` and never by Uniqueid."""

    action_id: str
    placed: Placed
    reason: str


def read_originate_response(message: Message) -> OriginateResult | None:
    """The result told by an OriginateResponse event; None for anything else and for one without an ActionID."""
    if message.event != "OriginateResponse":
        return None
    action_id = message.single("ActionID")
    if action_id is None or message.single("Privilege") is None:
        return None
    reason = message.get("Reason")
    if message.get("Response") == "Success":
        placed = Placed.ANSWERED if reason == "4" else Placed.ASK
    else:
        placed = _REASONS.get(reason, Placed.ASK)
    return OriginateResult(action_id, placed, reason)
