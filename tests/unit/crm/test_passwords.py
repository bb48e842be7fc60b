"""Which passwords are taken, and that they are compared as typed (reliability.md S9, B71)."""

from __future__ import annotations

import pytest

from crm import passwords
from crm.demo.logins import logins


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password123!",
        "п а р о л ь 1 2 3",
        "семья2026семья",
        "Диспетчерская2026",
        "qwertyuiop12",
        "123456789012",
        "йцукенгшщзхъ",
        "aaaaaaaaaaaaaaa",
        "admin@admin@admin"[:11] + "1",
        "111222333444",
        "lavrova-пришла",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert passwords.refusal(password, "lavrova", "Лаврова") is not None


@pytest.mark.parametrize(
    "password",
    [
        "мост тонет в тумане",
        " leading space ok",
        "Xk7#mQ2pL9vR",
        "я" * 5 + "ты он она они мы вы",
        "x7" * 3 + "чайник-лопата",
    ],
)
def test_a_phrase_is_accepted_whatever_its_letters(password: str) -> None:
    assert passwords.refusal(password, "lavrova", "Лаврова") is None


def test_length_is_between_twelve_and_one_hundred_and_twenty_eight() -> None:
    phrase = "мост тонет в тумане и лось несёт зонт " * 10
    assert passwords.refusal(phrase[:11]) is not None
    assert passwords.refusal(phrase[:12]) is None
    assert passwords.refusal(phrase[:128]) is None
    assert passwords.refusal(phrase[:129]) is not None


def test_it_is_compared_exactly_but_for_the_keyboards_spelling_of_one_letter() -> None:
    stored = passwords.hashed(" йод и ёлка в лесу ")
    assert passwords.matches(stored, " йод и ёлка в лесу ")
    assert passwords.matches(stored, " йод и ёлка в лесу ".replace("й", "и\u0306"))
    for other in ("йод и ёлка в лесу", " Йод и ёлка в лесу ", " йод и елка в лесу ", ""):
        assert not passwords.matches(stored, other)


def test_a_megabyte_is_refused_without_being_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = passwords.hashed("мост тонет в тумане")
    monkeypatch.delattr(passwords, "_hasher")
    assert not passwords.matches(stored, "x" * 1_000_000)


@pytest.mark.parametrize("stored", [None, "", "plain", "$argon2id$broken"])
def test_no_hash_matches_nothing(stored: str | None) -> None:
    assert not passwords.matches(stored, "a password that nobody has")


def test_demo_passwords_are_long_enough_to_be_typed_into_the_same_form() -> None:
    assert all(passwords.SHORTEST <= len(login.password) <= passwords.LONGEST for login in logins())
