"""Hostile text made safe to show (reliability.md B4, B28)."""

import time

import pytest

from callflow.text import clean_line, clean_text, search_key


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Анна\x00 Кузнецова", "Анна Кузнецова"),
        ("\u202eанна\u202c", "анна"),
        ("ан\u200bна\u2060\ufeff", "анна"),
        ("\u2066Анна\u2069", "Анна"),
        ("Анна\ud800", "Анна"),
        ("a\r\nEvent: OptOut", "a Event: OptOut"),
        ("a\u2028b\tc\xa0\u3000d", "a b c d"),
        ("\x1b[31mred", "[31mred"),
        ("Z" + "\u0300" * 200 + "x", "Z\u0300\u0300x"),
        ("Z" + "\u0300\u200b" * 200, "Z\u0300\u0300"),
        ("\u0301анна", "анна"),
        ("и\u0306од", "йод"),
        ("Ив\ufffdнов", "Ив\ufffdнов"),
        ("👩 🎈", "👩 🎈"),
        ("\ue000\ufdd0\u3164x", "x"),
        ("", ""),
    ],
)
def test_only_what_can_be_seen_is_kept(text: str, shown: str) -> None:
    assert clean_line(text) == shown


def test_a_long_line_is_cut_at_the_limit() -> None:
    assert clean_line("я" * 300) == "я" * 80
    assert clean_line("слово " * 3, 12) == "слово слово"
    assert clean_line("abc", 0) == ""


def test_a_cut_never_takes_a_letter_s_accent_away() -> None:
    assert clean_line("абв\u0301г", 3) == "аб"
    assert clean_line("абв\u0301г", 4) == "абв\u0301"


def test_a_note_keeps_its_lines() -> None:
    assert clean_text(" а \r\nб\rв\u2028г\n\n\n\nд\x00\n") == "а\nб\nв\nг\n\nд"
    assert clean_text("x\n" * 20_000).count("\n") == 4_999


def test_a_megabyte_of_accents_costs_no_time() -> None:
    flood = "я" + "\u0301\u0316" * 500_000
    begun = time.perf_counter()
    assert clean_line(flood) == "я\u0316\u0301"
    clean_text(flood)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("  Алёна—ПЕТРОВА-Водкина ", "алена петрова водкина"),
        ("Ё", "е"),
        ("е\u0308лка", "елка"),
        ("Йод", "йод"),
        ("Мари\u0301я", "мария"),
        ("ул. Ленина, д.5/2", "ул ленина д 5 2"),
        ("Straße", "strasse"),
        ("!!!", ""),
    ],
)
def test_names_are_compared_without_what_people_write_differently(text: str, key: str) -> None:
    assert search_key(text) == key
