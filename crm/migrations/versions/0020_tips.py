"""Information from third parties: the tip, what was told and by whom, attempts, bodies informed

Revision ID: 0020_tips
Revises: 0019_proactive
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0020_tips"
down_revision = "0019_proactive"
branch_labels = None
depends_on = None

_TAKEN = """
INSERT INTO call_disposition (code, title, needs_entry, keeps_draft, position, active)
SELECT 'tip', 'принята информация о другой семье', false, false, coalesce(max(position), 0) + 10, true
FROM call_disposition
"""


def upgrade() -> None:
    op.create_table(
        "tip",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("about_name", sa.Text(), nullable=False),
        sa.Column("about_address", sa.Text(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("risk", sa.Boolean(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("taken_by_id", Id, nullable=False),
        sa.Column("first_due_at", UtcDateTime(), nullable=False),
        sa.Column("reach_due_at", UtcDateTime(), nullable=False),
        sa.Column("letter_at", UtcDateTime(), nullable=True),
        sa.Column("letter_how", sa.Text(), nullable=False),
        sa.Column("letter_by_id", Id, nullable=True),
        sa.Column("visit_measure_id", Id, nullable=True),
        sa.Column("visit_on", sa.Date(), nullable=True),
        sa.Column("visit_due_at", UtcDateTime(), nullable=True),
        sa.Column("head_told_at", UtcDateTime(), nullable=True),
        sa.Column("head_why", sa.Text(), nullable=False),
        sa.Column("head_seen_at", UtcDateTime(), nullable=True),
        sa.Column("head_seen_by_id", Id, nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=False),
        sa.Column("ended_by_id", Id, nullable=True),
        sa.Column("talked_at", UtcDateTime(), nullable=True),
        sa.Column("talked_with", sa.Text(), nullable=False),
        sa.Column("talked_person_id", Id, nullable=True),
        sa.Column("ended_call_id", Id, nullable=True),
        sa.Column("end_note", sa.Text(), nullable=False),
        sa.Column("joined_to_id", Id, nullable=True),
        sa.Column("open_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ended_by_id"], ["employee.id"], name=op.f("fk_tip_ended_by_id_employee")),
        sa.ForeignKeyConstraint(["ended_call_id"], ["call_record.id"], name=op.f("fk_tip_ended_call_id_call_record")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_tip_entry_id_journal_entry")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_tip_family_id_family")),
        sa.ForeignKeyConstraint(["head_seen_by_id"], ["employee.id"], name=op.f("fk_tip_head_seen_by_id_employee")),
        sa.ForeignKeyConstraint(["joined_to_id"], ["tip.id"], name=op.f("fk_tip_joined_to_id_tip")),
        sa.ForeignKeyConstraint(["letter_by_id"], ["employee.id"], name=op.f("fk_tip_letter_by_id_employee")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_tip_service_id_service")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["employee.id"], name=op.f("fk_tip_taken_by_id_employee")),
        sa.ForeignKeyConstraint(["talked_person_id"], ["person.id"], name=op.f("fk_tip_talked_person_id_person")),
        sa.ForeignKeyConstraint(
            ["visit_measure_id"], ["appeal_measure.id"], name=op.f("fk_tip_visit_measure_id_appeal_measure")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip")),
        sa.UniqueConstraint("open_key", name=op.f("uq_tip_open_key")),
    )
    op.create_index(
        "ix_tip_open",
        "tip",
        ["service_id", "reach_due_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_tip_service_ended", "tip", ["service_id", "ended_at"])
    for column in (
        "ended_by_id",
        "ended_call_id",
        "entry_id",
        "family_id",
        "head_seen_by_id",
        "joined_to_id",
        "letter_by_id",
        "taken_by_id",
        "talked_person_id",
        "visit_measure_id",
    ):
        op.create_index(op.f(f"ix_tip_{column}"), "tip", [column])
    op.create_table(
        "tip_report",
        sa.Column("id", Id, nullable=False),
        sa.Column("tip_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("taken_by_id", Id, nullable=False),
        sa.Column("risk", sa.Boolean(), nullable=False),
        sa.Column("said_112", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["taken_by_id"], ["employee.id"], name=op.f("fk_tip_report_taken_by_id_employee")),
        sa.ForeignKeyConstraint(["tip_id"], ["tip.id"], name=op.f("fk_tip_report_tip_id_tip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_report")),
        sa.UniqueConstraint("form_key", name=op.f("uq_tip_report_form_key")),
    )
    op.create_index(op.f("ix_tip_report_taken_by_id"), "tip_report", ["taken_by_id"])
    op.create_index(op.f("ix_tip_report_tip_id"), "tip_report", ["tip_id"])
    op.create_table(
        "tip_informant",
        sa.Column("id", Id, nullable=False),
        sa.Column("report_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("stays_unknown", sa.Boolean(), nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_tip_informant_call_id_call_record")),
        sa.ForeignKeyConstraint(["report_id"], ["tip_report.id"], name=op.f("fk_tip_informant_report_id_tip_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_informant")),
        sa.UniqueConstraint("report_id", name=op.f("uq_tip_informant_report_id")),
    )
    op.create_index(op.f("ix_tip_informant_call_id"), "tip_informant", ["call_id"])
    op.create_table(
        "tip_attempt",
        sa.Column("id", Id, nullable=False),
        sa.Column("tip_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_tip_attempt_employee_id_employee")),
        sa.ForeignKeyConstraint(["order_id"], ["outgoing_call.id"], name=op.f("fk_tip_attempt_order_id_outgoing_call")),
        sa.ForeignKeyConstraint(["tip_id"], ["tip.id"], name=op.f("fk_tip_attempt_tip_id_tip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_attempt")),
        sa.UniqueConstraint("form_key", name=op.f("uq_tip_attempt_form_key")),
        sa.UniqueConstraint("order_id", name=op.f("uq_tip_attempt_order_id")),
    )
    op.create_index(op.f("ix_tip_attempt_employee_id"), "tip_attempt", ["employee_id"])
    op.create_index(op.f("ix_tip_attempt_tip_id"), "tip_attempt", ["tip_id"])
    op.create_table(
        "tip_duty",
        sa.Column("id", Id, nullable=False),
        sa.Column("tip_id", Id, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", Id, nullable=True),
        sa.Column("whom", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["done_by_id"], ["employee.id"], name=op.f("fk_tip_duty_done_by_id_employee")),
        sa.ForeignKeyConstraint(["tip_id"], ["tip.id"], name=op.f("fk_tip_duty_tip_id_tip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_duty")),
        sa.UniqueConstraint("tip_id", "body", name=op.f("uq_tip_duty_tip_id_body")),
    )
    op.create_index(op.f("ix_tip_duty_done_by_id"), "tip_duty", ["done_by_id"])
    op.execute(_TAKEN)


def downgrade() -> None:
    op.execute("DELETE FROM call_finish WHERE disposition_id IN (SELECT id FROM call_disposition WHERE code = 'tip')")
    op.execute("DELETE FROM call_disposition WHERE code = 'tip'")
    op.drop_table("tip_duty")
    op.drop_table("tip_attempt")
    op.drop_table("tip_informant")
    op.drop_table("tip_report")
    op.drop_table("tip")
