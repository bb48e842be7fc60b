"""The calendar's rows on both engines: who sets what from when, what stays computable, what the exchange is told."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from callflow.calendar import Interval, LineState
from crm import exchange_state
from crm.audit import AuditEvent
from crm.calendar import changing, days, hours, reading, years
from crm.calendar.exchange_hours import DAYS_AHEAD, renew_if_old, tables
from crm.calendar.pending import pending
from crm.calendar.tables import CalendarDay, ServiceHours
from crm.consents import requests
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import Person
from crm.institution import Service
from crm.staff import Employee, by_login
from tests.integration.crm.appeals import enter, service_of

MOSCOW = ZoneInfo("Europe/Moscow")
AT = datetime(2026, 11, 18, 9, tzinfo=UTC)  # a Wednesday, noon in Moscow
TODAY, TOMORROW = date(2026, 11, 18), date(2026, 11, 19)
ORDINARY = (Interval(480, 720), Interval(780, 1020))
WEEK = [*[ORDINARY] * 5, (), ()]
SHORTER = [*[(Interval(600, 900),)] * 5, (), ()]


@pytest.fixture
def empty(town: Database) -> Database:
    """The demo's town before anybody has set hours."""
    with town.transaction() as session:
        for model in (ServiceHours, CalendarDay):
            for row in session.scalars(select(model)):
                session.delete(row)
    return town


def test_a_service_without_hours_is_always_open(empty: Database) -> None:
    with empty.reading() as session:
        assert reading.calendar_of(session, _service(session)).at(AT).until is None
        assert reading.calendar_of(session, 987_654).always_open
        assert reading.institution_calendar(session).next_working_day(date(2026, 12, 30)) == date(2027, 1, 11)
        assert len(pending(session, TODAY).without_hours) == 2


def test_hours_hold_from_their_day_on_and_yesterdays_clock_is_still_yesterdays(empty: Database) -> None:
    _set(empty, WEEK, TODAY, version=0)
    _set(empty, SHORTER, TOMORROW, version=1)
    with empty.reading() as session:
        calendar = reading.calendar_of(session, _service(session))
        assert reading.version_of(session, _service(session)) == 2
        assert len(pending(session, TODAY).without_hours) == 1
    assert calendar.hours_of(TODAY).intervals == ORDINARY
    assert calendar.hours_of(TOMORROW).intervals == SHORTER[0]
    start = datetime(2026, 11, 18, 16, 50, tzinfo=MOSCOW)
    assert calendar.add_working_minutes(start, 30) == datetime(2026, 11, 19, 10, 20, tzinfo=MOSCOW)


def test_a_week_that_begins_on_the_same_day_replaces_the_first_and_both_rows_stay(empty: Database) -> None:
    _set(empty, WEEK, TOMORROW, version=0)
    _set(empty, SHORTER, TOMORROW, version=1)
    with empty.reading() as session:
        assert [row.days[0] for row in reading.hours_rows(session, _service(session))] == [[[600, 900]]]
        rows = session.scalars(select(ServiceHours).order_by(ServiceHours.id)).all()
        assert [row.replaced_at for row in rows] == [AT, None]


def test_the_same_week_again_changes_nothing(empty: Database) -> None:
    first = _set(empty, WEEK, TODAY, version=0)
    assert _set(empty, WEEK, TODAY, version=0).id == first.id
    with empty.reading() as session:
        assert reading.version_of(session, _service(session)) == 1


def test_who_saves_an_older_version_is_told_what_others_changed(empty: Database) -> None:
    _set(empty, WEEK, TODAY, version=0)
    with pytest.raises(StaleVersion) as stale:
        _set(empty, SHORTER, TOMORROW, version=0)
    assert stale.value.version == 1
    assert [change.words for change in stale.value.changes] == [
        "часы с 18.11.2026: Пн–Пт 08:00–17:00; перерыв 12:00–13:00"
    ]
    with pytest.raises(StaleVersion):
        _close(empty, TODAY, version=0)


@pytest.mark.parametrize(
    ("week", "since", "shorten", "field"),
    [
        ([()] * 7, TODAY, 60, "days"),
        (WEEK[:6], TODAY, 60, "days"),
        (WEEK, date(2026, 11, 17), 60, "starts_on"),
        (WEEK, date(2036, 1, 1), 60, "starts_on"),
        (WEEK, TODAY, 181, "shorten_minutes"),
    ],
)
def test_hours_that_cannot_be_are_refused_by_field(
    empty: Database, week: list, since: date, shorten: int, field: str
) -> None:
    with pytest.raises(Incomplete) as refused:
        _set(empty, week, since, version=0, shorten=shorten)
    assert list(refused.value.fields) == [field]
    with pytest.raises(NotFound), empty.transaction() as session:
        hours.set_week(session, 2**40, WEEK, TODAY, _head(session), AT, version=0)


