"""Hours of the services, days that differ, confirmed years

Revision ID: 0008_calendar
Revises: 0007_audit
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0008_calendar"
down_revision = "0007_audit"
branch_labels = None
depends_on = None

_LIVE = "replaced_at IS NULL"
_INDEXED = {
    "calendar_change": ("service_id", "employee_id"),
    "service_hours": ("service_id", "employee_id", "replaced_by_id"),
    "calendar_day": ("service_id", "employee_id", "replaced_by_id"),
    "calendar_year": ("employee_id", "replaced_by_id"),
}
_UNIQUE = {
    "uq_service_hours_start": ("service_hours", ["service_id", "starts_on"]),
    "uq_calendar_day_day": ("calendar_day", ["service_id", "day"]),
    "uq_calendar_year_year": ("calendar_year", ["year"]),
}
"""One row at a time holds; those that it replaced stay."""


def upgrade() -> None:
    op.create_table(
        "calendar_version",
        sa.Column("service_id", Id, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_calendar_version_service_id_service")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_calendar_version")),
    )
    op.create_table(
        "calendar_change",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_calendar_change_employee_id_employee")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_calendar_change_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_change")),
        sa.UniqueConstraint("service_id", "version", name=op.f("uq_calendar_change_service_id_version")),
    )
    op.create_table(
        "service_hours",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("shorten_minutes", sa.Integer(), nullable=False),
        *_who_and_when("service_hours", nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_hours_service_id_service")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("intervals", sa.JSON(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        *_who_and_when("calendar_day", nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_calendar_day_service_id_service")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("id", Id, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        *_who_and_when("calendar_year", nullable=False),
    )
    for table, columns in _INDEXED.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    for name, (table, together) in _UNIQUE.items():
        live = sa.text(_LIVE)
        op.create_index(name, table, together, unique=True, sqlite_where=live, postgresql_where=live)


def _who_and_when(table: str, *, nullable: bool) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("employee_id", Id, nullable=nullable),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.Column("replaced_by_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f(f"fk_{table}_employee_id_employee")),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["employee.id"], name=op.f(f"fk_{table}_replaced_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    for name, (table, _) in _UNIQUE.items():
        op.drop_index(name, table)
    for table, columns in _INDEXED.items():
        for column in columns:
            op.drop_index(op.f(f"ix_{table}_{column}"), table)
    for table in ("calendar_year", "calendar_day", "service_hours", "calendar_change", "calendar_version"):
        op.drop_table(table)
