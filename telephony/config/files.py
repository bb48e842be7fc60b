"""Rendered files on the disk, and what Asterisk has to be told about the changed ones."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_MODE: Final = 0o640
_SECRET_MODE: Final = 0o600
_WITH_SECRETS: Final = frozenset(
    {"manager.conf", "pjsip.conf", "pjsip_browser_auth.conf", "sd-inbound.conf", "sd-dial.conf"}
)

_DIALPLAN: Final = frozenset(
    {
        "extensions.conf",
        "sd-dial.conf",
        "sd-hours.conf",
        "sd-inbound.conf",
        "sd-operators.conf",
        "sd-outgoing.conf",
        "sd-record.conf",
        "sd-monitor.conf",
        "sd-speech.conf",
        "sd-voice.conf",
        "sd-town.conf",
        "sd-transfer.conf",
    }
)

_RELOADS: Final = (
    # Phones before queues and dialplan: a member's state is asked of its phone as soon as it is there.
    ("module reload res_pjsip.so", frozenset({"pjsip.conf", "pjsip_browser_auth.conf"})),
    ("dialplan reload", _DIALPLAN),
    ("moh reload", frozenset({"musiconhold.conf"})),
    ("module reload app_queue.so", frozenset({"queues.conf", "queuerules.conf"})),
    ("manager reload", frozenset({"manager.conf"})),
    ("module reload http", frozenset({"http.conf"})),
    ("module reload cdr", frozenset({"cdr.conf"})),
    ("module reload cdr_csv.so", frozenset({"cdr.conf"})),
    ("module reload cel", frozenset({"cel.conf"})),
    ("module reload features", frozenset({"features.conf"})),
    ("module reload indications", frozenset({"indications.conf"})),
    ("logger reload", frozenset({"logger.conf"})),
)


def write(files: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Writes what differs, each file at once or not at all, readable by nobody else. Returns the names it changed.

    A file that we rendered before and no longer do stays: nothing includes it any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(name for name, text in sorted(files.items()) if _write(folder / name, text))


def reload_commands(changed: Iterable[str]) -> tuple[str, ...]:
    """Console commands, in order, that bring the changed files into effect without dropping a call."""
    names = set(changed)
    return tuple(command for command, files in _RELOADS if names & files)


def needs_restart(changed: Iterable[str]) -> frozenset[str]:
    """Changed files that only a restart brings into effect: folders, modules, RTP ports and the like."""
    return frozenset(changed) - frozenset().union(*(files for _, files in _RELOADS))


def _write(path: Path, text: str) -> bool:
    content = text.encode()
    mode = _SECRET_MODE if path.name in _WITH_SECRETS else _MODE
    if path.is_file() and path.read_bytes() == content:
        path.chmod(mode)
        return False
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True
