"""What a line does when nobody can answer; who is assigned to it; voice messages

Revision ID: 0009_lines
Revises: 0008_calendar
"""

revision = "0009_lines"
down_revision = "0008_calendar"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
