"""What the telephones behind an extension do: heard of by an event, asked for by an action. Pure but for `ask`.

`DeviceStateChange` is only a hint that something changed: two telephones may stand behind one extension, and a caller
can write whole events into our stream (M7). What is kept is the exchange's own answer about the extension's hint.
"""

import re

from telephony.link import AmiError
from telephony.snapshot import Asker
from telephony.wire import Message

HINTS = "sd-hints"
_OWN_HEADERS = {"event", "privilege", "timestamp", "systemname", "device", "state"}
_DEVICE = re.compile(r"PJSIP/([0-9]{2,8})(?:-web)?")
_IDLE, _IN_USE, _BUSY, _UNAVAILABLE, _RINGING, _ON_HOLD = 0, 1, 2, 4, 8, 16
"""AST_EXTENSION_… of Asterisk's pbx.h: a sum of bits but for «idle»."""


def changed_extension(message: Message) -> str | None:
    """The extension whose telephone has changed, by a `DeviceStateChange` that is whole and nothing but that.

    An event with other headers, or with one of them twice, is not the exchange's: it is passed over.
    """
    if message.event != "DeviceStateChange":
        return None
    names = [name.lower() for name, _ in message.items()]
    if len(names) != len(set(names)) or not {"event", "privilege", "device", "state"} <= set(names) <= _OWN_HEADERS:
        return None
    device = _DEVICE.fullmatch(message.single("Device") or "")
    return device[1] if device else None


def state_of(status: str) -> str | None:
    """«idle», «ringing», «busy» or «off» by the answer to ExtensionState; None: there is no such hint."""
    if not re.fullmatch(r"[0-9]{1,3}", status):
        return None
    bits = int(status)
    if bits & (_IN_USE | _BUSY | _ON_HOLD):
        return "busy"
    if bits & _RINGING:
        return "ringing"
    return "off" if bits & _UNAVAILABLE else "idle"


def ask(exchange: Asker, extension: str) -> str | None:
    """The state of one extension's telephones, all together; None: unknown there, or the exchange did not answer."""
    try:
        answer = exchange.send({"Action": "ExtensionState", "Exten": extension, "Context": HINTS})
    except AmiError:
        return None
    return state_of(answer.get("Status"))
