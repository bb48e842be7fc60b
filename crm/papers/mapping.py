"""Which column of a register means what: proposed from the headings, changed by the person who brings the file.

Knows the five columns of the registry (B-5), with the row «1 2 3 4 5» under them, and flat tables; headings in two
rows under a merged cell are read together. Pure: rows come in, a `Mapping` goes out.
"""

import re
from collections.abc import Mapping as JsonObject
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from callflow.text import search_key
from crm.papers.reading import MAX_COLUMNS, MAX_ROWS, Row

SKIP = "skip"
MEANINGS = {
    SKIP: "не загружать",
    "number": "№ п/п",
    "composition": "Состав семьи",
    "full_name": "ФИО заявителя",
    "surname": "Фамилия",
    "name": "Имя",
    "patronymic": "Отчество",
    "birth_date": "Дата рождения заявителя",
    "spouse": "ФИО супруга или супруги",
    "children": "Дети",
    "address": "Адрес проживания",
    "locality": "Населённый пункт",
    "registration_address": "Адрес регистрации",
    "contacts": "Телефон и эл. почта",
    "phone": "Телефон",
    "email": "Эл. почта",
    "brief": "Краткая информация о семье",
    "statuses": "Статус",
    "measures": "Полученные меры поддержки",
    "note": "Примечание",
}
SEVERAL = frozenset(["number", "children", "contacts", "phone", "email", "brief", "statuses", "measures", "note", SKIP])
"""Meanings that more than one column may have; of the others the first column counts."""

NAMES = frozenset(["composition", "full_name", "surname"])
"""Without one of these nobody knows whose row it is."""

LOOKED_AT = 30
LONGEST_HEADING = 120

_WORDS: tuple[tuple[str, str], ...] = (
    (r"^(?:n|no|номер)?(?: ?п ?п)?$|^(?:n|no|номер) п ?п", "number"),
    (r"состав семьи|члены семьи", "composition"),
    (r"электронн\w* адрес|почт|e ?mail", "email"),
    (r"(?:кол во|количество|число) ", "note"),
    (r"(?:адрес|место).*(?:регистрац|прописк)|^прописка|^регистрация", "registration_address"),
    (r"адрес|мест\w* жительства", "address"),
    (r"контакт", "contacts"),
    (r"тел$|тел |телефон|моб|сотов", "phone"),
    (r"кратк|информаци|сведения о семье", "brief"),
    (r"(?:супруг|муж|отц|отец|жен[аы]\b)", "spouse"),
    (r"(?:^| )дет|ребен|несовершеннолетн", "children"),
    (r"д р$|дата рожд|год рожд|(?:^| )г р$", "birth_date"),
    (r"ф и о|фио|фамилия имя|фамилия и имя|заявител|матер|мать|родител", "full_name"),
    (r"^фамилия", "surname"),
    (r"^имя", "name"),
    (r"^отчество", "patronymic"),
    (r"статус|категори|льгот", "statuses"),
    (r"населенн|^село|^деревня|^город|поселени", "locality"),
    (r"меры|помощь|оказан", "measures"),
    (r"примечан|комментар|дополнит|ситуаци|потребност|проблем", "note"),
)
_PATTERNS = tuple((re.compile(pattern), meaning) for pattern, meaning in _WORDS)


@dataclass(frozen=True)
class Mapping:
    """How to read a file. Rows are numbered as the person sees them; `header_row` 0: there are no headings.

    `columns` by the column's place from 0. `large`: every family of the file has the status «многодетная», as in the
    registry of B-5. `similar`: what becomes of families that look like known ones, «skip» or «load».
    """

    sheet: int = 0
    header_row: int = 0
    first_row: int = 1
    columns: JsonObject[int, str] = field(default_factory=dict)
    similar: str = "skip"
    large: bool = False

    def places(self, meaning: str) -> list[int]:
        """The columns with this meaning, left to right."""
        return self._places.get(meaning, [])

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for column, meaning in sorted(self.columns.items()):
            places.setdefault(meaning, []).append(column)
        return places

    @property
    def problem(self) -> str:
        """A sentence where nothing could be loaded by this mapping, else ''."""
        if not NAMES & set(self.columns.values()):
            return "Укажите, в каком столбце имена: «Состав семьи», «ФИО заявителя» или «Фамилия»."
        for meaning in self.columns.values():
            if meaning not in SEVERAL and len(self.places(meaning)) > 1:
                return f"«{MEANINGS[meaning]}» указано для двух столбцов: оставьте один."
        return ""

    def as_json(self) -> dict[str, Any]:
        """For the database: numbers and codes only, no word of the file."""
        columns = {str(column): meaning for column, meaning in sorted(self.columns.items()) if meaning != SKIP}
        return {
            "sheet": self.sheet,
            "header_row": self.header_row,
            "first_row": self.first_row,
            "columns": columns,
            "similar": self.similar,
            "large": self.large,
        }


