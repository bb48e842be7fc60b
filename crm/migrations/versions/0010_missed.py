"""The ledger of missed calls

Revision ID: 0010_missed
Revises: 0009_lines
"""

revision = "0010_missed"
down_revision = "0009_lines"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
