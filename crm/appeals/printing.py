"""The eight columns of the journal as they are printed, on the page and in the file (B-17, domain.md §5.2). Pure."""

from zoneinfo import ZoneInfo

from crm.appeals.access import RESTRICTED_WORDS
from crm.appeals.states import Progress
from crm.journal_tables import CONTACT_METHODS, JournalEntry

HEADINGS = (
    "№ п/п",
    "ФИО заявителя",
    "Краткая информация о семье",
    "Способ обращения (по телефону, на личном приеме, на электронный адрес, информация от третьего лица)",
    "Содержание обращения",
    "Принятые меры",
    "Конечный результат",
    "Оценка работы специалиста заявителем по десятибалльной шкале",
)
"""Word for word from the procedure; under them stands the row «1 … 8». The screen leaves out what is in brackets."""


def printed(entry: JournalEntry, zone: ZoneInfo, mark: str) -> tuple[str, ...]:
    """Return the row's eight cells. `mark` is column 8 as this reader may see it (`crm.ratings.visibility`).

    Column 5 begins with when the contact took place: the form has no column for it. A row that was entered later says
    so; an annulled one says why in column 7.
    """
    if is_masked(entry):
        cells = (RESTRICTED_WORDS, RESTRICTED_WORDS, method_of(entry), *(RESTRICTED_WORDS,) * 4)
        return (str(entry.number or ""), *cells)
    return (
        str(entry.number or ""),
        entry.applicant_name,
        entry.family_brief,
        method_of(entry),
        " ".join(part for part in (moment_of(entry, zone), entry.substance) if part),
        entry.measures,
        result_of(entry, zone),
        mark,
    )


def moment_of(entry: JournalEntry, zone: ZoneInfo) -> str:
    """«12.11.2026 10:15.», and for a row entered on another day «12.11.2026 10:15 (внесено 13.11.2026).»."""
    moment = entry.occurred_at or entry.saved_at
    if moment is None:
        return ""
    later = f" (внесено {entry.saved_at.astimezone(zone):%d.%m.%Y})" if entry.entered_late and entry.saved_at else ""
    return f"{moment.astimezone(zone):%d.%m.%Y %H:%M}{later}."


def result_of(entry: JournalEntry, zone: ZoneInfo) -> str:
    """Column 7: the final result, or that and why the row was annulled."""
    if entry.progress != Progress.ANNULLED or entry.annulled_at is None:
        return entry.final_result
    annulled = f"Аннулировано {entry.annulled_at.astimezone(zone):%d.%m.%Y}: {entry.annul_reason}"
    return " ".join(part for part in (entry.final_result, annulled) if part)


def method_of(entry: JournalEntry) -> str:
    """Column 4 in the procedure's words."""
    return CONTACT_METHODS.get(entry.contact_method, "")


def is_masked(entry: JournalEntry) -> bool:
    """Whether this is the copy for a reader who may see the number only (`crm.appeals.access.masked`)."""
    return entry.substance == RESTRICTED_WORDS and entry.occurred_at is None
