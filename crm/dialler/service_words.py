"""What the words of a call are made of, whatever it is about: what every call of a service says alike, and whom this
one speaks to.

The first needs a dozen questions and changes a few times a year. Whoever changes any of it (a text, a phrase, the
hours, a name, a number of ours) raises the exchange's wanted version in the same transaction, for callers hear it too
(`crm.exchange_state.touch`): one question tells whether what was read before still stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callflow.calendar import LineState, ServiceCalendar
from callflow.names import address_form
from crm.calendar.reading import calendar_of
from crm.dialler.tables import DialTask
from crm.exchange_state import THE_ROW, ExchangeState
from crm.family_tables import Family, Person
from crm.institution import Service
from crm.speech import texts
from crm.speech.texts import SpokenText
from crm.speech.values import common


@dataclass(frozen=True, eq=False)
class OfService:
    """What every call of one service says alike. `version` and `day` (the institution's): what it was read at."""

    version: int
    day: date
    values: Mapping[str, str]
    texts: Mapping[str, SpokenText]
    zone: ZoneInfo
    address: str
    calendar: ServiceCalendar

    def is_open(self, at: datetime) -> bool:
        """Whether operators are there at `at` (aware)."""
        return self.calendar.at(at).state is LineState.OPEN


class Whom(NamedTuple):
    """Whom the call speaks to: `values` with his name, if we know who it is; `no_messages`: the family wants none."""

    values: Mapping[str, str]
    no_messages: bool


_VERSION = select(ExchangeState.wanted_version).where(ExchangeState.id == THE_ROW)
_WHOM = (
    select(Person.id, Person.surname, Person.name, Person.patronymic, Family.no_messages)
    .select_from(DialTask)
    .outerjoin(Person, Person.id == DialTask.person_id)
    .outerjoin(Family, Family.id == DialTask.family_id)
    .where(DialTask.id == bindparam("task"))
)


def of_service(session: Session, service_id: int, at: datetime, known: OfService | None = None) -> OfService:
    """What it is at `at` (aware): `known` itself while nothing of it has changed since."""
    version = session.scalar(_VERSION) or 0  # first: what changes while the rest is read is found the next time
    if known is not None and known.version == version and known.day == at.astimezone(known.zone).date():
        return known
    service = session.get_one(Service, service_id)
    zone = ZoneInfo(service.institution.timezone)
    return OfService(
        version=version,
        day=at.astimezone(zone).date(),
        values=common(session, service, at),
        texts=texts.all_current(session, service_id),
        zone=zone,
        address=service.institution.address,
        calendar=calendar_of(session, service_id),
    )


def whom(session: Session, task: DialTask) -> Whom:
    """Whom this task's call speaks to."""
    row = session.execute(_WHOM, {"task": task.id}).one()
    named = {} if row.id is None else {"имя": address_form(row.surname, row.name, row.patronymic)}
    return Whom(named, bool(row.no_messages))
