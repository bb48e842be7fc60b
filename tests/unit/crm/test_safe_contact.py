"""When and how a family may be contacted."""

from __future__ import annotations

from datetime import datetime

import pytest

from crm.cards.safe_contact import read_time, warnings_of, when_allowed
from crm.family_tables import Family, Person, Phone


def card(**values: object) -> Family:
    known = {"warning": "", "contact_from": "", "contact_until": "", "no_messages": False, "ask_only_for": "",
             "preferred_channel": ""} | values  # fmt: skip
    return Family(name="Орловы", **known)


@pytest.mark.parametrize(
    ("since", "until", "hour", "allowed", "words"),
    [
        ("", "", 3, True, ""),
        ("09:00", "16:00", 9, True, "с 09:00 до 16:00"),
        ("09:00", "16:00", 16, False, "с 09:00 до 16:00"),
        ("18:00", "", 17, False, "после 18:00"),
        ("18:00", "", 18, True, "после 18:00"),
        ("", "12:00", 11, True, "до 12:00"),
        ("", "12:00", 12, False, "до 12:00"),
        ("20:00", "08:00", 23, True, "с 20:00 до 08:00"),
        ("20:00", "08:00", 7, True, "с 20:00 до 08:00"),
        ("20:00", "08:00", 12, False, "с 20:00 до 08:00"),
        ("когда-нибудь", "", 12, True, ""),
    ],
)
def test_the_hours_are_kept_also_over_midnight(since: str, until: str, hour: int, allowed: bool, words: str) -> None:
    contact = when_allowed(since, until, datetime(2026, 11, 12, hour))  # noqa: DTZ001 - the institution's wall clock
    assert (contact.allowed, contact.words) == (allowed, words)


@pytest.mark.parametrize(
    ("typed", "hour", "minute"), [("9:00", 9, 0), ("09.30", 9, 30), ("9", 9, 0), ("18-45", 18, 45), (" 7 ч. ", 7, 0)]
)
def test_a_time_is_read_as_people_write_it(typed: str, hour: int, minute: int) -> None:
    known = read_time(typed)
    assert known is not None
    assert (known.hour, known.minute) == (hour, minute)


@pytest.mark.parametrize("typed", ["", "25:00", "9:61", "утром", "9:0", "-1", "٩:٠٠"])
def test_what_is_no_time_is_none(typed: str) -> None:
    assert read_time(typed) is None


def test_the_most_important_warning_comes_first_and_each_only_once() -> None:
    family = card(warning="Муж не должен знать.", contact_from="09:00", no_messages=True, ask_only_for="Елену")
    assert warnings_of(family) == (
        "Муж не должен знать.",
        "Звонить только после 09:00.",
        "Сообщений не оставлять: ни на автоответчик, ни через других людей.",
        "Просить к телефону только: Елену.",
    )


def test_without_names_nothing_tells_who_lives_there() -> None:
    family = card(warning="Спросить Жанну.", ask_only_for="Жанну", no_messages=True, contact_until="16:00")
    shown = warnings_of(family, named=False)
    assert shown == ("Звонить только до 16:00.", "Сообщений не оставлять: ни на автоответчик, ни через других людей.")


def test_what_is_known_of_the_number_and_its_owner_is_said() -> None:
    person = Person(surname="Орлова", search_key="", do_not_call=True, special_needs="не слышит")
    phone = Phone(number="+79070000401", whose="соседка", best_time="после 18:00", person=person)
    assert warnings_of(card(), phone) == (
        "Просит не звонить: только если сами обратились или срочно.",
        "Учесть в разговоре: не слышит.",
        "Чей это номер: соседка.",
        "На этот номер удобно звонить: после 18:00.",
    )
