"""What a card holds beside its header, people and telephones (domain.md §2.2, §2.6, §5.1).

Nothing is deleted here: what no longer holds gets an end, a person and a reason.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class CatalogueItem(Base):
    """One value of an editable list. `catalogue`: see `crm.cards.catalogues`; `code` is what the program stores.

    `special`: health, a commission's resolution, service at the front — never printed in a brief nor read aloud
    (domain.md §4.1). `source` is the law's article.
    """

    __tablename__ = "catalogue_item"
    __table_args__ = (UniqueConstraint("catalogue", "code"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    catalogue: Mapped[str]
    code: Mapped[str]
    title: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    special: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)


class NeedAssessment(Base):
    """What the family needs, as one employee decided (442-ФЗ art. 15, 19, 20; A-16, A-17, A-32).

    `ground`, `form` and `kinds` are codes of the catalogues «ground», «service_form», «service_kind». The newest one
    that has not ended is the family's need of today.
    """

    __tablename__ = "need_assessment"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    journal_entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    ground: Mapped[str] = mapped_column(default="")
    form: Mapped[str] = mapped_column(default="")
    kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    urgent: Mapped[bool] = mapped_column(default=False)
    remote_explained: Mapped[bool] = mapped_column(default=False)
    long_support: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(default="")
    assessed_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    assessed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str] = mapped_column(default="")


class RiskFlag(Base):
    """A risk that was seen (A-12); `code` of the catalogue «risk»."""

    __tablename__ = "risk_flag"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    code: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    raised_at: Mapped[datetime]
    cleared_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    cleared_at: Mapped[datetime | None]
    cleared_reason: Mapped[str] = mapped_column(default="")


class HealthRecord(Base):
    """Disability of a member: the fact, group, term and certificate, no diagnosis. Only with the written consent
    «special» (152-ФЗ art. 10)."""

    __tablename__ = "health_record"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    group: Mapped[str] = mapped_column(default="")
    valid_to: Mapped[date | None]
    certificate: Mapped[str] = mapped_column(default="")
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    entered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str] = mapped_column(default="")


class CardChange(Base):
    """One field of a card that changed: old and new as the form writes them, who, when. Holds personal data; destroyed
    together with the card's."""

    __tablename__ = "card_change"
    __table_args__ = (Index("ix_card_change_family_at", "family_id", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    subject: Mapped[str]
    subject_id: Mapped[int] = mapped_column(Id)
    field: Mapped[str]
    old: Mapped[str]
    new: Mapped[str]
    version: Mapped[int]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]


class FamilyMerge(Base):
    """Two cards made one: what moved from `merged_id` to `kept_id`, row by row (`moved`: table → ids)."""

    __tablename__ = "family_merge"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    moved: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(default="")
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]


class NotDuplicate(Base):
    """Two cards that somebody found to be different families: not proposed again. `low_id` < `high_id`."""

    __tablename__ = "not_duplicate"

    low_id: Mapped[int] = mapped_column(ForeignKey("family.id"), primary_key=True)
    high_id: Mapped[int] = mapped_column(ForeignKey("family.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]
