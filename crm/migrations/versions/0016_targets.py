"""What the service promises: targets of the wallboard and the report

Revision ID: 0016_targets
Revises: 0015_recordings
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0016_targets"
down_revision = "0015_recordings"
branch_labels = None
depends_on = None

NUMBERS = (
    "answer_seconds",
    "level_percent",
    "short_seconds",
    "abandoned_percent",
    "missed_percent",
    "queue_yellow",
    "queue_red",
    "wait_yellow",
    "wait_red",
    "wrapup_yellow",
    "wrapup_red",
)


def upgrade() -> None:
    op.create_table(
        "service_target",
        sa.Column("service_id", Id, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in NUMBERS),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["employee.id"], name=op.f("fk_service_target_changed_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_service_target_service_id_service")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_service_target")),
    )
    op.create_index(op.f("ix_service_target_changed_by_id"), "service_target", ["changed_by_id"])
    op.create_table(
        "wrap_up",
        sa.Column("id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_wrap_up_call_id_call_record")),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_wrap_up_employee_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrap_up")),
        sa.UniqueConstraint("employee_id", "began_at", name=op.f("uq_wrap_up_employee_id_began_at")),
    )
    op.create_index(op.f("ix_wrap_up_call_id"), "wrap_up", ["call_id"])
    op.create_table(
        "wall_pass",
        sa.Column("id", Id, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("service_ids", sa.JSON(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("issued_by_id", Id, nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["issued_by_id"], ["employee.id"], name=op.f("fk_wall_pass_issued_by_id_employee")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["employee.id"], name=op.f("fk_wall_pass_withdrawn_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wall_pass")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_wall_pass_token_hash")),
    )
    for column in ("issued_by_id", "withdrawn_by_id"):
        op.create_index(op.f(f"ix_wall_pass_{column}"), "wall_pass", [column])


def downgrade() -> None:
    op.drop_table("wall_pass")
    op.drop_table("wrap_up")
    op.drop_table("service_target")
