"""The lists that conditions choose from: catalogues of the card, places of the registry, measures of support."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.cards import catalogues
from crm.family_tables import ACTIVE, Family
from crm.measures.tables import SupportMeasure
from crm.segments.conditions import Condition, Lists
from crm.segments.kinds import KINDS, Listed

CATALOGUES = ("status", "risk", "service_kind", "housing", "income", "transport")


def titles(session: Session) -> dict[str, dict[str, str]]:
    """Titles by code of every list but places, those switched off included: saved conditions still say them."""
    found = {name: catalogues.titles(session, name) for name in CATALOGUES}
    rows = session.execute(select(SupportMeasure.id, SupportMeasure.title).order_by(SupportMeasure.title))
    return {**found, "measure": {str(measure_id): title for measure_id, title in rows}, "place": {}}


def options(session: Session, conditions: tuple[Condition, ...] = ()) -> Lists:
    """What a form offers: values in use, and those that these saved conditions hold already.

    Places are those of cards that everybody may see: a restricted family must not be found by its village.
    """
    found = {name: {one.code: one.title for one in catalogues.items(session, name)} for name in CATALOGUES}
    measures = select(SupportMeasure.id, SupportMeasure.title).where(SupportMeasure.active)
    found["measure"] = {str(one): title for one, title in session.execute(measures.order_by(SupportMeasure.title))}
    places = select(Family.locality).where(Family.state == ACTIVE, Family.restricted.is_(False), Family.locality != "")
    found["place"] = {place: place for place in session.scalars(places.distinct().order_by(Family.locality))}
    known = titles(session)
    for one in conditions:
        for field in KINDS[one.kind].fields:
            if isinstance(field, Listed) and one.word(field.name):
                code = one.word(field.name)
                found[field.of].setdefault(code, known[field.of].get(code, code))
    return found
