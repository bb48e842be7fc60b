"""Texts of the robots, recorded phrases, and the calls by which they are heard and recorded

Revision ID: 0018_speech
Revises: 0017_dialler
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0018_speech"
down_revision = "0017_dialler"
branch_labels = None
depends_on = None


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "speech_text",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        _to("speech_text", "created_by_id", "employee"),
        _to("speech_text", "service_id", "service"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speech_text")),
        sa.UniqueConstraint("service_id", "name", "version", name=op.f("uq_speech_text_service_id_name_version")),
    )
    op.create_index(op.f("ix_speech_text_created_by_id"), "speech_text", ["created_by_id"])
    op.create_table(
        "recorded_phrase",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_id", Id, nullable=True),
        _to("recorded_phrase", "created_by_id", "employee"),
        _to("recorded_phrase", "removed_by_id", "employee"),
        _to("recorded_phrase", "service_id", "service"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_phrase")),
    )
    op.create_index(
        "ux_recorded_phrase_current",
        "recorded_phrase",
        ["service_id", "name"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    for column in ("created_by_id", "removed_by_id", "service_id"):
        op.create_index(op.f(f"ix_recorded_phrase_{column}"), "recorded_phrase", [column])
    op.create_table(
        "speech_call",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        _to("speech_call", "employee_id", "employee"),
        _to("speech_call", "service_id", "service"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speech_call")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_speech_call_channel_id")),
    )
    op.create_index(
        "ux_speech_call_live",
        "speech_call",
        ["employee_id"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    for column in ("employee_id", "service_id"):
        op.create_index(op.f(f"ix_speech_call_{column}"), "speech_call", [column])


def downgrade() -> None:
    op.drop_table("speech_call")
    op.drop_table("recorded_phrase")
    op.drop_table("speech_text")
