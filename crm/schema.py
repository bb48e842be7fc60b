"""Making the schema: Alembic's migrations, one starter at a time. For `family-dispatch up`, `init` and the tests."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from crm.db import MIGRATIONS, make_engine, refuse_newer
from crm.errors import SchemaError

MIGRATION_LOCK = 0x46414D44  # any number of ours: PostgreSQL's advisory locks are named by numbers


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, made here so that the wheel needs no file beside it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(url: str) -> None:
    """Bring the schema to this program's version. Two starters at once are serialised: the second finds nothing to do.

    Raises SchemaError where the database belongs to a newer program.
    """
    _make_folder(url)
    engine = make_engine(url, foreign_keys=False)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            refuse_newer(connection)
            command.upgrade(alembic_config(connection), "head")
            if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise SchemaError("После обновления базы данных нарушены связи между записями; изменения отменены.")
    finally:
        engine.dispose()


def _make_folder(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
