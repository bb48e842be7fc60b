"""What the audit page says about the details of an entry."""

import json

from crm.call_identity import FACTS
from web.audit_words import details


def test_details_are_said_in_russian() -> None:
    signed = json.dumps({"facts": ["birth_date"], "level": 3})
    assert details(signed) == f"признаки: {FACTS['birth_date']}; уровень: ответил(а) на контрольные вопросы"


def test_an_unknown_detail_is_shown_as_it_is() -> None:
    assert details(json.dumps({"novelty": "x"})) == "novelty: x"


def test_no_details_are_no_words() -> None:
    assert details("") == ""
    assert details(json.dumps({"role": "head"})) == ""
