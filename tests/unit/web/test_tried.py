"""A change that the records refuse: what the page is told, and that nothing of it stays."""

from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from web.tried import Tried, trying

NO_FIELDS = {"reason": "Укажите причину."}


class Records:
    """A database that remembers how its one transaction ended."""

    def __init__(self) -> None:
        self.kept: bool | None = None

    @contextmanager
    def transaction(self) -> Any:
        self.kept = False
        yield "session"
        self.kept = True


def tried(error: Exception | None, **options: Any) -> tuple[Tried, Records]:
    records = Records()
    desk: Any = SimpleNamespace(database=records)
    with trying(desk, **options) as (session, known):
        assert session == "session"
        if error is not None:
            raise error
    return known, records


def test_what_is_saved_is_not_refused() -> None:
    known, records = tried(None)
    assert (known.refused, known.errors, known.status, known.sentence) == (False, {}, 200, "")
    assert records.kept


@pytest.mark.parametrize(
    ("error", "errors", "status"),
    [
        (Incomplete(NO_FIELDS), NO_FIELDS, 422),
        (RecordsError("Строка занята."), {"": "Строка занята."}, 409),
        (StaleVersion({"name": "Орловы"}, 3), {"": str(StaleVersion({}, 1))}, 409),
    ],
)
def test_a_refusal_is_sentences_for_the_page_and_leaves_nothing(
    error: RecordsError, errors: dict[str, str], status: int
) -> None:
    known, records = tried(error)
    assert (known.refused, known.errors, known.status) == (True, errors, status)
    assert known.sentence == next(iter(errors.values()))
    assert records.kept is False


def test_the_page_has_its_own_words_for_others_who_were_faster() -> None:
    known, _ = tried(StaleVersion({"name": "Орловы"}, 3), stale="Карточку изменили.")
    assert known.errors == {"": "Карточку изменили."}
    assert known.stale is not None
    assert (known.stale.version, known.stale.current) == (3, {"name": "Орловы"})
    assert tried(RecordsError("Нельзя."), stale="Карточку изменили.")[0].sentence == "Нельзя."


def test_what_is_not_there_and_what_is_broken_go_on_to_the_application() -> None:
    with pytest.raises(NotFound):
        tried(NotFound())
    with pytest.raises(ZeroDivisionError):
        tried(ZeroDivisionError())
