"""What a line does when nobody can answer; who is assigned to it; voice messages

Revision ID: 0009_lines
Revises: 0008_calendar
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0009_lines"
down_revision = "0008_calendar"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_voice",
        sa.Column("service_id", Id, autoincrement=False, nullable=False),
        sa.Column("spoken_name", sa.Text(), nullable=False),
        sa.Column("spoken_institution", sa.Text(), nullable=False),
        sa.Column("greeting_on", sa.Boolean(), nullable=False),
        sa.Column("greeting", sa.Text(), nullable=False),
        sa.Column("position_on", sa.Boolean(), nullable=False),
        sa.Column("announce_seconds", sa.Integer(), nullable=False),
        sa.Column("callback_on", sa.Boolean(), nullable=False),
        sa.Column("voicemail_on", sa.Boolean(), nullable=False),
        sa.Column("voicemail_seconds", sa.Integer(), nullable=False),
        sa.Column("voicemail_silence", sa.Integer(), nullable=False),
        sa.Column("overflow_seconds", sa.Integer(), nullable=False),
        sa.Column("overflow_to_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["overflow_to_id"], ["employee.id"], name=op.f("fk_service_voice_overflow_to_id_employee")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_voice_service_id_service")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_service_voice")),
    )
    op.create_index(op.f("ix_service_voice_overflow_to_id"), "service_voice", ["overflow_to_id"])
    op.create_table(
        "line_assignment",
        sa.Column("id", Id, nullable=False),
        sa.Column("line_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("order_date", sa.Date(), nullable=True),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by_id", Id, nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["employee.id"], name=op.f("fk_line_assignment_created_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_line_assignment_employee_id_employee")),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"], name=op.f("fk_line_assignment_line_id_line")),
        sa.ForeignKeyConstraint(
            ["revoked_by_id"], ["employee.id"], name=op.f("fk_line_assignment_revoked_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_assignment")),
    )
    for column in ("created_by_id", "employee_id", "revoked_by_id"):
        op.create_index(op.f(f"ix_line_assignment_{column}"), "line_assignment", [column])
    op.create_index("ix_line_assignment_line_since", "line_assignment", ["line_id", "since"])
    op.create_table(
        "voice_message",
        sa.Column("id", Id, nullable=False),
        sa.Column("linkedid", sa.Text(), nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.Column("heard_by_id", Id, nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_voice_message_call_id_call_record")),
        sa.ForeignKeyConstraint(["heard_by_id"], ["employee.id"], name=op.f("fk_voice_message_heard_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_message")),
        sa.UniqueConstraint("linkedid", name=op.f("uq_voice_message_linkedid")),
    )
    for column in ("call_id", "heard_by_id"):
        op.create_index(op.f(f"ix_voice_message_{column}"), "voice_message", [column])
    # What could be added without rebuilding the big table is: SQLite takes a column with a default in place.
    op.add_column("call_record", sa.Column("outcome", sa.Text(), nullable=False, server_default=""))
    op.add_column("call_record", sa.Column("callback_number", sa.Text(), nullable=True))
    op.add_column("line", sa.Column("on_exchange", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("training_call", sa.Column("hours", sa.Text(), nullable=False, server_default="open"))


def downgrade() -> None:
    for table, column in (
        ("training_call", "hours"),
        ("line", "on_exchange"),
        ("call_record", "callback_number"),
        ("call_record", "outcome"),
    ):
        op.drop_column(table, column)  # in place: a rebuilt table would lose those that refer to it
    op.drop_table("voice_message")
    op.drop_table("line_assignment")
    op.drop_table("service_voice")
