"""Recordings of talks, listening in

Revision ID: 0015_recordings
Revises: 0014_transfers
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0015_recordings"
down_revision = "0014_transfers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monitor_notice",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("order_words", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("noted_by_id", Id, nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_monitor_notice_employee_id_employee")),
        sa.ForeignKeyConstraint(["noted_by_id"], ["employee.id"], name=op.f("fk_monitor_notice_noted_by_id_employee")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_monitor_notice_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitor_notice")),
        sa.UniqueConstraint(
            "service_id",
            "employee_id",
            "order_words",
            name=op.f("uq_monitor_notice_service_id_employee_id_order_words"),
        ),
    )
    with op.batch_alter_table("monitor_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_monitor_notice_employee_id"), ["employee_id"], unique=False)

    op.create_table(
        "monitor_rule",
        sa.Column("service_id", Id, autoincrement=False, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("order_date", sa.Date(), nullable=True),
        sa.Column("tell_listening", sa.Boolean(), nullable=False),
        sa.Column("set_by_id", Id, nullable=True),
        sa.Column("set_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_monitor_rule_service_id_service")),
        sa.ForeignKeyConstraint(["set_by_id"], ["employee.id"], name=op.f("fk_monitor_rule_set_by_id_employee")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_monitor_rule")),
    )
    op.create_table(
        "recording_rule",
        sa.Column("service_id", Id, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("order_date", sa.Date(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("proposed_by_id", Id, nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", Id, nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["employee.id"], name=op.f("fk_recording_rule_decided_by_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["employee.id"], name=op.f("fk_recording_rule_proposed_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_recording_rule_service_id_service")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_recording_rule")),
    )
    op.create_table(
        "monitor_session",
        sa.Column("id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("watcher_id", Id, nullable=False),
        sa.Column("target_id", Id, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("began_at", UtcDateTime(), nullable=True),
        sa.Column("stop_asked_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_monitor_session_call_id_call_record")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_monitor_session_service_id_service")),
        sa.ForeignKeyConstraint(["target_id"], ["employee.id"], name=op.f("fk_monitor_session_target_id_employee")),
        sa.ForeignKeyConstraint(["watcher_id"], ["employee.id"], name=op.f("fk_monitor_session_watcher_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitor_session")),
    )
    with op.batch_alter_table("monitor_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_monitor_session_call_id"), ["call_id"], unique=False)
        batch_op.create_index(
            "ix_monitor_session_open",
            ["id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_monitor_session_target_id"), ["target_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_monitor_session_watcher_id"), ["watcher_id"], unique=False)

    op.create_table(
        "recording",
        sa.Column("id", Id, nullable=False),
        sa.Column("linkedid", sa.Text(), nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("service_id", Id, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("stop", sa.Text(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_by_id", Id, nullable=True),
        sa.Column("stop_carried_out", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("size", Id, nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("keep_until", UtcDateTime(), nullable=True),
        sa.Column("held_at", UtcDateTime(), nullable=True),
        sa.Column("held_by_id", Id, nullable=True),
        sa.Column("hold_reason", sa.Text(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_recording_call_id_call_record")),
        sa.ForeignKeyConstraint(["held_by_id"], ["employee.id"], name=op.f("fk_recording_held_by_id_employee")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_recording_service_id_service")),
        sa.ForeignKeyConstraint(["stopped_by_id"], ["employee.id"], name=op.f("fk_recording_stopped_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("linkedid", name=op.f("uq_recording_linkedid")),
    )
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recording_call_id"), ["call_id"], unique=False)
        batch_op.create_index("ix_recording_keep_until", ["keep_until"], unique=False)
        batch_op.create_index("ix_recording_service_started", ["service_id", "started_at"], unique=False)
        batch_op.create_index("ix_recording_state", ["state"], unique=False)

    op.create_table(
        "recording_listening",
        sa.Column("id", Id, nullable=False),
        sa.Column("recording_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_recording_listening_employee_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_listening_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_listening")),
    )
    with op.batch_alter_table("recording_listening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recording_listening_recording_id"), ["recording_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("recording_listening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recording_listening_recording_id"))

    op.drop_table("recording_listening")
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_state")
        batch_op.drop_index("ix_recording_service_started")
        batch_op.drop_index("ix_recording_keep_until")
        batch_op.drop_index(batch_op.f("ix_recording_call_id"))

    op.drop_table("recording")
    with op.batch_alter_table("monitor_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_monitor_session_watcher_id"))
        batch_op.drop_index(batch_op.f("ix_monitor_session_target_id"))
        batch_op.drop_index(
            "ix_monitor_session_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_monitor_session_call_id"))

    op.drop_table("monitor_session")
    op.drop_table("recording_rule")
    op.drop_table("monitor_rule")
    with op.batch_alter_table("monitor_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_monitor_notice_employee_id"))

    op.drop_table("monitor_notice")
