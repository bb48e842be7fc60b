"""Which queues' talks are recorded, and where the files begin their life (`sd-record.conf`)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class RecordingPlan:
    """`folder` (absolute) takes `<linkedid>.wav` of every recorded talk; `queues` are those of the services whose
    director has turned recording on."""

    folder: Path
    queues: tuple[str, ...] = ()
