"""How the invented services are named by the robot: whose message it is, and where from (domain.md §9.2)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.institution import Service
from crm.speech.tables import SpeechText

NAMED = {
    "A": ("Семейной диспетчерской", "Заречинского социально-реабилитационного центра"),
    "B": (
        "социального координатора для многодетных семей",
        "управления социальной защиты Заречинского района",
    ),
}


def load_speech(session: Session, at: datetime) -> None:
    """The two names of each service in the genitive."""
    for service in session.scalars(select(Service).order_by(Service.id)):
        for name, text in zip(("of_service", "of_institution"), NAMED[service.code], strict=True):
            session.add(
                SpeechText(service_id=service.id, name=name, version=1, text=text, created_at=at, created_by_id=None)
            )
    session.flush()
