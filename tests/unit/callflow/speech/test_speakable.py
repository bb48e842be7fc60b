"""Written Russian as it is said, to the letter (domain.md §9.1)."""

from datetime import date

import pytest

from callflow.speech import speakable
from callflow.speech.dates import at_time, from_time, on_day, span, time_in_nominative
from callflow.speech.numerals import accusative_feminine, agreed, cardinal, genitive, ordinal, score
from callflow.speech.stress import stressed, unstressed
from callflow.speech.telephones import phone_in_words

TEXTS = {
    # dates and times
    "Приём 26.11.2026 в 14:30": "Приём двадцать шестого ноября две тысячи двадцать шестого года в четырнадцать часов "
    "тридцать минут",
    "до 1 декабря 2026 г. Звоните": "до первого декабря две тысячи двадцать шестого года. Звоните",
    "2026-03-09": "девятого марта две тысячи двадцать шестого года",
    "с 8:00 до 17:00": "с восьми до семнадцати часов",
    "перерыв 12:00–13:00": "перерыв с двенадцати до тринадцати часов",
    "в 9.30": "в девять часов тридцать минут",
    "в 1:00": "в один час",
    "в 21:01": "в двадцать один час одну минуту",
    "до 13:05": "до тринадцати часов пяти минут",
    "к 9:00": "к девяти часам",
    "с 14.10 по 20.10": "с четырнадцатого октября по двадцатое октября",
    "к 31.12": "к тридцать первому декабря",
    "45.13.2026": "сорок пять. тринадцать. две тысячи двадцать шесть",
    # telephones
    "8 (991) 097-01-68": "восемь, девятьсот девяносто один, ноль девяносто семь, ноль один, шестьдесят восемь",
    "тел. +79910970168": "телефон восемь, девятьсот девяносто один, ноль девяносто семь, ноль один, шестьдесят восемь",
    "8-800-2000-122": "восемь, восемьсот, двести, ноль один, двадцать два",
    "2-12-34": "два, двенадцать, тридцать четыре",
    "2-12-34 доб. 7": "два, двенадцать, тридцать четыре добавочный семь",
    # addresses and rooms
    "ул. Ленина, д. 5А, кв. 7": "улица Ленина, дом пять а, квартира семь",
    "д. 12/3, корп. 2": "дом двенадцать дробь три, корпус два",
    "г. Камешково": "город Камешково",
    "каб. 12": "кабинет двенадцать",
    "№ 12": "номер двенадцать",
    # numbers with their nouns
    "21 минута, 1 семья, 2 заявления": "двадцать одна минута, одна семья, два заявления",
    "10 000 руб. Спасибо": "десять тысяч рублей. Спасибо",
    "5,50 руб.": "пять рублей пятьдесят копеек.",
    "7,5 %": "семь целых пять десятых процента",
    "100%": "сто процентов",
    "007": "ноль ноль семь",
    # ordinals
    "3-й этаж, 2-го числа, 5-ти лет": "третий этаж, второго числа, пяти лет",
    "в 2026 году": "в две тысячи двадцать шестом году",
    "30-летний": "тридцатилетний",
    "II квартал": "второй квартал",
    # abbreviations
    "ИППСУ и СВО": "индивидуальная программа и эс-вэ-о",
    "СМФЦ, МФЦ, УСЗН": "семейный центр, эм-эф-цэ, управление социальной защиты",
    "ГКУСО «Заречинский СРЦН»": "государственное казённое учреждение социального обслуживания Заречинский "
    "социально-реабилитационный центр",
    "РНКБ": "эр-эн-ка-бэ",
    "т.е. и т.д.": "то есть и так далее",
    # what is not read
    "пишите на info@zarechie.ru.": "пишите на",
    "сайт www.gosuslugi.ru": "сайт",
    "WhatsApp и MAX": "вотсап и макс",
    # ё and stress stay
    "Приём у Алёны": "Приём у Алёны",
    "замо\u0301к": "замо\u0301к",
}


@pytest.mark.parametrize(("written", "said"), TEXTS.items())
def test_a_text_is_said_like_this(written: str, said: str) -> None:
    assert speakable(written) == said
    assert speakable(said) == said, "what is words already stays as it is"


