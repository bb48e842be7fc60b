"""What our dialplan keeps in Asterisk's own database: it outlives our programs, the exchange and a power cut.

Asked by DBGet: AMI's Getvar may not read the function DB(), which `live_dangerously = no` forbids.
"""

from typing import Final

from telephony.link import ActionRefused
from telephony.originate import Law
from telephony.snapshot import Asker

Action = list[tuple[str, str]]

FAMILY: Final = "sd"
SPOKEN_LAW: Final = "law"


def compose_read(key: str) -> Action:
    """Ask for one note. `key` is ours, never a caller's word."""
    return [("Action", "DBGet"), ("Family", FAMILY), ("Key", key)]


def read(asker: Asker, action: Action, timeout: float) -> str | None:
    """The note's text; None where there is none, which Asterisk answers as an error. Raises AmiError."""
    try:
        found = asker.collect(action, timeout)
    except ActionRefused:
        return None
    return next((one.get("Val") for one in found if one.event == "DBGetResponse"), None)


def spoken_law(asker: Asker, timeout: float = 5.0) -> Law:
    """What the provider spoke in the last call that an operator made (sd-outgoing-answered); A-law where nothing is
    known. Raises AmiError."""
    return "ulaw" if read(asker, compose_read(SPOKEN_LAW), timeout) == "ulaw" else "alaw"
