"""Which role may do what, read from the routes themselves: for the page «Роли и разделы», the guide's table, the tests.

Nothing is said twice: a route's roles stand in its `allow(…)`, its Russian words in `web.route_titles`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from fastapi import FastAPI
from fastapi.routing import APIRoute

from crm.staff import Role
from web.access import PublicRule, Rule
from web.route_titles import TITLES


@dataclass(frozen=True)
class Line:
    """One action of one section: «Семьи», «поиск». `roles` None: open before the sign-in."""

    section: str
    title: str
    roles: frozenset[Role] | None


@dataclass(frozen=True)
class Matrix:
    """Every route's roles by «GET /path»; None: public."""

    roles: dict[str, frozenset[Role] | None]

    def roles_of(self, route: str) -> frozenset[Role]:
        """Who may; nobody where there is no such route."""
        return self.roles.get(route) or frozenset()

    def lines(self) -> list[Line]:
        """The lines of the table, in the order of `web.route_titles`; a form and the page that shows it are one
        line."""
        lines: dict[Line, None] = {}
        for route, words in TITLES.items():
            if route in self.roles:
                section, _, title = words.partition(": ")
                lines[Line(section, title, self.roles[route])] = None
        return list(lines)

    def sections(self) -> list[tuple[str, list[Line]]]:
        """The same by section."""
        return [(section, list(lines)) for section, lines in groupby(self.lines(), key=lambda line: line.section)]


def routes_of(app: FastAPI) -> Iterator[APIRoute]:
    """Every route of the pages, whatever router brought it."""
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            yield route
        else:  # an included router (FastAPI 0.165 keeps it whole) or a mounted folder of files
            waiting.extend(getattr(getattr(route, "original_router", None), "routes", []))


def rules_of(route: APIRoute) -> list[Rule | PublicRule]:
    """The rules that a route names; exactly one, or the tests fail."""
    return [one.call for one in route.dependant.dependencies if isinstance(one.call, Rule | PublicRule)]


def matrix_of(app: FastAPI) -> Matrix:
    """The matrix of this application."""
    roles: dict[str, frozenset[Role] | None] = {}
    for route in routes_of(app):
        for method in sorted(route.methods or ()):
            # A route without a rule serves nobody: it does not count as public.
            roles[f"{method} {route.path}"] = next((rule.roles for rule in rules_of(route)), frozenset())
    return Matrix(roles)
