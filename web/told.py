"""«О чём сообщили»: what the card and the workplace show of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from crm.measures import catalogue, telling
from crm.measures.tables import SupportMeasure
from crm.measures.telling import ToldLine


@dataclass(frozen=True)
class Told:
    """`lines`: what the family was told of; `offered`: measures it was not told of yet, for the form."""

    lines: Sequence[ToldLine] = ()
    offered: Sequence[SupportMeasure] = ()


NOTHING_TOLD = Told()
"""While nobody knows yet whose card it is."""


def told_of(session: Session, family_id: int, today: date) -> Told:
    """Gather both. Whoever asks may see the card."""
    known = {row.measure_id for row in telling.told(session, family_id) if row.outcome != telling.TOLD}
    offered = [measure for measure in catalogue.offered(session, today) if measure.id not in known]
    return Told(telling.history(session, family_id), offered)
