"""A person's name in the three forms that a Russian office uses.

Any part may be missing: a caller gives only a first name, some peoples have no patronymic (domain.md §10.3, family
26), and a patronymic may be two words («Али оглы»). Nothing is declined here: the forms stay in the nominative.
"""


def full_name(surname: str, name: str = "", patronymic: str = "") -> str:
    """«Лаврова Нина Аркадьевна»"""
    return " ".join(" ".join((surname, name, patronymic)).split())


def short_name(surname: str, name: str = "", patronymic: str = "") -> str:
    """«Лаврова Н. А.»; without a surname there is nothing to shorten to, so the address form is given."""
    if not surname.strip():
        return address_form(surname, name, patronymic)
    initials = (_initial(part) for part in (name, patronymic) if part.strip())
    return " ".join([*surname.split(), *initials])


def address_form(surname: str, name: str = "", patronymic: str = "") -> str:
    """How the person is spoken to: «Елена Викторовна», the name alone without a patronymic, the surname if that is
    all we know."""
    return full_name("", name, patronymic) if name.strip() else full_name(surname)


def _initial(part: str) -> str:
    """«Анна-Мария» → «А.-М.»; of «Али оглы» only the name proper counts."""
    first_word = part.split(maxsplit=1)[0]
    return "-".join(f"{piece[0].upper()}." for piece in first_word.split("-") if piece) or "-"
