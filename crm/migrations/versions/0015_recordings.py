"""Recordings of talks, listening in

Revision ID: 0015_recordings
Revises: 0014_transfers
"""

revision = "0015_recordings"
down_revision = "0014_transfers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
