"""The Asterisk end of a FastAGI connection: says an environment, answers commands as told, remembers them.

with ScriptedCall(server.address, "inbound?t=token") as call:
    call.answer("GET VARIABLE", "200 result=1 (value)")
    call.serve()                 # until the script closes; call.commands is what it said
"""

import contextlib
import socket
from collections.abc import Callable, Sequence

Answer = str | bytes | Callable[[str], str | bytes]


def environment(script: str, host: str = "127.0.0.1", *, replace: dict[str, str] | None = None) -> bytes:
    """The `agi_…` lines as Asterisk 22 says them, with the blank line."""
    values = {
        "agi_network": "yes",
        "agi_network_script": script,
        "agi_request": f"agi://{host}/{script}",
        "agi_channel": "PJSIP/trunk-00000001",
        "agi_language": "ru",
        "agi_type": "PJSIP",
        "agi_uniqueid": "1763712000.1",
        "agi_version": "22.10.1",
        "agi_callerid": "0000",
        "agi_calleridname": "trunk",
        "agi_callingpres": "0",
        "agi_callingani2": "0",
        "agi_callington": "0",
        "agi_callingtns": "0",
        "agi_dnid": "unknown",
        "agi_rdnis": "unknown",
        "agi_context": "sd-agi",
        "agi_extension": "lookup",
        "agi_priority": "1",
        "agi_enhanced": "0.0",
        "agi_accountcode": "",
        "agi_threadid": "139637976696512",
    } | (replace or {})
    return "".join(f"{key}: {value}\n" for key, value in values.items()).encode() + b"\n"


class ScriptedCall:
    """One call of Asterisk's into the server under test."""

    def __init__(
        self, address: tuple[str, int], script: str, *, raw: bytes | None = None, source: str = "127.0.0.1"
    ) -> None:
        self.commands: list[str] = []
        self.connection = socket.create_connection(address, timeout=5, source_address=(source, 0))
        self._answers: list[tuple[str, Answer]] = []
        self._reading = self.connection.makefile("rb")
        self.send(environment(script) if raw is None else raw)

    def answer(self, prefix: str, answer: Answer) -> None:
        """Answer commands that begin so; without a newline at the end one is added, b"" says nothing."""
        self._answers.insert(0, (prefix, answer))

    def serve(self, limit: int = 1000) -> Sequence[str]:
        """Answer until the script closes, or `limit` commands were answered; all its commands."""
        for _ in range(limit):
            command = self.read_command()
            if not command:
                break
            self.reply(command)
        return self.commands

    def read_command(self) -> str:
        """The next command, empty at the end."""
        try:
            line = self._reading.readline()
        except ConnectionError:
            line = b""
        text = line.decode().rstrip("\n")
        if text:
            self.commands.append(text)
        return text

    def reply(self, command: str) -> None:
        answer: Answer = "200 result=0"
        for prefix, candidate in self._answers:
            if command.startswith(prefix):
                answer = candidate
                break
        said = answer(command) if callable(answer) else answer
        data = said.encode() + b"\n" if isinstance(said, str) else said
        with contextlib.suppress(ConnectionError):
            self.send(data)

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def closed_within(self, seconds: float) -> bool:
        """Whether the other side closes within this time, saying nothing."""
        self.connection.settimeout(seconds)
        try:
            return self.connection.recv(1024) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self._reading.close()
        self.connection.close()

    def __enter__(self) -> "ScriptedCall":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
