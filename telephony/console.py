"""The console of the private exchange: a fixed set of commands, each with a time limit."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from enum import Enum


class ConsoleCommand(Enum):
    """All that is ever said to the console beside reloads; nothing is built from data."""

    COUNT_CHANNELS = "core show channels count"
    SHOW_VERSION = "core show version"
    WAIT_BOOTED = "core waitfullybooted"
    STOP_NOW = "core stop now"
    ABORT_SHUTDOWN = "core abort shutdown"


_RELOAD = re.compile(r"(?:module reload [a-z_]+(?:\.so)?|(?:dialplan|logger|manager|moh) reload)")


class ConsoleError(Exception):
    """The console did not answer, or the exchange is not running. The text is safe to show."""


class Console:
    """Runs `<command> -rx "<console command>"`, where `command` runs this very Asterisk with its own configuration."""

    def __init__(self, command: Sequence[str], timeout: float = 5.0, env: Mapping[str, str] | None = None) -> None:
        """`env` is added to our own environment."""
        self._command = list(command)
        self._timeout = timeout
        self._env = {**os.environ, **(env or {})}

    def run(self, command: ConsoleCommand | str, timeout: float | None = None) -> str:
        """What the console printed. A command in words has to be one of the list, or the reload of a module.

        Raises ConsoleError, and ValueError for words that are neither.
        """
        words = command if isinstance(command, str) else command.value
        if not _RELOAD.fullmatch(words):
            words = ConsoleCommand(words).value
        limit = timeout or self._timeout
        try:
            done = subprocess.run(
                [*self._command, "-rx", words],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=limit,
                check=False,
                env=self._env,
            )
        except subprocess.TimeoutExpired:
            raise ConsoleError(f"the exchange's console did not answer in {limit} s") from None
        except OSError as error:
            raise ConsoleError(f"the exchange's console cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            raise ConsoleError("the exchange is not running")
        return done.stdout.decode("utf-8", "replace")

    def active_calls(self) -> int:
        """Calls in progress. Raises ConsoleError."""
        for line in self.run(ConsoleCommand.COUNT_CHANNELS).splitlines():
            count, _, rest = line.strip().partition(" ")
            if rest.startswith("active call") and count.isdigit():
                return int(count)
        raise ConsoleError("the exchange did not tell how many calls there are")
