"""The browser phone's account in the exchange."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from crm import browser_phone
from crm.errors import RecordsError
from crm.sign_in import WebSession
from web.access import EVERYBODY, Visitor, allow
from web.desk import desk_of
from web.words import epoch
from workers.queues import Wake

router = APIRouter(prefix="/phone")


@router.post("/credential")
def credential(request: Request, visitor: Visitor = allow(*EVERYBODY, activity=False)) -> JSONResponse:
    """A secret for this session's browser, and a hint to the exchange to learn it. POST: it makes a row."""
    desk = desk_of(request)
    try:
        with desk.database.transaction() as session:
            web_session = session.get_one(WebSession, visitor.session_id)
            account, secret = browser_phone.issue(session, visitor.employee, web_session, datetime.now(UTC))
    except RecordsError as error:
        return JSONResponse({"sentence": str(error)}, status_code=404)
    desk.wake(Wake.EXCHANGE)
    return JSONResponse(
        {
            "url": desk.settings.phone_url,
            "user": account.user,
            "secret": secret,
            "realm": browser_phone.REALM,
            "extension": account.extension,
            "expires_at": epoch(account.expires_at),
        }
    )
