"""One EventSource without a browser: reads the events of a live stream as they come."""

from __future__ import annotations

import http.client


class Stream:
    """An open stream of the pages at `port`; `answer.status` tells whether it was let in."""

    def __init__(
        self, port: int, cookie: str, last_event_id: str = "", *, path: str = "/live", name: str = "dispatch"
    ) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Cookie": f"{name}={cookie}", "Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def event(self) -> dict[str, str]:
        """The next event, its lines of data together; {} when the server has closed the stream."""
        event: dict[str, str] = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if not line:
                if event or self.answer.isclosed():
                    return event
                continue
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            event[name] = f"{event[name]}\n{value}" if name in event else value

    def until(self, kind: str) -> dict[str, str]:
        """The next event of this kind."""
        while True:
            event = self.event()
            if not event or event.get("event") == kind:
                return event

    def close(self) -> None:
        """As a tab that is closed."""
        self.answer.close()
        self.connection.close()
