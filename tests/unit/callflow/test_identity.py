from callflow.identity import IdentityLevel, may_discuss_case, may_see_full_card


def test_a_caller_id_alone_opens_no_card() -> None:
    assert [level for level in IdentityLevel if may_see_full_card(level)] == [
        IdentityLevel.CONFIRMED,
        IdentityLevel.CONTROL_QUESTIONS,
        IdentityLevel.DOCUMENT,
    ]


def test_a_case_is_discussed_only_after_the_control_questions() -> None:
    assert [level for level in IdentityLevel if may_discuss_case(level)] == [
        IdentityLevel.CONTROL_QUESTIONS,
        IdentityLevel.DOCUMENT,
    ]


def test_every_level_has_its_own_words_and_number() -> None:
    assert [int(level) for level in IdentityLevel] == [0, 1, 2, 3, 4]
    assert len({level.label for level in IdentityLevel}) == 5
