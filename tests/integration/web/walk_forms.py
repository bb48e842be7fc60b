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
_RETRY: dict[str, Value] = {
    f"{what}_{code}": value
    for code in ("busy", "no_answer", "unreachable", "failed", "withdrawn", "machine", "hung_up", "rejected")
    for what, value in (("then", "human"), ("minutes", "60"), ("times", "1"))
}
_DIALLING: dict[str, Value] = {
    "service": "1", "version": "1", "lines": "1", "trunk_lines": "4", "per_second": "1", "ring_seconds": "30",
    "gap_minutes": "60", "attempts": "2", "per_day": "2", "per_week": "4", "per_month": "16", "per_service_day": "200",
    "earliest": "9:00", "latest_usual": "16:45", "since": "15:00", "until": "17:00", "morning_since": "9:00",
    "morning_until": "12:00", "days_before": "1", "lead_minutes": "60", **_RETRY,
}  # fmt: skip

FORMS: dict[str, list[dict[str, Value]]] = {
    "POST /session": [{}],
    "POST /presence": [{"state": "ready"}],
    "POST /phone/credential": [{}],
    # the call on one's own screen
    "POST /calls/{call_id}/person": [{"person_id": the}],
    "POST /calls/{call_id}/identity": [{"birth_date": "25.11.1990", "street": STREET, "named": "yes"}],
    "POST /calls/{call_id}/search": [{"text": NAME}, {"text": PHONE_TYPED}],
    "POST /calls/{call_id}/new-card": _LIKE_IT,
    "POST /calls/{call_id}/finish": [{"disposition": "4"}],
    "POST /calls/{call_id}/transfer": [{"to_employee_id": "2", "kind": "attended", "packet": "кратко"}],
    "POST /calls/{call_id}/transfer/{transfer_id}/complete": [{}],
    "POST /calls/{call_id}/transfer/{transfer_id}/join": [{}],
    "POST /calls/{call_id}/transfer/{transfer_id}/back": [{}],
    "POST /packet/{transfer_id}": [{"answer": "later"}],
    "POST /calls/{call_id}/consents": [{"processing": "yes", "processing_text": "1", "auto_calls_text": "1"}],
    # who is to be called back
    "POST /missed/new": [
        {"service_id": "1", "number": PHONE_TYPED, "form_key": "m1"},
        {"service_id": "1", "number": PHONE_TYPED, "family": the, "form_key": "m2"},
    ],
    "POST /missed/{missed_id}/claim": [{}, {"reason": _CHANGED}],
    "POST /missed/{missed_id}/release": [{}],
    "POST /missed/{missed_id}/close": [{"reason": "mistake"}],
    "POST /missed/{missed_id}/attempt": [{"result": "no_answer", "form_key": "a1"}],
    "POST /missed/{missed_id}/promise": [{"time": "15:00", "day": "31.12", "note": _CHANGED}],
    "POST /handover": [{"note": _CHANGED, "form_key": "h1"}],
    "POST /handover/{handover_id}/take": [{"note": _CHANGED}],
    "POST /settings/missed": [{"service_id": "1", "minutes": "30", "claim_minutes": "20"}],
    # reminders
    "POST /dialling/stop": [{}],
    "POST /dialling/resume": [{}],
    "POST /dialling/{task_id}/told": [{}],
    "POST /dialling/list/next": [{}],
    "POST /dialling/list/{task_id}/take": [{}],
    "POST /dialling/list/{task_id}/call": [{}],
    "POST /dialling/list/{task_id}/outcome": [{"outcome": "told", "note": _CHANGED}],
    "POST /dialling/list/{task_id}/skip": [{"reason": _CHANGED}],
    "POST /settings/dialling": [_DIALLING],
    "POST /settings/dialling/refusals/{refusal_id}/end": [{"reason": _CHANGED}],
    "POST /settings/dialling/marks/{mark_id}/clear": [{}],
    # appointments
    "POST /appointments/hold": [{"employee_id": "9", "starts_at": "1800000000", "family_id": the},
                                {"employee_id": "9", "starts_at": "1800000000", "call_id": the},
                                {"employee_id": "9", "starts_at": "1800000000", "entry_id": the}],
    "POST /appointments/holds/{hold_id}/book": [{"form_key": "k", "applicant_name": _CHANGED, "person_id": the}],
    "POST /appointments/holds/{hold_id}/release": [{}],
    "POST /appointments/{appointment_id}/confirm": [_BY],
    "POST /appointments/{appointment_id}/done": [_BY],
    "POST /appointments/{appointment_id}/no-show": [_BY],
    "POST /appointments/{appointment_id}/cancel": [{**_WHY, "cancelled_by": "family"}],
    "POST /appointments/{appointment_id}/move": [{**_BY, "starts_at": "1800000000"}],
    "POST /appointments/waiting": [{"applicant_name": _CHANGED, "family_id": the, "person_id": the}],
    "POST /appointments/waiting/{wish_id}/close": [{"reason": _CHANGED}],
    "POST /appointments/offers/{offer_id}/take": [{}],
    "POST /appointments/offers/{offer_id}/decline": [{}],
    "POST /appeals/{entry_id}/support": [{"reason": _CHANGED}],
    "POST /timetables/{employee_id}/length": [{**_BY, "slot_minutes": "45"}],
    "POST /timetables/{employee_id}/hours": [{**_BY, "weekday": "1", "starts": "9:00", "ends": "10:00"}],
    "POST /timetables/{employee_id}/hours/{interval_id}/end": [_BY],
    "POST /timetables/{employee_id}/exceptions": [{"day": "01.12.2027", "kind": "closed", "reason": _CHANGED}],
    "POST /timetables/{employee_id}/exceptions/{exception_id}/remove": [{}],
    # the appeal
    "POST /appeals/{entry_id}/draft": [{"version": "1", "substance": _CHANGED}],
    "POST /appeals/{entry_id}/save": [{"version": "1", "substance": _CHANGED}],
    "POST /appeals/{entry_id}/applicant": [{"person_id": the}],
    "POST /appeals/{entry_id}/consultation": [{"consultation_kind": "answered", "consultation_topic": "1",
                                               "consultation_answer": _CHANGED}],
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
    "POST /calls/{call_id}/recording/stop": [{"why": "refused"}],
    "POST /recordings/{recording_id}/listen": [{}],
    "POST /recordings/{recording_id}/hold": [{"reason": "жалоба"}],
    "POST /recordings/{recording_id}/release": [{}],
    "POST /recording-rules/{service_id}": [{"order_number": "1", "order_date": "01.10.2026", "ground": "152-ФЗ",
                                            "notice": "Разговор записывается, нажмите девять.", "keep_days": "90"}],
    "POST /recording-rules/{service_id}/off": [{}],
    "POST /monitoring": [{"call_id": the, "operator_id": "1", "mode": "listen"}],
    "POST /monitoring/{monitor_id}/end": [{}],
    "POST /monitoring/rule/{service_id}": [{"on": "yes", "order_number": "2", "order_date": "01.10.2026"}],
    "POST /monitoring/signed/{service_id}": [{"operator_id": "1", "signed_on": "02.10.2026"}],
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
    "POST /outgoing": [{"number": PHONE_TYPED}, {"phone_id": the}, {"family_id": the, "number": "+7 907 000-01-01"},
                       {"number": PHONE_TYPED, "person_id": the, "reason": _CHANGED, "confirmed": "yes"}],
    "POST /outgoing/{order_id}/hangup": [{}],
    "POST /reports/service/targets": [{"service": "1", "version": "0", "answer_seconds": "20"}],
    "POST /wallboard/pass/{pass_id}/withdraw": [{}],
    "POST /specialists/me": [{"state": "here"}],
    "POST /specialists/{employee_id}": [{"advises_on": _CHANGED}],
    "POST /absences": [{"kind": "leave", "since_on": "01.12.2026"}],
    "POST /absences/{absence_id}/withdraw": [{"reason": _CHANGED}],
    "POST /settings/dispositions": [{"title": _CHANGED}],
    "POST /settings/dispositions/{disposition_id}": [{"title": _CHANGED, "active": "yes"}],
    "POST /settings/dispositions/{disposition_id}/move": [{"to": "up"}],
    "POST /settings/competence": [{"title": _CHANGED}],
    "POST /settings/competence/{topic_id}": [{"title": _CHANGED, "active": "yes"}],
    "POST /settings/competence/{topic_id}/move": [{"to": "down"}],
    "POST /settings/lines": [{}],
    "POST /settings/people": [{}],
    "POST /settings/extensions": [{}],
    "POST /settings/people/{employee_id}/end-sessions": [{}],
    "POST /settings/extensions/{extension_id}/secret": [{}],
    "POST /settings/speech/{service_id}/{name}": [{"text": _CHANGED, "version": "0"}],
    "POST /settings/speech/{service_id}/{name}/preview": [{"text": _CHANGED, "version": "0"}],
    "POST /settings/speech/{service_id}/{name}/call": [{"kind": "play"}],
    "POST /settings/speech/phrases": [{}],
    "POST /settings/speech/phrases/{phrase_id}/remove": [{}],
    "POST /settings/voice": [{"service": "1", "version": "1", "greeting": _CHANGED, "callback_on": "yes"}],
    "POST /settings/voice/assignments": [
        {"line_id": "1", "employee_id": "1", "part": "main", "since": "2027-01-11", "order_number": _CHANGED}
    ],
    "POST /settings/voice/assignments/{assignment_id}/revoke": [{"reason": _CHANGED}],
    "POST /settings/calendar/hours": [{"service": "1", "version": "1", "starts_on": "2027-01-11", "day_0": "8-17"}],
    "POST /settings/calendar/hours/{hours_id}/cancel": [{"service": "1", "version": "1"}],
    "POST /settings/calendar/days": [{"service": "1", "version": "1", "first": "2027-01-12", "title": _CHANGED}],
    "POST /settings/calendar/days/{day_id}/cancel": [{"service": "1", "version": "1"}],
    "POST /settings/calendar/years": [{"service": "1", "year": "2027"}],
    "POST /settings/calendar/years/withdraw": [{"service": "1", "year": "2027"}],
    "POST /catalogues/{catalogue}": [{"title": _CHANGED}],
    "POST /catalogues/{catalogue}/{item_id}": [{"title": _CHANGED}],
    "POST /catalogues/{catalogue}/{item_id}/move": [{"to": "up"}],
    "POST /me/password": [{"old": "x", "new": "y"}],
    "POST /me/sound": [{"sound_choice": "bell"}],
    "POST /me/sessions/{session_id}/end": [{}],
}  # fmt: skip
