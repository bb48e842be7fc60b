"""What the audit page says about the details of an entry."""

import json
import re

from crm.call_identity import FACTS
from crm.cards import upkeep
from tests.support import audit_actions
from web.audit_details import details
from web.audit_words import ACTIONS


def test_details_are_said_in_russian() -> None:
    signed = json.dumps({"facts": ["birth_date"], "level": 3})
    assert details(signed) == f"признаки: {FACTS['birth_date']}; уровень: ответил(а) на контрольные вопросы"


def test_an_unknown_detail_is_shown_as_it_is() -> None:
    assert details(json.dumps({"novelty": "x"})) == "novelty: x"


def test_no_details_are_no_words() -> None:
    assert details("") == ""
    assert details(json.dumps({"role": "head"})) == ""


def test_every_action_that_anything_writes_has_russian_words() -> None:
    written = audit_actions.written()
    assert len(written) > 20, "the search for `write` finds nothing any more"
    missing = {action: place for action, place in written.items() if action not in ACTIONS}
    assert not missing, "say these in web/audit_words.py ACTIONS"


def test_the_words_of_actions_are_words() -> None:
    assert all(re.search("[а-яё]", words) for words in ACTIONS.values())


def test_every_list_of_upkeep_has_a_name_in_russian() -> None:
    for kind in upkeep.kinds():
        assert kind not in details(json.dumps({"list": kind}))
