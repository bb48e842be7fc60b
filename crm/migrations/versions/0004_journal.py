"""The journal from intake to closing: measures, changes, ratings, quarters

Revision ID: 0004_journal
Revises: 0003_cards
"""

from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from crm.appeals.terms import is_late
from crm.base import Id, UtcDateTime

revision = "0004_journal"
down_revision = "0003_cards"
branch_labels = None
depends_on = None


LIST_INDEXES = {
    "ix_journal_entry_progress": "progress",
    "ix_journal_entry_method": "contact_method",
    "ix_journal_entry_topic": "topic",
    "ix_journal_entry_author": "author_id",
    "ix_journal_entry_responsible": "responsible_id",
    "ix_journal_entry_occurred": "occurred_at",
}
"""One for each filter of the journal's list, already in the journal's order."""

SQLITE_FENCES = (
    """CREATE TRIGGER entry_change_no_delete BEFORE DELETE ON entry_change
    BEGIN SELECT RAISE(ABORT, 'entry_change is append-only'); END""",
    """CREATE TRIGGER entry_change_no_update BEFORE UPDATE ON entry_change
    WHEN NEW.old IS NOT '' OR NEW.new IS NOT '' OR NEW.id IS NOT OLD.id OR NEW.entry_id IS NOT OLD.entry_id
      OR NEW.field IS NOT OLD.field OR NEW.reason IS NOT OLD.reason OR NEW.version IS NOT OLD.version
      OR NEW.employee_id IS NOT OLD.employee_id OR NEW.at IS NOT OLD.at
    BEGIN SELECT RAISE(ABORT, 'entry_change is append-only'); END""",
)

POSTGRESQL_FENCE = """
CREATE FUNCTION entry_change_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.old = '' AND NEW.new = ''
       AND ROW(NEW.id, NEW.entry_id, NEW.field, NEW.reason, NEW.version, NEW.employee_id, NEW.at)
       IS NOT DISTINCT FROM ROW(OLD.id, OLD.entry_id, OLD.field, OLD.reason, OLD.version, OLD.employee_id, OLD.at)
       THEN RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'entry_change is append-only';
END $$;
CREATE TRIGGER entry_change_no_change BEFORE UPDATE OR DELETE ON entry_change
FOR EACH ROW EXECUTE FUNCTION entry_change_refuse();
CREATE TRIGGER entry_change_no_truncate BEFORE TRUNCATE ON entry_change
FOR EACH STATEMENT EXECUTE FUNCTION entry_change_refuse();
"""


