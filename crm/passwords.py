"""Passwords: what is accepted, how it is kept (OWASP ASVS 6.2; reliability.md S9).

Length is the only rule of composition; what everybody tries first is refused; argon2id keeps the rest.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST, LONGEST = 12, 128

# OWASP's second argon2id profile: 19 MiB and two passes, ~25 ms here. Twenty people signing in at once need 20 x 19
# MiB.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_nobody = _hasher.hash("a password that nobody has")


def refusal(password: str, *context: str) -> str | None:
    """Return why this password may not be chosen (a Russian sentence), or None. `context`: login, surname, service…"""
    if len(password) < SHORTEST:
        return f"Пароль должен быть не короче {SHORTEST} знаков."
    if len(password) > LONGEST:
        return f"Пароль должен быть не длиннее {LONGEST} знаков."
    folded = _folded(password)
    if _is_common(folded) or any(len(word) >= 4 and _folded(word) in folded for word in context):
        return "Такой пароль подбирают первым. Придумайте фразу из нескольких не связанных слов."
    return None


def hashed(password: str) -> str:
    """Return the argon2id hash to store."""
    return _hasher.hash(_normal(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Tell whether it is the password; takes the same time for an unknown account (None) as for a wrong password."""
    if len(password) > LONGEST * 2:
        return False  # a megabyte is not a password (B71)
    try:
        return _hasher.verify(password_hash or _nobody, _normal(password)) and bool(password_hash)
    except (Argon2Error, InvalidHashError, UnicodeEncodeError):
        return False


def _normal(password: str) -> str:
    """One spelling of é and й, whatever the keyboard sent; white space counts as typed."""
    return unicodedata.normalize("NFC", password)


def _folded(password: str) -> str:
    return unicodedata.normalize("NFKC", password).casefold().replace("ё", "е")


_ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "abcdefghijklmnopqrstuvwxyz",
)

_WORDS = """
password passw0rd p@ssword p@ssw0rd parol parol пароль gfhjkm admin administrator administrateur root user guest
test demo qwerty йцукен welcome letmein monkey dragon master superman iloveyou princess sunshine football baseball
shadow michael changeme default secret login access hello freedom whatever trustno1 starwars computer internet
samsung google россия russia moscow москва привет любовь люблю солнышко наташа марина светлана максим андрей сергей
алексей семья семейная диспетчерская диспетчер координатор отделение директор соцзащита усзн срцн zarechinsk
заречинск заречье dispatch dispatcher family family-dispatch familydispatch department служба социальный социальная
дети многодетная весна лето осень зима понедельник вторник среда четверг пятница зенит спартак динамо
"""
_COMMON = frozenset(_WORDS.split())


def _is_common(folded: str) -> bool:
    """Without digits, signs and repetitions it is one common word, or it is a walk along the keyboard."""
    letters = "".join(character for character in folded if character.isalpha())
    if not letters or len(set(folded)) < 5:
        return True
    halves = {letters, letters[: len(letters) // 2] if letters[: len(letters) // 2] * 2 == letters else letters}
    if halves & _COMMON or folded in _COMMON:
        return True
    alphanumeric = "".join(character for character in folded if character.isalnum())
    return _walks(alphanumeric) >= 0.75 * len(alphanumeric)


def _walks(text: str) -> int:
    """How many characters belong to runs of four or more neighbours on the keyboard (either direction)."""
    covered = 0
    position = 0
    lines = _ROWS + tuple(row[::-1] for row in _ROWS)
    while position < len(text):
        length = max(
            (
                end
                for end in range(4, 30)
                if position + end <= len(text) and any(text[position : position + end] in row for row in lines)
            ),
            default=0,
        )
        covered += length
        position += length or 1
    return covered
