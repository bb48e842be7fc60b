"""How an appeal ends: «Конечный результат» (column 7), the survey, the side exits (B-26, B-34, B-38; domain.md §6.1).

    resolve → решено, опрос     finish_survey → закрыто (called by `crm.ratings.giving` with the mark of column 8)
    consulted, referred, declined: without a survey     reopen: the survey showed that nothing was solved

Every verb may be repeated with the same words: the row stays as it is.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.appeals.kinds import HELP_WITH_OBSTACLES
from crm.appeals.needs import is_whole
from crm.appeals.rows import change, held, log, measures_of, required, zone_of
from crm.appeals.states import RESULT_KINDS, Progress, may_move
from crm.appeals.work import add_measure, print_measures
from crm.appointments import support
from crm.calendar.reading import calendar_of
from crm.errors import Incomplete, RecordsError
from crm.journal_tables import JournalEntry
from crm.staff import Employee

CONSULTED = "Консультация дана."


def resolve(  # noqa: PLR0917 - a row, its result, by whom, when: as in every verb
    session: Session,
    entry_id: int,
    final_result: str,
    result_kind: str,
    employee: Employee,
    at: datetime,
    ip: str = "",
    *,
    no_measure_reason: str = "",
) -> JournalEntry:
    """Write column 7 and begin the survey. Raises Incomplete with what is missing, RecordsError for a wrong state.

    Asks for: column 6; an answer to «есть ли препятствие» (B-20); with an obstacle at least one measure of B-27…B-31
    that was done, or the written reason why none (B-38); the need where the result is a service (A-17).
    """
    entry = held(session, entry_id, employee)
    result = clean_text(final_result)
    if entry.progress == Progress.SURVEY and (entry.final_result, entry.result_kind) == (result, result_kind):
        return entry
    _check_move(entry, Progress.RESOLVED)
    reason = clean_text(no_measure_reason, 1000)
    missing = _missing(session, entry, result, result_kind, reason)
    if missing:
        raise Incomplete(missing)
    if reason:
        change(session, entry, {"no_measure_reason": reason}, employee, at)
        print_measures(session, entry)
    solved = {"final_result": result, "result_kind": result_kind, "progress": Progress.RESOLVED.value}
    change(session, entry, solved, employee, at)
    entry.resolved_at = at
    today = at.astimezone(zone_of(session, entry)).date()
    following = calendar_of(session, entry.service_id).next_working_day(today)
    change(session, entry, {"progress": Progress.SURVEY.value, "next_check_on": following}, employee, at)
    log(session, "journal.resolve", entry, employee, at, ip, result=result_kind)
    return entry


def finish_survey(session: Session, entry: JournalEntry, mark: str, at: datetime) -> None:
    """Write column 8 («10», «отказ от оценки», «не удалось связаться») and close the row; a closed row takes another
    mark only. Called within the transaction of the rating, whose rows are the history of this column.

    Raises RecordsError where the appeal is not solved yet, or column 6 or 7 is empty.
    """
    session.refresh(entry, with_for_update=True)
    if not mark:
        raise RecordsError("Отметка об оценке не может быть пустой.")
    if entry.progress == Progress.SURVEY:
        if not entry.measures or not entry.final_result:
            raise RecordsError("Обращение нельзя закрыть: не заполнены принятые меры или конечный результат.")
        entry.progress, entry.closed_at, entry.next_check_on = Progress.CLOSED.value, at, None
    elif entry.progress != Progress.CLOSED:
        raise RecordsError("Оценка записывается, когда вопрос решён: сначала укажите конечный результат.")
    if entry.rating_mark != mark or entry.closed_at == at:
        entry.rating_mark = mark
        entry.version += 1
    session.flush()


def consulted(
    session: Session, entry_id: int, employee: Employee, at: datetime, ip: str = "", *, answer: str = ""
) -> JournalEntry:
    """The short path: a mere consultation, given and done; `answer` is column 7, «Консультация дана.» if empty."""
    result = clean_text(answer) or CONSULTED
    return _leave(session, entry_id, Progress.CONSULTED, result, "consultation", employee, at, ip)


def referred(  # noqa: PLR0917 - as above
    session: Session,
    entry_id: int,
    where: str,
    employee: Employee,
    at: datetime,
    ip: str = "",
    *,
    noted: bool = False,
) -> JournalEntry:
    """The question is another organisation's: `where` goes into columns 6 and 7. `noted`: column 6 has it already."""
    place = required("Укажите, в какую организацию направлен заявитель.", "where", clean_text(where, 1000))
    result, measure = f"Направлено: {place}", "" if noted else place
    return _leave(session, entry_id, Progress.REFERRED, result, "help", employee, at, ip, place=measure)


