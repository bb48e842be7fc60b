"""Actions by which the head of a service hears an operator's live talk (`asterisk-config/sd-monitor.conf.j2`). Pure."""

import re
from collections.abc import Sequence

from telephony.originate import compose_originate
from telephony.snapshot import ChannelNow
from telephony.variables import SD_MONITOR, SD_OPERATOR, SD_ORDER, SD_SPY
from telephony.wire import UnsafeValue

Action = list[tuple[str, str]]

MODES = frozenset({"listen", "whisper", "join"})
RING_SECONDS = 25.0
_UNIQUEID = re.compile(r"[0-9A-Za-z._-]{1,140}")
_CHANNEL = re.compile(r"[0-9A-Za-z/@_.;-]{1,160}")


def operators_channel(channels: Sequence[ChannelNow], linkedid: str, extension: str) -> ChannelNow | None:
    """The channel of the phone on which this extension talks in this call; None where none of hers is in a bridge."""
    name = re.compile(rf"PJSIP/{re.escape(extension)}(-web)?-[0-9a-f]{{8,}}")
    found = [
        one
        for one in channels
        if one.linkedid == linkedid and one.state == "Up" and one.bridge and name.fullmatch(one.channel)
    ]
    return found[0] if found else None


def heads_leg(channels: Sequence[ChannelNow], channel_id: str) -> ChannelNow | None:
    """The leg that listens: the half of our Local channel that runs in sd-monitor."""
    return next((one for one in channels if one.uniqueid == channel_id), None)


def compose_listening(*, order: int, mode: str, channel_id: str, extension: str, spied: str) -> Action:
    """Ring the head's own phones, and let her hear the channel with the Uniqueid `spied`. Raises UnsafeValue."""
    if mode not in MODES or not _UNIQUEID.fullmatch(spied):
        raise UnsafeValue("listening")
    return compose_originate(
        action_id=channel_id,
        channel_id=channel_id,
        exten=extension,
        context=SD_OPERATOR,
        to_exten=mode,
        to_context=SD_MONITOR,
        variables={SD_SPY: spied, SD_ORDER: str(order)},
        timeout_seconds=RING_SECONDS,
    )


def compose_change(*, order: int, mode: str, channel: str, spied: str) -> list[Action]:
    """The same leg, another mode: three actions, in this order. Raises UnsafeValue."""
    if mode not in MODES or not _UNIQUEID.fullmatch(spied) or not _CHANNEL.fullmatch(channel):
        raise UnsafeValue("listening")
    return [
        [("Action", "Setvar"), ("Channel", channel), ("Variable", SD_ORDER), ("Value", str(order))],
        [("Action", "Setvar"), ("Channel", channel), ("Variable", SD_SPY), ("Value", spied)],
        [("Action", "Redirect"), ("Channel", channel), ("Context", SD_MONITOR), ("Exten", mode), ("Priority", "1")],
    ]


def compose_end(channel: str) -> Action:
    """Hang the head's leg up; the talk goes on. Raises UnsafeValue."""
    if not _CHANNEL.fullmatch(channel):
        raise UnsafeValue("channel")
    return [("Action", "Hangup"), ("Channel", channel), ("Cause", "16")]
