"""Measures, segments, campaigns; a call is about a booking, a family of a campaign, or a case to be rated

Revision ID: 0019_proactive
Revises: 0018_speech
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0019_proactive"
down_revision = "0018_speech"
branch_labels = None
depends_on = None

_OF_LIVE_ROWS = (
    ("dial_attempt", "ux_dial_attempt_live_number", "number"),
    ("dial_attempt", "ux_dial_attempt_live_task", "task_id"),
    ("outgoing_call", "ux_outgoing_call_live_employee", "employee_id"),
    ("outgoing_call", "ux_outgoing_call_live_number", "number"),
    ("speech_call", "ux_speech_call_live", "employee_id"),
)


def upgrade() -> None:
    op.create_table(
        "segment",
        sa.Column("id", Id, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["employee.id"], name=op.f("fk_segment_created_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
    )
    op.create_index(op.f("ix_segment_created_by_id"), "segment", ["created_by_id"])
    op.create_table(
        "support_measure",
        sa.Column("id", Id, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("whom", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("papers", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("remote", sa.Boolean(), nullable=False),
        sa.Column("segment_id", Id, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["employee.id"], name=op.f("fk_support_measure_created_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], name=op.f("fk_support_measure_segment_id_segment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_measure")),
    )
    op.create_index(op.f("ix_support_measure_created_by_id"), "support_measure", ["created_by_id"])
    op.create_index(op.f("ix_support_measure_segment_id"), "support_measure", ["segment_id"])
    op.create_table(
        "campaign",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("measure_id", Id, nullable=True),
        sa.Column("segment_id", Id, nullable=True),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rest_by_people", sa.Boolean(), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", UtcDateTime(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.Column("heard_version", sa.Integer(), nullable=True),
        sa.Column("dry_run_asked_at", UtcDateTime(), nullable=True),
        sa.Column("dry_run_by_id", Id, nullable=True),
        sa.Column("dry_run", sa.JSON(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=True),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("launched_at", UtcDateTime(), nullable=True),
        sa.Column("launched_by_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["employee.id"], name=op.f("fk_campaign_created_by_id_employee")),
        sa.ForeignKeyConstraint(["dry_run_by_id"], ["employee.id"], name=op.f("fk_campaign_dry_run_by_id_employee")),
        sa.ForeignKeyConstraint(["launched_by_id"], ["employee.id"], name=op.f("fk_campaign_launched_by_id_employee")),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["support_measure.id"], name=op.f("fk_campaign_measure_id_support_measure")
        ),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], name=op.f("fk_campaign_segment_id_segment")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_campaign_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("form_key", name=op.f("uq_campaign_form_key")),
    )
    op.create_index(op.f("ix_campaign_created_by_id"), "campaign", ["created_by_id"])
    op.create_index(op.f("ix_campaign_dry_run_by_id"), "campaign", ["dry_run_by_id"])
    op.create_index(op.f("ix_campaign_launched_by_id"), "campaign", ["launched_by_id"])
    op.create_index(op.f("ix_campaign_measure_id"), "campaign", ["measure_id"])
    op.create_index(op.f("ix_campaign_segment_id"), "campaign", ["segment_id"])
    op.create_index(op.f("ix_campaign_service_id"), "campaign", ["service_id"])
    op.create_index(op.f("ix_campaign_state"), "campaign", ["state"])
    op.create_table(
        "campaign_text",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_text_campaign_id_campaign")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["employee.id"], name=op.f("fk_campaign_text_created_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_text")),
        sa.UniqueConstraint("campaign_id", "version", name=op.f("uq_campaign_text_campaign_id_version")),
    )
    op.create_index(op.f("ix_campaign_text_created_by_id"), "campaign_text", ["created_by_id"])
    op.create_table(
        "campaign_target",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("counted_as", Id, nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("phone_id", Id, nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", UtcDateTime(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("call_at", UtcDateTime(), nullable=True),
        sa.Column("text_version", sa.Integer(), nullable=True),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("entry_id", Id, nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_target_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_campaign_target_employee_id_employee")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_campaign_target_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_campaign_target_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_campaign_target_person_id_person")),
        sa.ForeignKeyConstraint(["phone_id"], ["phone.id"], name=op.f("fk_campaign_target_phone_id_phone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_target")),
        sa.UniqueConstraint("campaign_id", "counted_as", name=op.f("uq_campaign_target_campaign_id_counted_as")),
    )
    op.create_index(op.f("ix_campaign_target_employee_id"), "campaign_target", ["employee_id"])
    op.create_index(op.f("ix_campaign_target_entry_id"), "campaign_target", ["entry_id"])
    op.create_index(op.f("ix_campaign_target_family_id"), "campaign_target", ["family_id"])
    op.create_index(op.f("ix_campaign_target_person_id"), "campaign_target", ["person_id"])
    op.create_index(op.f("ix_campaign_target_phone_id"), "campaign_target", ["phone_id"])
    op.create_index("ix_campaign_target_state", "campaign_target", ["campaign_id", "state", "id"])
    op.create_table(
        "family_told",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("counted_as", Id, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("measure_id", Id, nullable=True),
        sa.Column("target_id", Id, nullable=True),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_family_told_employee_id_employee")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_family_told_family_id_family")),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["support_measure.id"], name=op.f("fk_family_told_measure_id_support_measure")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["campaign_target.id"], name=op.f("fk_family_told_target_id_campaign_target")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_told")),
        sa.UniqueConstraint("counted_as", "topic", name=op.f("uq_family_told_counted_as_topic")),
    )
    op.create_index(op.f("ix_family_told_employee_id"), "family_told", ["employee_id"])
    op.create_index(op.f("ix_family_told_family_id"), "family_told", ["family_id"])
    op.create_index(op.f("ix_family_told_measure_id"), "family_told", ["measure_id"])
    op.create_index(op.f("ix_family_told_target_id"), "family_told", ["target_id"])
    op.create_index("ix_family_told_topic", "family_told", ["topic", "outcome"])
    with op.batch_alter_table("dial_subject") as batch_op:
        batch_op.add_column(sa.Column("target_id", Id, nullable=True))
        batch_op.add_column(sa.Column("entry_id", Id, nullable=True))
        batch_op.alter_column("appointment_id", existing_type=Id, nullable=True)
        batch_op.create_unique_constraint(batch_op.f("uq_dial_subject_entry_id_occasion"), ["entry_id", "occasion"])
        batch_op.create_unique_constraint(batch_op.f("uq_dial_subject_target_id_occasion"), ["target_id", "occasion"])
        batch_op.create_foreign_key(
            batch_op.f("fk_dial_subject_target_id_campaign_target"), "campaign_target", ["target_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_dial_subject_entry_id_journal_entry"), "journal_entry", ["entry_id"], ["id"]
        )
    op.execute(_ADD_DISPOSITION)
    _add_facts()


_ADD_DISPOSITION = """
INSERT INTO call_disposition (code, title, needs_entry, keeps_draft, position, active)
SELECT 'listed', 'звонок по списку: итог отмечен', false, false, coalesce(max(position), 0) + 10, true
FROM call_disposition
"""
_LISTED = "(SELECT id FROM call_disposition WHERE code = 'listed')"


def _add_facts() -> None:
    """What of a family's people stands on its card once more (`crm.segments.facts`)."""
    op.add_column("family", sa.Column("child_births", sa.Text(), server_default="", nullable=False))
    op.add_column("family", sa.Column("has_phone", sa.Boolean(), server_default=sa.false(), nullable=False))
    _fill_facts()
    _due_in_order("priority", "due_at", "id")
    _live_rows("live = 1")
    op.create_index(
        "ix_family_segment", "family", ["child_births", "has_phone", "locality", "restricted", "state", "id"]
    )
    op.create_index(
        "ix_family_status_type",
        "family_status",
        ["type", "family_id", "revoked_at", "valid_from", "valid_to", "verified_on"],
    )