def declined(  # noqa: PLR0917 - as above
    session: Session, entry_id: int, reason: str, employee: Employee, at: datetime, ip: str = ""
) -> JournalEntry:
    """The applicant wants no more help. A refusal needs its reason (A-32)."""
    ground = required("Укажите причину отказа.", "reason", clean_text(reason, 1000))
    return _leave(session, entry_id, Progress.DECLINED, f"Отказ заявителя: {ground}", "", employee, at, ip)


def reopen(  # noqa: PLR0917 - as above
    session: Session, entry_id: int, reason: str, employee: Employee, at: datetime, ip: str = ""
) -> JournalEntry:
    """The applicant says that nothing was solved: back to work. Column 7 is emptied, its old text stays in the history.

    Raises Incomplete without a reason, RecordsError unless the row waits for its survey.
    """
    entry = held(session, entry_id, employee)
    ground = required("Укажите, почему вопрос не решён.", "reason", clean_text(reason, 1000))
    if entry.progress != Progress.SURVEY:
        raise RecordsError("Вернуть в работу можно обращение, которое ждёт опроса.")
    back = {"progress": Progress.IN_WORK.value, "final_result": "", "result_kind": ""}
    change(session, entry, back, employee, at, ground)
    entry.resolved_at = None
    log(session, "journal.reopen", entry, employee, at, ip)
    return entry


def _leave(  # noqa: PLR0917 - as above
    session: Session,
    entry_id: int,
    state: Progress,
    result: str,
    kind: str,
    employee: Employee,
    at: datetime,
    ip: str,
    *,
    place: str = "",
) -> JournalEntry:
    entry = held(session, entry_id, employee)
    if entry.progress == state and entry.final_result == result:
        return entry
    _check_move(entry, state)
    if state is not Progress.DECLINED:
        missing = _missing_help(session, entry, "") | support.lacking(session, entry)
        if missing:
            raise Incomplete(missing)
    unfinished = _unfinished(session, entry)
    if unfinished:
        raise Incomplete(unfinished)
    if place:
        add_measure(session, entry_id, "referral", "", {"where": place}, None, True, employee, at, ip=ip)
    elif state is Progress.CONSULTED and not entry.measures:
        add_measure(session, entry_id, "explained", "", {}, None, True, employee, at, ip=ip)
    values = {"final_result": result, "result_kind": kind, "progress": state.value, "next_check_on": None}
    change(session, entry, values, employee, at)
    entry.resolved_at = entry.closed_at = at
    log(session, "journal.close", entry, employee, at, ip, progress=state.value)
    return entry


def _check_move(entry: JournalEntry, state: Progress) -> None:
    now = Progress(entry.progress)
    if not may_move(now, state):
        raise RecordsError(f"Из состояния «{now.title}» нельзя перейти в «{state.title}».")


def _missing(session: Session, entry: JournalEntry, result: str, kind: str, reason: str) -> dict[str, str]:
    missing: dict[str, str] = {}
    if not result:
        missing["final_result"] = "Запишите конечный результат."
    if kind not in RESULT_KINDS:
        missing["result_kind"] = "Выберите, чем закончилось обращение."
    if entry.obstacle is None:
        missing["obstacle"] = "Отметьте, есть ли препятствие в получении помощи."
    if kind == "service" and not is_whole(entry):
        missing["need"] = "Для услуги определите потребность: основание, форму и вид обслуживания."
    if entry.obstacle:
        missing |= _missing_help(session, entry, reason)
    elif not entry.measures and not reason:
        missing["measures"] = "Запишите принятые меры: столбец 6 пуст."
    return missing | _unfinished(session, entry) | support.lacking(session, entry)


def _missing_help(session: Session, entry: JournalEntry, reason: str) -> dict[str, str]:
    if not entry.obstacle or reason or entry.no_measure_reason:
        return {}
    done = [one.kind for one in measures_of(session, entry.id) if one.done_at and not one.annulled_at]
    if HELP_WITH_OBSTACLES.intersection(done):
        return {}
    sentence = "Есть препятствие: выполните хотя бы одну меру помощи или запишите, почему она не понадобилась."
    return {"no_measure_reason": sentence}


def _unfinished(session: Session, entry: JournalEntry) -> dict[str, str]:
    waiting = [one for one in measures_of(session, entry.id) if not one.done_at and not one.annulled_at]
    if not waiting:
        return {}
    return {"measures": "Есть невыполненные меры: отметьте их выполнение или аннулируйте."}
