"""`python -m workers.supervisor PLAN.json [--lock-fd N]`.

`--lock-fd` hands over a lock that the process took before it became the supervisor (exec keeps the process id).
Exit codes: 0 stopped as asked, 2 refused to start (a Russian sentence says why).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from workers.supervisor import lock, plan, ports
from workers.supervisor.loop import Supervisor

DYING_SECONDS = 1.5  # what children of a killed predecessor may need until their addresses are free


def main(arguments: list[str]) -> int:
    """Check, lock, run."""
    try:
        wanted = plan.read(Path(arguments[0]))
        if arguments[1:2] == ["--lock-fd"]:
            os.set_inheritable(int(arguments[2]), False)
        else:
            lock.take(Path(wanted.data_dir))
    except (plan.PlanError, lock.AlreadyRunning) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (IndexError, ValueError):
        sys.stderr.write("usage: python -m workers.supervisor PLAN.json [--lock-fd N]\n")
        return 2
    listens = [listen for process in wanted.processes for listen in process.listens]
    if sentences := ports.taken(listens, patience=DYING_SECONDS):
        sys.stderr.write("\n".join(sentences) + "\n")
        return 2
    os.umask(0o077)  # sockets, logs and databases of the children are the institution's own business
    return Supervisor(wanted).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
