"""Specialists, absences and substitutes; consultations and dispositions

Revision ID: 0012_specialists
Revises: 0011_outgoing
"""

revision = "0012_specialists"
down_revision = "0011_outgoing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
