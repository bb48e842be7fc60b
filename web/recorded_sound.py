"""The sound of a recording or a voice message as an answer: checked against its hash, whole or in part, never kept by
the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from fastapi.responses import Response, StreamingResponse

from crm.recordings import files
from crm.recordings.tables import Recording
from web.ranges import NoSuchRange, one_range

CHUNK = 64 * 1024
KNOWN = 200


class Tampered(Exception):
    """The file is not what was stored."""


class Checked:
    """Files whose hash agreed, by what the disk says of them: a change of the file is a change of that too.

    A player asks for many parts of one file, and each would cost reading the whole.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[int, ...]] = {}
        self._lock = Lock()

    def path_of(self, folder: Path, row: Recording) -> Path:
        """The file of this recording, as it was stored. Raises Tampered where it is another one, or none."""
        return self.same(files.stored(folder, row.file_name), row.sha256)

    def same(self, path: Path | None, sha256: str) -> Path:
        """The file, where its bytes still have this hash (hex). Raises Tampered where they have not, or it is none."""
        if path is None or not path.is_file() or path.is_symlink():
            raise Tampered
        facts = path.stat()
        mark = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        key = (str(path), sha256)
        with self._lock:
            if self._known.get(key) == mark:
                return path
        if files.digest(path) != sha256:
            raise Tampered
        with self._lock:
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[key] = mark
        return path


def answer(path: Path, header: str) -> Response:
    """The whole file, or the one range that was asked for; 416 for anything else (reliability.md B64)."""
    size = path.stat().st_size
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": "inline"}
    try:
        wanted = one_range(header, size)
    except NoSuchRange:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    first, last = wanted or (0, size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    status = 200 if wanted is None else 206
    return StreamingResponse(_part(path, first, last), status, headers, media_type="audio/wav")


def _part(path: Path, first: int, last: int) -> Iterator[bytes]:
    left = last - first + 1
    with path.open("rb") as file:
        file.seek(first)
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
