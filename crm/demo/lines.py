"""How the invented services are named aloud, and who is assigned to the coordinator's two lines (B-3)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.institution import Line, Service
from crm.lines.tables import MAIN, SUBSTITUTE, LineAssignment, ServiceVoice
from crm.staff import by_login

NAMED = {
    "A": ("в Семейную диспетчерскую", "Заречинский социально-реабилитационный центр"),
    "B": ("социальному координатору для многодетных семей", "управление социальной защиты Заречинского района"),
}
ORDER = "17-ОД"


def load_lines(session: Session, at: datetime) -> None:
    """Words for the greetings, and the assignments of service B: since a hundred days, for good."""
    head = by_login(session, "roshchina")
    people = {MAIN: by_login(session, "gromova"), SUBSTITUTE: by_login(session, "zayac")}
    for service in session.scalars(select(Service).order_by(Service.id)):
        name, institution = NAMED[service.code]
        voice = ServiceVoice(service_id=service.id, spoken_name=name, spoken_institution=institution)
        session.add(voice)
        if service.code != "B":
            continue
        since = (at - timedelta(days=100)).date()
        for line in session.scalars(select(Line).where(Line.service_id == service.id).order_by(Line.id)):
            session.add_all(
                LineAssignment(
                    line_id=line.id,
                    employee_id=person.id,
                    part=part,
                    since=since,
                    order_number=ORDER,
                    order_date=since,
                    created_by_id=head.id if head else None,
                    created_at=at,
                )
                for part, person in people.items()
                if person is not None
            )
    session.flush()