def from_json(stored: JsonObject[str, Any]) -> Mapping:
    """The mapping that `as_json` gave, or that an administrator wrote by hand. Raises ValueError."""
    try:
        columns = {int(column): str(meaning) for column, meaning in dict(stored.get("columns", {})).items()}
        numbers = [
            int(stored.get(name, standard)) for name, standard in (("sheet", 0), ("header_row", 0), ("first_row", 1))
        ]
    except (TypeError, ValueError):
        raise ValueError("the mapping is not what as_json gives") from None
    similar = stored.get("similar", "skip")
    known = all(meaning in MEANINGS and 0 <= column < MAX_COLUMNS for column, meaning in columns.items())
    if not known or similar not in ("skip", "load") or not all(0 <= number <= 2 * MAX_ROWS for number in numbers):
        raise ValueError("the mapping names what does not exist")
    sheet, header_row, first_row = numbers
    return Mapping(
        sheet, header_row, max(first_row, header_row + 1), columns, similar, bool(stored.get("large", False))
    )


def propose(rows: Sequence[Row]) -> Mapping:
    """The best guess from the first rows of each sheet; of several sheets the one with the most headings."""
    sheets = sorted({row.sheet for row in rows})
    guesses = [_propose([row for row in rows if row.sheet == sheet][:LOOKED_AT], sheet) for sheet in sheets]
    return max(guesses, key=lambda guess: (not guess.problem, len(guess.columns)), default=Mapping())


def headings(rows: Sequence[Row], mapping: Mapping) -> list[str]:
    """What stands over each column, for the page; '' where nothing does."""
    above = [row for row in rows if row.sheet == mapping.sheet and mapping.header_row <= row.number < mapping.first_row]
    if not mapping.header_row or not above:
        return []
    below = next((row for row in above[1:] if not _is_numbering(row)), None)
    return _texts(above[0], below)


def letters_of(place: int) -> str:
    """A column as Excel names it: «A» for 0, «AA» for 26."""
    first, last = divmod(place, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + last)


def place_of(letters: str) -> int:
    """The reverse of `letters_of`. Raises ValueError."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 2):
        raise ValueError("not a column of a spreadsheet")
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _propose(rows: Sequence[Row], sheet: int) -> Mapping:
    scored = [(_score(row), -index) for index, row in enumerate(rows)]
    best = max(scored, default=(0, 0))
    if best[0] < 2:
        first = rows[0].number if rows else 1
        return Mapping(sheet, 0, first, {})
    at = -best[1]
    header, after = rows[at], rows[at + 1 :]
    below = after[0] if after and _continues(header, after[0]) else None
    after = after[1:] if below else after
    last = below or header
    if after and _is_numbering(after[0]):
        last = after[0]
    title = " ".join(cell.text for row in rows[: at + 1] for cell in row.cells).casefold()
    columns = _meanings(_texts(header, below))
    return Mapping(sheet, header.number, last.number + 1, columns, large="многодетн" in title)


def meaning_of(heading: str) -> str:
    """What this heading means; «skip» where no word of it is known."""
    key = search_key(heading.replace("№", "N"))
    if not key or len(heading) > LONGEST_HEADING:
        return SKIP
    if "телефон" in key and "почт" in key:
        return "contacts"
    return next((meaning for pattern, meaning in _PATTERNS if pattern.search(key)), SKIP)


def _meanings(texts: Sequence[str]) -> dict[int, str]:
    columns: dict[int, str] = {}
    for column, text in enumerate(texts):
        meaning = meaning_of(text)
        if meaning != SKIP and (meaning in SEVERAL or meaning not in columns.values()):
            columns[column] = meaning
    return columns


def _texts(header: Row, below: Row | None) -> list[str]:
    """The headings; under a merged one each narrower heading is read with it: «Контактные данные, телефон»."""
    upper = [" ".join(cell.text.split()) for cell in header.cells]
    if below is None:
        return upper
    lower = [" ".join(cell.text.split()) for cell in below.cells]
    texts: list[str] = []
    wide = ""
    for column in range(max(len(upper), len(lower))):
        above = upper[column] if column < len(upper) else ""
        under = lower[column] if column < len(lower) else ""
        wide = above or wide
        texts.append(f"{wide}, {under}" if under and wide and meaning_of(under) == SKIP else under or above)
    return texts


def _score(row: Row) -> int:
    meanings = [meaning_of(cell.text) for cell in row.cells if cell.text and not any(map(str.isdigit, cell.text))]
    return len(set(meanings) - {SKIP})


def _continues(header: Row, row: Row) -> bool:
    """Whether this row is the second row of headings: words only, and under an empty cell of the first."""
    filled = [(column, cell.text) for column, cell in enumerate(row.cells) if cell.text]
    if not filled or any(meaning_of(text) == SKIP for _column, text in filled):
        return False
    return any(column >= len(header.cells) or not header.cells[column].text for column, _text in filled)


def _is_numbering(row: Row) -> bool:
    texts = [cell.text.rstrip(".") for cell in row.cells if cell.text]
    return len(texts) >= 2 and texts == [str(number) for number in range(1, len(texts) + 1)]
