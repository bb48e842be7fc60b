"""`python3 deploy/bootstrap.py [--dev]`: makes the checkout ready to run, from nothing but a Python.

`.venv` with the locked requirements and the project itself, and the page's scripts bundled into `web/static/build`.
A second start only compares stamps. Standard library only; an older Python gets as far as to find a newer one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
# The ones the locked wheels are known to have come for; the newest of them first.
NEWER_PYTHONS = ("python3.13", "python3.12", "python3.11")


def main(arguments: list[str]) -> int:
    if sys.version_info < OLDEST_PYTHON:
        return run_on_newer_python(arguments)
    sys.path.insert(0, str(ROOT))
    return prepare("dev" if "--dev" in arguments else "run")


def prepare(kind: str) -> int:
    # Not at the top: an older Python could not even read these.
    from workers.provision.errors import ProvisionError  # noqa: PLC0415
    from workers.provision.locking import locked  # noqa: PLC0415
    from workers.provision.machine import cache_folder  # noqa: PLC0415
    from workers.provision.pages import Pages  # noqa: PLC0415
    from workers.provision.python_environment import PythonEnvironment  # noqa: PLC0415

    started = time.monotonic()
    environment = PythonEnvironment(ROOT, cache_folder(), say)
    pages = Pages(ROOT, cache_folder(), say)
    if environment.is_ready(kind) and pages.is_ready():
        return 0
    lock = cache_folder() / "bootstrap" / f"{sha256(str(ROOT).encode()).hexdigest()[:12]}.lock"
    try:
        with locked(lock, lambda: say("Другой запуск уже готовит эту папку, жду его")):
            if not environment.is_ready(kind):
                environment.make(kind)
            if not pages.is_ready():
                pages.build()
    except ProvisionError as failure:
        say(f"Ошибка: {failure.sentence}")
        sys.stderr.write(f"{failure.detail}\n" if failure.detail else "")
        return 1
    say(f"Готово за {time.monotonic() - started:.0f} с")
    return 0


def run_on_newer_python(arguments: list[str]) -> int:
    """Start again on a newer interpreter of this machine; without one, say so."""
    question = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    for program in filter(None, map(shutil.which, NEWER_PYTHONS)):
        # A name on PATH may be a shim of a version manager that leads nowhere.
        if subprocess.call([program, "-c", question], stderr=subprocess.DEVNULL) == 0:
            os.execv(program, [program, __file__, *arguments])  # noqa: S606 (a list of our own, no shell is meant)
    version = "{}.{}".format(*sys.version_info[:2])
    say(f"Нужен Python 3.11 или новее, а здесь {version}. Установите, например, пакет python3.12 и запустите снова.")
    return 1


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
