"""Russian telephone numbers: what people write, what is stored, what is shown, what may be dialled.

Stored is E.164 (``+79070000101``) and nothing else. Russian practice is wider than any parser's tables: the trunk
prefix 8, local numbers of five digits inside a district, district codes of five digits that ``phonenumbers`` formats
wrongly, two numbers and an extension in one cell (domain.md §3.1, reliability.md B33–B39). What a number *is*
(``normalise``) and whether it may be *dialled* (``refusal``) are two questions: a caller's premium-rate number is
stored, and never called.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import phonenumbers

RUSSIAN_NUMBER = re.compile(r"\+7[3489][0-9]{9}")
"""Geographic (3, 4, 8), free (800) and mobile (9) numbers of Russia; +7 6xx and 7xx are Kazakhstan (reliability.md
I8)."""

SYNTHETIC_PREFIXES = ("+7907000", "+7492480", "+7473670")
"""The invented town of the demo (domain.md §10.6): codes never allocated, and local numbers beginning with 0."""

EMERGENCY_NUMBERS = frozenset(["112", "101", "102", "103", "104", "01", "02", "03", "04"])
"""Only ever shown to a person, never dialled by a program, and nobody's true caller id."""

PAID_PREFIXES = ("+7809", "+7803")
"""Whoever calls them pays more than for a call."""

_ALIKE = str.maketrans("０１２３４５６７８９＋（）－．‐‑‒–—―−﹣", "0123456789+()-.--------")
"""Full-width forms and every dash that a word processor puts into a number; other scripts' digits are not guessed
at."""

_WRITTEN_NUMBER = re.compile(r"[ (]*\+?[0-9 ().-]+")

_EXTENSION = re.compile(
    r"[\s,;(]*(?:доб(?:ав(?:очный)?)?|внутр(?:енний)?|вн|ext(?:ension)?|#)[\s.:=№]*([0-9]{1,7})[\s).]*$", re.IGNORECASE
)

_SPREADSHEET_FLOAT = re.compile(r"([1-9])[.,]([0-9]{9,10})[eE]\+?([0-9]{1,2})|([0-9]{10,11})[.,]0")

_BETWEEN_NUMBERS = re.compile(r"[,;|/\n\r]|\s(?:и|или)\s")

_LONGEST_CELL = 1_000


@dataclass(frozen=True)
class PhoneNumber:
    """A number of the Russian plan in E.164. Raises ValueError for anything else: use ``normalise`` for what people
    typed.

    Its ``repr`` is masked, so that a log line or a traceback never holds a family's number.
    """

    e164: str

    def __post_init__(self) -> None:
        if not RUSSIAN_NUMBER.fullmatch(self.e164):
            raise ValueError("not a Russian number in E.164")

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"

    __str__ = __repr__

    @property
    def is_mobile(self) -> bool:
        """DEF codes begin with 9; only these take SMS and call labels."""
        return self.e164[2] == "9"

    @property
    def is_synthetic(self) -> bool:
        """Belongs to the demo's invented town."""
        return self.e164.startswith(SYNTHETIC_PREFIXES)

    @property
    def display(self) -> str:
        """«+7 907 000-01-01»: the form when no district codes are at hand."""
        return self.formatted()

    def formatted(self, area_codes: Collection[str] = ()) -> str:
        """For the screen. A landline under one of ``area_codes`` (3 to 5 digits, the longest wins) reads «8 (49248)
        2-12-34»."""
        national = self.e164[2:]
        known = [code for code in area_codes if 3 <= len(code) <= 5 and national.startswith(code)]
        if self.is_mobile or not known:
            return f"+7 {national[:3]} {_hyphenated(national[3:])}"
        code = max(known, key=len)
        return f"8 ({code}) {_hyphenated(national[len(code) :])}"

    @property
    def masked(self) -> str:
        """«+7 907 •••-••-01»: enough to recognise one's own number, not enough to dial it."""
        return f"+7 {self.e164[2:5]} •••-••-{self.e164[-2:]}"


def normalise(text: str, area_code: str | None = None) -> PhoneNumber | None:
    """The one number that ``text`` means, or None: garbage, two numbers, a short or a foreign number. Never raises.

    ``area_code`` is the district's code: with it «2-12-34» is a number too. An extension is dropped (see
    ``split_extension``). Ten digits beginning with 8 are refused unless they are an 8-800 number: as likely as not a
    digit is missing.
    """
    written = _digits_as_written(text)
    if written is None:
        return None
    international, digits = written
    if international:
        candidate = digits if len(digits) == 11 else ""
    elif len(digits) == 11 and digits[0] in "78":
        candidate = "7" + digits[1:]
    elif len(digits) == 10 and (digits[0] in "349" or digits.startswith(("800", "804"))):
        candidate = "7" + digits
    else:
        candidate = _local(digits, area_code)
    e164 = "+" + candidate
    return PhoneNumber(e164) if RUSSIAN_NUMBER.fullmatch(e164) else None


