"""What a person's answers unlock, and the last day to answer him: decisions without a database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import Override, ServiceCalendar
from crm.consents.deadlines import due_on
from crm.consents.rules import answer_of, answers_himself, is_minor
from crm.consents.tables import ORAL, WRITTEN, Consent
from crm.consents.texts import filled
from crm.family_tables import Person

TODAY = date(2026, 11, 12)
START = datetime(2026, 10, 1, 9, tzinfo=UTC)
STATE = ServiceCalendar(ZoneInfo("Europe/Moscow"), {})


def said(day: int, given: bool = True, form: str = ORAL, withdrawn: bool = False, **more: object) -> Consent:
    at = START + timedelta(days=day)
    ended = at if withdrawn else None
    return Consent(id=day + 1, given=given, form=form, at=at, withdrawn_at=ended, **({"representative": ""} | more))


def state(*rows: Consent, by_himself: bool = True) -> str:
    return answer_of(rows, by_himself=by_himself, today=TODAY).state


def test_nobody_asked_is_no_consent():
    assert state() == "none"


def test_what_was_said_counts_and_a_paper_outweighs_it():
    assert state(said(0)) == "oral"
    assert state(said(0), said(1, form=WRITTEN)) == "written"
    assert state(said(0, form=WRITTEN), said(1)) == "written"


def test_a_no_ends_every_yes_before_it_but_not_the_next_one():
    assert state(said(0, form=WRITTEN), said(1, given=False)) == "refused"
    assert state(said(0, given=False), said(1)) == "oral"


def test_withdrawn_stays_withdrawn_until_a_new_yes():
    assert state(said(0, withdrawn=True)) == "withdrawn"
    assert state(said(0, withdrawn=True), said(1)) == "oral"
    assert state(said(0, form=WRITTEN, withdrawn=True), said(1, withdrawn=True)) == "withdrawn"


def test_a_term_that_is_over_unlocks_nothing():
    assert state(said(0, valid_until=TODAY)) == "oral"
    assert state(said(0, valid_until=TODAY - timedelta(days=1))) == "expired"


def test_a_parents_signature_ends_when_the_child_grows_up():
    signed = said(0, form=WRITTEN, representative="Кузнецова Е. В.")
    assert state(signed, by_himself=False) == "written"
    assert state(signed, by_himself=True) == "expired"


def test_the_order_of_rows_does_not_matter():
    rows = [said(2, given=False), said(0), said(3, form=WRITTEN), said(1)]
    assert state(*rows) == state(*reversed(rows)) == "written"


@pytest.mark.parametrize(
    ("person", "minor"),
    [
        (Person(relation="сын", birth_date=date(2008, 11, 13)), True),
        (Person(relation="сын", birth_date=date(2008, 11, 12)), False),
        (Person(relation="дочь", birth_date=None), True),
        (Person(relation="мать", birth_date=None), False),
    ],
)
def test_who_is_a_child(person, minor):
    assert is_minor(person, TODAY) is minor


def test_an_incapable_adult_does_not_answer_himself():
    assert not answers_himself(Person(relation="дядя", birth_date=date(1974, 3, 16), incapable=True), TODAY)


def test_ten_working_days_skip_weekends_and_the_day_itself():
    thursday = date(2026, 11, 12)
    assert due_on("access", thursday, STATE.counts_in_terms) == date(2026, 11, 26)
    assert due_on("stop", thursday, STATE.counts_in_terms) == date(2026, 11, 26)
    assert due_on("correct", thursday, STATE.counts_in_terms) == date(2026, 11, 23)
    assert due_on("access", date(2026, 11, 14), STATE.counts_in_terms) == date(2026, 11, 27)  # a Saturday


def test_a_withdrawal_has_thirty_calendar_days():
    assert due_on("withdraw", TODAY, STATE.counts_in_terms) == date(2026, 12, 12)


def test_ten_working_days_skip_holidays_and_moved_days_off_and_count_a_working_saturday():
    assert due_on("access", date(2026, 12, 25), STATE.counts_in_terms) == date(2027, 1, 19)
    assert due_on("correct", date(2027, 2, 16), STATE.counts_in_terms) == date(2027, 2, 26)


def test_a_sanitary_day_of_the_office_gives_it_no_more_time():
    closed = ServiceCalendar(ZoneInfo("Europe/Moscow"), {}, {date(2026, 11, 16): Override((), "Санитарный день")})
    assert due_on("correct", date(2026, 11, 12), closed.counts_in_terms) == date(2026, 11, 23)


def test_braces_are_filled_once_and_strangers_stay():
    text = filled("{учреждение}: {субъект} {иное}", {"учреждение": "{субъект}", "субъект": "Иванов"})
    assert text == "{субъект}: Иванов {иное}"
