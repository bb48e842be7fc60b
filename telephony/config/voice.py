"""What the callers of one service hear and may choose, as the dialplan needs it. A value; `check` looks at it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class VoicePlan:
    """One service (`queue` is its queue). A service without one works in silence: ringing tone, and a beep when closed.

    `prompts` is the folder of its spoken pieces (`callflow.greetings`), `messages` where voice messages are recorded.
    Seconds; `overflow_seconds` 0: a caller may wait as long as he likes. `music`: Asterisk's own, played after ours.
    """

    queue: str
    prompts: Path
    messages: Path
    greeting: bool = True
    """Whether an open line greets. Only then is the call answered before an operator takes it: what has not been
    answered has no voice nor keys, and costs nobody anything."""
    position: bool = True
    """Whether a waiting caller is told his place in line, again every `announce_seconds`."""
    announce_seconds: int = 45
    callback: bool = True
    voicemail: bool = True
    voicemail_seconds: int = 120
    voicemail_silence: int = 6
    overflow_seconds: int = 0
    overflow_extension: str = ""
    """Who is rung when somebody has waited too long."""
    music_parts: int = 8
    """Stretches of music between which callers are told that they may be called back."""
    round_seconds: int = 240
    """How often a waiting caller's line is asked for its hours again."""

    @property
    def turn_seconds(self) -> int:
        """How long he stays in the queue at a stretch; coming out of it he keeps his place, and learns what it is."""
        longest = self.overflow_seconds or self.round_seconds
        return min(longest, self.announce_seconds) if self.position else longest
