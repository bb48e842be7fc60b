"""The whole card: header, needs, risks, health, changes, merging

Revision ID: 0003_cards
Revises: 0002_papers
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime
from crm.cards.catalogue_seed import SEED

revision = "0003_cards"
down_revision = "0002_papers"
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915
    catalogue_item = op.create_table(
        "catalogue_item",
        sa.Column("id", Id, nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("special", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_item")),
        sa.UniqueConstraint("catalogue", "code", name=op.f("uq_catalogue_item_catalogue_code")),
    )
    op.bulk_insert(catalogue_item, [{**vars(item), "active": True} for item in SEED])
    op.create_table(
        "card_change",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_card_change_employee_id_employee")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_card_change_family_id_family")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_change")),
    )
    with op.batch_alter_table("card_change", schema=None) as batch_op:
        batch_op.create_index("ix_card_change_family_at", ["family_id", "at"], unique=False)

    op.create_table(
        "family_merge",
        sa.Column("id", Id, nullable=False),
        sa.Column("kept_id", Id, nullable=False),
        sa.Column("merged_id", Id, nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_family_merge_employee_id_employee")),
        sa.ForeignKeyConstraint(["kept_id"], ["family.id"], name=op.f("fk_family_merge_kept_id_family")),
        sa.ForeignKeyConstraint(["merged_id"], ["family.id"], name=op.f("fk_family_merge_merged_id_family")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_merge")),
    )
    with op.batch_alter_table("family_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_family_merge_kept_id"), ["kept_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_family_merge_merged_id"), ["merged_id"], unique=False)

    op.create_table(
        "not_duplicate",
        sa.Column("low_id", Id, nullable=False),
        sa.Column("high_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_not_duplicate_employee_id_employee")),
        sa.ForeignKeyConstraint(["high_id"], ["family.id"], name=op.f("fk_not_duplicate_high_id_family")),
        sa.ForeignKeyConstraint(["low_id"], ["family.id"], name=op.f("fk_not_duplicate_low_id_family")),
        sa.PrimaryKeyConstraint("low_id", "high_id", name=op.f("pk_not_duplicate")),
    )
    op.create_table(
        "risk_flag",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("raised_by_id", Id, nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("cleared_by_id", Id, nullable=True),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.Column("cleared_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["cleared_by_id"], ["employee.id"], name=op.f("fk_risk_flag_cleared_by_id_employee")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_risk_flag_family_id_family")),
        sa.ForeignKeyConstraint(["raised_by_id"], ["employee.id"], name=op.f("fk_risk_flag_raised_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_flag")),
    )
    with op.batch_alter_table("risk_flag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_flag_family_id"), ["family_id"], unique=False)

    op.create_table(
        "health_record",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("entered_by_id", Id, nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["employee.id"], name=op.f("fk_health_record_entered_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_health_record_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_health_record_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_record")),
    )
    with op.batch_alter_table("health_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_health_record_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_health_record_person_id"), ["person_id"], unique=False)

    op.create_table(
        "need_assessment",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("journal_entry_id", Id, nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("remote_explained", sa.Boolean(), nullable=False),
        sa.Column("long_support", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("assessed_by_id", Id, nullable=False),
        sa.Column("assessed_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessed_by_id"], ["employee.id"], name=op.f("fk_need_assessment_assessed_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_need_assessment_family_id_family")),
        sa.ForeignKeyConstraint(
            ["journal_entry_id"], ["journal_entry.id"], name=op.f("fk_need_assessment_journal_entry_id_journal_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_assessment")),
    )
    with op.batch_alter_table("need_assessment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_need_assessment_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_need_assessment_journal_entry_id"), ["journal_entry_id"], unique=False)

    with op.batch_alter_table("family", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.Text(), nullable=False, server_default="active"))
        batch_op.add_column(sa.Column("source", sa.Text(), nullable=False, server_default="self"))
        batch_op.add_column(sa.Column("opened_by_method", sa.Text(), nullable=False, server_default="phone"))
        batch_op.add_column(sa.Column("housing", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("income_band", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("transport", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("situation", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("measures_received", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("contact_from", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("contact_until", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("no_messages", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("ask_only_for", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("preferred_channel", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("responsible_id", Id, nullable=True))
        batch_op.add_column(sa.Column("next_action", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("next_action_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("actualized_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("actualized_by_id", Id, nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", Id, nullable=True))
        batch_op.add_column(sa.Column("import_job_id", Id, nullable=True))
        batch_op.add_column(sa.Column("import_key", sa.Text(), nullable=True))
        batch_op.create_index("ix_family_actualized", ["state", "actualized_on", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_family_import_job_id"), ["import_job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_family_import_key"), ["import_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_family_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_index(
            "ix_family_restricted",
            ["id"],
            unique=False,
            sqlite_where=sa.text("restricted"),
            postgresql_where=sa.text("restricted"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_family_actualized_by_id_employee"), "employee", ["actualized_by_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_family_import_job_id_import_job"), "import_job", ["import_job_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_family_merged_into_id_family"), "family", ["merged_into_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_family_responsible_id_employee"), "employee", ["responsible_id"], ["id"]
        )

    with op.batch_alter_table("family_status", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entered_by_id", Id, nullable=True))
        batch_op.add_column(sa.Column("entered_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("revoked_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("revoked_by_id", Id, nullable=True))
        batch_op.add_column(sa.Column("revoked_reason", sa.Text(), nullable=False, server_default=""))
        batch_op.create_foreign_key(
            batch_op.f("fk_family_status_revoked_by_id_employee"), "employee", ["revoked_by_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_family_status_entered_by_id_employee"), "employee", ["entered_by_id"], ["id"]
        )
        batch_op.create_index(
            "ix_family_status_valid_to",
            ["valid_to"],
            unique=False,
            sqlite_where=sa.text("valid_to IS NOT NULL"),
            postgresql_where=sa.text("valid_to IS NOT NULL"),
        )

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sex", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("email", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("registration_address", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("special_needs", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("do_not_call", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("study_place", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("full_time_student_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("lives_with_family", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("incapable", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("left_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("left_reason", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index("ix_person_birth_date", ["birth_date"], unique=False)
        batch_op.create_index(
            "ix_person_full_time_student_until",
            ["full_time_student_until"],
            unique=False,
            sqlite_where=sa.text("full_time_student_until IS NOT NULL"),
            postgresql_where=sa.text("full_time_student_until IS NOT NULL"),
        )

    with op.batch_alter_table("phone", schema=None) as batch_op:
        batch_op.add_column(sa.Column("whose", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("best_time", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("robot_allowed", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("removed_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("removed_reason", sa.Text(), nullable=False, server_default=""))

    # A merge, a destruction and every DELETE of a person ask for these; without an index each reads the whole table.
    op.create_index(op.f("ix_call_record_person_id"), "call_record", ["person_id"])
    op.create_index(op.f("ix_caller_choice_person_id"), "caller_choice", ["person_id"])


def downgrade() -> None:  # noqa: PLR0915
    op.drop_index(op.f("ix_caller_choice_person_id"), "caller_choice")
    op.drop_index(op.f("ix_call_record_person_id"), "call_record")
    with op.batch_alter_table("phone", schema=None) as batch_op:
        batch_op.drop_column("removed_reason")
        batch_op.drop_column("removed_at")
        batch_op.drop_column("robot_allowed")
        batch_op.drop_column("best_time")
        batch_op.drop_column("whose")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("ix_person_full_time_student_until")
        batch_op.drop_index("ix_person_birth_date")
        batch_op.drop_column("left_reason")
        batch_op.drop_column("left_at")
        batch_op.drop_column("incapable")
        batch_op.drop_column("lives_with_family")
        batch_op.drop_column("full_time_student_until")
        batch_op.drop_column("study_place")
        batch_op.drop_column("do_not_call")
        batch_op.drop_column("special_needs")
        batch_op.drop_column("registration_address")
        batch_op.drop_column("email")
        batch_op.drop_column("sex")

    with op.batch_alter_table("family_status", schema=None) as batch_op:
        batch_op.drop_index("ix_family_status_valid_to")
        batch_op.drop_constraint(batch_op.f("fk_family_status_entered_by_id_employee"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_family_status_revoked_by_id_employee"), type_="foreignkey")
        batch_op.drop_column("revoked_reason")
        batch_op.drop_column("revoked_by_id")
        batch_op.drop_column("revoked_at")
        batch_op.drop_column("entered_at")
        batch_op.drop_column("entered_by_id")

    with op.batch_alter_table("family", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_family_responsible_id_employee"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_family_merged_into_id_family"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_family_import_job_id_import_job"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_family_actualized_by_id_employee"), type_="foreignkey")
        batch_op.drop_index(
            "ix_family_restricted", sqlite_where=sa.text("restricted"), postgresql_where=sa.text("restricted")
        )
        batch_op.drop_index(batch_op.f("ix_family_merged_into_id"))
        batch_op.drop_index(batch_op.f("ix_family_import_key"))
        batch_op.drop_index(batch_op.f("ix_family_import_job_id"))
        batch_op.drop_index("ix_family_actualized")
        batch_op.drop_column("import_key")
        batch_op.drop_column("import_job_id")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("actualized_by_id")
        batch_op.drop_column("actualized_on")
        batch_op.drop_column("next_action_on")
        batch_op.drop_column("next_action")
        batch_op.drop_column("responsible_id")
        batch_op.drop_column("preferred_channel")
        batch_op.drop_column("ask_only_for")
        batch_op.drop_column("no_messages")
        batch_op.drop_column("contact_until")
        batch_op.drop_column("contact_from")
        batch_op.drop_column("measures_received")
        batch_op.drop_column("situation")
        batch_op.drop_column("transport")
        batch_op.drop_column("income_band")
        batch_op.drop_column("housing")
        batch_op.drop_column("opened_by_method")
        batch_op.drop_column("source")
        batch_op.drop_column("state")

    with op.batch_alter_table("need_assessment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_need_assessment_journal_entry_id"))
        batch_op.drop_index(batch_op.f("ix_need_assessment_family_id"))

    op.drop_table("need_assessment")
    with op.batch_alter_table("health_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_health_record_person_id"))
        batch_op.drop_index(batch_op.f("ix_health_record_family_id"))

    op.drop_table("health_record")
    with op.batch_alter_table("risk_flag", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_risk_flag_family_id"))

    op.drop_table("risk_flag")
    op.drop_table("not_duplicate")
    with op.batch_alter_table("family_merge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_family_merge_merged_id"))
        batch_op.drop_index(batch_op.f("ix_family_merge_kept_id"))

    op.drop_table("family_merge")
    with op.batch_alter_table("card_change", schema=None) as batch_op:
        batch_op.drop_index("ix_card_change_family_at")

    op.drop_table("card_change")
    op.drop_table("catalogue_item")
