"""SIPp as the caller: a real INVITE from the town's address with any From header, hold, CANCEL, and RTP.

Used where the wire itself matters; the phone that answers is in tests/support/phone.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from telephony.config.plan import Address
from tests.support.exchange import free_udp
from tests.support.tools import Tools
from tests.support.wait import patient, wait_for
from tests.support.witnesses import witness

CALLER_HOST = "127.0.0.2"
_TRIES = 5
_NO_PORT = "Unable to bind"

_SCENARIO = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="caller">
  <send retrans="500"><![CDATA[
INVITE sip:{to}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-i
From: {from_header};tag=[pid]c[call_number]
To: <sip:{to}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
{headers}Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
  ]]></send>
  <recv response="100" optional="true"></recv>
{rest}
</scenario>
"""
_ANSWERED = """  <recv response="180" optional="true"></recv>
  <recv response="183" optional="true"></recv>
  <recv response="200" rrs="true" rtd="true" timeout="{patience}">{media}</recv>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {from_header};tag=[pid]c[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

  ]]></send>
"""
_KEY = """  <pause milliseconds="{after}"/>
  <send retrans="500"><![CDATA[
INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {from_header};tag=[pid]c[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {sequence} INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal={key}
Duration=160
  ]]></send>
  <recv response="200"></recv>
"""
_BYE = """  <pause milliseconds="{hold}"/>
  <send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {from_header};tag=[pid]c[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 90 BYE
Max-Forwards: 70
Content-Length: 0

  ]]></send>
  <recv response="200"></recv>"""
_WAIT_BYE = """  <recv request="BYE" timeout="{patience}"></recv>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

  ]]></send>"""
_CANCEL = """  <recv response="180" timeout="5000"></recv>
  <pause milliseconds="{after}"/>
  <send retrans="500"><![CDATA[
CANCEL sip:{to}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-i
From: {from_header};tag=[pid]c[call_number]
To: <sip:{to}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 CANCEL
Max-Forwards: 70
Content-Length: 0

  ]]></send>
  <recv response="200"></recv>
  <recv response="487"></recv>
{ack}"""
_REFUSED = """  <recv response="{status}"></recv>
{ack}"""
_ACK_FAILURE = """  <send><![CDATA[
ACK sip:{to}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-i
From: {from_header};tag=[pid]c[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

  ]]></send>"""


@dataclass(frozen=True)
class Call:
    """What the caller does: talks `hold_ms` and hangs up, gives up `cancel_ms` after the first ringing, is `refused`
    with that status, or, with none of these, waits for the other side's BYE."""

    to: str
    from_header: str = '"Anna" <sip:+79070000101@127.0.0.2>'
    headers: tuple[str, ...] = ()
    hold_ms: int | None = None
    cancel_ms: int | None = None
    refused: int | None = None
    keys: tuple[tuple[int, str], ...] = ()
    """Keys he presses, each so many milliseconds after the one before, the first after the answer."""
    patience_ms: int = 20_000
    media: bool = True
    """Plays a tone of its own."""
    echo: bool = False
    """Sends back what it hears: with no sound of its own, what the other side hears then proves both directions."""

    def scenario(self, sound: Path) -> str:
        values = {
            "to": self.to,
            "from_header": self.from_header,
            "headers": "".join(f"{line}\n" for line in self.headers),
            "patience": round(patient(self.patience_ms)),
            "hold": self.hold_ms,
            "after": self.cancel_ms,
            "status": self.refused,
            "media": f'<action><exec rtp_stream="{sound},-1,8"/></action>' if self.media else "",
        }
        values["ack"] = _ACK_FAILURE.format(**values)
        if self.refused is not None:
            rest = _REFUSED
        elif self.cancel_ms is not None:
            rest = _CANCEL
        else:
            pressed = "".join(
                _KEY.format(after=after, key=key, sequence=sequence, from_header=self.from_header)
                for sequence, (after, key) in enumerate(self.keys, start=2)
            )
            rest = _ANSWERED + pressed + (_WAIT_BYE if self.hold_ms is None else _BYE)
        return _SCENARIO.format(**values, rest=rest.format(**values))


