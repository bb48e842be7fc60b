"""Consents, requests of subjects, acts of destruction

Revision ID: 0005_consents
Revises: 0004_journal
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime
from crm.consents.first_texts import FIRST_TEXTS

revision = "0005_consents"
down_revision = "0004_journal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = op.create_table(
        "consent_text",
        sa.Column("id", Id, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("spoken", sa.Text(), nullable=False),
        sa.Column("printed", sa.Text(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["employee.id"], name=op.f("fk_consent_text_created_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_text")),
        sa.UniqueConstraint("purpose", "version", name=op.f("uq_consent_text_purpose_version")),
    )
    op.bulk_insert(
        texts,
        [
            {
                "purpose": purpose,
                "version": 1,
                "spoken": spoken,
                "printed": printed,
                "created_by_id": None,
                "created_at": datetime.now(UTC),
            }
            for purpose, (spoken, printed) in FIRST_TEXTS.items()
        ],
    )
    op.create_table(
        "subject_request",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("taken_by_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", Id, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["done_by_id"], ["employee.id"], name=op.f("fk_subject_request_done_by_id_employee")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_subject_request_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_subject_request_person_id_person")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["employee.id"], name=op.f("fk_subject_request_taken_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_request")),
    )
    with op.batch_alter_table("subject_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subject_request_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subject_request_person_id"), ["person_id"], unique=False)

    op.create_table(
        "destruction_act",
        sa.Column("id", Id, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("request_id", Id, nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("destroyed", sa.JSON(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("proposed_by_id", Id, nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by_id", Id, nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["employee.id"], name=op.f("fk_destruction_act_decided_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_destruction_act_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_destruction_act_person_id_person")),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["employee.id"], name=op.f("fk_destruction_act_proposed_by_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["subject_request.id"], name=op.f("fk_destruction_act_request_id_subject_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction_act")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_destruction_act_year_number")),
    )
    with op.batch_alter_table("destruction_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_destruction_act_family_id"), ["family_id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("text_id", Id, nullable=False),
        sa.Column("representative", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("taken_by_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by_id", Id, nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_how", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_consent_call_id_call_record")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_consent_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id_person")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["employee.id"], name=op.f("fk_consent_taken_by_id_employee")),
        sa.ForeignKeyConstraint(["text_id"], ["consent_text.id"], name=op.f("fk_consent_text_id_consent_text")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["employee.id"], name=op.f("fk_consent_withdrawn_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_family_id"), ["family_id"], unique=False)
        batch_op.create_index("ix_consent_person_purpose", ["person_id", "purpose"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index("ix_consent_person_purpose")
        batch_op.drop_index(batch_op.f("ix_consent_family_id"))

    op.drop_table("consent")
    with op.batch_alter_table("destruction_act", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_destruction_act_family_id"))

    op.drop_table("destruction_act")
    with op.batch_alter_table("subject_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subject_request_person_id"))
        batch_op.drop_index(batch_op.f("ix_subject_request_family_id"))

    op.drop_table("subject_request")
    op.drop_table("consent_text")
