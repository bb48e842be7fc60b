"""The telephone network that the trunk leads to: every number behaves as told, and what arrived is the truth about it.

Plain SIP over UDP in one thread; a call that is answered gets no sound unless a test sends some (`send_rtp`).
"""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType

from telephony.config.plan import Address
from tests.support.phone import Sip

NETWORK_HOST = "127.0.0.2"
_CRLF = "\r\n"
_TIMESTAMPS = 35  # SO_TIMESTAMPNS, and the kind of its notes (socket(7)); Python has no name for it


@dataclass(frozen=True)
class Behaviour:
    """What a telephone does: rings `ring` seconds, then answers and talks `talk` seconds (None: until the other side
    hangs up), or the network says `status`. `status` 0 and `ring` None: it rings for ever. `silent`: no answer at all;
    `trying`: no more than 100. `glare`: it is picked up in the very moment in which the call is cancelled. `early`: 183
    with sound before all."""

    ring: float | None = 0.1
    talk: float | None = None
    status: int = 0
    glare: bool = False
    silent: bool = False
    trying: bool = False
    early: bool = False


@dataclass
class Arrived:
    """One call that reached the network: instants of the epoch."""

    number: str
    shown: str
    call_id: str
    at: float
    rang: bool = False
    """The other side was told that a telephone rings, or was let hear something."""
    answered_at: float = 0.0
    ended_at: float = 0.0
    ended_by: str = ""
    """CANCEL, BYE, ours (we hung up or refused)."""
    invite: Sip = field(repr=False, default_factory=lambda: Sip("", {}, [], ""))
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    rtp: socket.socket | None = field(repr=False, default=None)
    heard: int = 0
    """RTP packets that were not silence."""

    @property
    def live(self) -> bool:
        return not self.ended_at


def _arrival(notes: Iterable[tuple[int, int, bytes]]) -> float:
    """When the kernel took a packet in, epoch: on a busy machine we read it a good deal later."""
    for level, kind, stamp in notes:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPS):
            seconds, nanoseconds = struct.unpack("=qq", stamp[:16])
            return float(seconds) + nanoseconds / 1e9
    return time.time()


