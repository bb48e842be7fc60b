"""One script's talk with one channel: pyst2's AGI verbs over a wire that has ends.

Every verb ends in one of these ways: its result; `CallerHungUp` (the normal end of most calls: the HANGUP line, EOF,
511); `AgiTimeout`; `AgiProtocolError`; `CommandRefused` (510, 520); `CommandFailed` (-1 on a living channel).
A time that ran out waiting for keys is a result and not an exception. Nothing is printed, no signal is touched.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from asterisk.agi import AGI, AGIAppError, AGIError, AGIHangup

from telephony.agi_lines import AgiLines
from telephony.agi_wire import AgiSyntax, Environment, Quoted, Reply, compose_command, is_open, parse_reply, quote
from telephony.variables import AGI_APPLICATIONS, READABLE_VARIABLES, SETTABLE_FUNCTIONS, is_variable_name
from telephony.wire import UnsafeValue

QUICK_SECONDS = 5.0
MEDIA_SECONDS = 180.0
_USAGE_LINES = 200
_QUICK = frozenset(
    {
        "ANSWER",
        "CHANNEL STATUS",
        "DATABASE DEL",
        "DATABASE DELTREE",
        "DATABASE GET",
        "DATABASE PUT",
        "GET FULL VARIABLE",
        "GET VARIABLE",
        "HANGUP",
        "NOOP",
        "SET AUTOHANGUP",
        "SET CALLERID",
        "SET CONTEXT",
        "SET EXTENSION",
        "SET PRIORITY",
        "SET VARIABLE",
        "VERBOSE",
    }
)


class CallerHungUp(AGIHangup):
    """The channel is gone; nothing more can be said to it."""


class AgiProtocolError(AGIError):
    """The other side does not speak AGI, or its answers can no longer be told apart."""


class AgiTimeout(AGIError):
    """Asterisk did not answer a command in time."""


class CommandRefused(AGIError):
    """Asterisk knows no such command (510) or no such usage of it (520)."""


class CommandFailed(AGIAppError):
    """The command failed on a living channel: mostly a sound file that does not exist."""


class SoundMissing(CommandFailed):
    """The sound file cannot be played or does not exist."""


class Digits(NamedTuple):
    """Keys pressed, and whether the time ran out before the last one was."""

    digits: str
    timed_out: bool


class Played(NamedTuple):
    """How far a sound was played: the key that cut it short or nothing, where it stood (samples from the file's
    beginning), and whether the caller put the telephone down meanwhile."""

    key: str
    samples: int
    hung_up: bool


class Recorded(NamedTuple):
    """How a recording ended: `dtmf` (with the key), `timeout`, `silence`…; its length in samples."""

    ending: str
    digit: str
    endpos: int


class AgiSession(AGI):
    """A channel that does what it is told. `env` holds the `agi_…` values, `parameters` the query of the script's
    address: only the dialplan writes that one."""

    def __init__(
        self,
        lines: AgiLines,
        environment: Environment,
        parameters: Mapping[str, str] | None = None,
        *,
        quick_seconds: float = QUICK_SECONDS,
        media_seconds: float = MEDIA_SECONDS,
    ) -> None:
        # pyst2's own constructor installs a signal handler and prints the caller's number: it is not called.
        self.env = environment.values
        self.parameters = dict(parameters or {})
        self.suspicious = environment.repeated
        """A key came twice: somebody wrote line breaks into his number (M7)."""
        self._lines = lines
        self._quick = quick_seconds
        self._media = media_seconds
        self._over: type[AGIError] | None = None

    def __repr__(self) -> str:
        return f"<AgiSession {self.env.get('agi_uniqueid', '?')}>"

    # --- the wire

    def command(self, command: str, *args: object, timeout: float | None = None) -> Reply:
        """Send one command, with its arguments quoted, and read its answer. Raises as the module says, and
        UnsafeValue before anything is sent."""
        reply = self._asked(command, *args, timeout=timeout)
        if reply.result == "-1" and command != "CHANNEL STATUS":
            self._failed(command)
        return reply

    def _asked(self, command: str, *args: object, timeout: float | None = None) -> Reply:
        """As `command`; -1 is an answer like any other."""
        line = compose_command(command, *args)
        if self._over is not None:
            raise self._over("the session is over")
        limit = timeout or (self._quick if command in _QUICK else self._media)
        try:
            while self._lines.waiting:
                self._unasked(self._lines.read_line(self._quick))
            self._lines.write(line)
            reply = self._reply(limit)
        except (EOFError, OSError) as error:
            if isinstance(error, TimeoutError):
                self._end(AgiTimeout, f"{command}: no answer in {limit} s")
            self._end(CallerHungUp, "connection closed")
        except (AgiSyntax, ValueError):
            self._end(AgiProtocolError, f"{command}: not an answer")
        if reply.code in (510, 520):
            raise CommandRefused(f"{command}: {reply.code}")
        return reply

    def execute(self, command: str, *args: Any) -> dict[str, tuple[str, str]]:
        """pyst2's shape of an answer, for its verbs."""
        reply = self.command(command.strip(), *args)
        return {"result": (reply.result, reply.data), "endpos": (str(reply.endpos or 0), "")}

    def _quote(self, value: object) -> Quoted:
        return quote(value)

    def test_hangup(self) -> None:
        """Raises CallerHungUp when the caller is known to be gone."""
        if self._over is CallerHungUp:
            raise CallerHungUp("hung up")

    def _reply(self, limit: float) -> Reply:
        while True:
            line = self._lines.read_line(limit)
            if line == "HANGUP":
                self._end(CallerHungUp, "hung up")
            while is_open(line):
                line = f"{line}\n{self._lines.read_line(limit)}"
                if len(line) > 8192:
                    raise AgiSyntax("value too long")
            reply = parse_reply(line)
            if reply.code == 100:
                continue
            if reply.code == 511:
                self._end(CallerHungUp, "dead channel")
            if line.startswith("520-"):
                self._skip_usage(limit)
            elif reply.code not in (200, 510, 520):
                raise AgiSyntax("unknown code")
            return reply

    def _skip_usage(self, limit: float) -> None:
        for _ in range(_USAGE_LINES):
            if self._lines.read_line(limit).startswith("520"):
                return
        raise AgiSyntax("usage without an end")

    def _unasked(self, line: str) -> None:
        if line == "HANGUP":
            self._end(CallerHungUp, "hung up")
        raise AgiSyntax("an answer nobody asked for")

    def _failed(self, command: str) -> NoReturn:
        """-1 is said about a missing sound and about a caller who left: ask which."""
        if self.command("CHANNEL STATUS").result == "-1":
            self._end(CallerHungUp, "channel gone")
        raise CommandFailed(command)

    def _end(self, kind: type[AGIError], text: str) -> NoReturn:
        self._over = kind
        raise kind(text)

    # --- verbs whose pyst2 versions lose something

    def set_variable(self, name: str, value: object) -> None:
        """Set a variable of the list in `telephony.variables`. Raises UnsafeValue for another."""
        if not is_variable_name(name) and name not in SETTABLE_FUNCTIONS:
            raise UnsafeValue("variable name is not on the list")
        self.command("SET VARIABLE", name, quote(value))

    def get_variable(self, name: str) -> str:
        """Value of a variable or of a harmless function; empty when it is not set. Raises UnsafeValue."""
        if not READABLE_VARIABLES.fullmatch(name):
            raise UnsafeValue("not a readable variable")
        return self.command("GET VARIABLE", name).data

    def get_full_variable(self, name: str, channel: str | None = None) -> str:
        """Value of `${name}` on this channel or on another one. Raises UnsafeValue."""
        if not READABLE_VARIABLES.fullmatch(name):
            raise UnsafeValue("not a readable variable")
        return self.command("GET FULL VARIABLE", f"${{{name}}}", *([channel] if channel else [])).data

    def database_get(self, family: str, key: str) -> str | None:
        """Value in Asterisk's own database; None when there is none."""
        reply = self.command("DATABASE GET", family, key)
        return reply.data if reply.result == "1" else None

    def stream_file(self, filename: str, escape_digits: str = "", sample_offset: int = 0) -> str:
        """Play a sound (name without ending); the key that cut it short, or nothing. Raises SoundMissing."""
        return self._play("STREAM FILE", filename, quote(escape_digits), sample_offset)

    def play(self, filename: str, escape_digits: str = "", sample_offset: int = 0) -> Played:
        """Play a sound (name without ending) from an offset on, and tell how far it came, also where the caller left:
        whether a message was heard is decided by that (I12). Raises SoundMissing, CallerHungUp before it began."""
        reply = self._asked("STREAM FILE", filename, quote(escape_digits), sample_offset)
        if reply.result != "-1":
            return Played(_digit(reply), reply.endpos or 0, hung_up=False)
        try:
            self._failed("STREAM FILE")
        except CallerHungUp:
            return Played("", reply.endpos or 0, hung_up=True)
        except CommandFailed:
            raise SoundMissing("STREAM FILE") from None

    def get_data(self, filename: str, timeout: int = 2000, max_digits: int = 255) -> Digits:
        """Play a sound and collect keys up to `#` or `max_digits`; `timeout` in milliseconds. Raises SoundMissing."""
        try:
            reply = self.command(
                "GET DATA", filename, timeout, max_digits, timeout=self._media + max_digits * timeout / 1000
            )
        except CommandFailed:
            raise SoundMissing("GET DATA") from None
        return Digits(reply.result, reply.data == "timeout")

    def wait_for_digit(self, timeout: int = 2000) -> str:
        """The key pressed within `timeout` milliseconds, or nothing."""
        if timeout < 0:
            raise ValueError("a wait without an end")
        return _digit(self.command("WAIT FOR DIGIT", timeout, timeout=self._quick + timeout / 1000))

    def record_file(
        self,
        filename: str,
        audio_format: str = "wav",
        escape_digits: str = "#",
        timeout: int = 20_000,
        silence: int = 0,
    ) -> Recorded:
        """Record up to `timeout` milliseconds, or to `silence` seconds of it (0: no matter how silent)."""
        extra = [Quoted("BEEP"), Quoted(f"s={silence}")] if silence else [Quoted("BEEP")]
        reply = self.command(
            "RECORD FILE",
            filename,
            audio_format,
            quote(escape_digits),
            timeout,
            *extra,
            timeout=self._quick + timeout / 1000,
        )
        return Recorded(reply.data or "dtmf", "" if reply.data == "timeout" else _digit(reply), reply.endpos or 0)

    def exec_command(self, command: str, *args: object) -> str:
        """Run a dialplan application of the list in `telephony.variables`; its result.

        Raises UnsafeValue: arguments may hold no comma (it would begin another one) and no `$` (it would be expanded).
        """
        if command not in AGI_APPLICATIONS:
            raise UnsafeValue("application is not on the list")
        words = [str(arg) for arg in args]
        if any("," in word or "$" in word for word in words):
            raise UnsafeValue("separator in an application's argument")
        reply = self.command("EXEC", command, *([quote(",".join(words))] if words else []))
        if reply.result == "-2":
            raise CommandRefused(f"application {command} is not loaded")
        return reply.result

    def appexec(self, application: str, options: str = "") -> str:
        """As `exec_command`, with the options in one piece."""
        return self.exec_command(application, *(options.split(",") if options else []))

    def verbose(self, message: str, level: int = 1) -> None:
        """Says nothing: Asterisk's console is a log, and messages of scripts are about people."""

    def _play(self, command: str, *args: object) -> str:
        try:
            return _digit(self.command(command, *args))
        except CommandFailed:
            raise SoundMissing(command) from None


def _digit(reply: Reply) -> str:
    code = reply.result
    return chr(int(code)) if code.isascii() and code.isdigit() and 0 < int(code) < 128 else ""
