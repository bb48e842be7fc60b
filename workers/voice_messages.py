"""Voice messages: from the exchange's spool into DATA_DIR/voice, whole or not at all, and away when their term is over.

The file lies in its place before its row says so, and the spool's copy goes last: killed at any step, the next round
does the rest, and does nothing twice.
"""

from __future__ import annotations

import logging
import re
import wave
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from callflow.speech.sound import BadSound, telephone_sound
from crm.db import Database
from crm.lines import voice
from crm.lines.tables import VoiceMessage
from workers.speech.cache import store

CUT_OFF_AFTER = timedelta(minutes=10)
"""A file whose header has no length so long after its last byte was being written when the power failed."""
SHORTEST_SECONDS = 1.0
NAME = re.compile(r"[0-9A-Za-z_-]{1,40}-?[0-9]{9,11}\.[0-9]{1,10}|[0-9]{9,11}\.[0-9]{1,10}")
ACTOR = {"name": "worker"}
log = logging.getLogger(__name__)


def folder_of(data_dir: Path) -> Path:
    """Where the messages are kept."""
    return data_dir / "voice"


def spool_of(data_dir: Path) -> Path:
    """Where the exchange records them."""
    return data_dir / "asterisk/spool/voice"


def take_in(database: Database, spool: Path, folder: Path, now: datetime) -> int:
    """Keep every whole message of the spool; return how many were new. What is still being written is left alone."""
    taken = 0
    for path in sorted(spool.glob("*.wav")):
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        content = whole(path.read_bytes(), cut_off=now - written_at > CUT_OFF_AFTER)
        if content is None or not NAME.fullmatch(path.stem):
            continue
        seconds = _seconds(content)
        if seconds < SHORTEST_SECONDS:
            path.unlink(missing_ok=True)  # he hung up before he said anything
            continue
        digest = sha256(content).hexdigest()
        name = f"{digest[:40]}.wav"
        store(content, folder / name)
        with database.transaction() as session:
            values = {"file": name, "seconds": round(seconds), "sha256": digest, "left_at": written_at}
            taken += voice.store(session, path.stem, **values) is not None  # type: ignore[arg-type]
        path.unlink(missing_ok=True)
    return taken


def whole(content: bytes, *, cut_off: bool = False) -> bytes | None:
    """The message if its header agrees with its length: Asterisk writes the length when it closes the file.

    With `cut_off` nobody will close it any more: what there is of it is made a whole file. None: not yet.
    """
    try:
        with wave.open(BytesIO(content)) as sound:
            if sound.getnframes() and len(content) >= 44 + sound.getnframes() * 2:
                return content
    except (wave.Error, EOFError):
        pass
    if not cut_off:
        return None
    try:
        return telephone_sound(content)
    except BadSound:
        return content if len(content) > 44 else b""


def find_calls(database: Database) -> None:
    """Tie messages to the calls that the listener has heard of since: after an outage of both, it comes later."""
    with database.reading() as session:
        found = voice.has_found_strays(session)
    if found:
        with database.transaction() as session:
            voice.connect_strays(session)


def keep_order(database: Database, folder: Path, now: datetime) -> None:
    """Remove the sound whose term is over."""
    with database.reading() as session:
        over = [(one.id, one.file) for one in voice.expired(session, now)]
    for message_id, file in over:
        (folder / file).unlink(missing_ok=True)
        with database.transaction() as session:
            message = session.get(VoiceMessage, message_id)
            if message is not None and message.removed_at is None:
                voice.note_removed(session, message, now, ACTOR)


def _seconds(content: bytes) -> float:
    try:
        with wave.open(BytesIO(content)) as sound:
            return float(sound.getnframes() / sound.getframerate())
    except (wave.Error, EOFError):
        return 0.0
