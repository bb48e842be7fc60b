"""Where the dialplan finds what it plays to an employee, and where she records a phrase (`sd-speech.conf`)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class SpeechPlan:
    """Folders, absolute. `folder` is the one that the orders' files are named from, `prompts` holds what she is told to
    do, `spool` takes `<order>.wav` while she records."""

    folder: Path
    prompts: Path
    spool: Path
    longest_seconds: int = 180