class Network:
    """A context manager. `behaves` is what numbers do that are not in `numbers`."""

    def __init__(self, behaves: Behaviour | None = None) -> None:
        self.behaves = behaves or Behaviour()
        self.numbers: dict[str, Behaviour] = {}
        self.calls: list[Arrived] = []
        self.most_live = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((NETWORK_HOST, 0))
        self._socket.settimeout(0.02)
        self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        self._heard_at = 0.0
        self.address = Address(host=NETWORK_HOST, port=self._socket.getsockname()[1])
        self._peer: tuple[str, int] = ("", 0)
        self._by_id: dict[str, Arrived] = {}
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._resend: dict[str, tuple[float, bytes, int]] = {}
        self._alive = True
        self._lock = threading.RLock()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve, self._listen)]

    def __enter__(self) -> Network:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alive = False
        for thread in self._threads:
            thread.join(5)
        self._socket.close()
        for call in self.calls:
            if call.rtp:
                call.rtp.close()

    def to(self, number: str) -> list[Arrived]:
        """Every call to this number."""
        return [call for call in list(self.calls) if call.number == number]

    @property
    def live(self) -> list[Arrived]:
        return [call for call in list(self.calls) if call.live]

    def press(self, call: Arrived, key: str) -> None:
        """A key by RFC 4733, as a real telephone sends it."""
        code = "0123456789*#".index(key)
        assert call.rtp is not None
        where = _rtp_of(call.invite)
        stamp, number = secrets.randbelow(1 << 30), secrets.randbelow(30_000)
        for step in range(8):
            end = 0x80 if step >= 5 else 0
            head = struct.pack("!BBHII", 0x80, 101 | (0x80 if step == 0 else 0), number + step, stamp, 7)
            call.rtp.sendto(head + struct.pack("!BBH", code, end | 10, 160 * (min(step, 5) + 1)), where)
            time.sleep(0.02)

    def hang_up(self, call: Arrived) -> None:
        """He puts his telephone down."""
        with self._lock:
            self._bye(call)

    # --- one thread does all the talking

    def _serve(self) -> None:
        while self._alive:
            with contextlib.suppress(TimeoutError, OSError):
                data, notes, _, self._peer = self._socket.recvmsg(65536, 64)
                with self._lock:
                    self._heard_at = _arrival(notes)
                    self._hear(Sip.parse(data))
            now = time.monotonic()
            with self._lock:
                ready = [step for at, step in self._due if at <= now]
                self._due = [entry for entry in self._due if entry[0] > now]
                for step in ready:
                    step()
                for key, (at, frame, left) in list(self._resend.items()):
                    if at <= now:
                        self._socket.sendto(frame, self._peer)
                        self._resend.pop(key)
                        if left:
                            self._resend[key] = (now + 0.5, frame, left - 1)

    def _hear(self, message: Sip) -> None:
        call = self._by_id.get(message.headers.get("call-id", ""))
        match message.method:
            case "INVITE" if call is None:
                self._invited(message)
            case "INVITE":
                pass  # a retransmission; what was said will be said again
            case "ACK" if call:
                self._resend.pop(call.call_id, None)
            case "CANCEL" if call:
                self._cancelled(call, message)
            case "BYE" if call:
                self._send(message, "200 OK", call)
                self._over(call, "BYE")
            case "OPTIONS":
                self._send(message, "200 OK", None)
            case _:
                pass

    def _invited(self, message: Sip) -> None:
        number = message.start.split(" ")[1].removeprefix("sip:").partition("@")[0]
        shown = re.search(r"sip:([^@>]*)@", message.headers.get("from", ""))
        call = Arrived(number, shown[1] if shown else "", message.headers["call-id"], self._heard_at, invite=message)
        self._by_id[call.call_id] = call
        self.calls.append(call)
        self.most_live = max(self.most_live, len(self.live))
        behaviour = self.numbers.get(number, self.behaves)
        if behaviour.silent:
            return
        self._send(message, "100 Trying", None)
        if behaviour.trying:
            return
        call.rang = behaviour.early or behaviour.ring != 0
        if behaviour.early:
            self._open_rtp(call)
            self._send(message, "183 Session Progress", call, self._sdp(call))
        elif behaviour.ring != 0:
            self._send(message, "180 Ringing", call)
        if behaviour.status:
            self._later(behaviour.ring or 0, lambda: self._refuse(call, behaviour.status))
        elif behaviour.ring is not None and not behaviour.glare:
            self._later(behaviour.ring, lambda: self._answer(call, behaviour))

    def _answer(self, call: Arrived, behaviour: Behaviour) -> None:
        if not call.live:
            return
        call.rang, call.answered_at = True, time.time()
        self._open_rtp(call)
        frame = self._response(call.invite, "200 OK", call, self._sdp(call))
        self._resend[call.call_id] = (time.monotonic() + 0.5, frame, 6)
        self._socket.sendto(frame, self._peer)
        if behaviour.talk is not None:
            self._later(behaviour.talk, lambda: self._bye(call))

    def _refuse(self, call: Arrived, status: int) -> None:
        if call.live:
            self._send(call.invite, f"{status} No", call)
            self._over(call, "ours")

    def _cancelled(self, call: Arrived, message: Sip) -> None:
        self._send(message, "200 OK", call)
        if not call.live:
            return
        if self.numbers.get(call.number, self.behaves).glare:
            self._answer(call, replace(self.behaves, talk=None))
            return
        if not call.answered_at:
            self._send(call.invite, "487 Request Terminated", call)
            self._over(call, "CANCEL")

    def _bye(self, call: Arrived) -> None:
        if not call.live:
            return
        invite = call.invite
        contact = re.search(r"<(sip:[^>]*)>", invite.headers.get("contact", ""))
        lines = [
            f"BYE {contact[1] if contact else 'sip:trunk'} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address};branch=z9hG4bK{secrets.token_hex(8)}",
            f"From: {invite.headers['to']};tag={call.tag}",
            f"To: {invite.headers['from']}",
            f"Call-ID: {call.call_id}",
            "CSeq: 7 BYE",
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        self._socket.sendto((_CRLF.join(lines) + _CRLF * 2).encode(), self._peer)
        self._over(call, "ours")

    def _over(self, call: Arrived, how: str) -> None:
        if call.live:
            call.ended_at, call.ended_by = time.time(), how
        self._resend.pop(call.call_id, None)

    def _later(self, seconds: float, step: Callable[[], None]) -> None:
        self._due.append((time.monotonic() + seconds, step))

    def _send(self, request: Sip, status: str, call: Arrived | None, body: str = "") -> None:
        self._socket.sendto(self._response(request, status, call, body), self._peer)

    def _response(self, request: Sip, status: str, call: Arrived | None, body: str = "") -> bytes:
        to = request.headers["to"]
        if call is not None and "tag=" not in to:
            to = f"{to};tag={call.tag}"
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in request.vias),
            f"From: {request.headers['from']}",
            f"To: {to}",
            f"Call-ID: {request.headers['call-id']}",
            f"CSeq: {request.headers['cseq']}",
            f"Contact: <sip:network@{self.address}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return (_CRLF.join(lines) + _CRLF * 2 + body).encode()

    # --- sound

    def _open_rtp(self, call: Arrived) -> None:
        if call.rtp is None:
            call.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            call.rtp.bind((NETWORK_HOST, 0))
            call.rtp.settimeout(0)

    def _sdp(self, call: Arrived) -> str:
        assert call.rtp is not None
        lines = [
            "v=0",
            f"o=network 1 1 IN IP4 {NETWORK_HOST}",
            "s=-",
            f"c=IN IP4 {NETWORK_HOST}",
            "t=0 0",
            f"m=audio {call.rtp.getsockname()[1]} RTP/AVP 8 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
        ]
        return _CRLF.join(lines) + _CRLF

    def _listen(self) -> None:
        while self._alive:
            for call in list(self.calls):
                while call.rtp is not None and call.live:
                    try:
                        packet = call.rtp.recv(2048)
                    except OSError:
                        break
                    call.heard += _is_loud(packet[12:])
            time.sleep(0.02)


def _is_loud(samples: bytes) -> bool:
    """A-law: 0xD5 and 0x55 are silence, and what lies near them is hardly more."""
    return sum(sample not in (0xD5, 0x55, 0xD4, 0x54) for sample in samples) > 20


def _rtp_of(invite: Sip) -> tuple[str, int]:
    host = re.search(r"c=IN IP4 ([0-9.]+)", invite.body)
    port = re.search(r"m=audio ([0-9]+)", invite.body)
    assert host
    assert port
    return host[1], int(port[1])
