"""The index on cards to be brought up to date begins with the day: its first column must tell cards apart

Revision ID: 0022_actualized
Revises: 0021_promises
"""

from alembic import op

revision = "0022_actualized"
down_revision = "0021_promises"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_family_actualized", table_name="family")
    op.create_index("ix_family_actualized", "family", ["actualized_on", "created_at", "state"])


def downgrade() -> None:
    op.drop_index("ix_family_actualized", table_name="family")
    op.create_index("ix_family_actualized", "family", ["state", "actualized_on", "created_at"])
