"""What our own dialplan says about a call beside the exchange's events: a transfer rings, a caller left a message.

Made by ``telephony.dialplan_words`` from ``UserEvent(SDWord, …)``; carried to the records by ``workers.followers``.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Subject(StrEnum):
    """Whose business a word is; each has one follower."""

    LINE = "line"
    TRANSFER = "transfer"
    OUTGOING = "outgoing"
    RECORDING = "recording"
    MONITOR = "monitor"
    PHRASE = "phrase"
    DIAL = "dial"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialplanWord:
    """One word at the moment ``at`` (aware, UTC) about the call ``call`` (Asterisk's Linkedid).

    ``order`` is the id of the row that asked for it ("" when nobody asked: a caller's key), ``state`` the word itself,
    ``detail`` a short ASCII addition (a file's name, seconds, a cause), ``uniqueid`` the channel that said it.
    """

    subject: Subject
    call: str
    at: datetime
    order: str
    state: str
    detail: str = ""
    uniqueid: str = ""
