"""One family has one open tip: which it is, whose card it is on, and how two become one with both informants apart."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.appeals.states import WORKING, Progress
from crm.appeals.work import note_measure
from crm.base import fetch
from crm.journal_tables import JournalEntry
from crm.search.journal import reindex_entry
from crm.staff import Employee
from crm.tips import head
from crm.tips.rules import key_of
from crm.tips.tables import Tip, TipAttempt, TipDuty, TipReport

MOST_NUMBERS = 6
JOINED = "joined"


def open_tip(session: Session, service_id: int, family_id: int | None, numbers: Collection[str]) -> Tip | None:
    """The open tip on this family, or, without a card, on one of these telephones; locked."""
    rows = select(Tip).where(Tip.service_id == service_id, Tip.ended_at.is_(None)).order_by(Tip.taken_at, Tip.id)
    found = session.scalars(rows.with_for_update(of=Tip).execution_options(populate_existing=True)).all()
    if family_id is not None and (known := next((one for one in found if one.family_id == family_id), None)):
        return known
    return next((one for one in found if one.family_id is None and set(one.numbers) & set(numbers)), None)


def twin(session: Session, tip: Tip, family_id: int) -> Tip | None:
    """Another open tip of the same service on this family, the earliest; locked."""
    rows = select(Tip).where(
        Tip.service_id == tip.service_id, Tip.family_id == family_id, Tip.id != tip.id, Tip.ended_at.is_(None)
    )
    locked = rows.with_for_update(of=Tip).execution_options(populate_existing=True)
    return session.scalars(locked.order_by(Tip.taken_at, Tip.id)).first()


def add_numbers(tip: Tip, numbers: Iterable[str]) -> None:
    """What more is known of the family's telephones."""
    tip.numbers = list(dict.fromkeys([*tip.numbers, *numbers]))[:MOST_NUMBERS]
    tip.version += 1


def tie(session: Session, tip: Tip, family_id: int) -> None:
    """The tip and its journal row are about this card; whoever calls has looked that no other open tip is."""
    tip.family_id = family_id
    tip.open_key = None if tip.ended_at else key_of(tip.service_id, family_id, tip.numbers)
    tip.version += 1
    entry = session.get_one(JournalEntry, tip.entry_id, with_for_update=True, populate_existing=True)
    entry.family_id = family_id
    entry.version += 1
    session.flush()
    reindex_entry(session, entry)


def join(session: Session, one: Tip, other: Tip, at: datetime, employee: Employee | None = None) -> Tip:
    """Two open tips are about one family: the earlier takes over reports, attempts, telephones and danger of the later
    one, which ends; return the earlier. Both journal rows stay.
    """
    kept, gone = sorted((one, other), key=lambda tip: (tip.taken_at, tip.id))
    gone.open_key, gone.ended_at, gone.ended_how, gone.joined_to_id = None, at, JOINED, kept.id
    gone.version += 1
    session.flush()
    for table in (TipReport, TipAttempt):
        session.execute(update(table).where(table.tip_id == gone.id).values(tip_id=kept.id))
    known = set(session.scalars(select(TipDuty.body).where(TipDuty.tip_id == kept.id)))
    session.execute(update(TipDuty).where(TipDuty.tip_id == gone.id, TipDuty.body.not_in(known)).values(tip_id=kept.id))
    add_numbers(kept, gone.numbers)
    if kept.family_id is not None:
        kept.open_key = key_of(kept.service_id, kept.family_id, kept.numbers)
    if gone.risk and not kept.risk:
        kept.risk = True
    if gone.head_told_at is not None and gone.head_seen_at is None:
        head.tell(session, kept, gone.head_why, gone.head_told_at)
    _say_so(session, gone, kept, at, employee)
    session.flush()
    return kept


def join_family(session: Session, family_id: int, at: datetime) -> None:
    """Two cards have become one (`crm.cards.merging`): so have their open tips, in each service."""
    rows = select(Tip).where(Tip.family_id == family_id, Tip.ended_at.is_(None)).order_by(Tip.taken_at, Tip.id)
    kept: dict[int, Tip] = {}
    for tip in session.scalars(rows.with_for_update(of=Tip).execution_options(populate_existing=True)).all():
        first = kept.setdefault(tip.service_id, tip)
        if first is not tip:
            join(session, first, tip, at)
    for tip in kept.values():
        tip.open_key = key_of(tip.service_id, family_id, tip.numbers)
    session.flush()


def _say_so(session: Session, gone: Tip, kept: Tip, at: datetime, employee: Employee | None) -> None:
    """The later one's journal row says where it goes on."""
    entry = fetch(session, JournalEntry, gone.entry_id, lock=True)
    first = fetch(session, JournalEntry, kept.entry_id)
    who = employee or session.get(Employee, gone.taken_by_id)
    if entry is None or first is None or who is None or entry.progress not in {one.value for one in WORKING}:
        return
    words = f"Информация о той же семье: работа идёт по записи № {first.number} за {first.year} год"
    note_measure(session, entry, "other", {"what": words}, "", who, at)
    if entry.progress == Progress.NEW:
        entry.progress = Progress.IN_WORK.value
    session.flush()
