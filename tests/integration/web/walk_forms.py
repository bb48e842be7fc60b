"""What the walk sends: one or several forms for every POST route, as its page would send them.

A value may be a function of an id: it is asked once with the canary's, once with one that no record has.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.web.canary import CHILD, NAME, PHONE_TYPED, STREET

Value = str | Callable[[int], str]


def the(record: int) -> str:
    """The id that is asked for."""
    return str(record)


_WORDS = (NAME, f"{CHILD} {NAME}", NAME[:5], NAME.upper(), PHONE_TYPED, "0009988", "С-77131", "77131", STREET,
          f"ул. {STREET}, д. 7", "%", "_", "а")  # fmt: skip
_IN_JOURNAL = (NAME, NAME[:5], STREET, "тайна", PHONE_TYPED)
_LIKE_IT: list[dict[str, Value]] = [
    {"surname": NAME, "name": CHILD, "birth_date": "25.11.1990"},
    {"surname": "Иванова", "phones": PHONE_TYPED},
    {"surname": "Иванова", "address": f"ул. {STREET}, д. 7"},
]
_CHANGED = "Проверка доступа"
_BY = {"version": "1"}
_WHY: dict[str, Value] = {**_BY, "reason": _CHANGED}
_CONSENT: dict[str, Value] = {"person_id": the, "purpose": "processing"}

FORMS: dict[str, list[dict[str, Value]]] = {
    "POST /session": [{}],
    "POST /presence": [{"state": "ready"}],
    "POST /phone/credential": [{}],
    # the call on one's own screen
    "POST /calls/{call_id}/person": [{"person_id": the}],
    "POST /calls/{call_id}/identity": [{"birth_date": "25.11.1990", "street": STREET, "named": "yes"}],
    "POST /calls/{call_id}/search": [{"text": NAME}, {"text": PHONE_TYPED}],
    "POST /calls/{call_id}/new-card": _LIKE_IT,
    "POST /calls/{call_id}/finish": [{"reason": "mistake"}],
    "POST /calls/{call_id}/consents": [{"processing": "yes", "processing_text": "1", "auto_calls_text": "1"}],
    # the appeal
    "POST /appeals/{entry_id}/draft": [{"version": "1", "substance": _CHANGED}],
    "POST /appeals/{entry_id}/save": [{"version": "1", "substance": _CHANGED}],
    "POST /appeals/{entry_id}/applicant": [{"person_id": the}],
    "POST /journal": [{"service": "1", "text": words} for words in _IN_JOURNAL],
    "POST /journal/new": [{"service_id": "1", "contact_method": "in_person", "form_key": "k", "family": the}],
    "POST /journal/new/draft": [{"service_id": "1", "contact_method": "in_person", "form_key": "k"}],
    "POST /journal/new/search": [{"text": words, "form_key": "k"} for words in _WORDS],
    "POST /journal/new/applicant": [{"person_id": the, "form_key": "k", "service_id": "1"}],
    "POST /appeals/{entry_id}/measures": [{"kind": "explained", "text": _CHANGED, "done": "yes"}],
    "POST /appeals/{entry_id}/measures/{measure_id}/done": [{"note": _CHANGED}],
    "POST /appeals/{entry_id}/measures/{measure_id}/annul": [{"reason": _CHANGED}],
    "POST /appeals/{entry_id}/move": [{"progress": "waiting_applicant"}],
    "POST /appeals/{entry_id}/assign": [{"next_check_on": "01.12.2026"}],
    "POST /appeals/{entry_id}/clarify": [{"obstacle": "no"}],
    "POST /appeals/{entry_id}/resolve": [{"final_result": _CHANGED, "result_kind": "resolved"}],
    "POST /appeals/{entry_id}/consult": [{"answer": _CHANGED}],
    "POST /appeals/{entry_id}/refer": [{"where": _CHANGED, "reason": _CHANGED}],
    "POST /appeals/{entry_id}/decline": [{"reason": _CHANGED}],
    "POST /appeals/{entry_id}/reopen": [{"reason": _CHANGED}],
    "POST /appeals/{entry_id}/correct": [{**_WHY, "substance": _CHANGED}],
    "POST /appeals/{entry_id}/annul": [{"reason": _CHANGED}],
    "POST /journal/{entry_id}/rating": [{"answer": "9", "channel": "human_call", "attempt": "1"}],
    "POST /ratings/{rating_id}/correct": [{"answer": "9", "reason": _CHANGED}, {}],
    # the card
    "POST /families/search": [{"text": words} for words in _WORDS],
    "POST /families/typed": [{"text": words} for words in _WORDS],
    "POST /families/likely": _LIKE_IT,
    "POST /families": _LIKE_IT,
    "POST /families/{family_id}/edit/{section}": [{**_BY, "name": _CHANGED}],
    "POST /families/{family_id}/access": [{**_WHY, "restricted": "yes"}, _WHY],
    "POST /families/{family_id}/people": [{**_BY, "surname": _CHANGED, "relation": "дочь"}],
    "POST /families/{family_id}/people/{person_id}": [{**_BY, "surname": _CHANGED, "relation": "мать"}],
    "POST /families/{family_id}/people/{person_id}/leave": [_WHY],
    "POST /families/{family_id}/people/{person_id}/return": [_WHY],
    "POST /families/{family_id}/people/{person_id}/phones": [{**_BY, "number": "8 907 000-77-66"}],
    "POST /families/{family_id}/people/{person_id}/phones/{phone_id}": [{**_BY, "label": _CHANGED}],
    "POST /families/{family_id}/people/{person_id}/phones/{phone_id}/remove": [_WHY],
    "POST /families/{family_id}/statuses": [{**_BY, "type": "многодетная", "basis": _CHANGED}],
    "POST /families/{family_id}/statuses/{status_id}": [{**_BY, "basis": _CHANGED}],
    "POST /families/{family_id}/statuses/{status_id}/verify": [{**_BY, "verified_on": "02.11.2026"}],
    "POST /families/{family_id}/statuses/{status_id}/revoke": [_WHY],
    "POST /families/{family_id}/needs": [{**_WHY, "ground": "other", "form": "home"}],
    "POST /families/{family_id}/needs/{need_id}/end": [_WHY],
    "POST /families/{family_id}/risks": [{**_BY, "code": "violence", "note": _CHANGED}],
    "POST /families/{family_id}/risks/{risk_id}/clear": [_WHY],
    "POST /families/{family_id}/health/{person_id}": [{**_BY, "kind": "disability", "group": "2"}],
    "POST /families/{family_id}/health/{person_id}/end": [_WHY],
    "POST /families/{family_id}/merge": [{"text": words} for words in (NAME, PHONE_TYPED, "С-77131")],
    "POST /families/{family_id}/merge/{other_id}": [{"kept_version": "1", "other_version": "1", "reason": _CHANGED}],
    "POST /families/{family_id}/different/{other_id}": [{}],
    "POST /upkeep/{family_id}/confirm": [{"kind": "unconfirmed"}, {}],
    # consents
    "POST /families/{family_id}/consents/spoken": [{**_CONSENT, "text_id": "1", "answer": "yes"}],
    "POST /families/{family_id}/consents/paper": [{**_CONSENT, "text_id": "1", "document": "№ 1",
                                                   "signed_on": "02.11.2026"}],
    "POST /families/{family_id}/consents/withdraw": [{**_CONSENT, "how": _CHANGED, "received_on": "02.11.2026"}],
    "POST /consents/texts": [{"based_on": "1", "spoken": _CHANGED, "printed": _CHANGED}],
    # the subject's rights
    "POST /families/{family_id}/subject/requests": [{"person_id": the, "kind": "access", "received_on": "02.11.2026"}],
    "POST /families/{family_id}/subject/export": [{"person_id": the}, {"person_id": the, "form": "json"}],
    "POST /families/{family_id}/subject/destruction": [{"scope": "person", "person_id": the, "ground": "withdrawal"}],
    "POST /subjects/{request_id}/answer": [{"outcome": _CHANGED}],
    "POST /destructions/{act_id}/decision": [{"decision": "destroy", "sure": "yes"}],
    "POST /destructions/{act_id}/log": [{}, {"form": "json"}],
    # papers
    "POST /prints": [{"subject": subject, "id": the} for subject in ("family", "journal_entry", "consent", "journal")],
    "POST /exports": [{"kind": "journal", "service_id": "1"}, {"kind": "journal", "service_id": "1", "text": NAME},
                      {"kind": "registry"}],
    "POST /exports/verify": [{}],
    "POST /imports": [{}],
    "POST /imports/{job_id}/mapping": [{"sheet": "0", "header_row": "1", "first_row": "2"}],
    "POST /imports/{job_id}/confirm": [{"similar": "skip"}],
    "POST /imports/{job_id}/cancel": [{}],
    "POST /reports/close": [{"service": "1", "quarter": "2026-3"}],
    # looking after the program
    "POST /audit": [{"family": "С-77131"}, {"action": "family.open"}],
    "POST /training": [{}],
    "POST /settings/lines": [{}],
    "POST /settings/people": [{}],
    "POST /settings/extensions": [{}],
    "POST /settings/people/{employee_id}/end-sessions": [{}],
    "POST /settings/extensions/{extension_id}/secret": [{}],
    "POST /catalogues/{catalogue}": [{"title": _CHANGED}],
    "POST /catalogues/{catalogue}/{item_id}": [{"title": _CHANGED}],
    "POST /catalogues/{catalogue}/{item_id}/move": [{"to": "up"}],
    "POST /me/password": [{"old": "x", "new": "y"}],
    "POST /me/sound": [{"sound_choice": "bell"}],
    "POST /me/sessions/{session_id}/end": [{}],
}  # fmt: skip