class SippCaller:
    """One SIPp process making `count` calls like this one; a context manager that leaves no process behind."""

    def __init__(self, folder: Path, trunk: Address, call: Call, *, count: int = 1, rate: float = 10.0) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        sound = folder / "tone.al"
        sound.write_bytes(bytes(0x34 if (index // 4) % 2 else 0xB4 for index in range(8000)))
        scenario = folder / "caller.xml"
        scenario.write_text(call.scenario(sound), encoding="utf-8", newline="")
        tool = Tools().sipp()
        self.command = [
            *tool.command, f"{trunk.host}:{trunk.port}", "-sf", str(scenario), "-i", CALLER_HOST, "-mi", CALLER_HOST,
            "-m", str(count), "-r", str(rate), "-l", str(max(count, 10)), "-nostdin", "-trace_err", "-error_file",
            str(folder / "errors.log"), "-trace_stat", "-stf", str(folder / "stat.csv"), "-fd", "1",
            "-recv_timeout", str(round(patient(call.patience_ms))), "-timeout_error",
            "-trace_shortmsg", "-shortmessage_file", str(folder / "messages.log"),
            *(["-rtp_echo"] if call.echo else []),
        ]  # fmt: skip
        self._env = tool.environment()
        self._process: subprocess.Popen[bytes] | None = None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> SippCaller:
        """Returns when the INVITE is on its way."""
        for _ in range(_TRIES):
            self._start()
            wait_for(lambda: self._ended is not None or self._has_spoken(), 10, "SIPp to call")
            if self._ended is None or _NO_PORT not in self.errors():
                self._stack.enter_context(witness(self._report))
                return self
        raise AssertionError(self.errors())

    def _start(self) -> None:
        # It takes the port of its sound and the second after that, and ends if either is taken.
        ports = ("-p", str(free_udp(CALLER_HOST).port), "-mp", str(free_udp(CALLER_HOST).port))
        with (self.folder / "screen.log").open("wb") as screen:
            self._process = subprocess.Popen(
                [*self.command, *ports],
                cwd=self.folder, env=self._env, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen,
            )  # fmt: skip

    @property
    def _ended(self) -> int | None:
        assert self._process is not None
        return self._process.poll()

    def _has_spoken(self) -> bool:
        log = self.folder / "messages.log"
        return log.exists() and log.stat().st_size > 0

    def _report(self) -> str:
        log = self.folder / "messages.log"
        said = log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []
        return "\n".join([f"SIPp ({'lives' if self._ended is None else self._ended}): {self.errors()[-1500:]}", *said])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(5)

    def finish(self, limit: float = 25.0) -> int:
        """Waits for its own end; 0 if every call went as told."""
        assert self._process is not None
        return self._process.wait(patient(limit))

    def finish_within(self, seconds: float) -> int | None:
        """Waits so long for its end; None if it goes on."""
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def vanish(self) -> None:
        """The caller's battery is out: no CANCEL, no BYE, no RTP."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(5)

    def freeze(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def seen(self, message: str) -> float:
        """When SIPp sent (S) or received (R) the first message like this, epoch.

        `message` is a regular expression over tabbed lines: date, time, epoch, S or R, call, CSeq, first line.
        Raises AssertionError if there was none.
        """
        log = self.folder / "messages.log"
        for line in log.read_text(errors="replace").splitlines() if log.exists() else []:
            if re.search(message, line):
                return float(line.split("\t")[2])
        raise AssertionError(f"SIPp saw no {message}:\n{self.errors()}")

    def errors(self) -> str:
        """What SIPp complains of, for the message of a failed assertion."""
        path = self.folder / "errors.log"
        screen = (self.folder / "screen.log").read_text(errors="replace")
        return (path.read_text(errors="replace") if path.exists() else "") + screen[-3000:]
