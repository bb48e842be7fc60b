"""Russian numbers in words: cardinals in two cases and three genders, ordinals by their endings (domain.md §9.1). Pure.

Speech programs skip digits or read «8:00» as a fraction; what is spoken is therefore words before it reaches them.
"""

from typing import Final, Literal

Gender = Literal["m", "f", "n"]

LARGEST: Final = 999_999_999


def _words(text: str) -> list[str]:
    return text.split()


_UNITS: Final = _words(
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать "
    "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"
)
_UNITS_OF: Final = _words(
    "ноля одного двух трёх четырёх пяти шести семи восьми девяти десяти одиннадцати двенадцати тринадцати "
    "четырнадцати пятнадцати шестнадцати семнадцати восемнадцати девятнадцати"
)
_TENS: Final = _words("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")
_TENS_OF: Final = _words("двадцати тридцати сорока пятидесяти шестидесяти семидесяти восьмидесяти девяноста")
_HUNDREDS: Final = _words("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")
_HUNDREDS_OF: Final = _words("ста двухсот трёхсот четырёхсот пятисот шестисот семисот восьмисот девятисот")
_ONE: Final = {"m": "один", "f": "одна", "n": "одно"}
_TWO: Final = {"m": "два", "f": "две", "n": "два"}
_GROUPS: Final = (
    (1_000_000, "m", ("миллион", "миллиона", "миллионов"), ("миллиона", "миллионов", "миллионов")),
    (1_000, "f", ("тысяча", "тысячи", "тысяч"), ("тысячи", "тысяч", "тысяч")),
)

_STEMS: Final = dict(
    enumerate(
        _words(
            "перв втор трет четвёрт пят шест седьм восьм девят десят одиннадцат двенадцат тринадцат четырнадцат "
            "пятнадцат шестнадцат семнадцат восемнадцат девятнадцат двадцат"
        ),
        start=1,
    )
) | dict(
    zip(
        (30, 40, 50, 60, 70, 80, 90, *range(100, 1000, 100)),
        _words(
            "тридцат сороков пятидесят шестидесят семидесят восьмидесят девяност сот двухсот трёхсот четырёхсот "
            "пятисот шестисот семисот восьмисот девятисот"
        ),
        strict=True,
    )
)
_STRESSED_END: Final = frozenset({2, 6, 7, 8, 40})
_SOFT: Final = {
    "ый": "ий", "ого": "ьего", "ому": "ьему", "ым": "ьим", "ом": "ьем", "ая": "ья", "ую": "ью", "ой": "ьей",
    "ое": "ье", "ые": "ьи", "ых": "ьих",
}  # fmt: skip


def cardinal(number: int, gender: Gender = "m") -> str:
    """0…999 999 999 in the nominative: «двадцать один», feminine «двадцать одна». Raises ValueError for others."""
    _check(number)
    words: list[str] = []
    for size, group_gender, forms, _ in _GROUPS:
        count, number = divmod(number, size)
        if count:
            words += [*_below_thousand(count, group_gender), agreed(count, *forms)]  # type: ignore[arg-type]
    if number or not words:
        words += _below_thousand(number, gender)
    return " ".join(words)


def _below_thousand(number: int, gender: Gender) -> list[str]:
    hundreds, rest = divmod(number, 100)
    words = [_HUNDREDS[hundreds - 1]] if hundreds else []
    if rest >= 20:
        tens, rest = divmod(rest, 10)
        words.append(_TENS[tens - 2])
    if rest or not words:
        words.append({1: _ONE[gender], 2: _TWO[gender]}.get(rest, _UNITS[rest]))
    return words


def accusative_feminine(number: int) -> str:
    """«сорок одну», «двадцать две» (минуты): as the nominative but for the one."""
    words = cardinal(number, "f")
    return words.removesuffix("одна") + "одну" if words.endswith("одна") else words


def genitive(number: int, *, feminine: bool = False) -> str:
    """«восьми», «двадцати одного» (часа), feminine «двадцати одной» (минуты); 0…999 999 999."""
    _check(number)
    words: list[str] = []
    for size, gender, _, forms in _GROUPS:
        count, number = divmod(number, size)
        if count:
            words += [*_genitive_below_thousand(count, gender == "f"), agreed(count, *forms)]
    if number or not words:
        words += _genitive_below_thousand(number, feminine)
    return " ".join(words)


def _genitive_below_thousand(number: int, feminine: bool) -> list[str]:
    hundreds, rest = divmod(number, 100)
    words = [_HUNDREDS_OF[hundreds - 1]] if hundreds else []
    if rest >= 20:
        tens, rest = divmod(rest, 10)
        words.append(_TENS_OF[tens - 2])
    if rest or not words:
        words.append("одной" if feminine and rest == 1 else _UNITS_OF[rest])
    return words


def ordinal(number: int, ending: str = "ый") -> str:
    """«двадцать первого» for (21, "ого"), «третья» for (3, "ая"): the ending is that of «новый» in the same form.

    1…9999 and whole thousands below a million. Raises ValueError for others, and for an ending that «новый» has not.
    """
    if ending not in _SOFT or not 1 <= number <= 999_999 or (number > 9999 and number % 1000):
        raise ValueError(f"no ordinal: {number} -{ending}")
    if number % 1000 == 0:
        count = "" if number == 1000 else genitive(number // 1000).replace(" ", "")
        return f"{count}тысячн{ending}"
    rest = number % 100
    if rest and (rest <= 20 or rest % 10 == 0):
        last = rest
    elif rest:
        last = rest % 10
    else:
        last = number % 1000
    before = f"{cardinal(number - last)} " if number > last else ""
    if last == 3:
        return f"{before}трет{_SOFT[ending]}"
    if ending == "ый" and last in _STRESSED_END:
        ending = "ой"
    return f"{before}{_STEMS[last]}{ending}"


def agreed(number: int, one: str, few: str, many: str) -> str:
    """The noun's form that goes with the number: 1 минута, 2 минуты, 11 минут."""
    if number % 100 in range(11, 15):
        return many
    return {1: one, 2: few, 3: few, 4: few}.get(number % 10, many)


def score(number: int) -> str:
    """«десять баллов», «один балл», «четыре балла»."""
    return f"{cardinal(number)} {agreed(number, 'балл', 'балла', 'баллов')}"


def _check(number: int) -> None:
    if not 0 <= number <= LARGEST:
        raise ValueError("0…999 999 999 only")
