"""The signalling of a browser phone: SIP over WebSocket (RFC 7118), without media behind it.

It answers with a fingerprint that nobody has, so no RTP ever flows: to Asterisk, a page that answered and then went
away. Real sound in a real browser is tests/browser's matter.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
from types import TracebackType

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from telephony.config.plan import BROWSER_REALM, Address, browser_ha1
from tests.support.exchange import BROWSER_SECRET
from tests.support.phone import Sip, md5
from tests.support.wait import wait_for

_CRLF = "\r\n"
_SDP = _CRLF.join(
    [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 8",
        "c=IN IP4 127.0.0.1",
        "a=rtpmap:8 PCMA/8000",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}",
        "a=setup:active",
        "a=mid:audio-0",
        "a=rtcp-mux",
        "a=sendrecv",
        "",
    ]
)


class WebPhone:
    """`<extension>-web`; a context manager that registers, and closes its WebSocket at the end."""

    def __init__(self, server: Address, extension: str, secret: str = BROWSER_SECRET) -> None:
        self.extension, self.user, self.secret = extension, f"{extension}-web", secret
        self.invites: list[Sip] = []
        self.ended = False
        self.gone = False
        """A page that is no longer there, while its socket is not closed yet: it hears nothing."""
        self._tag, self._call_id, self._sequence = secrets.token_hex(4), secrets.token_hex(8), 0
        self._answers: list[Sip] = []
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(connect(f"ws://{server}/ws", subprotocols=[Subprotocol("sip")]))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> WebPhone:
        status = self.register()
        assert status == 200, f"REGISTER of {self.user}: {status}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """What a crashed or refreshed page looks like: the WebSocket is gone, nothing was said."""
        self._open.close()
        self._thread.join(5)

    def register(self) -> int:
        uri, proof = "sip:127.0.0.1", ""
        for _ in range(2):
            self._sequence += 1
            me = f"<sip:{self.user}@127.0.0.1>"
            lines = [f"REGISTER {uri} SIP/2.0", self._via(), f"From: {me};tag={self._tag}", f"To: {me}"]
            lines += [f"Call-ID: {self._call_id}", f"CSeq: {self._sequence} REGISTER", f"Contact: {self._contact}"]
            self._send([*lines, "Expires: 120", *([proof] if proof else [])])
            cseq = f"{self._sequence} REGISTER"
            answer = wait_for(lambda cseq=cseq: [x for x in self._answers if x.headers["cseq"] == cseq], 5, cseq)[-1]
            if answer.status != 401:
                break
            proof = self._digest(answer.headers["www-authenticate"], uri)
        return int(answer.status)

    def wait_ringing(self, limit: float = 10.0) -> Sip:
        wait_for(lambda: self.invites, limit, f"browser phone {self.extension} to ring")
        return self.invites[-1]

    def answer(self) -> None:
        self._reply(self.invites[-1], "200 OK", _SDP)

    def hang_up(self, reason: str = "") -> None:
        """BYE; `reason` is the value of a Reason header (RFC 3326)."""
        headers = self.invites[-1].headers
        target = re.search(r"<([^>]+)>", headers["contact"])
        assert target
        lines = [f"BYE {target[1]} SIP/2.0", self._via(), f"From: {headers['to']};tag={self._tag}"]
        lines += [f"To: {headers['from']}", f"Call-ID: {headers['call-id']}", "CSeq: 2 BYE"]
        self._send([*lines, *([f"Reason: {reason}"] if reason else [])])

    def _serve(self) -> None:
        with contextlib.suppress(WebSocketException, OSError):
            for frame in self._socket:
                message = Sip.parse(frame if isinstance(frame, bytes) else frame.encode())
                if self.gone or not message.headers:  # nobody is there; a keep-alive of the exchange
                    continue
                if message.status:
                    self._answers.append(message)
                elif message.method == "INVITE":
                    self.invites.append(message)
                    self._reply(message, "180 Ringing")
                elif message.method != "ACK":
                    self.ended = self.ended or message.method == "BYE"
                    self._reply(message, "200 OK")
                    if message.method == "CANCEL":
                        self._reply(self.invites[-1], "487 Request Terminated")

    @property
    def _contact(self) -> str:
        return f"<sip:{self.user}@{self._tag}.invalid;transport=ws>"

    def _via(self) -> str:
        return f"Via: SIP/2.0/WS {self._tag}.invalid;branch=z9hG4bK{secrets.token_hex(6)}"

    def _digest(self, challenge: str, uri: str) -> str:
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.removeprefix("Digest ")))
        assert fields["realm"] == BROWSER_REALM
        first, second = browser_ha1(self.extension, self.secret), md5(f"REGISTER:{uri}")
        response = md5(f"{first}:{fields['nonce']}:00000001:ab:auth:{second}")
        return (
            f'Authorization: Digest username="{self.user}", realm="{BROWSER_REALM}", nonce="{fields["nonce"]}", '
            f'uri="{uri}", response="{response}", qop=auth, nc=00000001, cnonce="ab", algorithm=MD5, '
            f'opaque="{fields.get("opaque", "")}"'
        )

    def _reply(self, request: Sip, status: str, body: str = "") -> None:
        to = request.headers["to"]
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.vias), f"From: {request.headers['from']}"]
        lines += [f"To: {to}" if ";tag=" in to else f"To: {to};tag={self._tag}"]
        lines += [f"Call-ID: {request.headers['call-id']}", f"CSeq: {request.headers['cseq']}"]
        self._send([*lines, f"Contact: {self._contact}"], body)

    def _send(self, lines: list[str], body: str = "") -> None:
        kind = ["Content-Type: application/sdp"] if body else []
        head = [*lines, "Max-Forwards: 70", *kind, f"Content-Length: {len(body)}", "", body]
        with contextlib.suppress(WebSocketException):
            self._socket.send(_CRLF.join(head))
