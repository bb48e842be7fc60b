"""The records of issue 2: institution, staff, families, calls, journal, audit, sign-in

Long because it is one list of tables.

Revision ID: 0001_records
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id, UtcDateTime

revision = "0001_records"
down_revision = None
branch_labels = None
depends_on = None


SQLITE_FENCE = """
CREATE TRIGGER audit_event_no_{verb} BEFORE {verb} ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END
"""

POSTGRESQL_FENCE = """
CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit_event is append-only'; END $$;
CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse();
"""


def _fence_audit() -> None:
    """The database itself refuses to change the log (reliability.md S20)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL_FENCE)
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE_FENCE.format(verb=verb))


def upgrade() -> None:  # noqa: PLR0915
    op.create_table(
        "audit_event",
        sa.Column("seq", Id, autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", Id, nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_family_id"), ["family_id"], unique=False)

    op.create_table(
        "directory_entry",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_hidden", sa.Boolean(), nullable=False),
        sa.Column("phones", sa.JSON(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("hours_note", sa.Text(), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("help_types", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_entry")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_directory_entry_kind_name")),
    )
    op.create_table(
        "employee",
        sa.Column("id", Id, nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("patronymic", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("advises_on", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("sound_choice", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employee")),
        sa.UniqueConstraint("login", name=op.f("uq_employee_login")),
    )
    op.create_table(
        "exchange_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wanted_version", sa.Integer(), nullable=False),
        sa.Column("applied_version", sa.Integer(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("link_since", UtcDateTime(), nullable=True),
        sa.Column("link_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_exchange_state_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_state")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "institution",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", Id, nullable=False),
        sa.Column("login_digest", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_login_attempt_ip_at", ["ip", "at"], unique=False)

    op.create_table(
        "extension",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("desk_secret_salt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_extension_employee_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension")),
        sa.UniqueConstraint("number", name=op.f("uq_extension_number")),
    )
    with op.batch_alter_table("extension", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_extension_employee_id"), ["employee_id"], unique=False)

    op.create_table(
        "family",
        sa.Column("id", Id, nullable=False),
        sa.Column("card_number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("locality", sa.Text(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["employee.id"], name=op.f("fk_family_created_by_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family")),
        sa.UniqueConstraint("card_number", name=op.f("uq_family_card_number")),
    )
    op.create_table(
        "service",
        sa.Column("id", Id, nullable=False),
        sa.Column("institution_id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("journal_title", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("emergency_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_service_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("code", name=op.f("uq_service_code")),
        sa.UniqueConstraint("queue", name=op.f("uq_service_queue")),
    )
    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "training_call",
        sa.Column("id", Id, nullable=False),
        sa.Column("from_number", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("to_did", sa.Text(), nullable=False),
        sa.Column("say", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("hold_seconds", sa.Integer(), nullable=False),
        sa.Column("requested_by_id", Id, nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["employee.id"], name=op.f("fk_training_call_requested_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_call")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_training_call_channel_id")),
    )
    with op.batch_alter_table("training_call", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_call_requested_at"), ["requested_at"], unique=False)

    op.create_table(
        "web_session",
        sa.Column("id", Id, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_web_session_employee_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_session_token_hash")),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_web_session_employee_id"), ["employee_id"], unique=False)

    op.create_table(
        "employee_service",
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("penalty", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_employee_service_employee_id_employee")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_employee_service_service_id_service")),
        sa.PrimaryKeyConstraint("employee_id", "service_id", name=op.f("pk_employee_service")),
    )
    with op.batch_alter_table("employee_service", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_employee_service_service_id"), ["service_id"], unique=False)

    op.create_table(
        "family_assignment",
        sa.Column("family_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_family_assignment_employee_id_employee")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_family_assignment_family_id_family")),
        sa.PrimaryKeyConstraint("family_id", "employee_id", name=op.f("pk_family_assignment")),
    )
    with op.batch_alter_table("family_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_family_assignment_employee_id"), ["employee_id"], unique=False)

    op.create_table(
        "family_status",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("verified_by_id", Id, nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_family_status_family_id_family")),
        sa.ForeignKeyConstraint(
            ["verified_by_id"], ["employee.id"], name=op.f("fk_family_status_verified_by_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_status")),
    )
    with op.batch_alter_table("family_status", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_family_status_family_id"), ["family_id"], unique=False)

    op.create_table(
        "journal_counter",
        sa.Column("service_id", Id, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_journal_counter_service_id_service")),
        sa.PrimaryKeyConstraint("service_id", "year", name=op.f("pk_journal_counter")),
    )
    op.create_table(
        "line",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("did", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_line_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line")),
        sa.UniqueConstraint("did", name=op.f("uq_line_did")),
    )
    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_service_id"), ["service_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", Id, nullable=False),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("patronymic", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("is_applicant", sa.Boolean(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_person_family_id_family")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_search_key"), ["search_key"], unique=False)

    op.create_table(
        "phone_credential",
        sa.Column("id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("session_id", Id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_phone_credential_employee_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["web_session.id"], name=op.f("fk_phone_credential_session_id_web_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_credential")),
    )
    with op.batch_alter_table("phone_credential", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_phone_credential_employee_id"), ["employee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_phone_credential_extension"), ["extension"], unique=False)
        batch_op.create_index(batch_op.f("ix_phone_credential_session_id"), ["session_id"], unique=False)

    op.create_table(
        "call_record",
        sa.Column("id", Id, nullable=False),
        sa.Column("linkedid", sa.Text(), nullable=False),
        sa.Column("service_id", Id, nullable=True),
        sa.Column("line_id", Id, nullable=True),
        sa.Column("did", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.Column("caller_kind", sa.Text(), nullable=False),
        sa.Column("caller_number", sa.Text(), nullable=True),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("caller_note", sa.Text(), nullable=False),
        sa.Column("arrived_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_evidence", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("is_returning", sa.Boolean(), nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("identity_level", sa.Integer(), nullable=False),
        sa.Column("identified_by_id", Id, nullable=True),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_call_record_employee_id_employee")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_call_record_family_id_family")),
        sa.ForeignKeyConstraint(
            ["identified_by_id"], ["employee.id"], name=op.f("fk_call_record_identified_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"], name=op.f("fk_call_record_line_id_line")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_call_record_person_id_person")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_call_record_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_record")),
        sa.UniqueConstraint("linkedid", name=op.f("uq_call_record_linkedid")),
    )
    with op.batch_alter_table("call_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_record_caller_number"), ["caller_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_record_employee_id"), ["employee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_record_family_id"), ["family_id"], unique=False)
        batch_op.create_index(
            "ix_call_record_open",
            ["id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_call_record_service_arrived", ["service_id", "arrived_at"], unique=False)

    op.create_table(
        "caller_choice",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_caller_choice_employee_id_employee")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_caller_choice_person_id_person")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_caller_choice")),
    )
    op.create_table(
        "phone",
        sa.Column("id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone")),
    )
    with op.batch_alter_table("phone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_phone_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_phone_person_id"), ["person_id"], unique=False)

    op.create_table(
        "call_leg_record",
        sa.Column("id", Id, nullable=False),
        sa.Column("call_id", Id, nullable=False),
        sa.Column("uniqueid", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("employee_id", Id, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rang_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_call_leg_record_call_id_call_record")),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_call_leg_record_employee_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_leg_record")),
        sa.UniqueConstraint("call_id", "uniqueid", name=op.f("uq_call_leg_record_call_id_uniqueid")),
    )
    with op.batch_alter_table("call_leg_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_leg_record_employee_id"), ["employee_id"], unique=False)
        batch_op.create_index(
            "ix_call_leg_record_open",
            ["employee_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "journal_entry",
        sa.Column("id", Id, nullable=False),
        sa.Column("service_id", Id, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("family_id", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("applicant_name", sa.Text(), nullable=False),
        sa.Column("family_brief", sa.Text(), nullable=False),
        sa.Column("contact_method", sa.Text(), nullable=False),
        sa.Column("substance", sa.Text(), nullable=False),
        sa.Column("obstacle", sa.Boolean(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("author_id", Id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=True),
        sa.Column("draft_saved_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["employee.id"], name=op.f("fk_journal_entry_author_id_employee")),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_journal_entry_call_id_call_record")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_journal_entry_family_id_family")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_journal_entry_person_id_person")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_journal_entry_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("call_id", name=op.f("uq_journal_entry_call_id")),
        sa.UniqueConstraint("service_id", "year", "number", name=op.f("uq_journal_entry_service_id_year_number")),
    )
    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.create_index("ix_journal_entry_author_state", ["author_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_entry_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_entry_family_id"), ["family_id"], unique=False)

    op.create_table(
        "presence",
        sa.Column("employee_id", Id, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("call_id", Id, nullable=True),
        sa.Column("resume_state", sa.Text(), nullable=False),
        sa.Column("resume_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_presence_call_id_call_record")),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_presence_employee_id_employee")),
        sa.PrimaryKeyConstraint("employee_id", name=op.f("pk_presence")),
    )
    _fence_audit()


def downgrade() -> None:  # noqa: PLR0915
    op.drop_table("presence")
    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_entry_family_id"))
        batch_op.drop_index(batch_op.f("ix_journal_entry_created_at"))
        batch_op.drop_index("ix_journal_entry_author_state")

    op.drop_table("journal_entry")
    with op.batch_alter_table("call_leg_record", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_call_leg_record_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_call_leg_record_employee_id"))

    op.drop_table("call_leg_record")
    with op.batch_alter_table("phone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_phone_person_id"))
        batch_op.drop_index(batch_op.f("ix_phone_number"))

    op.drop_table("phone")
    op.drop_table("caller_choice")
    with op.batch_alter_table("call_record", schema=None) as batch_op:
        batch_op.drop_index("ix_call_record_service_arrived")
        batch_op.drop_index(
            "ix_call_record_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_call_record_family_id"))
        batch_op.drop_index(batch_op.f("ix_call_record_employee_id"))
        batch_op.drop_index(batch_op.f("ix_call_record_caller_number"))

    op.drop_table("call_record")
    with op.batch_alter_table("phone_credential", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_phone_credential_session_id"))
        batch_op.drop_index(batch_op.f("ix_phone_credential_extension"))
        batch_op.drop_index(batch_op.f("ix_phone_credential_employee_id"))

    op.drop_table("phone_credential")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_search_key"))
        batch_op.drop_index(batch_op.f("ix_person_family_id"))

    op.drop_table("person")
    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_line_service_id"))

    op.drop_table("line")
    op.drop_table("journal_counter")
    with op.batch_alter_table("family_status", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_family_status_family_id"))

    op.drop_table("family_status")
    with op.batch_alter_table("family_assignment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_family_assignment_employee_id"))

    op.drop_table("family_assignment")
    with op.batch_alter_table("employee_service", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_employee_service_service_id"))

    op.drop_table("employee_service")
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_web_session_employee_id"))

    op.drop_table("web_session")
    with op.batch_alter_table("training_call", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_call_requested_at"))

    op.drop_table("training_call")
    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_institution_id"))

    op.drop_table("service")
    op.drop_table("family")
    with op.batch_alter_table("extension", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_extension_employee_id"))

    op.drop_table("extension")
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_login_attempt_ip_at")

    op.drop_table("login_attempt")
    op.drop_table("institution")
    op.drop_table("heartbeat")
    op.drop_table("exchange_state")
    op.drop_table("employee")
    op.drop_table("directory_entry")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_family_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_at"))
        batch_op.drop_index(batch_op.f("ix_audit_event_actor_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_action"))

    op.drop_table("audit_event")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_event_refuse()")
