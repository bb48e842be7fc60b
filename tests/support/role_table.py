"""The table of docs/ru/13-roles.md, drawn from the routes: `.venv/bin/python -m tests.support.role_table` writes it
anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

from crm.db import open_database
from crm.staff import Role
from web.app import create_app
from web.desk import Desk
from web.role_matrix import Matrix, matrix_of
from web.settings import WebSettings
from workers.feed import Feed

CHAPTER = Path(__file__).resolve().parents[2] / "docs" / "ru" / "13-roles.md"
_HEAD = "| Действие |"
_SHORT = {
    Role.DISPATCHER: "дисп.",
    Role.COORDINATOR: "коорд.",
    Role.SPECIALIST: "спец.",
    Role.HEAD: "завед.",
    Role.DIRECTOR: "дир.",
    Role.ADMINISTRATOR: "админ.",
    Role.AUDITOR: "аудит.",
}


def drawn(matrix: Matrix) -> str:
    """The table as Markdown."""
    lines = [f"{_HEAD} {' | '.join(_SHORT.values())} |", f"|---|{':-:|' * len(_SHORT)}"]
    for section, rows in matrix.sections():
        lines.append(f"| **{section}** |{' |' * len(_SHORT)}")
        for row in rows:
            marks = ["+" if row.roles is None or role in row.roles else " " for role in _SHORT]
            lines.append(f"| {row.title} | {' | '.join(marks)} |")
    return "\n".join(lines)


def written() -> str:
    """The table that stands in the guide."""
    return "\n".join(line for line in CHAPTER.read_text().splitlines() if line.startswith("|"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = WebSettings(data_dir=Path(folder), secret_key="0123456789abcdef" * 4, _env_file=None)
        desk = Desk(settings, open_database(settings), Feed(settings.redis_address()))
        table = drawn(matrix_of(create_app(desk=desk)))
        desk.close()
    CHAPTER.write_text(CHAPTER.read_text().replace(written(), table))


if __name__ == "__main__":
    main()
