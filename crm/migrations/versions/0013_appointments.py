"""Timetables, slots, appointments, the waiting list

Revision ID: 0013_appointments
Revises: 0012_specialists
"""

revision = "0013_appointments"
down_revision = "0012_specialists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
