"""A telephone that begins its sound anew in mid-talk (hold and back, another device, a provider's other gateway) begins
to count its packets anew, mostly lower than before. What Asterisk decodes for a recording goes by these numbers and
takes the lower ones for late ones (sd-record, again): the talk would go on and the voice be missing in the file. So the
sender's mark of every recorded leg (SSRC) is asked every second, and where it is another one, the recording goes on
anew in the same file: up to a second of that voice is lost, and with our programs dead the rest of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from telephony.recording_actions import compose_again, compose_stream_of
from telephony.snapshot import ChannelNow

if TYPE_CHECKING:
    from workers.orders import Counter

_NOTHING_YET = "0"


class Streams:
    """What each leg of the recorded talks was sending when last asked."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def look(self, counter: Counter, talks: Sequence[tuple[ChannelNow, Sequence[ChannelNow]]]) -> Sequence[str]:
        """`talks`: of each recorded talk the channel that is recorded, and the telephones. The channels whose recording
        was told to go on anew. Raises AmiError."""
        asked = [(recorded, phone) for recorded, phones in talks for phone in phones]
        told = counter.exchange.send_all([compose_stream_of(phone.channel) for _, phone in asked]) if asked else []
        before, self._known = self._known, {}
        anew = set()
        for (recorded, phone), answer in zip(asked, told, strict=True):
            known = before.get(phone.uniqueid, _NOTHING_YET)
            stream = self._known[phone.uniqueid] = answer.get("Value") or known
            if known not in (_NOTHING_YET, stream):
                anew.add(recorded.channel)
        for channel in sorted(anew):
            counter.exchange.send(compose_again(channel))
        return sorted(anew)
