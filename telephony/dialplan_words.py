"""`UserEvent(SDWord,Subject: transfer,Order: 12,State: ringing,Detail: …)` of our dialplan, read. Pure; never raises.

A caller cannot forge one: see `telephony.translate` for what an event must carry to be believed.
"""

import re
from datetime import UTC, datetime

from callflow.dialplan_word import DialplanWord, Subject
from telephony.translate import is_whole, stamp
from telephony.variables import WORD_EVENT
from telephony.wire import Message

_SUBJECTS = frozenset(Subject)
_WORD = re.compile(r"[a-z_]{1,32}")
_ORDER = re.compile(r"[0-9A-Za-z-]{0,64}")
_DETAIL = re.compile(r"[0-9A-Za-z_.+:-]{0,120}")
_OUR_CONTEXT = re.compile(r"sd-[a-z-]{1,40}")


def dialplan_word(message: Message, at: datetime | None = None) -> DialplanWord | None:
    """The word an event carries, or None. `at` (aware) is its moment where the event names none itself."""
    if message.event != "UserEvent" or message.get("UserEvent") != WORD_EVENT or not is_whole(message):
        return None
    said = {name: message.single(name) or "" for name in ("Subject", "Order", "State", "Detail", "Context")}
    moment = stamp(message) or at
    believable = (
        said["Subject"] in _SUBJECTS
        and _OUR_CONTEXT.fullmatch(said["Context"])
        and _ORDER.fullmatch(said["Order"])
        and _WORD.fullmatch(said["State"])
        and _DETAIL.fullmatch(said["Detail"])
    )
    if not believable or moment is None or moment.utcoffset() is None:
        return None
    return DialplanWord(
        subject=Subject(said["Subject"]),
        call=message.single("Linkedid") or "",
        at=moment.astimezone(UTC),
        order=said["Order"],
        state=said["State"],
        detail=said["Detail"],
        uniqueid=message.single("Uniqueid") or "",
    )
