"""The plan of reminders that the head has decided for a service (domain.md §5.3)."""

from datetime import timedelta

from sqlalchemy.orm import Session

from callflow.dialler.plan import ReminderPlan
from crm.dialler.tables import DiallerSettings


def plan_of(session: Session, service_id: int) -> ReminderPlan:
    """Return the service's plan; the default where nobody has changed it."""
    row = session.get(DiallerSettings, service_id)
    kept = row.plan if row else {}
    default = ReminderPlan()
    return ReminderPlan(
        days_before=int(kept.get("days_before", default.days_before)),
        since=int(kept.get("since", default.since)),
        until=int(kept.get("until", default.until)),
        morning=bool(kept.get("morning", default.morning)),
        morning_since=int(kept.get("morning_since", default.morning_since)),
        morning_until=int(kept.get("morning_until", default.morning_until)),
        lead=timedelta(minutes=int(kept.get("lead_minutes", default.lead / timedelta(minutes=1)))),
    )
