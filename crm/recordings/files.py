"""The files of recordings: where they lie, how long they sound, whether they are what was stored.

`<folder>/incoming/<linkedid>.wav` while Asterisk writes, `<folder>/<yyyy>/<mm>/<random>.wav` afterwards. A name that
does not look like one of ours opens no file (reliability.md B68).
"""

import hashlib
import os
import re
import secrets
import struct
from datetime import UTC, datetime
from pathlib import Path

HEADER = 44
"""Bytes of the header that Asterisk's format_wav writes: 8000 samples a second, 16 bits, one channel."""
BYTES_PER_SECOND = 16_000
SHORTEST = 0.1
"""Seconds; less is nobody's talk but the header and a crackle."""
_STORED = re.compile(r"[0-9]{4}/(0[1-9]|1[0-2])/[0-9a-f]{32}\.wav")
_INCOMING = re.compile(r"[0-9A-Za-z._-]{1,150}\.wav")


def folder_of(data_dir: Path) -> Path:
    """Where all recordings of this installation lie."""
    return data_dir / "recordings"


def incoming_folder(folder: Path) -> Path:
    """Where Asterisk writes; made (0700) where it is missing."""
    place = folder / "incoming"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def incoming(folder: Path, linkedid: str) -> Path | None:
    """The file that Asterisk writes for this call; None for a name that it would not write.

    The dialplan keeps only harmless characters of the call's name, so the same is done here.
    """
    name = re.sub(r"[^0-9A-Za-z._-]", "", linkedid) + ".wav"
    return folder / "incoming" / name if _INCOMING.fullmatch(name) and not name.startswith(".") else None


def new_name(at: datetime) -> str:
    """A name that says nothing about the talk but its month."""
    return f"{at.astimezone(UTC):%Y/%m}/{secrets.token_hex(16)}.wav"


def stored(folder: Path, name: str) -> Path | None:
    """The stored file of this name; None for a name that we do not give."""
    return folder / name if _STORED.fullmatch(name) else None


def incoming_names(folder: Path) -> list[str]:
    """What lies in the incoming folder, calls' names without the ending."""
    return sorted(path.stem for path in incoming_folder(folder).iterdir() if _INCOMING.fullmatch(path.name))


def stored_names(folder: Path) -> list[str]:
    """Every stored file, as rows name it."""
    names = (path.relative_to(folder).as_posix() for path in folder.glob("[0-9]*/[0-9]*/*.wav"))
    return sorted(name for name in names if _STORED.fullmatch(name))


def seconds_of(path: Path) -> float:
    """How long the file sounds; by its size, for the header of a killed Asterisk says nothing."""
    return max(0, path.stat().st_size - HEADER) / BYTES_PER_SECOND


def take_in(source: Path, target: Path) -> None:
    """Move a finished file to its place, at once or not at all, with a header that tells its true length."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _mend_header(source)
    source.chmod(0o600)
    source.replace(target)
    _sync(target.parent)
    _sync(source.parent)


def remove(*paths: Path | None) -> None:
    """Delete these files; one that is not there is fine."""
    for path in paths:
        if path is not None and path.exists():
            path.unlink()
            _sync(path.parent)


def digest(path: Path) -> str:
    """SHA-256 of the file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mend_header(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        head = file.read(HEADER)
        if len(head) < HEADER or head[:4] != b"RIFF" or head[36:40] != b"data":
            return
        whole, data = struct.pack("<I", size - 8), struct.pack("<I", size - HEADER)
        if head[4:8] != whole or head[40:44] != data:
            file.seek(4)
            file.write(whole)
            file.seek(40)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
