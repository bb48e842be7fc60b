"""Invented names and addresses by the thousand, some of them frequent and most of them rare, as in life.

The surnames are put together of syllables; who is called so in fact is called so by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, product
from random import Random
from typing import Generic, TypeVar

_FIRST = """
Алексе Баран Виноград Герасим Денис Ермак Журавл Зу Иса Ковал Лазар Медвед Назар Осип Поляк Родион Савел Тарас
Устин Филипп Харитон Цветк Черн Шил Щербак Юр Яковл
"""
_SYLLABLES = """
Ар Бар Бел Бор Бул Вал Вас Вер Вол Гар Гор Гул Дем Дол Дуб Ер Жар Жур Зав Зим Ив Кал Кар Кир Кол Кор Кос Куз Лав Лук
Мак Мал Мар Мел Мор Наз Нов Ог Ор Пан Пар Пет Пол Рад Рог Руд Рыб Сав Сел Сем Сид Сок Тим Тол Тур Ус Фед Фил Хар Хол
Цар Чер Чул Шар Шел Щуч Юд Яс
"""
_MIDDLES = "ак ал ан ар аш ек ен ер ив ик ил ин иш ов ок ол он ор ош ул ун ур уш ыг ыл ыш ьк ьц"
_ENDINGS = (("ов", "ова", "овы"), ("ев", "ева", "евы"), ("ин", "ина", "ины"), ("ский", "ская", "ские"))
_WOMEN = """
Анна Елена Ольга Наталья Екатерина Татьяна Мария Ирина Юлия Светлана Анастасия Дарья Алёна Виктория Ксения Евгения
Полина Вера Оксана Людмила Софья Алиса Варвара Ульяна Марина Надежда Валентина Галина Любовь Кристина Арина Вероника
Милана Ева Таисия Злата Мирослава Василиса Яна Лариса Тамара Жанна Эльвира Лейла Амина Регина Кира Инна Раиса Зинаида
"""
_MEN = """
Александр Дмитрий Максим Сергей Андрей Алексей Иван Артём Михаил Роман Егор Павел Николай Владимир Кирилл Матвей
Тимофей Степан Фёдор Игорь Олег Виктор Юрий Денис Антон Константин Вадим Григорий Борис Валерий Станислав Руслан
Тимур Глеб Марк Лев Захар Семён Ярослав Богдан Арсений Мирон Платон Леонид Георгий Анатолий Геннадий Эдуард Рашид Эльдар
"""
_FATHERS = """
Александров Дмитриев Максимов Сергеев Андреев Алексеев Иванов Артёмов Михайлов Романов Егоров Павлов Николаев
Владимиров Кириллов Викторов Юрьев Денисов Антонов Константинов Вадимов Григорьев Борисов Валерьев Станиславов
Русланов Тимуров Леонидов Георгиев Анатольев Геннадьев Эдуардов Рашидов Фёдоров Степанов Олегов Игорев Петров Семёнов
"""
_STREETS = """
Лесная Садовая Мира Кирова Школьная Полевая Речная Победы Заводская Набережная Советская Молодёжная Центральная Новая
Октябрьская Луговая Пушкина Гагарина Зелёная Солнечная Северная Южная Вишнёвая Берёзовая Рабочая Строителей Чехова
Лермонтова Некрасова Комсомольская Пролетарская Первомайская Железнодорожная Озёрная Цветочная Степная Горная Дачная
Тихая Родниковая Сосновая Кленовая Яблоневая Юбилейная Спортивная Больничная Почтовая Вокзальная Базарная Мельничная
"""
_VILLAGES = """
Берёзовка Сосновка Ольховка Каменка Ивановка Петровское Никольское Покровское Троицкое Красное Горки Подгорное
Заозёрье Приозёрье Малиновка Осиновка Липовка Дубровка Боровое Луговое Ключи Отрадное Раздолье Верхнее Нижнее Дальнее
"""

Value = TypeVar("Value")


class Choice(Generic[Value]):
    """A list of which the first are picked most often: the k-th in proportion to 1 / (k + `flat`)."""

    def __init__(self, values: Sequence[Value], flat: float) -> None:
        self._values = values
        self._weights = list(accumulate(1 / (place + flat) for place in range(1, len(values) + 1)))

    def pick(self, dice: Random) -> Value:
        """Return one of the values."""
        return dice.choices(self._values, cum_weights=self._weights)[0]


@dataclass(frozen=True)
class Surname:
    """«Баранов», «Баранова», «Барановы»."""

    man: str
    woman: str
    family: str


@dataclass(frozen=True)
class Names:
    """Everything that a family is made of."""

    surnames: Choice[Surname]
    women: Choice[str]
    men: Choice[str]
    fathers: Choice[str]
    streets: Choice[str]
    villages: Choice[str]


@cache
def names() -> Names:
    """Return the lists; about five thousand surnames, the most frequent one in a hundred families."""
    frequent = [Surname(stem + "ов", stem + "ова", stem + "овы") for stem in _FIRST.split()]
    rare = [
        Surname(*(first + middle + ending for ending in endings))
        for endings, middle, first in product(_ENDINGS, _MIDDLES.split(), _SYLLABLES.split())
    ]
    Random("surnames").shuffle(rare)  # noqa: S311 - the same order every time is what is wanted
    villages = [f"{kind} {name}" for name, kind in product(_VILLAGES.split(), ("дер.", "с.", "пос."))]
    return Names(
        surnames=Choice([*frequent, *rare[:5_000]], 15),
        women=Choice(_WOMEN.split(), 6),
        men=Choice(_MEN.split(), 6),
        fathers=Choice(_FATHERS.split(), 6),
        streets=Choice(_STREETS.split(), 8),
        villages=Choice(villages, 8),
    )
