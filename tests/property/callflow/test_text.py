"""Any text becomes fit for a screen, once and for all."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from callflow.text import clean_line, clean_text, search_key

HOSTILE = st.lists(
    st.sampled_from(
        ["\x00", "\x1b", "\r", "\n", "\t", "\u2028", "\x85", "\u202e", "\u2066", "\u061c", "\u200b", "\u200d", "\ufeff",
         "\ud800", "\ue000", "\ufffe", "\u0301", "\u0316", "\u0308", "\u20dd", "\u034f", "\u3164",
         "е", "Ё", "a", " ", "👩", "\u0958", "\uac00", "\u1100", "\u1161", "ß", "İ"]
    ),
    max_size=40,
).map("".join)  # fmt: skip
TEXTS = st.text() | HOSTILE
REMOVED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def assert_visible(text: str) -> None:
    assert not {unicodedata.category(character) for character in text} & REMOVED
    marks = "".join("m" if unicodedata.category(character)[0] == "M" else "." for character in text)
    assert "mmm" not in marks
    assert not marks.startswith("m")
    text.encode("utf-8")


@given(TEXTS, st.integers(0, 90))
def test_a_line_is_one_visible_line_within_its_limit(text: str, limit: int) -> None:
    line = clean_line(text, limit)
    assert len(line) <= limit
    assert_visible(line)
    assert line == line.strip()
    assert "  " not in line


@given(TEXTS, st.integers(0, 90))
def test_a_note_is_visible_lines_within_its_limit(text: str, limit: int) -> None:
    note = clean_text(text, limit)
    assert len(note) <= limit
    assert "\n\n\n" not in note
    for line in note.split("\n"):
        assert_visible(line)


@given(TEXTS)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean_line(clean_line(text)) == clean_line(text)
    assert clean_text(clean_text(text)) == clean_text(text)


@given(TEXTS)
def test_the_search_key_is_its_own_key_and_forgets_case_and_yo(text: str) -> None:
    key = search_key(text)
    assert search_key(key) == key
    assert "ё" not in key
    assert key == " ".join(key.split())
    assert search_key(f"{text}!") == search_key(f" {text} ")


@given(st.text(alphabet="абвеёйжАБВЕЁЙЖ -."))
def test_russian_names_are_found_whatever_their_case(name: str) -> None:
    assert search_key(name.upper()) == search_key(name.lower()) == search_key(name.replace("ё", "е").replace("Ё", "Е"))
