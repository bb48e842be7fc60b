"""What the head has decided for a service, as the engine's rules take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from callflow.dialler.retry import EDITABLE, RetryRule, Then
from callflow.dialler.rules import Caps
from callflow.dialler.states import Disposition
from callflow.dialler.window import CallingHours
from crm.dialler.tables import DiallerSettings
from crm.institution import Line


@dataclass(frozen=True)
class EngineSettings:
    """Settings of one service. `robot_on`: switched on and the legal ground ticked; without a row it is off."""

    robot_on: bool = False
    hours: CallingHours = field(default_factory=CallingHours)
    caps: Caps = field(default_factory=Caps)
    retry: Mapping[Disposition, RetryRule] = field(default_factory=lambda: EDITABLE)
    shown_number: str = ""


def settings_of(session: Session, service_id: int) -> EngineSettings:
    """Return the settings of the service; the defaults where nobody has decided."""
    row = session.get(DiallerSettings, service_id)
    if row is None:
        return EngineSettings()
    line = session.get(Line, row.shown_line_id) if row.shown_line_id else None
    return EngineSettings(
        robot_on=row.robot_on and row.legal_ticked_at is not None,
        hours=CallingHours(row.earliest, row.latest_usual, {int(day): minute for day, minute in row.latest.items()}),
        caps=Caps(
            gap=timedelta(minutes=row.gap_minutes),
            attempts=row.attempts,
            per_day=row.per_day,
            per_week=row.per_week,
            per_month=row.per_month,
            per_service_day=row.per_service_day,
            lines=row.lines,
            trunk_lines=row.trunk_lines,
            per_second=row.per_second,
            ring=timedelta(seconds=row.ring_seconds),
        ),
        retry={**EDITABLE, **{Disposition(name): _rule(value) for name, value in row.retry.items()}},
        shown_number=line.did if line else "",
    )


def _rule(value: Mapping[str, object]) -> RetryRule:
    return RetryRule(Then(str(value["then"])), int(str(value.get("minutes", 0))), int(str(value.get("times", 1))))
