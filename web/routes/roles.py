"""«Роли и разделы»: the matrix that the program enforces, for those who answer for it (reliability.md S13)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from crm.staff import Role
from web.access import Visitor, allow
from web.pages import page
from web.role_matrix import matrix_of

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/settings/roles")
def roles(
    request: Request, visitor: Visitor = allow(Role.ADMINISTRATOR, Role.HEAD, Role.DIRECTOR, Role.AUDITOR)
) -> Response:
    """Screens and actions × roles."""
    return page(request, visitor, "roles.html", sections=matrix_of(request.app).sections(), roles=tuple(Role))
