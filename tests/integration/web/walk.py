"""What the walk over all routes fills in: addresses, questions, forms. A route it does not know fails the tests.

A value may be a function of an id: it is asked once with the canary's, once with one that no record has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.integration.web.canary import CANARY, CONTACT
from tests.integration.web.walk_forms import FORMS, Value, the
from web import upkeep
from web.role_matrix import routes_of

PARAMETERS: dict[str, Value] = {
    "family_id": the,
    "other_id": the,
    "person_id": the,
    "phone_id": the,
    "status_id": the,
    "need_id": the,
    "flag_id": the,
    "risk_id": the,
    "record_id": the,
    "entry_id": the,
    "measure_id": the,
    "support_id": "1",
    "segment_id": "1",
    "campaign_id": "2",
    "target_id": the,
    "message_id": the,
    "assignment_id": "1",
    "rating_id": the,
    "call_id": the,
    "missed_id": the,
    "tip_id": the,
    "task_id": the,
    "refusal_id": the,
    "mark_id": the,
    "handover_id": the,
    "order_id": the,
    "pass_id": the,
    "transfer_id": the,
    "consent_id": the,
    "appointment_id": the,
    "hold_id": the,
    "wish_id": the,
    "offer_id": the,
    "interval_id": the,
    "exception_id": the,
    "request_id": the,
    "act_id": the,
    "export_id": the,
    "job_id": the,
    "employee_id": the,
    "hours_id": the,
    "day_id": the,
    "extension_id": the,
    "session_id": the,
    "item_id": "1",
    "absence_id": the,
    "disposition_id": "3",
    "topic_id": "1",
    "phrase_id": the,
    "name": "hello",
    "catalogue": "risk",
    "section": "main",
    "purpose": "processing",
    "recording_id": the,
    "monitor_id": the,
    "service_id": "1",
}
"""Parts of addresses by name. All planted rows have the canary's id."""

KNOWN_FAMILY = "1"
"""A family that everybody with families may see."""

QUERY: dict[str, Value | tuple[str, ...]] = {
    "at": "workplace",
    "of": ("all", "queue"),
    "service": "1",
    "since": "2026-01-01",
    "until": "2026-12-31",
    "number": "1",
    "quarter": f"{CONTACT.year}-{(CONTACT.month + 2) // 3}",
    "mark": ("", "10"),
    "kind": tuple(upkeep.TITLES),
    "days": "365",
    "before": "",
    "show": "",
    "errors": "1",
    "by": "",
    "after": "",
    "method": "in_person",
    "edit": "processing",
    "purpose": "processing",
    "all": "1",
    "employee": "9",
    "entry": the,
    "state": "planned",
    "mode": "office",
    "family": the,
    "person": the,
    "call": the,
    "about": "пособия",
    "month": "2026-12",
    "day": ("2026-12-31", f"{CONTACT:%Y-%m-%d}"),
    "time": "12:00",
    "wall": "1",
    "first": "0",
    "measure": "1",
    "segment": "1",
    "topic": "measure-1",
}
"""What may stand behind the question mark, by name: all of it at once, and of several values one after the other."""

LAST = {"POST /families", "POST /destructions/{act_id}/decision"}
LEFT_OUT = {
    *("GET /live", "GET /wallboard/live", "GET /wall/live"),
    *("GET /login", "POST /login", "POST /logout", "POST /wallboard/pass"),
}
"""The streams have tests of their own (test_live.py, test_wallboard_live.py); signing in and out would end the walk, as
a monitor's pass does."""


@dataclass(frozen=True)
class Step:
    """One request: `record` is the id it asks for; `asks` says whether another id would be another request."""

    method: str
    route: str
    path: str
    form: tuple[tuple[str, str], ...]
    asks: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path} {dict(self.form) or ''}".strip()

    @property
    def name(self) -> str:
        """As the tables name it."""
        return f"{self.method} {self.route}"


def steps(app: FastAPI, record: int = CANARY) -> Iterator[Step]:
    """Every route, with everything that can be asked of it."""
    found = [(method, route) for route in routes_of(app) for method in route.methods or ()]
    # Looking first, then changing, and last what writes the family's words into a card of one's own.
    for method, route in sorted(found, key=lambda one: (f"{one[0]} {one[1].path}" in LAST, one[0], one[1].path)):
        name = f"{method} {route.path}"
        if name in LEFT_OUT:
            continue
        forms = FORMS.get(name, [{}]) if method == "POST" else [{}]
        for (path, asks), form in product(_paths(route, record), forms):
            fields = tuple((field, _said(value, record)) for field, value in form.items())
            asks_in_form = any(callable(value) for value in form.values())
            for question in dict.fromkeys(["", *_questions(route, record)]):
                yield Step(method, route.path, path + question, fields, asks or asks_in_form or str(record) in question)


def unknown(app: FastAPI) -> list[str]:
    """What somebody has to write into the tables above."""
    missing: list[str] = []
    for route in routes_of(app):
        missing += [f"PARAMETERS: {field.name} of {route.path}" for field in route.dependant.path_params
                    if field.name not in PARAMETERS]  # fmt: skip
        missing += [f"QUERY: {field.name} of {route.path}" for field in route.dependant.query_params
                    if field.name not in QUERY]  # fmt: skip
        name = f"POST {route.path}"
        if "POST" in (route.methods or ()) and name not in FORMS and name not in LEFT_OUT:
            missing.append(f"FORMS: {name}")
    return missing


def _paths(route: APIRoute, record: int) -> Iterator[tuple[str, bool]]:
    """The address, and whether it names a record; then the record as if it were another family's."""
    names = [field.name for field in route.dependant.path_params]
    values = {name: PARAMETERS.get(name, the) for name in names}
    records = [name for name, value in values.items() if callable(value)]
    yield route.path.format(**{name: _said(value, record) for name, value in values.items()}), bool(records)
    if "family_id" in records and len(records) > 1:
        values["family_id"] = KNOWN_FAMILY
        yield route.path.format(**{name: _said(value, record) for name, value in values.items()}), True


def _questions(route: APIRoute, record: int) -> Iterator[str]:
    names = [field.name for field in route.dependant.query_params]
    several = max([len(values) for name in names if isinstance(values := QUERY.get(name, the), tuple)], default=1)
    for place in range(several if names else 0):
        pairs = []
        for name in names:
            value = QUERY.get(name, the)
            pairs.append(f"{name}={value[place % len(value)] if isinstance(value, tuple) else _said(value, record)}")
        yield f"?{'&'.join(pairs)}"


def _said(value: Value, record: int) -> str:
    return value if isinstance(value, str) else value(record)
