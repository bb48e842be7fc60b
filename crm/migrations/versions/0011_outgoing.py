"""Calls that an operator makes

Revision ID: 0011_outgoing
Revises: 0010_missed
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0011_outgoing"
down_revision = "0010_missed"
branch_labels = None
depends_on = None

REFERENCES = (
    ("call_id", "call_record"),
    ("employee_id", "employee"),
    ("family_id", "family"),
    ("missed_id", "missed_call"),
    ("person_id", "person"),
)


def upgrade() -> None:
    op.create_table(
        "outgoing_call",
        sa.Column("id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("shown_number", sa.Text(), nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("missed_id", Id, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("hangup_asked_at", UtcDateTime(), nullable=True),
        sa.Column("hangup_done_at", UtcDateTime(), nullable=True),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_outgoing_call_{column}_{target}"))
            for column, target in REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_call")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_outgoing_call_channel_id")),
    )
    for column in ("call_id", "employee_id", "family_id", "missed_id", "person_id"):
        op.create_index(op.f(f"ix_outgoing_call_{column}"), "outgoing_call", [column])
    op.create_index("ix_outgoing_call_employee_requested", "outgoing_call", ["employee_id", "requested_at"])
    for name, column in (("employee", "employee_id"), ("number", "number")):
        op.create_index(
            f"ux_outgoing_call_live_{name}",
            "outgoing_call",
            [column],
            unique=True,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )


def downgrade() -> None:
    op.drop_table("outgoing_call")
