"""The ledger's decisions: whose a call is, why it was missed, what stays open, how long a claim holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callflow.caller_id import CallerKind
from crm.missed.rules import (
    BY_HAND_RESULTS,
    CLOSING_REASONS,
    OUTCOMES,
    RESULTS,
    Key,
    Reason,
    claim_holds,
    duties,
    is_missed,
    key_of,
    newest_last,
    reason_of,
)

NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ({"owners": {7}}, Key(family_id=7)),
        ({"owners": {7, 8}}, Key(number="+79070000101")),
        ({"owners": {7, None}}, Key(number="+79070000101")),
        ({"owners": {None}}, Key(number="+79070000101")),
        ({"owners": set()}, Key(number="+79070000101")),
        ({"family_id": 9, "owners": {7, 8}}, Key(family_id=9)),
        ({"kind": CallerKind.HIDDEN, "number": None, "owners": set()}, Key(call_id=1)),
        ({"kind": CallerKind.SUSPICIOUS, "owners": {7}}, Key(call_id=1)),
        ({"kind": CallerKind.OWN, "owners": {7}}, Key(call_id=1)),
        ({"kind": "unknown", "number": None, "owners": set()}, Key(call_id=1)),
        ({"number": "", "owners": {7}}, Key(call_id=1)),
    ],
)
def test_whose_a_call_is(facts, key):
    given = {"family_id": None, "kind": CallerKind.NUMBER, "number": "+79070000101", "call_id": 1, **facts}
    assert key_of(**given) == key


def test_one_word_for_each_open_row():
    words = {one.word(1) for one in (Key(family_id=1), Key(number="1"), Key(call_id=1))} | {Key(family_id=1).word(2)}
    assert len(words) == 4


@pytest.mark.parametrize(
    ("outcome", "disposition", "cause", "reason"),
    [
        ("", "abandoned", 16, Reason.ABANDONED),
        ("", "failed", 38, Reason.FAILED),
        ("", "abandoned", 21, Reason.REFUSED),
        ("", "abandoned", 17, Reason.REFUSED),
        ("break", "abandoned", 16, Reason.BREAK),
        ("closed", "failed", 38, Reason.CLOSED),
        ("voicemail", "abandoned", 16, Reason.VOICEMAIL),
        ("callback", "abandoned", 16, Reason.CALLBACK),
        ("overflow", "abandoned", 16, Reason.OVERFLOW),
        ("nobody", "abandoned", 16, Reason.NOBODY),
        ("hand", "abandoned", 16, Reason.ABANDONED),
        ("; DROP", "abandoned", None, Reason.ABANDONED),
    ],
)
def test_why_a_call_was_missed(outcome, disposition, cause, reason):
    assert reason_of(outcome, disposition, cause) is reason


def test_every_word_is_there():
    assert all(one.words for one in Reason)
    assert {*OUTCOMES} < {*Reason}
    assert {*BY_HAND_RESULTS} < {*RESULTS}
    assert "other" in CLOSING_REASONS


@pytest.mark.parametrize(
    ("direction", "disposition", "missed"),
    [
        ("inbound", "abandoned", True),
        ("inbound", "failed", True),
        ("inbound", "answered", False),
        ("inbound", None, False),
        ("outbound", "abandoned", False),
    ],
)
def test_what_belongs_into_the_ledger(direction, disposition, missed):
    assert is_missed(direction, disposition) is missed


@pytest.mark.parametrize(
    ("claimed", "away", "holds"),
    [
        (None, None, False),
        (0, None, True),
        (-19.9, None, True),
        (-20, None, False),
        (-5, -10, True),
        (-5, -5, False),
        (-5, -1, False),
    ],
)
def test_how_long_a_claim_holds(claimed, away, holds):
    moments = [None if one is None else minute(one) for one in (claimed, away)]
    assert claim_holds(moments[0], moments[1], NOON, 20) is holds


def test_each_reason_once_the_newest_last():
    assert newest_last(["a", "b", "a", "c"]) == ["b", "a", "c"]
    assert newest_last([]) == []


def test_duties_of_a_day():
    found = duties([minute(1), minute(3), minute(7)], [minute(5), minute(6)])
    assert [(duty.calls, duty.closed_at) for duty in found] == [
        ((minute(1), minute(3)), minute(5)),
        ((minute(7),), None),
    ]
