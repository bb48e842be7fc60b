"""Consents, their texts, subjects' requests and acts of destruction."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id

PURPOSES = {
    "processing": "обработка персональных данных",
    "special": "обработка сведений о здоровье",
    "auto_calls": "автоматические звонки",
    "recording": "запись разговора",
    "transfer": "передача данных другим органам и организациям",
}
"""One consent, one purpose, one document (156-ФЗ of 24.06.2025)."""

ORAL, WRITTEN = "oral", "written"


class ConsentText(Base):
    """What people agree to, word for word. A text in use is never changed: a new version follows."""

    __tablename__ = "consent_text"
    __table_args__ = (UniqueConstraint("purpose", "version"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    purpose: Mapped[str]
    version: Mapped[int]
    spoken: Mapped[str]
    printed: Mapped[str]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    created_at: Mapped[datetime]


class Consent(Base):
    """One answer of one person. `given` False is a refusal: it is kept too. `form`: oral or written.

    `representative` and `authority` name who signed for a child or an incapable person (art. 9 ч. 6). `signed_on` is
    the paper's date, `withdrawn_on` the day when the withdrawal reached us; both the institution's local dates.
    """

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_person_purpose", "person_id", "purpose"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str]
    given: Mapped[bool]
    form: Mapped[str]
    text_id: Mapped[int] = mapped_column(ForeignKey("consent_text.id"))
    representative: Mapped[str] = mapped_column(default="")
    authority: Mapped[str] = mapped_column(default="")
    document: Mapped[str] = mapped_column(default="")
    signed_on: Mapped[date | None]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"))
    valid_until: Mapped[date | None]
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    withdrawn_on: Mapped[date | None]
    withdrawn_how: Mapped[str] = mapped_column(default="")


REQUEST_KINDS = {
    "access": "сведения о своих данных",
    "correct": "уточнить данные",
    "stop": "прекратить обработку",
    "withdraw": "отзыв согласия",
}


class SubjectRequest(Base):
    """A person asks about his data (art. 14, 20, 21). `kind`: see REQUEST_KINDS; `purpose` names the consent that was
    withdrawn. `due_on` is the last day to answer."""

    __tablename__ = "subject_request"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    received_on: Mapped[date]
    due_on: Mapped[date]
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    outcome: Mapped[str] = mapped_column(default="")


PROPOSED, DONE, DECLINED = "proposed", "done", "declined"
SCOPES = {
    "family": "все сведения о семье",
    "person": "все сведения об одном человеке",
    "health": "сведения о здоровье одного человека",
}


class DestructionAct(Base):
    """The act on destroying personal data (приказ РКН 28.10.2022 № 179): what, why, how, who; no data itself.

    Proposed by one, decided by another; the number within the year comes with the destruction. `destroyed` and `kept`
    list titles, counts, grounds and terms.
    """

    __tablename__ = "destruction_act"
    __table_args__ = (UniqueConstraint("year", "number"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(default=PROPOSED)
    scope: Mapped[str]
    year: Mapped[int | None]
    number: Mapped[int | None]
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("subject_request.id"))
    ground: Mapped[str]
    destroyed: Mapped[list[Any]] = mapped_column(JSON, default=list)
    kept: Mapped[list[Any]] = mapped_column(JSON, default=list)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    proposed_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(default="")

    @property
    def at(self) -> datetime | None:
        """When the data were destroyed, or the proposal declined."""
        return self.decided_at
