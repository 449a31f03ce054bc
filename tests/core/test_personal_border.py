"""The border that is drawn from judgements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasette_gphotos_dedupe.core.verdict.personal_border import Caution, Judgement, suggest_caution
from datasette_gphotos_dedupe.errors import GphotosError
from datasette_gphotos_dedupe.model import RELATIONS

JUDGEMENTS = st.lists(
    st.builds(
        Judgement,
        st.sampled_from(RELATIONS),
        st.floats(0.01, 0.99).map(lambda value: round(value, 3)),
        st.integers(0, 100),
        st.booleans(),
    ),
    max_size=30,
)


def test_without_a_copy_judged_another_picture_nothing_is_held_back():
    assert suggest_caution([Judgement("smaller_copy", 0.4, 30, True), Judgement("series", 0.9, 3, False)]) == Caution()


def test_the_border_on_confidence_lies_just_above_the_surest_mistake():
    judged = [Judgement("smaller_copy", c, 10, same) for c, same in ((0.5, False), (0.62, False), (0.7, True), (0.9, True))]
    assert suggest_caution(judged) == Caution(min_confidence=0.621)


def test_a_border_on_distance_is_taken_where_it_costs_less():
    judged = [Judgement("re_encode", 0.9, 40, False), Judgement("re_encode", 0.7, 4, True), Judgement("re_encode", 0.95, 8, True)]
    assert suggest_caution(judged) == Caution(max_bits=39)


def test_no_border_on_distance_can_shut_out_a_mistake_at_distance_0():
    judged = [Judgement("re_encode", 0.9, 0, False), *[Judgement("re_encode", 0.5, 0, True)] * 3]
    assert suggest_caution(judged) == Caution(min_confidence=0.901)


@given(JUDGEMENTS)
def test_no_copy_judged_another_picture_is_inside_the_border(judged):
    border = suggest_caution(judged)
    for one in judged:
        if not one.same and one.relation in RELATIONS[1:5]:
            assert border.doubt(one.relation, one.confidence, one.distance_bits)


@given(st.sampled_from(RELATIONS), st.floats(0, 1), st.integers(0, 256))
def test_the_default_border_holds_nothing_back(relation, confidence, bits):
    assert Caution().doubt(relation, confidence, bits) is None


def test_equal_bytes_need_no_border():
    assert Caution(1.0, 0).doubt("same_bytes", 0.1, 200) is None


def test_a_border_is_read_as_it_was_written():
    assert Caution.from_json(Caution(0.75, 30).as_json()) == Caution(0.75, 30)
    assert Caution.from_json(None) == Caution()


@pytest.mark.parametrize("values", [(-0.1, 20), (1.1, 20), (float("nan"), 20), (0.5, -1), (0.5, 257)])
def test_a_border_that_cannot_be_is_refused(values):
    with pytest.raises(GphotosError, match="must be between"):
        Caution(*values)
