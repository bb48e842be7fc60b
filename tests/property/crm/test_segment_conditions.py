"""Conditions keep their meaning on every way: as JSON, as a form, as a sentence."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm.segments.conditions import MOST, Condition, from_json, grouped, read, sentence, to_json
from crm.segments.kinds import KINDS, Choice, Kind, Number
from web.forms import Form
from web.segment_form import changed, shown, typed

_CODES = {"measure": ("5", "12"), "place": ("с. Речное", "г. Заречинск")}
LISTS = {
    name: {code: f"{code}, словами" for code in _CODES.get(name, ("one", "two"))}
    for name in ("status", "risk", "service_kind", "place", "housing", "income", "transport", "measure")
}


@st.composite
def conditions(draw: Any) -> Condition:
    kind: Kind = draw(st.sampled_from(list(KINDS.values())))
    values: dict[str, int | str] = {}
    for field in kind.fields:
        if isinstance(field, Number):
            values[field.name] = draw(st.integers(field.lowest, field.highest))
        elif isinstance(field, Choice):
            values[field.name] = draw(st.sampled_from(list(field.options)))
        else:
            values[field.name] = draw(st.sampled_from([*LISTS[field.of], *([""] if field.every else [])]))
    if kind.code == "child_age" and values["since"] > values["until"]:  # type: ignore[operator]
        values["since"], values["until"] = values["until"], values["since"]
    return Condition(kind.code, values)


several = st.lists(conditions(), max_size=MOST)


@given(several)
def test_json_keeps_them(rows):
    assert from_json(to_json(rows)) == tuple(rows)


@given(several)
def test_a_form_keeps_them(rows):
    drawn = shown(rows, LISTS)
    assert not drawn.is_wrong
    form = Form({f"kind-{row.place}": [row.kind.code] for row in drawn.rows})
    for row in drawn.rows:
        form |= {f"{name}-{row.place}": [value] for name, value in row.values.items()}
    form["title"] = ["Название"]
    again = typed(form, LISTS, {"title"})
    assert again.conditions == tuple(rows)
    assert not again.is_wrong


@given(several, st.data())
def test_a_row_comes_and_goes_and_the_others_stay(rows, data):
    drawn = shown(rows, LISTS)
    kind = data.draw(st.sampled_from(list(KINDS)))
    more = changed(drawn, "add", kind, LISTS)
    assert len(more.rows) == min(len(rows) + 1, MOST)
    assert more.conditions[: len(rows)] == tuple(rows)
    if rows:
        place = data.draw(st.integers(0, len(rows) - 1))
        fewer = changed(drawn, f"drop-{place}", "", LISTS)
        assert fewer.conditions == tuple(rows[:place] + rows[place + 1 :])
        assert [row.place for row in fewer.rows] == list(range(len(rows) - 1))


@given(several)
def test_the_sentence_names_every_group_once(rows):
    said = sentence(rows, LISTS)
    assert said.endswith(".")
    assert said == "Все семьи." if not rows else said.startswith("Семьи, где ")
    assert sum(map(len, grouped(rows))) == len(rows)


@given(
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(st.sampled_from(["code", "how", "count", "days", "since"]), st.text()),
)
def test_whatever_is_typed_gets_a_condition_or_a_sentence(kind, values):
    condition, problem = read(kind, values, LISTS)
    assert (condition is None) == bool(problem)
    if condition is not None:
        assert from_json(to_json([condition])) == (condition,)
