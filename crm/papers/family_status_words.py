"""Statuses of a family as registers call them, turned into those of the catalogue (domain.md §2.6)."""

import re

HEALTH = frozenset(["беременная", "ребёнок-инвалид", "инвалид"])
"""Special category (152-ФЗ art. 10): only with a written consent, which no file brings."""

_WORDS = (
    (r"многодет", "многодетная"),
    (r"опекун|опека|опекаем", "опекунская"),
    (r"при[её]мн", "приёмная"),
    (r"малоимущ|малообеспеч", "малоимущая"),
    (r"неполн|мать[- ]одиночка|одинок", "неполная"),
    (r"молод", "молодая"),
    (r"студен", "студенческая"),
    (r"беремен", "беременная"),
    (r"реб[её]н[а-яё]*[- ]инвалид|дет[а-яё]*[- ]инвалид", "ребёнок-инвалид"),
    (r"инвалид", "инвалид"),
    (r"\bтжс\b|трудн\w+ жизн", "ТЖС"),
    (r"\bсоп\b|социально[- ]опасн", "СОП"),
    (r"\bсво\b|специальн\w+ военн", "семья участника СВО"),
    (r"переселен|беженц", "вынужденные переселенцы"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), status) for pattern, status in _WORDS)


def read_statuses(text: str) -> tuple[list[str], bool]:
    """The statuses that the cell names, and whether every part of it names one. «нет» and «-» name none."""
    found: list[str] = []
    understood = True
    for part in re.split(r"[,;\n/]", text):
        if part.strip(" .-–").casefold() in ("", "нет"):
            continue
        status = next((status for pattern, status in _PATTERNS if pattern.search(part)), None)
        if status is None:
            understood = False
        elif status not in found:
            found.append(status)
    return found, understood
