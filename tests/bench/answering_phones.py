"""Many desk phones on one socket, which register, answer at once and say nothing: the operators of a load test."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import threading
from collections.abc import Sequence
from types import TracebackType

from telephony.config.plan import Address
from tests.bench.office import Operator
from tests.support.phone import Sip, md5
from tests.support.wait import wait_for

_CRLF = "\r\n"


class AnsweringPhones:
    """A context manager; inside it every operator's phone is registered. No RTP: signalling alone is under load."""

    def __init__(self, server: Address, operators: Sequence[Operator]) -> None:
        self._server = (server.host, server.port)
        self._registrar = str(server)
        self._operators = {operator.extension: operator for operator in operators}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self._port: int = self._socket.getsockname()[1]
        self._registered: set[str] = set()
        self._refused: dict[str, str] = {}
        self.answered = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> AnsweringPhones:
        for extension in self._operators:
            self._register(extension)
        wait_for(lambda: len(self._registered) == len(self._operators), 20, f"phones to register {self._refused}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                data = self._socket.recv(65535)
            except OSError:
                return
            if not data:  # closed
                return
            if not data.strip():  # a keep-alive
                continue
            message = Sip.parse(data)
            if message.status:
                self._on_answer(message)
            elif message.method == "INVITE":
                self._reply(message, "180 Ringing")
                self._reply(message, "200 OK", self._sdp())
                self.answered += 1
            elif message.method != "ACK":
                self._reply(message, "200 OK")

    def _register(self, extension: str, sequence: int = 1, proof: str = "") -> None:
        me = f"<sip:{extension}@127.0.0.1>"
        via = f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{secrets.token_hex(6)};rport"
        lines = [f"REGISTER sip:{self._registrar} SIP/2.0", via, f"From: {me};tag=p{extension}", f"To: {me}"]
        lines += [f"Call-ID: register-{extension}-{self._port}", f"CSeq: {sequence} REGISTER", "Max-Forwards: 70"]
        lines += [f"Contact: <sip:{extension}@127.0.0.1:{self._port}>", "Expires: 300", *([proof] if proof else [])]
        self._send(lines, "")

    def _on_answer(self, answer: Sip) -> None:
        if not answer.headers["cseq"].endswith("REGISTER"):
            return
        extension = answer.headers["call-id"].split("-")[1]
        if answer.status == 200:
            self._registered.add(extension)
        elif answer.status == 401 and answer.headers["cseq"].startswith("1 "):
            self._register(extension, 2, self._digest(extension, answer.headers["www-authenticate"]))
        else:
            self._refused[extension] = answer.start

    def _digest(self, extension: str, challenge: str) -> str:
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.removeprefix("Digest ")))
        uri, secret = f"sip:{self._registrar}", self._operators[extension].desk_secret
        first, second = md5(f"{extension}:{fields['realm']}:{secret}"), md5(f"REGISTER:{uri}")
        response = md5(f"{first}:{fields['nonce']}:00000001:ab:auth:{second}")
        opaque = f', opaque="{fields["opaque"]}"' if "opaque" in fields else ""
        return (
            f'Authorization: Digest username="{extension}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", '
            f'uri="{uri}", response="{response}", qop=auth, nc=00000001, cnonce="ab", algorithm=MD5{opaque}'
        )

    def _reply(self, request: Sip, status: str, body: str = "") -> None:
        to = request.headers["to"]
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.vias), f"From: {request.headers['from']}"]
        lines += [f"To: {to if ';tag=' in to else to + ';tag=a' + request.headers['call-id'][:12]}"]
        lines += [f"Call-ID: {request.headers['call-id']}", f"CSeq: {request.headers['cseq']}"]
        self._send([*lines, f"Contact: <sip:phone@127.0.0.1:{self._port}>"], body)

    def _sdp(self) -> str:
        lines = ["v=0", "o=phone 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
        return _CRLF.join([*lines, f"m=audio {self._port} RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=sendrecv", ""])

    def _send(self, lines: list[str], body: str) -> None:
        kind = ["Content-Type: application/sdp"] if body else []
        text = _CRLF.join([*lines, *kind, f"Content-Length: {len(body)}", "", body])
        with contextlib.suppress(OSError):
            self._socket.sendto(text.encode(), self._server)
