"""The tables of `crm.tips`. All instants UTC."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class Tip(Base):
    """A family that somebody else told us of, to be reached; open while `ended_at` is None.

    `about_name`, `about_address`, `numbers` (E.164): what we were told of the family; `family_id` is its card, once it
    is known, and even where whoever took the tip may not know of that card. `open_key` says in one word whose the tip
    is while it is open, and is unique: one family is never called for two tips. `first_due_at`: the first attempt,
    `reach_due_at`: the end of the time in which the family is to be reached, both in open time (`clock`). `letter_*`,
    `visit_*`: what was done when nobody answered. `head_told_at`, `head_why` (a key of `rules.WHY`), `head_seen_at`:
    the head's task. `ended_how`: talk, head (given up by the head, with a reason), joined (another tip took over).
    """

    __tablename__ = "tip"
    __table_args__ = (
        # The count in the top bar of every page and the list: the few open ones among years of ended ones.
        Index(
            "ix_tip_open",
            "service_id",
            "reach_due_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_tip_service_ended", "service_id", "ended_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    about_name: Mapped[str] = mapped_column(default="")
    about_address: Mapped[str] = mapped_column(default="")
    numbers: Mapped[list[Any]] = mapped_column(JSON, default=list)
    risk: Mapped[bool] = mapped_column(default=False)
    taken_at: Mapped[datetime]
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    first_due_at: Mapped[datetime]
    reach_due_at: Mapped[datetime]
    letter_at: Mapped[datetime | None]
    letter_how: Mapped[str] = mapped_column(default="")
    letter_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    visit_measure_id: Mapped[int | None] = mapped_column(ForeignKey("appeal_measure.id"), index=True)
    visit_on: Mapped[date | None]
    visit_due_at: Mapped[datetime | None]
    head_told_at: Mapped[datetime | None]
    head_why: Mapped[str] = mapped_column(default="")
    head_seen_at: Mapped[datetime | None]
    head_seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    ended_at: Mapped[datetime | None]
    ended_how: Mapped[str] = mapped_column(default="")
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    talked_at: Mapped[datetime | None]
    talked_with: Mapped[str] = mapped_column(default="")
    talked_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    ended_call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    end_note: Mapped[str] = mapped_column(default="")
    joined_to_id: Mapped[int | None] = mapped_column(ForeignKey("tip.id"), index=True)
    open_key: Mapped[str | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)


class TipReport(Base):
    """One time that somebody told us of the family. `words`, `numbers`: what of, without a word of who; `risk`: the
    answer to «Есть ли сейчас угроза жизни или здоровью?»; `said_112`: the informant was told to call 112.
    """

    __tablename__ = "tip_report"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    tip_id: Mapped[int] = mapped_column(ForeignKey("tip.id"), index=True)
    at: Mapped[datetime]
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    risk: Mapped[bool] = mapped_column(default=False)
    said_112: Mapped[bool] = mapped_column(default=False)
    words: Mapped[str] = mapped_column(default="")
    numbers: Mapped[list[Any]] = mapped_column(JSON, default=list)
    form_key: Mapped[str | None] = mapped_column(unique=True)


class TipInformant(Base):
    """Who told us: read by `informants` alone. `stays_unknown`: the wish not to be named; nobody is named in any case.

    `call_id`: the call in which it was told, if it came by telephone; the journal row of the tip does not name it.
    """

    __tablename__ = "tip_informant"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("tip_report.id"), unique=True)
    name: Mapped[str] = mapped_column(default="")
    organisation: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    stays_unknown: Mapped[bool] = mapped_column(default=False)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)


class TipAttempt(Base):
    """Somebody tried to reach the family: an order to call (`order_id`; its own result counts), or from another
    telephone, with `result` a key of `rules.BY_HAND`.
    """

    __tablename__ = "tip_attempt"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    tip_id: Mapped[int] = mapped_column(ForeignKey("tip.id"), index=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    at: Mapped[datetime]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_call.id"), unique=True)
    number: Mapped[str] = mapped_column(default="")
    result: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    form_key: Mapped[str | None] = mapped_column(unique=True)


class TipDuty(Base):
    """A body that is to be told of a danger (120-ФЗ art. 9), a key of `rules.BODIES`; `whom`: who took it there."""

    __tablename__ = "tip_duty"
    __table_args__ = (UniqueConstraint("tip_id", "body"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    tip_id: Mapped[int] = mapped_column(ForeignKey("tip.id"))
    body: Mapped[str]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    whom: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
