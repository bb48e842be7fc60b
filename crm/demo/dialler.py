"""The robot of the invented town: on, with its ground ticked, so that reminders can be tried (domain.md §3.2, §5.3).

Whom it may call is decided by the consents of the invented families. The plan of the coming days is not loaded: the
ticker lays it out in its first minute, as it does for real bookings (`crm.reminders.planning`).
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.window import CallingHours
from crm.dialler.tables import DiallerSettings
from crm.institution import Service
from crm.staff import Employee, Role

GROUND = "Учебный режим: звонки только на номера выдуманного города."


def load_dialler(session: Session, at: datetime) -> None:
    """Settings of every service, ticked by the head."""
    head = session.scalars(select(Employee.id).where(Employee.role == Role.HEAD.value).order_by(Employee.id)).first()
    for service in session.scalars(select(Service).order_by(Service.id)):
        session.add(
            DiallerSettings(
                service_id=service.id,
                robot_on=True,
                legal_ground=GROUND,
                legal_ticked_at=at,
                legal_ticked_by_id=head,
                latest={str(day): minute for day, minute in CallingHours().latest.items()},
                changed_at=at,
                changed_by_id=head,
            )
        )
    session.flush()
