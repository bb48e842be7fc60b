"""How this family may be contacted without doing harm: hours, no messages, whom to ask for (domain.md §5.1).

Pure: the card and a moment come in, sentences for the operator come out. The same sentences stand on the card and on
the pop of a ringing call.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time

from crm.family_tables import Family, Person, Phone

CHANNELS = {
    "phone": "телефон",
    "email": "электронная почта",
    "message": "текстовые сообщения",
    "in_person": "личная встреча",
}
"""What a family may prefer; MAX and others come with their own channel."""


@dataclass(frozen=True)
class Contact:
    """Whether the family may be called at a moment, and a sentence that says when («» without a limit)."""

    allowed: bool
    words: str = ""


def read_time(text: str) -> time | None:
    """«9:00», «09.00», «9» as a time of day; None where it is none."""
    match = re.fullmatch(r"\s*([0-9]{1,2})(?:[:. -]?([0-9]{2}))?\s*(?:ч\.?)?\s*", text)
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def hours_words(contact_from: str, contact_until: str) -> str:
    """«с 09:00 до 16:00», «после 18:00», «до 16:00», or nothing."""
    if contact_from and contact_until:
        return f"с {contact_from} до {contact_until}"
    if contact_from:
        return f"после {contact_from}"
    return f"до {contact_until}" if contact_until else ""


def when_allowed(contact_from: str, contact_until: str, local: datetime) -> Contact:
    """Tell whether a call at `local` (the institution's clock) is welcome; limits as «09:00», '' for none.

    A span that ends before it begins runs over midnight («с 20:00 до 08:00»). Limits that are no times limit nothing.
    """
    since, until = read_time(contact_from), read_time(contact_until)
    words = hours_words(contact_from, contact_until) if since or until else ""
    now = local.time().replace(tzinfo=None)
    if since is not None and until is not None:
        inside = since <= now < until if since <= until else now >= since or now < until
    else:
        inside = (since is None or now >= since) and (until is None or now < until)
    return Contact(inside, words)


def warnings_of(
    family: Family, phone: Phone | str | None = None, *, person: Person | None = None, named: bool = True
) -> tuple[str, ...]:
    """What whoever calls or answers must know first, the most important first.

    `phone`: the number in question, for what is known of it; `person`: whose it is. With `named=False` nobody's name
    and no free word about a person comes out: for an operator who may not see the card.
    """
    sentences = [family.warning] if named else []
    if words := hours_words(family.contact_from, family.contact_until):
        sentences.append(f"Звонить только {words}.")
    if family.no_messages:
        sentences.append("Сообщений не оставлять: ни на автоответчик, ни через других людей.")
    if named and family.ask_only_for:
        sentences.append(f"Просить к телефону только: {family.ask_only_for}.")
    if named and family.preferred_channel not in ("", "phone"):
        sentences.append(f"Предпочитает: {CHANNELS.get(family.preferred_channel, family.preferred_channel)}.")
    known = phone if isinstance(phone, Phone) else None
    owner = person or (known.person if known else None)
    if named and owner is not None:
        sentences.extend(_about_person(owner))
    if named and known is not None:
        sentences.extend(_about_number(known))
    return tuple(dict.fromkeys(sentence for sentence in sentences if sentence))


def _about_person(person: Person) -> list[str]:
    sentences = []
    if person.do_not_call:
        sentences.append("Просит не звонить: только если сами обратились или срочно.")
    if person.special_needs:
        sentences.append(f"Учесть в разговоре: {person.special_needs}.")
    return sentences


def _about_number(phone: Phone) -> list[str]:
    sentences = []
    if phone.whose:
        sentences.append(f"Чей это номер: {phone.whose}.")
    if phone.best_time:
        sentences.append(f"На этот номер удобно звонить: {phone.best_time}.")
    return sentences
