"""Transfers and who took part in a call

Revision ID: 0014_transfers
Revises: 0013_appointments
"""

revision = "0014_transfers"
down_revision = "0013_appointments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
