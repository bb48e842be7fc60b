"""Timetables, slots, appointments, the waiting list

Revision ID: 0013_appointments
Revises: 0012_specialists
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0013_appointments"
down_revision = "0012_specialists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "timetable",
        sa.Column("employee_id", Id, autoincrement=False, nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("buffer_minutes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["employee.id"], name=op.f("fk_timetable_changed_by_id_employee")),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_timetable_employee_id_employee")),
        sa.PrimaryKeyConstraint("employee_id", name=op.f("pk_timetable")),
    )
    op.create_table(
        "timetable_exception",
        sa.Column("id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=True),
        sa.Column("ends", sa.Integer(), nullable=True),
        sa.Column("modes", sa.JSON(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("entered_by_id", Id, nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by_id", Id, nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["timetable.employee_id"], name=op.f("fk_timetable_exception_employee_id_timetable")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["employee.id"], name=op.f("fk_timetable_exception_entered_by_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["removed_by_id"], ["employee.id"], name=op.f("fk_timetable_exception_removed_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timetable_exception")),
    )
    with op.batch_alter_table("timetable_exception", schema=None) as batch_op:
        batch_op.create_index("ix_timetable_exception_employee_day", ["employee_id", "day"], unique=False)

    op.create_table(
        "timetable_interval",
        sa.Column("id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("break_starts", sa.Integer(), nullable=True),
        sa.Column("break_ends", sa.Integer(), nullable=True),
        sa.Column("modes", sa.JSON(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("entered_by_id", Id, nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["timetable.employee_id"], name=op.f("fk_timetable_interval_employee_id_timetable")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["employee.id"], name=op.f("fk_timetable_interval_entered_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timetable_interval")),
    )
    with op.batch_alter_table("timetable_interval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_timetable_interval_employee_id"), ["employee_id"], unique=False)

    op.create_table(
        "slot_hold",
        sa.Column("id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("holder_id", Id, nullable=True),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("entry_id", Id, nullable=True),
        sa.Column("held_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_slot_hold_entry_id_journal_entry")),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_slot_hold_call_id_call_record")),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["timetable.employee_id"], name=op.f("fk_slot_hold_employee_id_timetable")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_slot_hold_family_id_family")),
        sa.ForeignKeyConstraint(["holder_id"], ["employee.id"], name=op.f("fk_slot_hold_holder_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_hold")),
    )
    with op.batch_alter_table("slot_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_slot_hold_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_slot_hold_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_slot_hold_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_slot_hold_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(
            "uq_slot_hold_employee_starts",
            ["employee_id", "starts_at"],
            unique=True,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    op.create_table(
        "appointment",
        sa.Column("id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", UtcDateTime(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("cancelled_by", sa.Text(), nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("applicant_name", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("remote_explained", sa.Boolean(), nullable=False),
        sa.Column("long_support", sa.Boolean(), nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("entry_id", Id, nullable=True),
        sa.Column("moved_from_id", Id, nullable=True),
        sa.Column("booked_by_id", Id, nullable=False),
        sa.Column("booked_at", UtcDateTime(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["booked_by_id"], ["employee.id"], name=op.f("fk_appointment_booked_by_id_employee")),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_appointment_call_id_call_record")),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["timetable.employee_id"], name=op.f("fk_appointment_employee_id_timetable")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_appointment_entry_id_journal_entry")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_appointment_family_id_family")),
        sa.ForeignKeyConstraint(
            ["moved_from_id"], ["appointment.id"], name=op.f("fk_appointment_moved_from_id_appointment")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_appointment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("form_key", name=op.f("uq_appointment_form_key")),
        sa.UniqueConstraint("moved_from_id", name=op.f("uq_appointment_moved_from_id")),
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointment_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_employee_id"), ["employee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_appointment_starts", ["starts_at", "employee_id"], unique=False)
        batch_op.create_index(
            "uq_appointment_employee_starts",
            ["employee_id", "starts_at"],
            unique=True,
            sqlite_where=sa.text("state IN ('planned', 'confirmed', 'done', 'no_show')"),
            postgresql_where=sa.text("state IN ('planned', 'confirmed', 'done', 'no_show')"),
        )

    op.create_table(
        "support_need",
        sa.Column("entry_id", Id, autoincrement=False, nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("raised_by_id", Id, nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by_id", Id, nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_support_need_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(["raised_by_id"], ["employee.id"], name=op.f("fk_support_need_raised_by_id_employee")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["employee.id"], name=op.f("fk_support_need_withdrawn_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_support_need")),
    )
    op.create_table(
        "waiting_wish",
        sa.Column("id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("profession", sa.Text(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=True),
        sa.Column("ends", sa.Integer(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("applicant_name", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("entry_id", Id, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", UtcDateTime(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("entered_by_id", Id, nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_waiting_wish_call_id_call_record")),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_waiting_wish_employee_id_employee")),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["employee.id"], name=op.f("fk_waiting_wish_entered_by_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_waiting_wish_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_waiting_wish_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_waiting_wish_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_wish")),
        sa.UniqueConstraint("form_key", name=op.f("uq_waiting_wish_form_key")),
    )
    with op.batch_alter_table("waiting_wish", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiting_wish_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_wish_employee_id"), ["employee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_wish_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_wish_family_id"), ["family_id"], unique=False)
        batch_op.create_index(
            "ix_waiting_wish_open",
            ["entered_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.create_index(batch_op.f("ix_waiting_wish_person_id"), ["person_id"], unique=False)

    op.create_table(
        "appointment_event",
        sa.Column("id", Id, nullable=False),
        sa.Column("appointment_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_appointment_event_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_appointment_event_employee_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_event")),
    )
    with op.batch_alter_table("appointment_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointment_event_appointment_id"), ["appointment_id"], unique=False)

    op.create_table(
        "waiting_offer",
        sa.Column("id", Id, nullable=False),
        sa.Column("wish_id", Id, nullable=False),
        sa.Column("hold_id", Id, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("offered_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", Id, nullable=True),
        sa.Column("appointment_id", Id, nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_waiting_offer_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["employee.id"], name=op.f("fk_waiting_offer_decided_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["slot_hold.id"], name=op.f("fk_waiting_offer_hold_id_slot_hold")),
        sa.ForeignKeyConstraint(["wish_id"], ["waiting_wish.id"], name=op.f("fk_waiting_offer_wish_id_waiting_wish")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_offer")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_waiting_offer_hold_id")),
    )
    with op.batch_alter_table("waiting_offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiting_offer_appointment_id"), ["appointment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_offer_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_offer_wish_id"), ["wish_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("waiting_offer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waiting_offer_wish_id"))
        batch_op.drop_index(batch_op.f("ix_waiting_offer_state"))
        batch_op.drop_index(batch_op.f("ix_waiting_offer_appointment_id"))

    op.drop_table("waiting_offer")
    with op.batch_alter_table("appointment_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appointment_event_appointment_id"))

    op.drop_table("appointment_event")
    with op.batch_alter_table("waiting_wish", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waiting_wish_person_id"))
        batch_op.drop_index(
            "ix_waiting_wish_open",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_waiting_wish_family_id"))
        batch_op.drop_index(batch_op.f("ix_waiting_wish_entry_id"))
        batch_op.drop_index(batch_op.f("ix_waiting_wish_employee_id"))
        batch_op.drop_index(batch_op.f("ix_waiting_wish_call_id"))

    op.drop_table("waiting_wish")
    op.drop_table("support_need")
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_appointment_employee_starts",
            sqlite_where=sa.text("state IN ('planned', 'confirmed', 'done', 'no_show')"),
            postgresql_where=sa.text("state IN ('planned', 'confirmed', 'done', 'no_show')"),
        )
        batch_op.drop_index("ix_appointment_starts")
        batch_op.drop_index(batch_op.f("ix_appointment_person_id"))
        batch_op.drop_index(batch_op.f("ix_appointment_family_id"))
        batch_op.drop_index(batch_op.f("ix_appointment_entry_id"))
        batch_op.drop_index(batch_op.f("ix_appointment_employee_id"))
        batch_op.drop_index(batch_op.f("ix_appointment_call_id"))

    op.drop_table("appointment")
    with op.batch_alter_table("slot_hold", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_slot_hold_employee_starts",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_slot_hold_holder_id"))
        batch_op.drop_index(batch_op.f("ix_slot_hold_family_id"))
        batch_op.drop_index(batch_op.f("ix_slot_hold_entry_id"))
        batch_op.drop_index(batch_op.f("ix_slot_hold_call_id"))

    op.drop_table("slot_hold")
    with op.batch_alter_table("timetable_interval", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_timetable_interval_employee_id"))

    op.drop_table("timetable_interval")
    with op.batch_alter_table("timetable_exception", schema=None) as batch_op:
        batch_op.drop_index("ix_timetable_exception_employee_day")

    op.drop_table("timetable_exception")
    op.drop_table("timetable")