def test_a_planned_week_can_be_withdrawn_and_one_that_holds_cannot(empty: Database) -> None:
    holding, planned = _set(empty, WEEK, TODAY, version=0), _set(empty, SHORTER, TOMORROW, version=1)
    with empty.transaction() as session:
        for _ in range(2):  # pressed twice
            hours.cancel_week(session, planned.id, _head(session), AT, version=2)
    with empty.transaction() as session, pytest.raises(RecordsError, match="уже действуют"):
        hours.cancel_week(session, holding.id, _head(session), AT, version=3)
    with empty.reading() as session:
        assert reading.calendar_of(session, _service(session)).hours_of(TOMORROW).intervals == ORDINARY
    with empty.transaction() as session, pytest.raises(NotFound):
        hours.cancel_week(session, 2**63, _head(session), AT, version=3)


def test_a_day_that_differs_wins_and_can_be_taken_back(empty: Database) -> None:
    _set(empty, WEEK, TODAY, version=0)
    row = _close(empty, TOMORROW, version=1)[0]
    with empty.reading() as session:
        closed = reading.calendar_of(session, _service(session)).at(AT + timedelta(days=1))
        assert (closed.state, closed.next_open) == (LineState.CLOSED, datetime(2026, 11, 20, 8, tzinfo=MOSCOW))
    with empty.transaction() as session:
        days.cancel_day(session, row.id, _head(session), AT, version=2)
        days.cancel_day(session, row.id, _head(session), AT, version=2)
    with empty.reading() as session:
        assert reading.calendar_of(session, _service(session)).is_working_day(TOMORROW)
        assert session.get_one(CalendarDay, row.id).replaced_by_id is not None


def test_several_days_at_once_and_the_same_again(empty: Database) -> None:
    first = _close(empty, TODAY, version=0, last=date(2026, 11, 20))
    assert [row.day.day for row in first] == [18, 19, 20]
    again = _close(empty, TODAY, version=0, last=date(2026, 11, 20))
    assert [row.id for row in again] == [row.id for row in first]
    with empty.transaction() as session:
        days.set_days(
            session, _service(session), TOMORROW, TOMORROW, ORDINARY, "Дежурство", _head(session), AT, version=1
        )
    with empty.reading() as session:
        held = reading.calendar_of(session, _service(session)).overrides
        assert [held[day].title for day in sorted(held)] == ["Ремонт", "Дежурство", "Ремонт"]


@pytest.mark.parametrize(
    ("first", "last", "title", "field"),
    [
        (date(2026, 11, 17), date(2026, 11, 17), "Ремонт", "first"),
        (date(2036, 1, 1), date(2036, 1, 1), "Ремонт", "first"),
        (TOMORROW, TODAY, "Ремонт", "last"),
        (TODAY, date(2027, 3, 1), "Ремонт", "last"),
        (TODAY, TODAY, "\u200b \x00", "title"),
    ],
)
def test_days_that_cannot_be_are_refused_by_field(
    empty: Database, first: date, last: date, title: str, field: str
) -> None:
    with pytest.raises(Incomplete) as refused, empty.transaction() as session:
        days.set_days(session, _service(session), first, last, (), title, _head(session), AT, version=0)
    assert list(refused.value.fields) == [field]


def test_a_past_day_is_not_taken_back(empty: Database) -> None:
    row = _close(empty, TODAY, version=0)[0]
    with empty.transaction() as session, pytest.raises(RecordsError, match="прошёл"):
        days.cancel_day(session, row.id, _head(session), AT + timedelta(days=1), version=1)


def test_a_year_is_confirmed_once_and_the_word_can_be_taken_back(empty: Database) -> None:
    autumn = datetime(2027, 10, 5, 9, tzinfo=UTC)
    with empty.transaction() as session:
        assert years.unknown_year(reading.institution_calendar(session), autumn.date()) == 2028
        assert years.unknown_year(reading.institution_calendar(session), date(2027, 9, 30)) is None
        assert pending(session, autumn.date()).year == 2028
        for _ in range(2):
            years.confirm(session, 2028, _head(session), autumn)
        assert pending(session, autumn.date()).year is None
        assert reading.institution_calendar(session).transfers_known(2028)
        years.withdraw(session, 2028, _head(session), autumn)
        with pytest.raises(RecordsError, match="никем не подтверждены"):
            years.withdraw(session, 2028, _head(session), autumn)
        assert pending(session, autumn.date()).year == 2028
        with pytest.raises(Incomplete):
            years.confirm(session, 2031, _head(session), autumn)
    actions = [event.action for event in _events(empty)]
    assert actions.count("calendar.year") == actions.count("calendar.year_withdraw") == 1


