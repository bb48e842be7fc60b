"""Tables of the specialists, their absences, and what a talk ends with (A-9, A-24, domain.md §6.5)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class Specialist(Base):
    """What the exchange and the dispatchers need of a specialist beside his account. No row: nothing was set yet.

    What he advises on, his room and services stand in `Employee` and `EmployeeService`, his inner number in
    `Extension`. `outside_number` is E.164 or ''.
    """

    __tablename__ = "specialist"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True, autoincrement=False)
    outside_number: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


class Absence(Base):
    """One person's time away: [since, until), instants. `kind`: see `absence_rules.KINDS`. Withdrawn, never deleted.

    `substitute_id` is who stands in; where he is away too, his own substitute does (`absences.substitute_of`).
    """

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_employee_until", "employee_id", "until"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    kind: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]
    substitute_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    withdrawn_reason: Mapped[str] = mapped_column(default="")


class DeviceState(Base):
    """What the exchange last said of the telephones behind an extension; kept for specialists' extensions only.

    `state`: see `presence_words.Device`. `since`: when it became so, by the exchange's events (UTC).
    """

    __tablename__ = "device_state"

    extension: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    since: Mapped[datetime]


class CompetenceTopic(Base):
    """One thing on which a service advises (A-9); `service_id` None: every service does.

    `remote_hint` ('' if there is none): how the same is had without a visit, which is told to every caller (A-29).
    """

    __tablename__ = "competence_topic"
    __table_args__ = (Index("ix_competence_topic_service_position", "service_id", "position"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    title: Mapped[str]
    remote_hint: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


class Consultation(Base):
    """The consultation of one journal row (A-9). It holds as long as its measure of column 6 is not annulled.

    `kind`: see `consultation_rules.KINDS`. `answer` is what was said, `directory_entry_id` where the applicant was
    sent, `specialist_id` to whom he was connected or booked. `channel` is the journal's way of contact.
    """

    __tablename__ = "consultation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    measure_id: Mapped[int] = mapped_column(ForeignKey("appeal_measure.id"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("competence_topic.id"), index=True)
    kind: Mapped[str]
    answer: Mapped[str] = mapped_column(default="")
    channel: Mapped[str] = mapped_column(default="phone")
    directory_entry_id: Mapped[int | None] = mapped_column(ForeignKey("directory_entry.id"), index=True)
    specialist_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    remote_told: Mapped[bool] = mapped_column(default=False)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    at: Mapped[datetime]


class CallDisposition(Base):
    """One way in which a talk may end for the operator; the head edits the list.

    `needs_entry`: chosen by the program when the journal row is saved, never by hand. `keeps_draft`: what was typed
    waits among the drafts; otherwise the draft is set aside. `code` is None for those that the head has added.
    """

    __tablename__ = "call_disposition"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str | None] = mapped_column(unique=True)
    title: Mapped[str]
    needs_entry: Mapped[bool] = mapped_column(default=False)
    keeps_draft: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


class CallFinish(Base):
    """With what the operator finished a call; one per call, the last word holds, older ones are in the audit log."""

    __tablename__ = "call_finish"

    call_id: Mapped[int] = mapped_column(ForeignKey("call_record.id"), primary_key=True, autoincrement=False)
    disposition_id: Mapped[int] = mapped_column(ForeignKey("call_disposition.id"), index=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    at: Mapped[datetime]
