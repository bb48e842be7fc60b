"""What codes of the records are called on the paper that a person is given."""

from collections.abc import Mapping

from callflow.dialler.states import Disposition, TaskState
from crm.appeals import intake, kinds, states
from crm.cards import health, people, safe_contact
from crm.consents.tables import PURPOSES, REQUEST_KINDS, SCOPES
from crm.dialler.refusals import SOURCES as SOURCES_OF_REFUSALS
from crm.family_tables import SOURCES
from crm.journal_tables import CONTACT_METHODS
from crm.ratings import giving

WORDS: dict[tuple[str, str], Mapping[str, str]] = {
    ("consent", "purpose"): PURPOSES,
    ("consent", "form"): {"oral": "устно", "written": "письменно"},
    ("subject_request", "purpose"): PURPOSES,
    ("subject_request", "kind"): REQUEST_KINDS,
    ("destruction_act", "scope"): SCOPES,
    ("family", "source"): SOURCES,
    ("family", "opened_by_method"): CONTACT_METHODS,
    ("family", "preferred_channel"): safe_contact.CHANNELS,
    ("person", "sex"): people.SEXES,
    ("health_record", "kind"): health.KINDS,
    ("health_record", "group"): health.GROUPS,
    ("journal_entry", "contact_method"): CONTACT_METHODS,
    ("journal_entry", "progress"): states.TITLES,
    ("journal_entry", "obstacles"): intake.OBSTACLES,
    ("appeal_measure", "kind"): {code: kind.title for code, kind in kinds.KINDS.items()},
    ("rating", "outcome"): {"score": "оценка", "refused": "отказ от оценки", "unreached": "не удалось связаться"},
    ("rating", "channel"): giving.CHANNELS,
    ("call_record", "direction"): {"inbound": "входящий", "outbound": "исходящий"},
    ("call_record", "disposition"): {
        "answered": "разговор состоялся",
        "abandoned": "не дождались ответа",
        "failed": "не соединился",
    },
    ("dial_attempt", "disposition"): {one.value: one.title for one in Disposition},
    ("dial_subject", "outcome"): {one.value: one.title for one in TaskState},
    ("call_refusal", "source"): SOURCES_OF_REFUSALS,
    ("number_mark", "kind"): {"bad": "такого номера нет", "wrong_person": "ответил другой человек"},
}
"""Table and column → what its codes mean."""

CATALOGUE_OF = {
    ("need_assessment", "ground"): "ground",
    ("need_assessment", "form"): "service_form",
    ("need_assessment", "kinds"): "service_kind",
    ("risk_flag", "code"): "risk",
    ("family", "housing"): "housing",
    ("family", "income_band"): "income",
    ("family", "transport"): "transport",
}
"""Table and column → the editable list that holds the titles."""


def detail_labels(kind: str) -> dict[str, str]:
    """What a measure of this kind calls its details."""
    known = kinds.KINDS.get(kind)
    return {detail.name: detail.title for detail in known.details} if known else {}
