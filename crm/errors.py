"""What the records refuse, as sentences for the person at the screen.

Every verb of `crm` raises one of these; the pages show `str(error)` (Russian) and choose the status code by the class.
"""

from collections.abc import Sequence
from typing import Any


class RecordsError(Exception):
    """A request that the records refuse; `str()` is a Russian sentence for the screen."""


class NotFound(RecordsError):
    """There is no such record, or this person may not know that there is one (reliability.md B61)."""

    def __init__(self, sentence: str = "Запись не найдена.") -> None:
        super().__init__(sentence)


class StaleVersion(RecordsError):
    """Somebody (perhaps the same person in another tab) changed the record since it was shown.

    `current` holds the stored values by field name, `version` the number to send with the next attempt; `changes` who
    changed what since, where that is known (`crm.cards.changes.FieldChange`).
    """

    def __init__(self, current: dict[str, Any], version: int, changes: Sequence[Any] = ()) -> None:
        super().__init__("Запись уже изменена в другом окне. Показаны сохранённые значения.")
        self.current = current
        self.version = version
        self.changes = changes


class Incomplete(RecordsError):
    """Required fields are empty or wrong; `fields` maps a field's name to its sentence."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("Заполнены не все обязательные поля.")
        self.fields = fields


class SchemaError(RecordsError):
    """The database has another schema than this program needs; the sentence says what to do."""
