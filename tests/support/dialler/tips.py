"""Somebody tells of a family in need; people try to reach it, and only a talk with an adult ends that (`crm.tips`)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from crm.errors import RecordsError
from crm.family_tables import Person, Phone
from crm.tips import attempts, calling, opening, talking
from crm.tips.rules import is_adult
from crm.tips.tables import Tip
from crm.tips.talking import Talk
from crm.tips.told import Told

if TYPE_CHECKING:
    from tests.support.dialler.world import World


def tell(world: World, family: int, *, on_card: bool) -> None:
    """A third party has told of this family: of its card, or of its telephone alone."""
    world.booked += 1
    told = Told(
        service_id=1,
        words="Дети одни вторые сутки.",
        risk=False,
        family_id=world.family_id(family) if on_card else None,
        numbers="" if on_card else world.whom(family)[2],
        about_name="" if on_card else "Соседи сверху",
        stays_unknown=True,
        form_key=f"tip-{world.booked}",
    )
    with suppress(RecordsError), world.database.transaction() as session:
        opening.take(session, told, world.desk.who(family), world.ours)


def call(world: World, place: int, who: int) -> None:
    """She calls the family of one of them."""
    tip = _some(world, place)
    if tip is None or not world.desk.clock_is_right:
        return
    her, at = world.desk.who(who), world.ours
    with world.database.reading() as session:
        phone = session.scalars(_phones(tip.family_id)).first() if tip.family_id else None
    if phone is not None:
        world.desk.ask(
            lambda session: calling.call(session, tip.id, her, phone_id=phone.id, reason="срочно", mode="demo", at=at)
        )
    elif tip.numbers:
        number = tip.numbers[0]
        world.desk.ask(
            lambda session: calling.call(session, tip.id, her, number=number, reason="срочно", mode="demo", at=at)
        )


def nobody(world: World, place: int, who: int) -> None:
    """An attempt by another telephone reached no adult: it stops nothing."""
    tip = _some(world, place)
    if tip is not None:
        with suppress(RecordsError), world.database.transaction() as session:
            attempts.note_by_hand(session, tip.id, "not_adult", "", "", world.desk.who(who), world.ours)


def talk(world: World, place: int, who: int, *, with_adult: bool) -> None:
    """Somebody was talked with. A child's word must not end it."""
    tip = _some(world, place)
    if tip is None:
        return
    her, at = world.desk.who(who), world.ours
    with world.database.reading() as session:
        calls = talking.talks_of(session, tip, her)
        call_id = calls[0].id if calls else None
        child = next(
            (one.id for one in _people(session, tip.family_id) if not is_adult(one.birth_date, at.date())), None
        )
    how = "call" if call_id is not None else "phone"
    said = Talk(how, "мать", adult=True, call_id=call_id) if with_adult else Talk(how, "", child, call_id=call_id)
    with suppress(RecordsError), world.database.transaction() as session:
        talking.talked(session, tip.id, said, her, at)


def _some(world: World, place: int) -> Tip | None:
    with world.database.reading() as session:
        rows = session.scalars(select(Tip).where(Tip.ended_at.is_(None)).order_by(Tip.id)).all()
    return rows[place % len(rows)] if rows else None


def _people(session: Session, family_id: int | None) -> Sequence[Person]:
    return session.scalars(select(Person).where(Person.family_id == family_id)).all() if family_id else ()


def _phones(family_id: int) -> Select[Phone]:
    return (
        select(Phone)
        .join(Person)
        .where(Person.family_id == family_id, Phone.removed_at.is_(None), Person.left_at.is_(None))
        .order_by(Person.id, Phone.id)
    )
