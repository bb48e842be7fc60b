"""Hours of the services, days that differ, confirmed years

Revision ID: 0008_calendar
Revises: 0007_audit
"""

revision = "0008_calendar"
down_revision = "0007_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
