"""Transfers and who took part in a call

Revision ID: 0014_transfers
Revises: 0013_appointments
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0014_transfers"
down_revision = "0013_appointments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transfer",
        sa.Column("id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", Id, nullable=True),
        sa.Column("from_extension", sa.Text(), nullable=False),
        sa.Column("to_employee_id", Id, nullable=True),
        sa.Column("to_extension", sa.Text(), nullable=False),
        sa.Column("to_number", sa.Text(), nullable=False),
        sa.Column("packet", sa.Text(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("wish_sent_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_packet_at", UtcDateTime(), nullable=True),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("ringing_at", UtcDateTime(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_transfer_call_id_call_record")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["employee.id"], name=op.f("fk_transfer_asked_by_id_employee")),
        sa.ForeignKeyConstraint(["to_employee_id"], ["employee.id"], name=op.f("fk_transfer_to_employee_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
    )
    op.create_index(op.f("ix_transfer_asked_by_id"), "transfer", ["asked_by_id"], unique=False)
    op.create_index(op.f("ix_transfer_call_id"), "transfer", ["call_id"], unique=False)
    op.create_index(
        "ix_transfer_open",
        "transfer",
        ["call_id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_transfer_to_employee_id"), "transfer", ["to_employee_id"], unique=False)
    op.create_table(
        "call_participant",
        sa.Column("id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_call_participant_call_id_call_record")),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_call_participant_employee_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_participant")),
        sa.UniqueConstraint("call_id", "who", name=op.f("uq_call_participant_call_id_who")),
    )
    op.create_index(op.f("ix_call_participant_employee_id"), "call_participant", ["employee_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_call_participant_employee_id"), table_name="call_participant")
    op.drop_table("call_participant")
    op.drop_index(op.f("ix_transfer_to_employee_id"), table_name="transfer")
    op.drop_index("ix_transfer_open", table_name="transfer")
    op.drop_index(op.f("ix_transfer_call_id"), table_name="transfer")
    op.drop_index(op.f("ix_transfer_asked_by_id"), table_name="transfer")
    op.drop_table("transfer")
