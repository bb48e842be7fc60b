"""A control socket whose backlog is full belongs to somebody who lives: `up` must adopt that exchange, not refuse."""

import contextlib
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

from workers.supervisor.ports import unix_answers


def test_a_full_backlog_counts_as_an_answer() -> None:
    with TemporaryDirectory(prefix="sd-") as folder, contextlib.ExitStack() as stack:
        path = str(Path(folder, "asterisk.ctl"))
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(path)
        server.listen(0)  # Asterisk: listen(ast_socket, 2), and it may be busy for a moment
        for _ in range(3):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(path)
        assert unix_answers(path)
    assert not unix_answers(path)
