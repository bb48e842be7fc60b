"""What the service promises: targets of the wallboard and the report

Revision ID: 0016_targets
Revises: 0015_recordings
"""

revision = "0016_targets"
down_revision = "0015_recordings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
