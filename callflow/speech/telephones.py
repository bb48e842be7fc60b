"""Telephone numbers as Russians dictate them: in groups, with the zeros (domain.md §9.1). Pure."""

from callflow.speech.numerals import cardinal


def phone_in_words(e164: str) -> str:
    """A Russian number in groups 1-3-3-2-2: «восемь, девятьсот девяносто один, ноль девяносто семь, ноль один, …».

    Any other number digit by digit. `e164` may carry a plus.
    """
    digits = e164.removeprefix("+")
    if len(digits) == 11 and digits[0] in "78" and digits.isascii() and digits.isdecimal():
        return ", ".join(["восемь", *(group(digits[a:b]) for a, b in ((1, 4), (4, 7), (7, 9), (9, 11)))])
    return ", ".join(cardinal(int(digit)) for digit in digits if digit.isdecimal())


def group(digits: str) -> str:
    """Leading zeros are said: «ноль девяносто семь»; «ноль ноль» for a group of nothing else."""
    zeros = len(digits) - len(digits.lstrip("0"))
    rest = digits.lstrip("0")
    return " ".join(["ноль"] * zeros + ([cardinal(int(rest))] if rest else []))
