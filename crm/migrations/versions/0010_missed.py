"""The ledger of missed calls

Revision ID: 0010_missed
Revises: 0009_lines
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0010_missed"
down_revision = "0009_lines"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "missed_call",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("number_certain", sa.Boolean(), nullable=False),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("promised_for", UtcDateTime(), nullable=True),
        sa.Column("promise_note", sa.Text(), nullable=False),
        sa.Column("claimed_by_id", Id, nullable=True),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", Id, nullable=True),
        sa.Column("closed_how", sa.Text(), nullable=False),
        sa.Column("closed_reason", sa.Text(), nullable=False),
        sa.Column("closed_note", sa.Text(), nullable=False),
        sa.Column("closed_call_id", Id, nullable=True),
        sa.Column("joined_to_id", Id, nullable=True),
        sa.Column("open_key", sa.Text(), nullable=True),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_missed_call_service_id_service")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_missed_call_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_missed_call_person_id_person")),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["employee.id"], name=op.f("fk_missed_call_claimed_by_id_employee")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["employee.id"], name=op.f("fk_missed_call_closed_by_id_employee")),
        sa.ForeignKeyConstraint(
            ["closed_call_id"], ["call_record.id"], name=op.f("fk_missed_call_closed_call_id_call_record")
        ),
        sa.ForeignKeyConstraint(
            ["joined_to_id"], ["missed_call.id"], name=op.f("fk_missed_call_joined_to_id_missed_call")
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["employee.id"], name=op.f("fk_missed_call_created_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_call")),
        sa.UniqueConstraint("open_key", name=op.f("uq_missed_call_open_key")),
    )
    op.create_index(op.f("ix_missed_call_claimed_by_id"), "missed_call", ["claimed_by_id"], unique=False)
    op.create_index(op.f("ix_missed_call_closed_by_id"), "missed_call", ["closed_by_id"], unique=False)
    op.create_index(op.f("ix_missed_call_closed_call_id"), "missed_call", ["closed_call_id"], unique=False)
    op.create_index(op.f("ix_missed_call_created_by_id"), "missed_call", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_missed_call_family_id"), "missed_call", ["family_id"], unique=False)
    op.create_index(op.f("ix_missed_call_joined_to_id"), "missed_call", ["joined_to_id"], unique=False)
    op.create_index(
        "ix_missed_call_open",
        "missed_call",
        ["service_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_missed_call_person_id"), "missed_call", ["person_id"], unique=False)
    op.create_index("ix_missed_call_service_closed", "missed_call", ["service_id", "closed_at"], unique=False)
    op.create_table(
        "missed_contact",
        sa.Column("id", Id, nullable=False),
        sa.Column("missed_id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("line_id", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["missed_id"], ["missed_call.id"], name=op.f("fk_missed_contact_missed_id_missed_call")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_missed_contact_call_id_call_record")),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"], name=op.f("fk_missed_contact_line_id_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_contact")),
        sa.UniqueConstraint("call_id", name=op.f("uq_missed_contact_call_id")),
        sa.UniqueConstraint("form_key", name=op.f("uq_missed_contact_form_key")),
    )
    op.create_index(op.f("ix_missed_contact_line_id"), "missed_contact", ["line_id"], unique=False)
    op.create_index(op.f("ix_missed_contact_missed_id"), "missed_contact", ["missed_id"], unique=False)
    op.create_table(
        "missed_attempt",
        sa.Column("id", Id, nullable=False),
        sa.Column("missed_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["missed_id"], ["missed_call.id"], name=op.f("fk_missed_attempt_missed_id_missed_call")
        ),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_missed_attempt_employee_id_employee")),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_missed_attempt_call_id_call_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_attempt")),
        sa.UniqueConstraint("call_id", name=op.f("uq_missed_attempt_call_id")),
        sa.UniqueConstraint("form_key", name=op.f("uq_missed_attempt_form_key")),
    )
    op.create_index(op.f("ix_missed_attempt_employee_id"), "missed_attempt", ["employee_id"], unique=False)
    op.create_index(op.f("ix_missed_attempt_missed_id"), "missed_attempt", ["missed_id"], unique=False)
    op.create_table(
        "missed_setting",
        sa.Column("service_id", Id, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("claim_minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_missed_setting_service_id_service")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_missed_setting")),
    )
    op.create_table(
        "shift_handover",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("left_by_id", Id, nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("taken_by_id", Id, nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("taken_note", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_shift_handover_service_id_service")),
        sa.ForeignKeyConstraint(["left_by_id"], ["employee.id"], name=op.f("fk_shift_handover_left_by_id_employee")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["employee.id"], name=op.f("fk_shift_handover_taken_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_handover")),
        sa.UniqueConstraint("form_key", name=op.f("uq_shift_handover_form_key")),
    )
    op.create_index(op.f("ix_shift_handover_left_by_id"), "shift_handover", ["left_by_id"], unique=False)
    op.create_index(op.f("ix_shift_handover_service_id"), "shift_handover", ["service_id"], unique=False)
    op.create_index(op.f("ix_shift_handover_taken_by_id"), "shift_handover", ["taken_by_id"], unique=False)


def downgrade() -> None:
    for table in ("shift_handover", "missed_setting", "missed_attempt", "missed_contact", "missed_call"):
        op.drop_table(table)
