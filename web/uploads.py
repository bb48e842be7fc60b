"""Files that people bring: received by few named routes, bounded, kept under a random name that nobody chose.

A route asks `upload: Upload = one_file(max_mb=20)` after its `visitor: Visitor = allow(…)`: the form's fields come
first on the wire, so the rule has checked the session, the token and the role before a byte of the file is kept. What
the file really is, its reader finds out from its bytes; its name is only shown (reliability.md S28).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from callflow.text import clean_line
from web.desk import desk_of
from web.forms import BadForm
from web.multipart import Broken, Incoming

PARTIAL = ".part"
LEFT_SECONDS = 3600  # a file that nobody took for an hour belongs to a request that died
BLOCK = 1 << 20

_NO_FILE = "Выберите файл."
_EMPTY = "Файл пуст. Проверьте, тот ли файл выбран."
_TOO_BIG = "Оставьте в нём один лист с семьями, без картинок, и повторите."
_NO_ROOM = "Файл не сохранён: на сервере нет места. Сообщите администратору."


@dataclass
class Upload:
    """A received file, or a sentence why there is none (`problem`). The taker moves `path` away or calls `discard`.

    `name` is what the sender called it, cleaned, for showing only; `sha256` in hex, of the bytes as they came.
    """

    path: Path | None = None
    name: str = ""
    size: int = 0
    sha256: str = ""
    problem: str = ""

    def discard(self) -> None:
        """Remove the file; nothing happens if there is none."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
            self.path = None


class Receiver:
    """The dependency behind `one_file`."""

    def __init__(self, max_bytes: int, folder: str, too_big: str) -> None:
        self.max_bytes = max_bytes
        self.too_big = too_big
        self.folder = folder

    async def __call__(self, request: Request) -> Upload:
        """Receive the file. Raises BadForm for what no browser sends and for a sender who went away."""
        if getattr(request.state, "visitor", None) is None:
            raise RuntimeError("one_file() must stand after allow(…): nobody has checked the sender yet")
        incoming: Incoming | None = getattr(request.state, "incoming", None)
        if incoming is None or not incoming.file_name:
            return Upload(problem=_NO_FILE)
        folder = desk_of(request).settings.data_dir / self.folder
        receiving = _Receiving(Upload(name=shown_name(incoming.file_name)), folder)
        try:
            await run_sync(receiving.open)
            async for piece in incoming.file_pieces():
                receiving.waiting += piece
                if len(receiving.waiting) >= BLOCK:
                    await run_sync(receiving.write, self.max_bytes)
            await run_sync(receiving.write, self.max_bytes)
        except (Broken, ClientDisconnect) as error:
            raise BadForm from error
        except OSError:
            receiving.upload.problem = _NO_ROOM
        else:
            receiving.judge(self.max_bytes, self.too_big)
        finally:
            receiving.close()
        return receiving.upload


class _Receiving:
    """A file being written. Too much is read to its end and thrown away: a browser that is cut off shows no sentence
    (the outermost bound is `web.guard.MAX_UPLOAD`)."""

    def __init__(self, upload: Upload, folder: Path) -> None:
        self.upload = upload
        self.folder = folder
        self.waiting = bytearray()
        self.digest = hashlib.sha256()
        self.file: Any = None
        self.whole = False

    def open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_left(self.folder)
        path = self.folder / f"{secrets.token_hex(16)}{PARTIAL}"
        self.file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
        self.upload.path = path

    def write(self, max_bytes: int) -> None:
        self.upload.size += len(self.waiting)
        if self.upload.size <= max_bytes:
            self.digest.update(self.waiting)
            self.file.write(self.waiting)
        self.waiting.clear()

    def judge(self, max_bytes: int, too_big: str) -> None:
        if self.upload.size == 0:
            self.upload.problem = _EMPTY
        elif self.upload.size > max_bytes:
            self.upload.problem = f"Файл больше {max_bytes >> 20} МБ. {too_big}"
        else:
            self.whole = True

    def close(self) -> None:
        if self.file is not None:
            try:
                self.file.close()
            except OSError:
                self.whole, self.upload.problem = False, _NO_ROOM
        if self.whole:
            self.upload.sha256 = self.digest.hexdigest()
        else:
            self.upload.discard()


def one_file(*, max_mb: int = 20, folder: str = "imports", too_big: str = _TOO_BIG) -> Any:
    """The file of a form, kept as DATA_DIR/`folder`/<random>.part, mode 0600. The route's path must be named in
    `web.guard.UPLOAD_PATHS`; fields of the form stand before the file input. `too_big`: what to do with a large one."""
    return Depends(Receiver(max_mb << 20, folder, too_big))


def shown_name(sent: str) -> str:
    """What to call a file on the page: the last part of whatever path was sent, one clean line, no longer than 120."""
    name = clean_line(PureWindowsPath(clean_line(sent, 1000)).name, 120)
    return name if name.strip(". ") else "без названия"


def _remove_left(folder: Path) -> None:
    for path in folder.glob(f"*{PARTIAL}"):
        try:
            if time.time() - path.stat().st_mtime > LEFT_SECONDS:
                path.unlink()
        except FileNotFoundError:
            continue  # another request was quicker
