"""The families' cards as tables: card, statuses, people, telephones, and who may see a restricted card (domain.md
§5.1).

What is written about a family elsewhere stands in `crm.cards.tables` (needs, risks, health, changes), `crm.consents`
and `crm.journal_tables`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.base import Base, Id
from crm.papers.tables import ImportJob

ACTIVE, MERGED, DESTROYED, IMPORTING = "active", "merged", "destroyed", "importing"
CARD_STATES = (ACTIVE, MERGED, DESTROYED, IMPORTING)
"""In use; merged into `merged_into_id`; personal data destroyed (152-ФЗ art. 21); rows of an import not yet confirmed.
"""

SOURCES = {"self": "обратились сами", "third_party": "информация от третьего лица", "proactive": "проактивный звонок"}


class Family(Base):
    """A family's card. `restricted` («СОП», domain.md §2.6): only those entitled know that it exists.

    `warning` is what any operator must know before she speaks («звонить до 16:00, сообщений не оставлять»).
    `contact_from` and `contact_until` («09:00») are the institution's local time; '' means no limit. `state`: see
    CARD_STATES; only active cards are found, counted and called. `child_births`, `has_phone`: see `crm.segments.facts`.
    """

    __tablename__ = "family"
    __table_args__ = (
        # The state last: SQLite would take an index that begins with it for questions about a few known cards, and read
        # every card in use.
        Index("ix_family_actualized", "actualized_on", "created_at", "state"),
        Index(
            "ix_family_restricted",
            "id",
            sqlite_where=text("restricted"),
            postgresql_where=text("restricted"),
        ),
        # Used by crm.segments.query: all it asks of the card itself, in one pass without the cards.
        Index("ix_family_segment", "child_births", "has_phone", "locality", "restricted", "state", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    card_number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    locality: Mapped[str] = mapped_column(default="")
    restricted: Mapped[bool] = mapped_column(default=False)
    brief: Mapped[str] = mapped_column(default="")
    warning: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(default=ACTIVE)
    source: Mapped[str] = mapped_column(default="self")
    opened_by_method: Mapped[str] = mapped_column(default="phone")
    housing: Mapped[str] = mapped_column(default="")
    income_band: Mapped[str] = mapped_column(default="")
    transport: Mapped[str] = mapped_column(default="")
    situation: Mapped[str] = mapped_column(default="")
    measures_received: Mapped[str] = mapped_column(default="")
    contact_from: Mapped[str] = mapped_column(default="")
    contact_until: Mapped[str] = mapped_column(default="")
    no_messages: Mapped[bool] = mapped_column(default=False)
    ask_only_for: Mapped[str] = mapped_column(default="")
    preferred_channel: Mapped[str] = mapped_column(default="")
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    next_action: Mapped[str] = mapped_column(default="")
    next_action_on: Mapped[date | None]
    actualized_on: Mapped[date | None]
    actualized_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    import_job_id: Mapped[int | None] = mapped_column(ForeignKey(ImportJob.id), index=True)
    import_key: Mapped[str | None] = mapped_column(index=True)
    child_births: Mapped[str] = mapped_column(default="", server_default="")
    has_phone: Mapped[bool] = mapped_column(default=False, server_default=false())
    people: Mapped[list["Person"]] = relationship(back_populates="family", order_by="Person.id", lazy="selectin")
    statuses: Mapped[list["FamilyStatus"]] = relationship(order_by="FamilyStatus.id", lazy="selectin")

    @property
    def members(self) -> list["Person"]:
        """Who belongs to the family now; those who have left stay in `people`."""
        return [person for person in self.people if person.left_at is None]

    @property
    def standing_statuses(self) -> list["FamilyStatus"]:
        """The statuses that nobody has revoked, those whose term has run out included."""
        return [status for status in self.statuses if status.revoked_at is None]


class FamilyStatus(Base):
    """One status with its basis (domain.md §2.6). `verified_on` None: claimed by telephone, not verified."""

    __tablename__ = "family_status"
    __table_args__ = (
        Index(
            "ix_family_status_valid_to",  # papers about to expire: crm.cards.upkeep
            "valid_to",
            sqlite_where=text("valid_to IS NOT NULL"),
            postgresql_where=text("valid_to IS NOT NULL"),
        ),
        # Used by crm.segments.query: who has this status, without the rows themselves.
        Index("ix_family_status_type", "type", "family_id", "revoked_at", "valid_from", "valid_to", "verified_on"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    type: Mapped[str]
    basis: Mapped[str] = mapped_column(default="")
    issued_by: Mapped[str] = mapped_column(default="")
    document_number: Mapped[str] = mapped_column(default="")
    document_date: Mapped[date | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    verified_on: Mapped[date | None]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    entered_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    revoked_reason: Mapped[str] = mapped_column(default="")


class FamilyAssignment(Base):
    """An employee to whom a restricted card is explicitly entrusted."""

    __tablename__ = "family_assignment"

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True, index=True)


class Person(Base):
    """A member of a family. `search_key`: see `callflow.text.search_key`. `special_needs`: language, hearing, in words.

    `incapable` is a member who cannot be left alone (B-27); nobody is deleted: who has left has `left_at`.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_birth_date", "birth_date"),
        Index(
            "ix_person_full_time_student_until",  # study certificates about to expire: crm.cards.upkeep
            "full_time_student_until",
            sqlite_where=text("full_time_student_until IS NOT NULL"),
            postgresql_where=text("full_time_student_until IS NOT NULL"),
        ),
        # Used by crm.cards.duplicate_pairs: which applicants have one name and birth date.
        Index(
            "ix_person_applicant",
            "search_key",
            "birth_date",
            sqlite_where=text("is_applicant = 1"),
            postgresql_where=text("is_applicant"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    relation: Mapped[str] = mapped_column(default="")
    surname: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    patronymic: Mapped[str] = mapped_column(default="")
    birth_date: Mapped[date | None]
    is_applicant: Mapped[bool] = mapped_column(default=False)
    search_key: Mapped[str] = mapped_column(index=True)
    sex: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    registration_address: Mapped[str] = mapped_column(default="")
    special_needs: Mapped[str] = mapped_column(default="")
    do_not_call: Mapped[bool] = mapped_column(default=False)
    study_place: Mapped[str] = mapped_column(default="")
    full_time_student_until: Mapped[date | None]
    lives_with_family: Mapped[bool] = mapped_column(default=True)
    incapable: Mapped[bool] = mapped_column(default=False)
    left_at: Mapped[datetime | None]
    left_reason: Mapped[str] = mapped_column(default="")
    family: Mapped[Family | None] = relationship(back_populates="people")
    phones: Mapped[list["Phone"]] = relationship(back_populates="person", order_by="Phone.id", lazy="selectin")

    @property
    def active_phones(self) -> list["Phone"]:
        """The telephones under which this person can be reached; removed ones stay in `phones`."""
        return [phone for phone in self.phones if phone.removed_at is None]


class Phone(Base):
    """A telephone of a person: E.164 for finding, `raw` as it was typed. One number may belong to several people.

    `robot_allowed`: a robot may call this number (needs the consent «auto_calls» besides). Removed numbers stay.
    """

    __tablename__ = "phone"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(index=True)
    raw: Mapped[str] = mapped_column(default="")
    label: Mapped[str] = mapped_column(default="")
    whose: Mapped[str] = mapped_column(default="")
    best_time: Mapped[str] = mapped_column(default="")
    robot_allowed: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None]
    removed_reason: Mapped[str] = mapped_column(default="")
    person: Mapped[Person] = relationship(back_populates="phones")


class CallerChoice(Base):
    """Whom an operator last picked among the people who share a number; remembered, never merged (domain.md §3.1)."""

    __tablename__ = "caller_choice"

    number: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Candidate:
    """Somebody who has the caller's number. `remembered`: picked last time when the number's owners were asked."""

    person: Person
    family: Family | None
    phone: Phone
    remembered: bool
