"""Calls that an operator makes

Revision ID: 0011_outgoing
Revises: 0010_missed
"""

revision = "0011_outgoing"
down_revision = "0010_missed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