def split_numbers(text: str, area_code: str | None = None) -> list[PhoneNumber]:
    """All numbers in a cell such as «8 900 …, дом. 2-12-34», each once, in the order written; unreadable parts are
    left out."""
    found: dict[PhoneNumber, None] = {}
    for part in _BETWEEN_NUMBERS.split(text[:_LONGEST_CELL]):
        whole = normalise(part, area_code)
        for number in [whole] if whole else _numbers_among_words(part):
            found[number] = None
    return list(found)


def split_extension(text: str) -> tuple[str, str | None]:
    """«+7 (495) 123-45-67 доб. 12» → the number's text and «12»; also «вн. 12», «ext 12», «#12». Not dialled as
    digits."""
    match = _EXTENSION.search(text) if len(text) <= _LONGEST_CELL else None
    if match is None:
        return text, None
    return text[: match.start()], match.group(1)


def refusal(number: PhoneNumber | str, *, mode: Literal["demo", "live"], own_dids: Collection[str]) -> str | None:
    """Why this number may not be dialled, as a Russian sentence for the dispatcher; None when it may.

    A text is judged by the number it means, and only ``normalise(text).e164`` may then go to the exchange, never the
    text itself (``100&PJSIP/200`` is a dialplan order, reliability.md M16). The last gate before an originate:
    domain.md §10.6 and reliability.md I8, B37. In demo mode only the invented town may be called, in live mode never.
    """
    known = number if isinstance(number, PhoneNumber) else normalise(number)
    if known is None:
        return _why_unreadable(str(number))
    if known.e164.startswith(PAID_PREFIXES):
        return "Платный номер: программа на такие номера не звонит."
    if known.e164 in _in_all_forms(own_dids):
        return "Это номер самой службы: звонить на него нельзя."
    if mode == "live" and known.is_synthetic:
        return "Это учебный номер: в рабочем режиме на него звонить нельзя."
    if mode != "live" and not known.is_synthetic:
        return "Учебный режим: звонить можно только на номера вымышленного города."
    return None


def _digits_as_written(text: str) -> tuple[bool, str] | None:
    """(written with +, digits), or None where anything but a number's usual punctuation stands between the digits."""
    if len(text) > _LONGEST_CELL:
        return None
    plain = "".join(
        " " if character in "\t\xa0" or unicodedata.category(character) == "Zs" else character for character in text
    )
    # Numbers copied from a telephone's contacts come wrapped in invisible direction marks.
    plain = (
        "".join(character for character in plain if unicodedata.category(character) != "Cf").translate(_ALIKE).strip()
    )
    plain = _from_spreadsheet(split_extension(plain)[0].strip())
    if not _WRITTEN_NUMBER.fullmatch(plain):
        return None
    return "+" in plain, re.sub(r"[^0-9]", "", plain)


def _from_spreadsheet(text: str) -> str:
    """«7.9910970168E+10» and «79910970168.0» are what Excel makes of a number (B39); a rounded one is left to be
    refused."""
    match = _SPREADSHEET_FLOAT.fullmatch(text)
    if match is None:
        return text
    first, rest, exponent, whole = match.groups()
    if whole:
        return str(whole)
    return str(first + rest) if int(exponent) == len(rest) else text


def _local(digits: str, area_code: str | None) -> str:
    code = re.sub(r"[^0-9]", "", area_code or "")
    return "7" + code + digits if 5 <= len(digits) <= 7 and len(code + digits) == 10 else ""


def _numbers_among_words(text: str) -> Iterator[PhoneNumber]:
    """«моб. 8 900 … мама»: the library knows where a number begins and ends inside words."""
    for match in phonenumbers.PhoneNumberMatcher(text, "RU", leniency=phonenumbers.Leniency.POSSIBLE):
        number = normalise(match.raw_string)
        if number is not None:
            yield number


def _hyphenated(subscriber: str) -> str:
    """Pairs from the right: 000-01-01, 21-12-34, 2-12-34."""
    return f"{subscriber[:-4]}-{subscriber[-4:-2]}-{subscriber[-2:]}"


def _in_all_forms(numbers: Collection[str]) -> set[str]:
    return {known.e164 for known in map(normalise, numbers) if known is not None}


def _why_unreadable(text: str) -> str:
    written = _digits_as_written(text)
    if written is None:
        return "Это не номер телефона: в нём есть лишние знаки."
    international, digits = written
    if len(digits) <= 4:
        return "Короткие и экстренные номера программа не набирает: наберите номер на телефоне сами."
    if digits.startswith("810") or (international and not digits.startswith("7")):
        return "Международный номер: программа звонит только по России."
    if len(digits) == 11 and digits[0] in "78" and digits[1] in "67":
        return "Это номер Казахстана: программа звонит только по России."
    if len(digits) != 11:
        return "В номере должно быть 11 цифр, например 8 907 000-01-01."
    return "Такого номера в России быть не может: проверьте код."
