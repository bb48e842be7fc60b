"""A desk phone for tests, in plain SIP over UDP (RFC 3261, enough of it): registers, rings, answers, talks, vanishes.

A test steers it step by step, which a SIPp scenario does not allow. One call at a time; audio is G.711 A-law.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

from telephony.config.plan import Address
from tests.support.exchange import DESK_SECRET
from tests.support.wait import wait_for

_CRLF = "\r\n"
_LOUD, _SILENCE = bytes(0x34 if (index // 4) % 2 else 0xB4 for index in range(160)), b"\xd5" * 160


@dataclass
class Sip:
    """One request or response, headers in lower case, first value of each (all of Via)."""

    start: str
    headers: dict[str, str]
    vias: list[str]
    body: str
    raw: bytes = field(repr=False, default=b"")

    @classmethod
    def parse(cls, data: bytes) -> Sip:
        head, _, body = data.decode("utf-8", "replace").partition(_CRLF * 2)
        start, *lines = head.split(_CRLF)
        headers: dict[str, str] = {}
        vias = []
        for line in lines:
            name, _, value = line.partition(":")
            if name.lower() in ("via", "v"):
                vias.append(value.strip())
            headers.setdefault(name.lower(), value.strip())
        return cls(start, headers, vias, body, data)

    @property
    def method(self) -> str:
        return self.start.split(" ")[0]

    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/") else 0


class DeskPhone:
    """Extension `extension` on 127.0.0.1. `answers` None: rings until told; True: at once; False: 486 Busy Here."""

    def __init__(
        self, server: Address, extension: str, *, secret: str = DESK_SECRET, answers: bool | None = None
    ) -> None:
        self.server, self.extension, self.secret, self.answers = server, extension, secret, answers
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.bind(("127.0.0.1", 0))
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind(("127.0.0.1", 0))
        self._rtp.settimeout(0.2)
        self.port: int = self._sip.getsockname()[1]
        self.tag = secrets.token_hex(4)
        self.invites: list[Sip] = []
        """Every INVITE that opened a call, with its headers."""
        self.ringing_since: list[float] = []
        self.state = "idle"
        """idle, ringing, talking."""
        self.ended_by = ""
        """How the last call ended: CANCEL or BYE of the other side, hang-up of ours."""
        self.loud_packets = 0
        """RTP packets heard that were not silence."""
        self.sends_rtp = True
        self._call: Sip | None = None
        self._over: set[str] = set()
        self._remote_rtp: tuple[str, int] | None = None
        self._answers: dict[str, list[Sip]] = {}
        self._sequence = 100
        self._alive = True
        self._registers = True
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve, self._talk, self._listen)]
        for thread in self._threads:
            thread.start()

    @classmethod
    def unregistered(cls, server: Address, extension: str, *, secret: str) -> DeskPhone:
        """A phone that the test itself lets register, or try to."""
        phone = cls(server, extension, secret=secret)
        phone._registers = False
        return phone

    def __enter__(self) -> DeskPhone:
        if self._registers:
            status = self.register()
            assert status == 200, f"REGISTER of {self.extension}: {status}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._alive:
            with contextlib.suppress(AssertionError):
                if self.state == "talking":
                    self.hang_up()
                if self._registers:
                    self.register(expires=0)
        self.vanish()

    @property
    def contact(self) -> str:
        return f"<sip:{self.extension}@127.0.0.1:{self.port}>"

    def register(self, expires: int = 300) -> int:
        """REGISTER with a digest; the final status. `expires` 0 takes the phone away."""
        call_id = secrets.token_hex(8)
        extra = [f"Contact: {self.contact}", f"Expires: {expires}"]
        uri = f"sip:{self.server}"
        answer = self._ask("REGISTER", uri, call_id, extra)
        if answer.status == 401:
            answer = self._ask("REGISTER", uri, call_id, [*extra, self._digest(answer, "REGISTER", uri)])
        return answer.status

    def dial(self, number: str) -> int:
        """Calls an inner number; the final status (200: talking)."""
        call_id, uri = secrets.token_hex(8), f"sip:{number}@{self.server}"
        extra = [f"Contact: {self.contact}", "Content-Type: application/sdp"]
        answer = self._ask("INVITE", uri, call_id, extra, self._sdp(), limit=20)
        if answer.status == 401:
            self._ack(answer, uri, call_id)
            extra.append(self._digest(answer, "INVITE", uri))
            answer = self._ask("INVITE", uri, call_id, extra, self._sdp(), limit=30)
        self._ack(answer, uri, call_id)
        if answer.status == 200:
            # Seen from the other side, so that hang_up() finds the parties where it expects them.
            headers = {**answer.headers, "from": answer.headers["to"], "to": answer.headers["from"]}
            self._call = Sip(answer.start, headers, [], answer.body)
            self._begin_talk(answer.body)
        return answer.status

    def wait_ringing(self, limit: float = 10.0) -> Sip:
        """Waits until it rings; the INVITE."""
        wait_for(lambda: self.state == "ringing", limit, f"phone {self.extension} to ring")
        return self.invites[-1]

    def wait_rung(self, limit: float = 10.0) -> Sip:
        """Waits until it has rung at all, though its caller may have given up since; the INVITE."""
        return wait_for(lambda: self.invites, limit, f"phone {self.extension} to be rung")[-1]  # type: ignore[no-any-return]

    def answer(self) -> None:
        call = self._call
        assert call is not None, f"phone {self.extension} does not ring any more: {self.ended_by}"
        # In this order: the other side may end the talk, or ring anew, before the next line is reached.
        self._begin_talk(call.body)
        self._reply(call, "200 OK", self._sdp())

    def reject(self, status: str = "486 Busy Here") -> None:
        call = self._call
        assert call is not None, f"phone {self.extension} does not ring any more: {self.ended_by}"
        self._end("rejected")
        self._reply(call, status)

    def hang_up(self) -> None:
        assert self._call is not None
        call = self._call
        target = re.search(r"<([^>]+)>", call.headers["contact"])
        assert target
        self._end("hung up")
        self._ask(
            "BYE",
            target[1],
            call.headers["call-id"],
            [],
            parties=(self._with_tag(call.headers["to"]), call.headers["from"]),
        )

    def refer(self, number: str) -> int:
        """The transfer key of the telephone itself: REFER to an inner number; the final status (202: accepted)."""
        assert self._call is not None
        call = self._call
        target = re.search(r"<([^>]+)>", call.headers["contact"])
        assert target
        answer = self._ask(
            "REFER",
            target[1],
            call.headers["call-id"],
            [f"Contact: {self.contact}", f"Refer-To: <sip:{number}@{self.server}>"],
            parties=(self._with_tag(call.headers["to"]), call.headers["from"]),
        )
        return answer.status

    def forget_call(self) -> None:
        """The other side is gone without a word; be idle again."""
        self._end("forgotten")

    def vanish(self) -> None:
        """Gone without a word: no BYE, no RTP, no answer to anything."""
        self._alive = False
        for sock in (self._sip, self._rtp):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    # --- the wire

    def _serve(self) -> None:
        while self._alive:
            try:
                data, _ = self._sip.recvfrom(65535)
            except OSError:
                return
            if len(data.strip()) == 0:
                continue
            message = Sip.parse(data)
            if message.status:
                self._answers.setdefault(message.headers["call-id"] + message.headers["cseq"], []).append(message)
            else:
                self._on_request(message)

    def _on_request(self, request: Sip) -> None:
        call_id = request.headers["call-id"]
        known = self._call and call_id == self._call.headers["call-id"]
        if request.method == "INVITE" and call_id in self._over:
            return  # a second copy, sent because the first was answered late: no new call
        if request.method == "INVITE" and not known:
            if self._call is not None or self.answers is False:
                self._reply(request, "486 Busy Here")
                return
            self._call = request
            self.invites.append(request)
            self.ringing_since.append(time.monotonic())
            self.ended_by, self.state = "", "ringing"
            self._reply(request, "180 Ringing")
            if self.answers:
                self.answer()
        elif request.method == "INVITE" and known and self.state == "talking":
            self._reply(request, "200 OK", self._sdp())
        elif request.method == "INVITE":
            self._reply(request, "180 Ringing")  # a copy again; 200 would answer the call
        elif request.method == "CANCEL":
            self._reply(request, "200 OK")
            if known and self._call and self.state == "ringing":
                self._reply(self._call, "487 Request Terminated")
                self._end("CANCEL")
        elif request.method == "BYE":
            self._reply(request, "200 OK")
            if known:
                self._end("BYE")
        elif request.method != "ACK":
            self._reply(request, "200 OK")

    def _begin_talk(self, sdp: str) -> None:
        host, port = re.search(r"c=IN IP4 (\S+)", sdp), re.search(r"m=audio (\d+)", sdp)
        assert host is not None
        assert port is not None
        self._remote_rtp = (host[1], int(port[1]))
        self.state = "talking"

    def _end(self, how: str) -> None:
        if self._call is not None:
            self._over.add(self._call.headers["call-id"])
        self.ended_by, self.state, self._call, self._remote_rtp = how, "idle", None, None

    def _with_tag(self, party: str) -> str:
        return party if ";tag=" in party else f"{party};tag={self.tag}"

    def _reply(self, request: Sip, status: str, body: str = "") -> None:
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.vias), f"From: {request.headers['from']}"]
        lines += [f"To: {self._with_tag(request.headers['to'])}", f"Call-ID: {request.headers['call-id']}"]
        lines += [f"CSeq: {request.headers['cseq']}", f"Contact: {self.contact}"]
        self._send(lines, body)

    def _ask(  # noqa: PLR0917 - the parts of a request
        self, method: str, uri: str, call_id: str, extra: list[str], body: str = "",
        parties: tuple[str, str] | None = None, limit: float = 5.0,
    ) -> Sip:  # fmt: skip
        self._sequence += 1
        me = f"<sip:{self.extension}@127.0.0.1>"
        sender, receiver = parties or (f"{me};tag={self.tag}", me if method == "REGISTER" else f"<{uri}>")
        key = f"{call_id}{self._sequence} {method}"
        lines = [f"{method} {uri} SIP/2.0", self._via(), f"From: {sender}", f"To: {receiver}", f"Call-ID: {call_id}"]
        self._send([*lines, f"CSeq: {self._sequence} {method}", "Max-Forwards: 70", *extra], body)

        def final() -> Sip | None:
            return next((answer for answer in list(self._answers.get(key, [])) if answer.status >= 200), None)

        answer = wait_for(final, limit, f"an answer to {method}")
        assert isinstance(answer, Sip)
        return answer

    def _ack(self, answer: Sip, uri: str, call_id: str) -> None:
        sequence = answer.headers["cseq"].split()[0]
        via = self._via() if answer.status == 200 else f"Via: {answer.vias[0]}"
        lines = [f"ACK {uri} SIP/2.0", via, f"From: {answer.headers['from']}", f"To: {answer.headers['to']}"]
        self._send([*lines, f"Call-ID: {call_id}", f"CSeq: {sequence} ACK", "Max-Forwards: 70"], "")

    def _via(self) -> str:
        return f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(6)};rport"

    def _digest(self, challenge: Sip, method: str, uri: str) -> str:
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.headers["www-authenticate"].removeprefix("Digest ")))
        first = md5(f"{self.extension}:{fields['realm']}:{self.secret}")
        second = md5(f"{method}:{uri}")
        nonce, cnonce = fields["nonce"], secrets.token_hex(4)
        response = md5(f"{first}:{nonce}:00000001:{cnonce}:auth:{second}")
        return (
            f'Authorization: Digest username="{self.extension}", realm="{fields["realm"]}", nonce="{nonce}", '
            f'uri="{uri}", response="{response}", qop=auth, nc=00000001, cnonce="{cnonce}", algorithm=MD5'
            + (f', opaque="{fields["opaque"]}"' if "opaque" in fields else "")
        )

    def _sdp(self) -> str:
        port = self._rtp.getsockname()[1]
        lines = ["v=0", "o=phone 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
        return _CRLF.join([*lines, f"m=audio {port} RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=sendrecv", ""])

    def _send(self, lines: list[str], body: str) -> None:
        if body:
            lines = [*lines, "Content-Type: application/sdp"] if not any("Content-Type" in x for x in lines) else lines
        text = _CRLF.join([*lines, f"Content-Length: {len(body)}", "", body])
        with contextlib.suppress(OSError):
            self._sip.sendto(text.encode(), (self.server.host, self.server.port))

    # --- sound

    def _talk(self) -> None:
        sequence, stamp, source = 0, 0, secrets.token_bytes(4)
        while self._alive:
            target = self._remote_rtp
            if target and self.sends_rtp:
                packet = struct.pack("!BBHI", 0x80, 8, sequence & 0xFFFF, stamp & 0xFFFFFFFF) + source + _LOUD
                with contextlib.suppress(OSError):
                    self._rtp.sendto(packet, target)
                sequence, stamp = sequence + 1, stamp + 160
            time.sleep(0.02)

    def _listen(self) -> None:
        while self._alive:
            try:
                packet = self._rtp.recv(2048)
            except TimeoutError:
                continue
            except OSError:
                return
            if len(packet) > 12 and packet[1] & 0x7F == 8 and packet[12:] != _SILENCE[: len(packet) - 12]:
                self.loud_packets += 1


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def eventually_idle(phone: DeskPhone, limit: float = 5.0) -> None:
    wait_for(lambda: phone.state == "idle", limit, f"phone {phone.extension} to be idle")
