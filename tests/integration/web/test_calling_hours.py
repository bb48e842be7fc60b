"""Off the hours of calls every list that people call through says when the next ones begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callflow.dialler import window
from tests.support.open_window import always
from web.slot_words import slot_time

LISTS = ("/dialling/list", "/campaigns/work", "/ratings/work")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_says_when_calls_begin_and_nothing_while_they_go_on(office, monkeypatch, path):
    begins = (datetime.now(UTC) + timedelta(days=2)).replace(hour=6, minute=0, second=0, microsecond=0)
    span = (begins, begins + timedelta(hours=8))
    browser = office.browser("lavrova")
    monkeypatch.setattr(window, "spans", lambda _calendar, _hours, day, *_: (span,) if day == begins.date() else ())
    sentence = f"Следующие часы звонков: {slot_time(begins, office.desk.clock())}."
    assert sentence in browser.get(path).text
    monkeypatch.setattr(window, "spans", always)
    assert "Следующие часы звонков" not in browser.get(path).text
