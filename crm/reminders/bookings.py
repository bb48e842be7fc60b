"""The bookings that a task is still to remind of."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from crm.appointments.tables import Appointment
from crm.dialler.tables import DialTask


def bookings_of(session: Session, task: DialTask, *, withdrawn: bool = False) -> Sequence[Appointment]:
    """In the order in which they were promised; `withdrawn`: those too that are not to be said any more."""
    about = [one for one in task.subjects if withdrawn or one.withdrawn_at is None]
    return [session.get_one(Appointment, one.appointment_id) for one in about if one.appointment_id is not None]
