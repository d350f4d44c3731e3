"""A mapping gets what its filters let through."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.events.models import EventPattern

from infra.local.triggers.filters import read_filters

_words = st.sampled_from(["HEAD", "EVENT#1", "EVENT#digest", ""])
_rules = (
    _words
    | st.builds(lambda word: {"prefix": word}, st.sampled_from(["EVENT#", "H"]))
    | st.builds(lambda word: {"suffix": word}, st.sampled_from(["digest", "1"]))
    | st.builds(lambda words: {"anything-but": words}, st.lists(_words, min_size=1, max_size=2))
    | st.builds(lambda exists: {"exists": exists}, st.booleans())
)
_patterns = st.recursive(
    st.lists(_rules, min_size=1, max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("ab"), inner, min_size=1),
    max_leaves=3,
).filter(lambda pattern: isinstance(pattern, dict))
_records = st.recursive(
    _words, lambda inner: st.dictionaries(st.sampled_from("ab"), inner), max_leaves=3
).filter(lambda record: isinstance(record, dict))


@settings(max_examples=300)
@given(pattern=_patterns, record=_records)
def test_a_filter_lets_through_what_a_rule_of_eventbridge_does(pattern: Any, record: Any) -> None:
    text = json.dumps(pattern)
    assert read_filters([text])(record) == EventPattern.load(text).matches_event(record)


def test_one_of_several_filters_is_enough() -> None:
    wants = read_filters(['{"a":["x"]}', '{"a":["y"]}'])
    assert [wants({"a": word}) for word in "xyz"] == [True, True, False]


@pytest.mark.parametrize("rule", ['{"a":[{"numeric":["=",1]}]}', '{"a":[1]}', '{"a":[{}]}'])
def test_a_filter_that_is_not_known_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="not known here"):
        read_filters([rule])