def _fill_facts() -> None:
    """As they are kept from now on."""
    if op.get_bind().dialect.name == "postgresql":
        born, joined = "to_char(p.birth_date, 'YYYYMMDD')", "string_agg(b, '' ORDER BY b DESC)"
    else:
        born, joined = "replace(p.birth_date, '-', '')", "group_concat(b, '')"
    op.execute(
        f"""
        UPDATE family SET
        child_births = COALESCE((SELECT {joined} FROM (
            SELECT {born} AS b FROM person p
            WHERE p.family_id = family.id AND p.left_at IS NULL AND p.birth_date IS NOT NULL AND p.relation IN
            ('сын', 'дочь', 'пасынок', 'падчерица', 'подопечный', 'подопечная', 'внук', 'внучка', 'ребёнок')
            ORDER BY p.birth_date DESC LIMIT 20) AS births), ''),
        has_phone = EXISTS (SELECT 1 FROM person p JOIN phone t ON t.person_id = p.id
            WHERE p.family_id = family.id AND p.left_at IS NULL AND t.removed_at IS NULL AND t.number <> '')
        """  # noqa: S608 - nothing here comes from outside
    )


def _live_rows(live: str) -> None:
    """SQLite finds an index of some rows only by the very words in which they are asked for."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, name, column in _OF_LIVE_ROWS:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [column], unique=True, sqlite_where=sa.text(live))


def _due_in_order(*columns: str) -> None:
    op.drop_index("ix_dial_task_due", table_name="dial_task")
    waiting = sa.text("state = 'due'")
    op.create_index(
        "ix_dial_task_due", "dial_task", ["channel", *columns], sqlite_where=waiting, postgresql_where=waiting
    )


def downgrade() -> None:
    _live_rows("live")
    _due_in_order("due_at", "priority")
    op.drop_index("ix_family_status_type", "family_status")
    op.drop_index("ix_family_segment", "family")
    op.drop_column("family", "has_phone")
    op.drop_column("family", "child_births")
    op.execute(f"DELETE FROM call_finish WHERE disposition_id IN {_LISTED}")  # noqa: S608 - our own words
    op.execute("DELETE FROM call_disposition WHERE code = 'listed'")
    op.execute("DELETE FROM dial_subject WHERE appointment_id IS NULL")  # the old table has no words for these
    with op.batch_alter_table("dial_subject") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_dial_subject_entry_id_journal_entry"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_dial_subject_target_id_campaign_target"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_dial_subject_target_id_occasion"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_dial_subject_entry_id_occasion"), type_="unique")
        batch_op.alter_column("appointment_id", existing_type=Id, nullable=False)
        batch_op.drop_column("entry_id")
        batch_op.drop_column("target_id")
    op.drop_table("family_told")
    op.drop_table("campaign_target")
    op.drop_table("campaign_text")
    op.drop_table("campaign")
    op.drop_table("support_measure")
    op.drop_table("segment")
