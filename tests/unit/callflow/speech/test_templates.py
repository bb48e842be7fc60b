"""Texts with variables: filled, refused, measured; the defaults are those of domain.md §9.2."""

import pytest

from callflow.speech import speakable
from callflow.speech.pieces import EXAMPLES, OPTIONAL, PIECES, VARIABLES
from callflow.speech.templates import LONGEST_SECONDS, Unresolved, fill, problems, seconds_of, variables_in

S_3_KEYS = (
    "Если вы придёте, нажмите один. Чтобы перенести запись — два. Чтобы отменить — три. Прослушать ещё раз — четыре. "
    "Соединить со специалистом — ноль. Отказаться от автоматических звонков — девять."
)
S_8 = (
    "Пожалуйста, оцените работу специалиста по десятибалльной шкале: один — очень плохо, десять — отлично. Наберите "
    "число от одного до десяти и нажмите решётку. Отказаться от оценки — звёздочка."
)


def said(name: str, **values: str) -> str:
    return fill(PIECES[name].default, {**EXAMPLES, **values}, optional=OPTIONAL)


def test_the_reminder_is_s_3() -> None:
    assert said("hello", учреждение="семейный центр") == (
        "Здравствуйте! Это автоматическое сообщение Семейной диспетчерской, семейный центр."
    )
    assert said("who") == (
        "Мы звоним для абонента: Елена Викторовна. Если вы и есть Елена Викторовна, нажмите один. "
        "Если это другой человек — два."
    )
    assert said("remind_office", адрес="ул. Мира, д. 1").startswith(
        "Напоминаем: в четверг, двадцать шестого ноября, в четырнадцать часов тридцать минут, вы записаны на "
        "консультацию. Адрес: ул. Мира, д. 1, кабинет двенадцать. При себе имейте паспорт."
    )
    assert "Специалист позвонит вам в назначенное время на этот номер." in said("remind_phone")
    assert (said("keys"), said("bye")) == (S_3_KEYS, "Спасибо. До свидания.")
    assert said("wrong_person") == "Извините за беспокойство. До свидания."


def test_a_machine_hears_s_7_and_nothing_else() -> None:
    assert said("machine", номер="2-12-34") == (
        "Здравствуйте! Вам звонили из Заречинского социально-реабилитационного центра. Пожалуйста, перезвоните нам в "
        "рабочее время по номеру 2-12-34. Спасибо."
    )
    assert not {"имя", "день", "время", "службы"} & set(PIECES["machine"].variables), "no reason, nobody's name (I13)"


def test_the_message_says_that_we_never_ask_for_codes_and_where_to_check_it() -> None:
    assert said("info_safe", номер="2-12-34") == (
        "Обращаем ваше внимание: мы никогда не спрашиваем по телефону коды из СМС, данные банковских карт и пароли от "
        "Госуслуг. Проверить звонок можно по номеру 2-12-34."
    )
    assert said("info_bye") == "Спасибо, до свидания!"


def test_the_survey_is_s_8() -> None:
    assert said("survey_hello").endswith("Ваше обращение рассмотрено.")
    assert said("survey_ask") == S_8
    assert said("survey_echo") == "Ваша оценка: десять баллов. Верно — один, исправить — два."
    assert said("survey_thanks") == "Спасибо, ваша оценка учтена. До свидания."


@pytest.mark.parametrize("name", PIECES)
def test_every_default_is_whole_and_short_enough(name: str) -> None:
    piece = PIECES[name]
    assert problems(piece.default, piece.variables, EXAMPLES) == []
    assert set(piece.variables) <= set(VARIABLES)
    assert seconds_of(said(name)) <= LONGEST_SECONDS
    assert not any(letter.isdigit() for letter in speakable(said(name)))


def test_pieces_heard_before_the_identity_key_name_no_booking() -> None:
    for name in ("hello", "who", "again", "machine", "wrong_person", "refused", "call_back", "wait_human", "trouble"):
        assert not {"день", "время", "адрес", "кабинет", "первое"} & set(PIECES[name].variables), name


def test_what_differs_from_call_to_call_cannot_be_recorded_once() -> None:
    assert {name for name, piece in PIECES.items() if not piece.recordable} == {
        "who", "remind_office", "remind_phone", "remind_video", "moved_offer", "moved_offer_one", "moved",
        "closed_break", "closed_next", "survey_echo",
    }  # fmt: skip


def test_nothing_unresolved_is_ever_said() -> None:
    with pytest.raises(Unresolved) as raised:
        fill("Здравствуйте, {имя}! {день}", {"день": " "})
    assert raised.value.names == ("день", "имя")
    for text in ("{", "}", "{имя", "имя}", "{{имя}}"):
        with pytest.raises(Unresolved):
            fill(text, {"имя": "Елена"})


def test_a_room_that_nobody_named_takes_its_comma_with_it() -> None:
    text = "Адрес: {адрес}, {кабинет}. Ждём."
    assert fill(text, {"адрес": "ул. Мира", "кабинет": ""}) == "Адрес: ул. Мира. Ждём."
    assert fill(text, {"адрес": "ул. Мира", "кабинет": "кабинет два"}) == "Адрес: ул. Мира, кабинет два. Ждём."


def test_a_value_is_a_value_and_no_template() -> None:
    assert fill("{имя}", {"имя": "{номер} Бобби", "номер": "8"}) == "номер Бобби"


def test_variables_are_named_once_in_their_order() -> None:
    assert variables_in("{б} и { а } и {б}") == ("б", "а")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Напишите текст"),
        ("Здравствуйте, {фамилия}!", "Неизвестные переменные: {фамилия}"),
        ("Здравствуйте, {имя!", "Лишняя фигурная скобка"),
        ("Пишите на info@zarechie.ru", "Адрес электронной почты"),
        ("Всё на www.gosuslugi.ru", "Адрес электронной почты"),
        ("…", "нечего произнести"),
        ("очень длинно " * 60, "не дольше 25"),
        ("а" * 1001, "длиннее 1000"),
        ("<b>😀</b>", ""),
    ],
)
def test_why_a_text_is_not_saved(text: str, sentence: str) -> None:
    found = problems(text, ("имя",), EXAMPLES)
    assert (sentence in found[0]) if sentence else found == []
