"""The consultation of a journal row, added on the row's page (A-9)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.specialists import consultations
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import consultation_sent
from web.forms import Fields, Form, Line, Text, posted
from web.routes.appeal_work import act, read

router = APIRouter(prefix="/appeals/{entry_id}", default_response_class=HTMLResponse)


class ConsultationForm(Fields):
    """The same fields as in the form of an appeal."""

    consultation_topic: Line = ""
    consultation_kind: Line = ""
    consultation_answer: Text = ""
    consultation_where: Line = ""
    consultation_specialist: Line = ""
    consultation_remote: Literal["", "yes"] = ""


@router.post("/consultation")
def record(
    request: Request, entry_id: int, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """Write it; column 6 gets its measure, once."""
    sent = read(ConsultationForm, form)

    def verb(session: Session, at: datetime) -> None:
        consultations.record(session, entry_id, consultation_sent(sent), visitor.employee, at, ip=visitor.ip)

    return act(request, visitor, entry_id, form, "consultation", verb, "Консультация записана.")
