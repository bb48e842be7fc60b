"""Orders of the outbound engine in the exchange's words: one call, the red button, an end (reliability.md §3).

The red button is one key of Asterisk's own database, which the gate reads (`asterisk-config/sd-dial.conf.j2`), and
which outlives our programs and the exchange. AMI's DBPut would take the right to everything; so our own dialplan sets
it, and is called for that (`sd-switch`).
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from telephony.exchange_notes import FAMILY, compose_read
from telephony.originate import compose_originate
from telephony.variables import (
    SD_ATT,
    SD_DIAL,
    SD_DID,
    SD_KIND,
    SD_NOT_AFTER,
    SD_NUM,
    SD_RING,
    SD_ROBOT,
    SD_SWITCH,
)
from telephony.wire import UnsafeValue

Action = list[tuple[str, str]]

ATTEMPT: Final = re.compile(r"att-[0-9a-f]{32}")
_NUMBER = re.compile(r"\+7[3489][0-9]{9}")
_SHOWN = re.compile(r"\+?[0-9]{3,15}")
_KIND = re.compile(r"[a-z_]{1,20}")
_NONCE = re.compile(r"[0-9a-z]{1,32}")
STOP_KEY: Final = "stop"
_SLACK_SECONDS = 15
"""Of the order's own limit over the ring: the gate, which may wait for its lock, and a slow network."""


@dataclass(frozen=True)
class DialOrder:
    """One attempt as it goes to the exchange: `number` in E.164, `shown_number` one of our lines, `not_after` aware."""

    attempt_id: str
    number: str
    not_after: datetime
    shown_number: str
    ring_seconds: int
    kind: str = "reminder"

    def __repr__(self) -> str:
        return f"<DialOrder {self.attempt_id}>"


def order_headers(order: DialOrder, nonce: str = "") -> Action:
    """The one action that places the call. ChannelId and account are the attempt, so that a doubled order finds its own
    call (M4) and the CDR names it; ActionID is new every time, by chance where no `nonce` is given.

    Raises UnsafeValue for whatever is not exactly an attempt, a Russian number, a line of ours.
    """
    nonce = nonce or secrets.token_hex(4)
    good = (
        ATTEMPT.fullmatch(order.attempt_id)
        and _NUMBER.fullmatch(order.number)
        and _SHOWN.fullmatch(order.shown_number)
        and _KIND.fullmatch(order.kind)
        and _NONCE.fullmatch(nonce)
        and 1 <= order.ring_seconds <= 60
        and order.not_after.utcoffset() is not None
    )
    if not good:
        raise UnsafeValue("order")
    # Inherited by the telephone's own channel, which says the word «answered».
    variables = {
        f"__{SD_ATT}": order.attempt_id,
        SD_NUM: order.number,
        SD_NOT_AFTER: str(int(order.not_after.timestamp())),
        SD_KIND: order.kind,
        SD_DID: order.shown_number,
        SD_RING: str(order.ring_seconds),
    }
    return compose_originate(
        action_id=f"{order.attempt_id}-{nonce}",
        channel_id=order.attempt_id,
        other_channel_id=f"{order.attempt_id}-b",
        exten="go",
        context=SD_DIAL,
        to_exten="talk",
        to_context=SD_ROBOT,
        variables=variables,
        timeout_seconds=order.ring_seconds + _SLACK_SECONDS,
        account=order.attempt_id,
    )


def compose_switch(*, stopped: bool) -> Action:
    """Press the red button at the exchange, or let it go. Whether it is done tells `compose_switch_asked`."""
    identity = f"switch-{secrets.token_hex(8)}"
    place = "stop" if stopped else "resume"
    return compose_originate(
        action_id=identity,
        channel_id=identity,
        exten=place,
        context=SD_SWITCH,
        to_exten=place,
        to_context=SD_SWITCH,
        timeout_seconds=5,
    )


def compose_forget(attempt_id: str) -> Action:
    """Delete the gate's note about an attempt of long ago. Raises UnsafeValue."""
    function = f"DB_DELETE({FAMILY}/{_attempt(attempt_id)})"
    return [("Action", "Setvar"), ("Variable", function), ("Value", "")]


def compose_notes() -> Action:
    """Ask for all of the gate's notes (a list action; Asterisk 20.1 and later)."""
    return [("Action", "DBGetTree"), ("Family", FAMILY)]


def compose_key(attempt_id: str) -> Action:
    """Ask for the gate's note about an attempt. Raises UnsafeValue."""
    return compose_read(_attempt(attempt_id))


def compose_switch_asked() -> Action:
    """Ask whether the red button is pressed at the exchange."""
    return compose_read(STOP_KEY)


def compose_hangup(attempt_id: str) -> Action:
    """End the call of an attempt, whatever its channel is called now. Raises UnsafeValue."""
    return [("Action", "Hangup"), ("Channel", _attempt(attempt_id)), ("Cause", "16")]


def _attempt(attempt_id: str) -> str:
    if not ATTEMPT.fullmatch(attempt_id):
        raise UnsafeValue("attempt")
    return attempt_id
