"""The states of an appeal and which move is allowed when (domain.md §6.1). Pure: a state comes in, an answer goes out.

    новое → в работе ⇄ (ждём заявителя | ждём ответа органа | назначен приём) → решено → опрос → закрыто

and the side exits: направлено в другую организацию, консультация дана, отказ заявителя, аннулировано. What a move needs
besides (column 7, a measure, a reason) is the business of `crm.appeals.closing`.
"""

from enum import StrEnum


class Progress(StrEnum):
    """Where an appeal stands; stored in `JournalEntry.progress`, '' for a draft."""

    NEW = "new"
    IN_WORK = "in_work"
    WAITING_APPLICANT = "waiting_applicant"
    WAITING_BODY = "waiting_body"
    APPOINTMENT = "appointment"
    RESOLVED = "resolved"
    SURVEY = "survey"
    CLOSED = "closed"
    REFERRED = "referred"
    CONSULTED = "consulted"
    DECLINED = "declined"
    ANNULLED = "annulled"

    @property
    def title(self) -> str:  # type: ignore[override]  # as staff.Role
        """The state in the office's words."""
        return TITLES[self.value]

    @property
    def is_open(self) -> bool:
        """Whether somebody must still look after it: an open row has a responsible and a control date."""
        return self in OPEN


TITLES = {
    "new": "новое",
    "in_work": "в работе",
    "waiting_applicant": "ждём заявителя",
    "waiting_body": "ждём ответа органа",
    "appointment": "назначен приём",
    "resolved": "решено",
    "survey": "опрос",
    "closed": "закрыто",
    "referred": "направлено в другую организацию",
    "consulted": "консультация дана",
    "declined": "отказ заявителя",
    "annulled": "аннулировано",
}

RESULT_KINDS = {
    "service": "оказана или назначена социальная услуга",
    "support": "оформлена мера поддержки",
    "documents": "получены документы или сведения",
    "consultation": "дана консультация",
    "help": "оказана иная помощь",
    "unsolved": "решить вопрос не удалось",
}
"""What column 7 amounts to (B-26). «service» asks for the need: ground, form, kinds (A-17)."""

WORKING = frozenset(
    {Progress.NEW, Progress.IN_WORK, Progress.WAITING_APPLICANT, Progress.WAITING_BODY, Progress.APPOINTMENT}
)
"""The question is being solved."""

WAITING = frozenset({Progress.WAITING_APPLICANT, Progress.WAITING_BODY, Progress.APPOINTMENT})

OPEN = WORKING | {Progress.RESOLVED, Progress.SURVEY}
"""Not finished: in the lists of what is to be done."""

FINAL = frozenset(Progress) - OPEN
SIDE_EXITS = frozenset({Progress.REFERRED, Progress.CONSULTED, Progress.DECLINED})

_WHILE_WORKING = frozenset({Progress.IN_WORK, *WAITING, Progress.RESOLVED, *SIDE_EXITS, Progress.ANNULLED})

MOVES: dict[Progress, frozenset[Progress]] = {
    **{state: _WHILE_WORKING - {state} for state in WORKING},
    Progress.RESOLVED: frozenset({Progress.SURVEY, Progress.ANNULLED}),
    # The survey may show that nothing was solved: the row goes back to work.
    Progress.SURVEY: frozenset({Progress.CLOSED, Progress.IN_WORK, Progress.ANNULLED}),
    **{state: frozenset({Progress.ANNULLED}) for state in (Progress.CLOSED, *SIDE_EXITS)},
    Progress.ANNULLED: frozenset(),
}


def may_move(now: Progress, then: Progress) -> bool:
    """Whether the state table has this step."""
    return then in MOVES[now]


def working_moves(now: Progress) -> list[Progress]:
    """The steps that need nothing but a click, in the order of the buttons: to work and to the kinds of waiting."""
    if now not in WORKING:
        return []
    plain = (Progress.IN_WORK, Progress.WAITING_APPLICANT, Progress.WAITING_BODY, Progress.APPOINTMENT)
    return [state for state in plain if may_move(now, state)]
