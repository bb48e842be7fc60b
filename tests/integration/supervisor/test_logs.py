"""One prefixed stream on the screen, one private and limited file for each process."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys

from tests.support.supervised import LIVES, python
from tests.support.wait import wait_for


def test_every_process_has_its_prefix_and_its_private_file(service) -> None:
    say = "import sys\nprint('привет', flush=True)\nprint('беда', file=sys.stderr, flush=True)\n" + LIVES
    supervised = service([{"name": "agi", "command": python(say)}, {"name": "listener", "command": python(LIVES)}])
    supervised.start()
    supervised.says("agi      │ привет")
    supervised.says("agi      │ беда")
    log = supervised.data_dir / "log" / "agi.log"
    wait_for(lambda: "беда" in log.read_text())
    assert log.stat().st_mode & 0o777 == 0o600
    assert (supervised.data_dir / "log").stat().st_mode & 0o777 == 0o700
    assert "\x1b[" not in supervised.text()


def test_broken_bytes_escape_codes_and_endless_lines_do_no_harm(service) -> None:
    say = (
        "import os\nos.write(1, b'\\xff\\xfe bad \\x1b[2J cleared\\n'); os.write(1, b'y' * 100000 + b' end\\n')\n"
        + LIVES
    )
    supervised = service([{"name": "odd", "command": python(say)}]).start()
    supervised.says("y end")
    assert "\x1b[2J" not in supervised.text()
    assert max(map(len, supervised.log("odd").splitlines())) < 9000


def test_the_file_is_rotated_and_the_whole_stays_small(service) -> None:
    say = "for number in range(3000): print('line', number, 'x' * 50, flush=True)\nprint('done', flush=True)\n" + LIVES
    supervised = service([{"name": "chatty", "command": python(say)}], log_bytes=20_000).start()
    supervised.says("│ done")
    files = sorted(path.name for path in (supervised.data_dir / "log").glob("chatty.log*"))
    assert files == ["chatty.log", "chatty.log.1", "chatty.log.2"]
    assert all(path.stat().st_size <= 20_000 for path in (supervised.data_dir / "log").glob("chatty.log*"))
    assert "done" in supervised.log("chatty")


def test_a_terminal_gets_colours_and_a_stopped_terminal_stops_nobody(service) -> None:
    count = "import time, sys\nfor number in range(20000): print('number', number)\nprint('END', flush=True)\n" + LIVES
    supervised = service([{"name": "chatty", "command": python(count)}])
    controller, terminal = pty.openpty()
    supervised.popen = subprocess.Popen(
        [sys.executable, "-m", "workers.supervisor", str(supervised.plan)],
        stdout=terminal,
        stderr=terminal,
        env={name: value for name, value in os.environ.items() if name != "NO_COLOR"},
        start_new_session=True,
    )
    os.close(terminal)
    # nobody reads the terminal, as after Ctrl-S: the process must come to its end all the same
    wait_for(lambda: "END" in supervised.log("chatty"), what="the file has the last line")
    assert select.select([controller], [], [], 1)[0]
    assert b"\x1b[" in os.read(controller, 4096)
    os.close(controller)
