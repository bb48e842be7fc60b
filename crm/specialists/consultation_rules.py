"""What a consultation record asks for and how column 6 prints it (A-9, A-24, A-25, A-29). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callflow.text import clean_text
from crm.base import MAX_ID

LONGEST_ANSWER = 2000


@dataclass(frozen=True)
class Kind:
    """One way in which a consultation ends. `measure`: the kind of the measure it leaves in column 6
    (`crm.appeals.kinds`); `asks`: the one thing without which it says nothing.
    """

    code: str
    title: str
    measure: str
    asks: str


KINDS = {
    kind.code: kind
    for kind in (
        Kind("answered", "ответ дан", "explained", "answer"),
        Kind("referred", "направление в другую организацию", "referral", "where"),
        Kind("booked", "запись на приём к специалисту", "other", "specialist"),
        Kind("connected", "соединение со специалистом", "other", "specialist"),
        Kind("outside", "вне компетенции: направление", "referral", "where"),
    )
}
"""Outside the competence nothing is answered: the applicant is sent to an entry of the directory (A-9)."""

_WHAT = {"booked": "Запись на приём к специалисту учреждения", "connected": "Соединение со специалистом учреждения"}
REMOTE_WORDS = "О дистанционном формате рассказано"

SENTENCES = {
    "answer": "Запишите, что отвечено.",
    "where": "Выберите организацию из справочника.",
    "specialist": "Выберите специалиста.",
}


def cleaned(value: Any) -> dict[str, Any]:
    """What a form sent, as a draft keeps it: known names only, each of its sort; {} if nothing was filled in."""
    sent = value if isinstance(value, Mapping) else {}
    known: dict[str, Any] = {
        "kind": sent.get("kind") if sent.get("kind") in KINDS else "",
        "answer": clean_text(str(sent.get("answer") or ""), LONGEST_ANSWER),
        "remote": sent.get("remote") is True,
    }
    for name in ("topic", "where", "specialist"):
        one = sent.get(name)
        known[name] = one if isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= MAX_ID else None
    return {name: one for name, one in known.items() if one}


def is_begun(wanted: Mapping[str, Any]) -> bool:
    """Whether there is a consultation at all: a topic alone may come from the form's own proposal."""
    return bool(set(wanted) - {"topic"})


def missing(wanted: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each thing that is lacking, by the form's field."""
    if not is_begun(wanted):
        return {}
    lacking = {}
    if not wanted.get("topic"):
        lacking["consultation_topic"] = "Выберите тему консультации."
    kind = KINDS.get(str(wanted.get("kind", "")))
    if kind is None:
        lacking["consultation_kind"] = "Выберите, чем закончилась консультация."
    elif not wanted.get(kind.asks):
        lacking[f"consultation_{kind.asks}"] = SENTENCES[kind.asks]
    return lacking


def measure_words(
    kind: Kind, topic: str, answer: str, place: str, person: str, *, remote: bool
) -> tuple[str, dict[str, str]]:
    """The free text and the details of the measure that column 6 gets."""
    text = f"Тема: {topic}"
    if answer:
        text += f". {answer.rstrip(' .')}"
    if remote:
        text += f". {REMOTE_WORDS}"
    if kind.measure == "referral":
        return text, {"where": place}
    if kind.measure == "other":
        return text, {"what": f"{_WHAT[kind.code]}: {person}"}
    return text, {}
