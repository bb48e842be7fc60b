"""The audit log's indexes in the order in which its page shows the entries

Revision ID: 0007_audit
Revises: 0006_search
"""

from alembic import op

revision = "0007_audit"
down_revision = "0006_search"
branch_labels = None
depends_on = None

OLD = ("action", "actor_id", "at", "family_id")
NEW = {
    "ix_audit_event_at_seq": ["at", "seq"],
    "ix_audit_event_actor": ["actor_id", "at", "seq"],
    "ix_audit_event_action_at": ["action", "at", "seq"],
    "ix_audit_event_family": ["family_id", "at", "seq"],
}


def upgrade() -> None:
    for column in OLD:
        op.drop_index(f"ix_audit_event_{column}", "audit_event")
    for name, columns in NEW.items():
        op.create_index(name, "audit_event", columns)


def downgrade() -> None:
    for name in NEW:
        op.drop_index(name, "audit_event")
    for column in OLD:
        op.create_index(f"ix_audit_event_{column}", "audit_event", [column])
