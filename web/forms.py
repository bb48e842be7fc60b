"""What a form sent, read strictly: unknown fields are refused, '' is nothing, errors are Russian sentences by field."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, TypeVar, get_origin
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect

from callflow.text import clean_line, clean_text
from web.multipart import CONTENT_TYPE, Broken, Incoming

MAX_FIELDS = 100
FIELDS_SECONDS = 10.0  # the fields before a file come in the first packet


class BadForm(Exception):
    """Not a form that a page of ours could have sent: answered with 400, without explanations."""


class Form(dict[str, list[str]]):
    """The fields as they came, each with all its values."""

    def first(self, name: str) -> str:
        """The first value, '' if there is none."""
        return (self.get(name) or [""])[0]


async def posted(request: Request) -> Form:
    """The form of this request; empty for GET. Raises BadForm for bytes that are no form (reliability.md B60).

    Of a form with a file these are the fields before the file, which `web.uploads` then reads on.
    """
    if request.method != "POST":
        return Form()
    content_type = request.headers.get("content-type", "")
    if content_type.lower().startswith(CONTENT_TYPE):
        return await _before_the_file(request, content_type)
    return parse(await request.body())


async def _before_the_file(request: Request, content_type: str) -> Form:
    form = Form()
    try:
        request.state.incoming = incoming = Incoming(content_type, request.stream())
        async with asyncio.timeout(FIELDS_SECONDS):
            for name, value in await incoming.fields():
                form.setdefault(name, []).append(value)
    except (Broken, ClientDisconnect, TimeoutError) as error:
        raise BadForm from error
    return form


def parse(body: bytes) -> Form:
    """Decode a form's body. Raises BadForm for broken UTF-8, NUL, or more fields than any page of ours has."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise BadForm from error
    form = Form()
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise BadForm
        form.setdefault(name, []).append(value)
    return form


def _line(value: Any) -> Any:
    return clean_line(value, 200) if isinstance(value, str) else value


def _text(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_line)]
Text = Annotated[str, BeforeValidator(_text)]


class Fields(BaseModel):
    """Base of every form model: only the fields it names may come (reliability.md S42)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


Model = TypeVar("Model", bound=Fields)


def fill(model: type[Model], form: Form) -> tuple[Model | None, dict[str, str]]:
    """The form as a model, or None and a sentence by field.

    Raises BadForm when a field came that this form does not have.
    """
    values: dict[str, Any] = {}
    for name, sent in form.items():
        if name == "csrf":
            continue
        field = model.model_fields.get(name)
        if field is not None and get_origin(field.annotation) in (list, tuple):
            values[name] = [value for value in sent if value != ""]
        elif sent[0].strip() != "" or field is None:
            values[name] = sent[0]
    try:
        return model.model_validate(values), {}
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        if any(problem["type"] == "extra_forbidden" for problem in problems):
            raise BadForm from None
        return None, {str(problem["loc"][0]) if problem["loc"] else "": _sentence(problem) for problem in problems}


_SENTENCES = {
    "missing": "Заполните это поле.",
    "int_parsing": "Нужно целое число.",
    "int_from_float": "Нужно целое число.",
    "bool_parsing": "Выберите один из вариантов.",
    "literal_error": "Выберите один из вариантов.",
    "enum": "Выберите один из вариантов.",
    "string_too_short": "Слишком коротко.",
    "string_too_long": "Слишком длинно.",
    "greater_than_equal": "Слишком маленькое число.",
    "less_than_equal": "Слишком большое число.",
}


def _sentence(problem: Any) -> str:
    kind = str(problem["type"])
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    if kind.startswith("date"):
        return "Нужна дата, например 12.11.1990."
    return _SENTENCES.get(kind, "Проверьте это поле.")