def test_every_change_is_in_the_audit_log_and_in_the_history_and_the_exchange_is_asked_to_follow(
    empty: Database,
) -> None:
    with empty.reading() as session:
        wanted = exchange_state.exchange_state(session).wanted_version
    _set(empty, WEEK, TODAY, version=0)
    _close(empty, TOMORROW, version=1)
    events = [event for event in _events(empty) if event.action.startswith("calendar.")]
    assert [event.action for event in events] == ["calendar.hours", "calendar.day"]
    assert all(event.actor_name == "Рощина В. П." for event in events)
    with empty.reading() as session:
        assert exchange_state.exchange_state(session).wanted_version == wanted + 2
        told = changing.history(session, _service(session))
    assert [(change.who, change.words) for change in told] == [
        ("Рощина В. П.", "19.11.2026: закрыто (Ремонт)"),
        ("Рощина В. П.", "часы с 18.11.2026: Пн–Пт 08:00–17:00; перерыв 12:00–13:00"),
    ]


# --- who counts by it


def test_an_appeal_is_looked_at_on_the_next_day_on_which_its_service_works(empty: Database) -> None:
    noon = datetime(2026, 12, 29, 9, tzinfo=UTC)
    with empty.transaction() as session:
        second = service_of(session, "B")
        days.set_days(
            session, second, date(2026, 12, 30), date(2026, 12, 30), (), "Ремонт", _head(session), noon, version=0
        )
        assert enter(session, at=noon, occurred_at=noon).next_check_on == date(2027, 1, 11)


def test_a_term_of_the_law_counts_the_states_working_days_and_no_sanitary_day(empty: Database) -> None:
    """152-ФЗ art. 20: ten working days from 28.12.2026, of which 29. and 30. are two."""
    with empty.transaction() as session:
        head = _head(session)
        days.set_days(
            session, _service(session), date(2027, 1, 11), date(2027, 1, 12), (), "Ремонт", head, AT, version=0
        )
        person = session.scalars(select(Person).where(Person.is_applicant).order_by(Person.id)).first()
        asked = requests.register(session, person.id, "access", date(2026, 12, 28), head, AT, today=date(2026, 12, 28))
        assert asked.due_on == date(2027, 1, 20)


# --- what the exchange is told


def test_the_exchanges_table_is_the_calendars_edges_from_midnight_to_midnight(empty: Database) -> None:
    _set(empty, WEEK, TODAY, version=0)
    with empty.reading() as session:
        (table,) = tables(session, AT)
        calendar = reading.calendar_of(session, _service(session))
        assert table.queue == session.get_one(Service, _service(session)).queue

    assert table.edges[0][0] == datetime(2026, 11, 17, tzinfo=UTC)
    assert table.until == datetime(2026, 11, 18, tzinfo=UTC) + timedelta(days=DAYS_AHEAD)
    assert all(moment == calendar.at(at) for at, moment in table.edges)
    assert [at for at, _ in table.edges[1:]] == [at for at, _ in calendar.edges(table.edges[0][0], table.until)]


def test_the_table_is_the_same_all_through_one_day_of_utc(empty: Database) -> None:
    _set(empty, WEEK, TODAY, version=0)
    with empty.reading() as session:
        morning, night = (list(tables(session, AT.replace(hour=hour))) for hour in (0, 23))
        assert morning == night
        assert morning != list(tables(session, AT + timedelta(days=1)))


def test_a_new_rendering_is_asked_for_once_a_day(empty: Database) -> None:
    with empty.transaction() as session:
        version = exchange_state.exchange_state(session).wanted_version
        assert not renew_if_old(session, AT)  # never applied: the start of the exchange will do it
        exchange_state.note_applied(session, version, AT)
        assert not renew_if_old(session, AT + timedelta(hours=14))
        assert renew_if_old(session, AT + timedelta(hours=15))  # the next day of UTC
        assert not renew_if_old(session, AT + timedelta(hours=16))  # one order is waiting already
        exchange_state.note_applied(session, version + 1, AT + timedelta(hours=16))
        assert not renew_if_old(session, AT + timedelta(hours=17))


def test_the_demo_keeps_the_hours_of_the_regulation(town: Database) -> None:
    with town.reading() as session:
        calendar = reading.calendar_of(session, _service(session))
    assert calendar.at(datetime(2027, 2, 18, 18, 59, tzinfo=MOSCOW)).state is LineState.OPEN
    assert calendar.at(datetime(2027, 2, 18, 19, 0, tzinfo=MOSCOW)).state is LineState.CLOSED
    assert any(override.title == "Санитарный день" for override in calendar.overrides.values())


def _service(session: object) -> int:
    return session.scalars(select(Service.id).order_by(Service.id)).first()


def _head(session: object) -> Employee:
    head = by_login(session, "roshchina")
    assert head is not None
    return head


def _set(database: Database, week: list, since: date, *, version: int, shorten: int = 60) -> ServiceHours:
    with database.transaction() as session:
        return hours.set_week(
            session, _service(session), week, since, _head(session), AT, version=version, shorten_minutes=shorten
        )


def _close(database: Database, first: date, *, version: int, last: date | None = None) -> list[CalendarDay]:
    with database.transaction() as session:
        return days.set_days(
            session, _service(session), first, last or first, (), "Ремонт", _head(session), AT, version=version
        )


def _events(database: Database) -> list[AuditEvent]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEvent).order_by(AuditEvent.seq)))
