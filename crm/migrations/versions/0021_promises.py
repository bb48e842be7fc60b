"""Whose promise to call back it is; a refusal of calls by a whole family, said in a talk or in a letter

Revision ID: 0021_promises
Revises: 0020_tips
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id

revision = "0021_promises"
down_revision = "0020_tips"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("missed_call") as batch_op:
        batch_op.add_column(sa.Column("owner_id", Id, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_missed_call_owner_id_employee"), "employee", ["owner_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_missed_call_owner_id"), ["owner_id"])
    with op.batch_alter_table("call_refusal") as batch_op:
        batch_op.add_column(sa.Column("family_id", Id, nullable=True))
        batch_op.add_column(sa.Column("call_id", Id, nullable=True))
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("letter_number", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("letter_on", sa.Date(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_call_refusal_family_id_family"), "family", ["family_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_call_refusal_call_id_call_record"), "call_record", ["call_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_call_refusal_family_id"), ["family_id"])
        batch_op.create_index(batch_op.f("ix_call_refusal_call_id"), ["call_id"])


def downgrade() -> None:
    with op.batch_alter_table("call_refusal") as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_refusal_call_id"))
        batch_op.drop_index(batch_op.f("ix_call_refusal_family_id"))
        batch_op.drop_constraint(batch_op.f("fk_call_refusal_call_id_call_record"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_call_refusal_family_id_family"), type_="foreignkey")
        for column in ("letter_on", "letter_number", "note", "call_id", "family_id"):
            batch_op.drop_column(column)
    with op.batch_alter_table("missed_call") as batch_op:
        batch_op.drop_index(batch_op.f("ix_missed_call_owner_id"))
        batch_op.drop_constraint(batch_op.f("fk_missed_call_owner_id_employee"), type_="foreignkey")
        batch_op.drop_column("owner_id")
