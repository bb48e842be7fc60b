"""Specialists, absences and substitutes; consultations and dispositions

Revision ID: 0012_specialists
Revises: 0011_outgoing
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime
from crm.specialists.seed import FIRST_DISPOSITIONS, FIRST_TOPICS

revision = "0012_specialists"
down_revision = "0011_outgoing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "specialist",
        sa.Column("employee_id", Id, autoincrement=False, nullable=False),
        sa.Column("outside_number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_specialist_employee_id_employee")),
        sa.PrimaryKeyConstraint("employee_id", name=op.f("pk_specialist")),
    )
    op.create_table(
        "absence",
        sa.Column("id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("substitute_id", Id, nullable=True),
        sa.Column("entered_by_id", Id, nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by_id", Id, nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_absence_employee_id_employee")),
        sa.ForeignKeyConstraint(["substitute_id"], ["employee.id"], name=op.f("fk_absence_substitute_id_employee")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["employee.id"], name=op.f("fk_absence_entered_by_id_employee")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["employee.id"], name=op.f("fk_absence_withdrawn_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("ix_absence_employee_until", ["employee_id", "until"], unique=False)
        for column in ("substitute_id", "entered_by_id", "withdrawn_by_id"):
            batch_op.create_index(batch_op.f(f"ix_absence_{column}"), [column], unique=False)

    op.create_table(
        "device_state",
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("extension", name=op.f("pk_device_state")),
    )
    topics = op.create_table(
        "competence_topic",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("remote_hint", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_competence_topic_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competence_topic")),
    )
    with op.batch_alter_table("competence_topic", schema=None) as batch_op:
        batch_op.create_index("ix_competence_topic_service_position", ["service_id", "position"], unique=False)
    op.bulk_insert(
        topics,
        [
            {"service_id": None, "title": title, "remote_hint": hint, "position": position * 10, "active": True}
            for position, (title, hint) in enumerate(FIRST_TOPICS, start=1)
        ],
    )
    dispositions = op.create_table(
        "call_disposition",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("needs_entry", sa.Boolean(), nullable=False),
        sa.Column("keeps_draft", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_disposition")),
        sa.UniqueConstraint("code", name=op.f("uq_call_disposition_code")),
    )
    op.bulk_insert(
        dispositions,
        [
            {
                "code": code,
                "title": title,
                "needs_entry": needs_entry,
                "keeps_draft": keeps_draft,
                "position": position * 10,
                "active": True,
            }
            for position, (code, title, needs_entry, keeps_draft) in enumerate(FIRST_DISPOSITIONS, start=1)
        ],
    )
    op.create_table(
        "call_finish",
        sa.Column("call_id", Id, autoincrement=False, nullable=False),
        sa.Column("disposition_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_call_finish_call_id_call_record")),
        sa.ForeignKeyConstraint(
            ["disposition_id"], ["call_disposition.id"], name=op.f("fk_call_finish_disposition_id_call_disposition")
        ),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_call_finish_employee_id_employee")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_finish")),
    )
    with op.batch_alter_table("call_finish", schema=None) as batch_op:
        for column in ("disposition_id", "employee_id"):
            batch_op.create_index(batch_op.f(f"ix_call_finish_{column}"), [column], unique=False)
    _consultation()
    op.add_column("journal_entry", sa.Column("consultation", sa.JSON(), nullable=False, server_default="{}"))


def _consultation() -> None:
    targets = {
        "entry_id": "journal_entry",
        "measure_id": "appeal_measure",
        "call_id": "call_record",
        "family_id": "family",
        "person_id": "person",
        "topic_id": "competence_topic",
        "directory_entry_id": "directory_entry",
        "specialist_id": "employee",
        "employee_id": "employee",
    }
    op.create_table(
        "consultation",
        sa.Column("id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("measure_id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("topic_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("directory_entry_id", Id, nullable=True),
        sa.Column("specialist_id", Id, nullable=True),
        sa.Column("remote_told", sa.Boolean(), nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_consultation_{column}_{table}"))
            for column, table in targets.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        for column in targets:
            batch_op.create_index(batch_op.f(f"ix_consultation_{column}"), [column], unique=False)


def downgrade() -> None:
    # In place: a table made anew would be dropped under the rows that refer to it.
    op.drop_column("journal_entry", "consultation")
    for table in (
        "consultation",
        "call_finish",
        "call_disposition",
        "competence_topic",
        "device_state",
        "absence",
        "specialist",
    ):
        op.drop_table(table)