@pytest.mark.parametrize(
    "text",
    ["<speak><break time='9s'/></speak>", "$(id) `reboot`; rm -rf / && echo", "'\"--help\\", "[[p'a]] (voice_x)"],
)
def test_nothing_is_left_that_a_program_could_take_for_an_order(text: str) -> None:
    assert not set(speakable(text)) & set("<>$`'\"\\/[](){}&|=@#*_%^~")
    assert not speakable(text).startswith("-")


@pytest.mark.parametrize("text", ["", "   ", "…", "«»", "😀", "\u202e\u200b", "---", "!!!"])
def test_nothing_to_say_is_nothing(text: str) -> None:
    assert not any(letter.isalpha() for letter in speakable(text))


def test_numbers_in_words() -> None:
    assert [cardinal(n) for n in (0, 11, 21, 100, 112, 999)] == [
        "ноль", "одиннадцать", "двадцать один", "сто", "сто двенадцать", "девятьсот девяносто девять",
    ]  # fmt: skip
    assert cardinal(1_002_121) == "один миллион две тысячи сто двадцать один"
    assert (cardinal(1, "f"), cardinal(2, "f"), cardinal(1, "n")) == ("одна", "две", "одно")
    assert [accusative_feminine(n) for n in (1, 2, 11, 12, 22, 41)] == [
        "одну", "две", "одиннадцать", "двенадцать", "двадцать две", "сорок одну",
    ]  # fmt: skip
    assert (genitive(21), genitive(40), genitive(41, feminine=True)) == ("двадцати одного", "сорока", "сорока одной")
    assert genitive(1900) == "одной тысячи девятисот"
    assert [agreed(n, "балл", "балла", "баллов") for n in (1, 3, 5, 11, 21, 112)] == [
        "балл", "балла", "баллов", "баллов", "балл", "баллов",
    ]  # fmt: skip
    assert (score(1), score(4), score(10)) == ("один балл", "четыре балла", "десять баллов")
    for wrong in (-1, 10**9):
        with pytest.raises(ValueError, match="only"):
            cardinal(wrong)


def test_ordinals_in_every_form_that_a_sentence_needs() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 40, 100, 2026)] == [
        "первый", "второй", "третий", "сороковой", "сотый", "две тысячи двадцать шестой",
    ]  # fmt: skip
    assert (ordinal(3, "ого"), ordinal(23, "ая"), ordinal(2, "ое"), ordinal(12, "ом")) == (
        "третьего", "двадцать третья", "второе", "двенадцатом",
    )  # fmt: skip
    assert (ordinal(1000, "ого"), ordinal(2000, "ого"), ordinal(1999, "ого")) == (
        "тысячного", "двухтысячного", "одна тысяча девятьсот девяносто девятого",
    )  # fmt: skip
    for wrong in ((0, "ый"), (10_001, "ый"), (5, "ость")):
        with pytest.raises(ValueError, match="no ordinal"):
            ordinal(*wrong)


def test_days_and_times_in_words() -> None:
    assert on_day(date(2026, 11, 21)) == "в субботу, двадцать первого ноября"
    assert on_day(date(2026, 6, 30)) == "во вторник, тридцатого июня"
    assert on_day(date(2027, 1, 12), date(2026, 12, 30)).endswith(
        "двенадцатого января две тысячи двадцать седьмого года"
    )
    assert on_day(date(2026, 1, 12), date(2026, 1, 1)).endswith("января")
    assert (span(60, 120), span(8 * 60, 12 * 60 + 30)) == (
        "с одного до двух часов", "с восьми часов до двенадцати часов тридцати минут",
    )  # fmt: skip
    assert (at_time(14 * 60 + 30), at_time(60), at_time(21 * 60 + 1)) == (
        "в четырнадцать часов тридцать минут", "в один час", "в двадцать один час одну минуту",
    )  # fmt: skip
    assert (time_in_nominative(9 * 60 + 1), from_time(60)) == ("девять часов одна минута", "одного часа")


def test_telephones_in_words() -> None:
    assert phone_in_words("+74924800001").startswith(
        "восемь, четыреста девяносто два, четыреста восемьдесят, ноль ноль"
    )
    assert phone_in_words("112") == "один, один, два"


def test_stress_is_marked_in_the_words_of_the_dictionary_only() -> None:
    assert stressed("Звоните, договор готов") == "Звони\u0301те, догово\u0301р готов"
    assert stressed("до\u0301говор") == "до\u0301говор", "what somebody has marked is his"
    assert unstressed(stressed("Кантемировка")) == "Кантемировка"
