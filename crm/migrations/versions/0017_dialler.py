"""The outbound engine: tasks, attempts, lines, switches, refusals

Revision ID: 0017_dialler
Revises: 0016_targets
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0017_dialler"
down_revision = "0016_targets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dialler_switch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_by_id", Id, nullable=True),
        sa.Column("exchange_stopped", sa.Boolean(), nullable=True),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("paused_reason", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stopped_by_id"], ["employee.id"], name=op.f("fk_dialler_switch_stopped_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dialler_switch")),
    )
    op.create_table(
        "dialler_settings",
        sa.Column("service_id", Id, autoincrement=False, nullable=False),
        sa.Column("robot_on", sa.Boolean(), nullable=False),
        sa.Column("legal_ground", sa.Text(), nullable=False),
        sa.Column("legal_ticked_at", UtcDateTime(), nullable=True),
        sa.Column("legal_ticked_by_id", Id, nullable=True),
        sa.Column("shown_line_id", Id, nullable=True),
        sa.Column("caller_label", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("trunk_lines", sa.Integer(), nullable=False),
        sa.Column("per_second", sa.Integer(), nullable=False),
        sa.Column("ring_seconds", sa.Integer(), nullable=False),
        sa.Column("earliest", sa.Integer(), nullable=False),
        sa.Column("latest_usual", sa.Integer(), nullable=False),
        sa.Column("latest", sa.JSON(), nullable=False),
        sa.Column("gap_minutes", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=False),
        sa.Column("per_week", sa.Integer(), nullable=False),
        sa.Column("per_month", sa.Integer(), nullable=False),
        sa.Column("per_service_day", sa.Integer(), nullable=False),
        sa.Column("retry", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["employee.id"], name=op.f("fk_dialler_settings_changed_by_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["legal_ticked_by_id"], ["employee.id"], name=op.f("fk_dialler_settings_legal_ticked_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_dialler_settings_service_id_service")),
        sa.ForeignKeyConstraint(["shown_line_id"], ["line.id"], name=op.f("fk_dialler_settings_shown_line_id_line")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_dialler_settings")),
    )
    op.create_table(
        "dial_task",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("phone_id", Id, nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", UtcDateTime(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=False),
        sa.Column("stretches", sa.JSON(), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_dial_task_employee_id_employee")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_dial_task_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dial_task_person_id_person")),
        sa.ForeignKeyConstraint(["phone_id"], ["phone.id"], name=op.f("fk_dial_task_phone_id_phone")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_dial_task_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dial_task")),
    )
    op.create_index(
        "ix_dial_task_due",
        "dial_task",
        ["channel", "due_at", "priority"],
        sqlite_where=sa.text("state = 'due'"),
        postgresql_where=sa.text("state = 'due'"),
    )
    op.create_index(op.f("ix_dial_task_employee_id"), "dial_task", ["employee_id"])
    op.create_index("ix_dial_task_family", "dial_task", ["family_id", "planned_at"])
    op.create_index("ix_dial_task_number", "dial_task", ["number", "planned_at"])
    op.create_index(
        "ix_dial_task_open",
        "dial_task",
        ["deadline"],
        sqlite_where=sa.text("state IN ('due', 'claimed', 'calling')"),
        postgresql_where=sa.text("state IN ('due', 'claimed', 'calling')"),
    )
    op.create_index(op.f("ix_dial_task_person_id"), "dial_task", ["person_id"])
    op.create_index(op.f("ix_dial_task_phone_id"), "dial_task", ["phone_id"])
    op.create_index(op.f("ix_dial_task_service_id"), "dial_task", ["service_id"])
    op.create_table(
        "dial_attempt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", Id, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("shown_number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("rang", sa.Boolean(), nullable=False),
        sa.Column("sending_at", UtcDateTime(), nullable=False),
        sa.Column("not_after", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("ringing_at", UtcDateTime(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("news_at", UtcDateTime(), nullable=False),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("identified_at", UtcDateTime(), nullable=True),
        sa.Column("played_at", UtcDateTime(), nullable=True),
        sa.Column("prompts", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hangup_asked_at", UtcDateTime(), nullable=True),
        sa.Column("hangup_done_at", UtcDateTime(), nullable=True),
        sa.Column("call_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_dial_attempt_call_id_call_record")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_dial_attempt_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dial_attempt_person_id_person")),
        sa.ForeignKeyConstraint(["task_id"], ["dial_task.id"], name=op.f("fk_dial_attempt_task_id_dial_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dial_attempt")),
        sa.UniqueConstraint("task_id", "n", name=op.f("uq_dial_attempt_task_id_n")),
    )
    op.create_index(op.f("ix_dial_attempt_call_id"), "dial_attempt", ["call_id"])
    op.create_index("ix_dial_attempt_family_sending", "dial_attempt", ["family_id", "sending_at"])
    op.create_index("ix_dial_attempt_number_sending", "dial_attempt", ["number", "sending_at"])
    op.create_index(op.f("ix_dial_attempt_person_id"), "dial_attempt", ["person_id"])
    op.create_index("ix_dial_attempt_sending", "dial_attempt", ["sending_at"])
    op.create_index(
        "ux_dial_attempt_live_number",
        "dial_attempt",
        ["number"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    op.create_index(
        "ux_dial_attempt_live_task",
        "dial_attempt",
        ["task_id"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "dial_subject",
        sa.Column("id", Id, nullable=False),
        sa.Column("task_id", Id, nullable=False),
        sa.Column("appointment_id", Id, nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_dial_subject_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["dial_task.id"], name=op.f("fk_dial_subject_task_id_dial_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dial_subject")),
        sa.UniqueConstraint("appointment_id", "occasion", name=op.f("uq_dial_subject_appointment_id_occasion")),
    )
    op.create_index(op.f("ix_dial_subject_task_id"), "dial_subject", ["task_id"])
    op.create_table(
        "call_refusal",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=True),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by_id", Id, nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["dial_attempt.id"], name=op.f("fk_call_refusal_attempt_id_dial_attempt")
        ),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_call_refusal_employee_id_employee")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["employee.id"], name=op.f("fk_call_refusal_ended_by_id_employee")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_call_refusal_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_refusal")),
    )
    op.create_index(op.f("ix_call_refusal_attempt_id"), "call_refusal", ["attempt_id"])
    op.create_index("ix_call_refusal_number", "call_refusal", ["number", "at"])
    op.create_index(op.f("ix_call_refusal_person_id"), "call_refusal", ["person_id"])
    op.create_table(
        "dial_event",
        sa.Column("id", Id, nullable=False),
        sa.Column("task_id", Id, nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["dial_attempt.id"], name=op.f("fk_dial_event_attempt_id_dial_attempt")
        ),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_dial_event_employee_id_employee")),
        sa.ForeignKeyConstraint(["task_id"], ["dial_task.id"], name=op.f("fk_dial_event_task_id_dial_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dial_event")),
    )
    op.create_index(op.f("ix_dial_event_attempt_id"), "dial_event", ["attempt_id"])
    op.create_index(op.f("ix_dial_event_task_id"), "dial_event", ["task_id"])
    op.create_table(
        "line_slot",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["dial_attempt.id"], name=op.f("fk_line_slot_attempt_id_dial_attempt")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_line_slot")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_line_slot_attempt_id")),
    )
    op.create_table(
        "number_mark",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.Column("cleared_by_id", Id, nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["dial_attempt.id"], name=op.f("fk_number_mark_attempt_id_dial_attempt")
        ),
        sa.ForeignKeyConstraint(["cleared_by_id"], ["employee.id"], name=op.f("fk_number_mark_cleared_by_id_employee")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_number_mark_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_mark")),
    )
    op.create_index(op.f("ix_number_mark_attempt_id"), "number_mark", ["attempt_id"])
    op.create_index("ix_number_mark_number", "number_mark", ["number", "at"])
    op.create_index(op.f("ix_number_mark_person_id"), "number_mark", ["person_id"])
    with op.batch_alter_table("outgoing_call") as batch_op:
        batch_op.add_column(sa.Column("task_id", Id, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_outgoing_call_task_id_dial_task"), "dial_task", ["task_id"], ["id"])
    op.create_index(op.f("ix_outgoing_call_task_id"), "outgoing_call", ["task_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_outgoing_call_task_id"), "outgoing_call")
    with op.batch_alter_table("outgoing_call") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_outgoing_call_task_id_dial_task"), type_="foreignkey")
        batch_op.drop_column("task_id")
    op.drop_table("number_mark")
    op.drop_table("line_slot")
    op.drop_table("dial_event")
    op.drop_table("call_refusal")
    op.drop_table("dial_subject")
    op.drop_table("dial_attempt")
    op.drop_table("dial_task")
    op.drop_table("dialler_settings")
    op.drop_table("dialler_switch")