def _fence_changes() -> None:
    """The database itself refuses to change what was corrected; only both values may be wiped out, by retention."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL_FENCE)
    else:
        for fence in SQLITE_FENCES:
            op.execute(fence)


def upgrade() -> None:
    op.create_table(
        "quarter_report",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("closed_by_id", Id, nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["employee.id"], name=op.f("fk_quarter_report_closed_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_quarter_report_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarter_report")),
        sa.UniqueConstraint("service_id", "year", "number", name=op.f("uq_quarter_report_service_id_year_number")),
        sa.UniqueConstraint("service_id", "year", "quarter", name=op.f("uq_quarter_report_service_id_year_quarter")),
    )
    op.create_table(
        "appeal_measure",
        sa.Column("id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("annulled_at", UtcDateTime(), nullable=True),
        sa.Column("annulled_by_id", Id, nullable=True),
        sa.Column("annulled_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annulled_by_id"], ["employee.id"], name=op.f("fk_appeal_measure_annulled_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_appeal_measure_employee_id_employee")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_appeal_measure_entry_id_journal_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_measure")),
    )
    with op.batch_alter_table("appeal_measure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeal_measure_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index("ix_appeal_measure_open", ["planned_on", "done_at"], unique=False)

    op.create_table(
        "entry_change",
        sa.Column("id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_entry_change_employee_id_employee")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_entry_change_entry_id_journal_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_change")),
    )
    with op.batch_alter_table("entry_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_change_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "rating",
        sa.Column("id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rated_id", Id, nullable=False),
        sa.Column("taken_by_id", Id, nullable=True),
        sa.Column("corrects_id", Id, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(outcome = 'score') = (score IS NOT NULL)", name=op.f("ck_rating_score_with_outcome")),
        sa.CheckConstraint("score IS NULL OR score BETWEEN 1 AND 10", name=op.f("ck_rating_score_range")),
        sa.ForeignKeyConstraint(["corrects_id"], ["rating.id"], name=op.f("fk_rating_corrects_id_rating")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_rating_entry_id_journal_entry")),
        sa.ForeignKeyConstraint(["rated_id"], ["employee.id"], name=op.f("fk_rating_rated_id_employee")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_rating_service_id_service")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["employee.id"], name=op.f("fk_rating_taken_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_rating_corrects_id")),
    )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rating_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rating_rated_id"), ["rated_id"], unique=False)
        batch_op.create_index(
            "ix_rating_service_given",
            ["service_id", "given_at", "outcome", "score", "rated_id", "taken_by_id", "entry_id"],
            unique=False,
        )
        batch_op.create_index(
            "uq_rating_entry_id",
            ["entry_id"],
            unique=True,
            sqlite_where=sa.text("corrects_id IS NULL AND outcome <> 'missed'"),
            postgresql_where=sa.text("corrects_id IS NULL AND outcome <> 'missed'"),
        )

    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("occurred_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("entered_late", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("progress", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("obstacles", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("explained", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("no_measure_reason", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("measures", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("final_result", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("result_kind", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("rating_mark", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("responsible_id", Id, nullable=True))
        batch_op.add_column(sa.Column("next_check_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("resolved_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("closed_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("annulled_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("annulled_by_id", Id, nullable=True))
        batch_op.add_column(sa.Column("annul_reason", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("need", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("form_key", sa.Text(), nullable=True))
        for name, column in LIST_INDEXES.items():
            batch_op.create_index(name, ["service_id", column, "year", "number"], unique=False)
        batch_op.create_index(
            "ix_journal_entry_quarter",
            ["service_id", "occurred_at", "contact_method", "progress", "state"],
            unique=False,
        )
        batch_op.create_index("ix_journal_entry_closed", ["service_id", "closed_at", "progress"], unique=False)
        batch_op.create_index(
            "ix_journal_entry_late",
            ["service_id", "occurred_at", "year", "number"],
            unique=False,
            sqlite_where=sa.text("entered_late"),
            postgresql_where=sa.text("entered_late"),
        )
        batch_op.create_index(
            "ix_journal_entry_open",
            ["service_id", "next_check_on", "id"],
            unique=False,
            sqlite_where=sa.text("next_check_on IS NOT NULL"),
            postgresql_where=sa.text("next_check_on IS NOT NULL"),
        )
        batch_op.create_unique_constraint(batch_op.f("uq_journal_entry_form_key"), ["form_key"])
        batch_op.create_index(batch_op.f("ix_journal_entry_responsible_id"), ["responsible_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_entry_person_id"), ["person_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_journal_entry_annulled_by_id_employee"), "employee", ["annulled_by_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_journal_entry_responsible_id_employee"), "employee", ["responsible_id"], ["id"]
        )

    # Rows that are in the journal already: taken when they were written down, and still worked at.
    op.execute("UPDATE journal_entry SET occurred_at = created_at")
    op.execute(
        "UPDATE journal_entry SET progress = 'in_work', responsible_id = author_id, next_check_on = CURRENT_DATE"
        " WHERE state = 'saved'"
    )
    _mark_late(op.get_bind())
    _fence_changes()


def _mark_late(bind: sa.Connection) -> None:
    """Rows that were saved on a later day than they were begun: the list relies on the mark (`crm.appeals.listing`)."""
    moments = [sa.column(name, UtcDateTime()) for name in ("created_at", "saved_at")]
    entry = sa.table("journal_entry", *map(sa.column, ("id", "service_id", "entered_late")), *moments)
    service = sa.table("service", sa.column("id"), sa.column("institution_id"))
    institution = sa.table("institution", sa.column("id"), sa.column("timezone"))
    saved = (
        sa.select(entry.c.id, entry.c.created_at, entry.c.saved_at, institution.c.timezone)
        .join_from(entry, service, service.c.id == entry.c.service_id)
        .join(institution, institution.c.id == service.c.institution_id)
        .where(entry.c.saved_at.is_not(None))
    )
    rows = bind.execute(saved).all()
    for row in rows:
        if is_late(row.created_at, row.saved_at, ZoneInfo(row.timezone)):
            bind.execute(sa.update(entry).where(entry.c.id == row.id).values(entered_late=True))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER entry_change_no_change ON entry_change")
        op.execute("DROP TRIGGER entry_change_no_truncate ON entry_change")
        op.execute("DROP FUNCTION entry_change_refuse()")
    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_journal_entry_responsible_id_employee"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_journal_entry_annulled_by_id_employee"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_journal_entry_person_id"))
        batch_op.drop_index(batch_op.f("ix_journal_entry_responsible_id"))
        batch_op.drop_constraint(batch_op.f("uq_journal_entry_form_key"), type_="unique")
        batch_op.drop_index("ix_journal_entry_open")
        batch_op.drop_index("ix_journal_entry_late")
        batch_op.drop_index("ix_journal_entry_closed")
        batch_op.drop_index("ix_journal_entry_quarter")
        for name in LIST_INDEXES:
            batch_op.drop_index(name)
        batch_op.drop_column("form_key")
        batch_op.drop_column("need")
        batch_op.drop_column("annul_reason")
        batch_op.drop_column("annulled_by_id")
        batch_op.drop_column("annulled_at")
        batch_op.drop_column("closed_at")
        batch_op.drop_column("resolved_at")
        batch_op.drop_column("next_check_on")
        batch_op.drop_column("responsible_id")
        batch_op.drop_column("rating_mark")
        batch_op.drop_column("result_kind")
        batch_op.drop_column("final_result")
        batch_op.drop_column("measures")
        batch_op.drop_column("no_measure_reason")
        batch_op.drop_column("explained")
        batch_op.drop_column("obstacles")
        batch_op.drop_column("progress")
        batch_op.drop_column("entered_late")
        batch_op.drop_column("occurred_at")

    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_index("uq_rating_entry_id")
        batch_op.drop_index("ix_rating_service_given")
        batch_op.drop_index(batch_op.f("ix_rating_rated_id"))
        batch_op.drop_index(batch_op.f("ix_rating_entry_id"))

    op.drop_table("rating")
    with op.batch_alter_table("entry_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_change_entry_id"))

    op.drop_table("entry_change")
    with op.batch_alter_table("appeal_measure", schema=None) as batch_op:
        batch_op.drop_index("ix_appeal_measure_open")
        batch_op.drop_index(batch_op.f("ix_appeal_measure_entry_id"))

    op.drop_table("appeal_measure")
    op.drop_table("quarter_report")
