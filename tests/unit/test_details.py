from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue.model import (
    BooleanField,
    ChoiceField,
    DetailField,
    Form,
    IntegerField,
    Raise,
    TextField,
    TimeField,
    catalogue,
)
from chalicelib.domain.reports.details import Details, check_forms
from chalicelib.kernel.errors import Invalid
from chalicelib.kernel.languages import LANGUAGES, texts

CATEGORIES = [category.code for category in catalogue().categories]
FIELDS = [
    (category.code, field) for category in catalogue().categories for field in category.details
]


def validate_details(category: str, details: Mapping[str, Any]) -> Details:
    return check_forms(catalogue().category(category).forms(), details)


def wrong(category: str, details: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        validate_details(category, details)
    assert all(
        f"field.{error.code}" in texts(language)
        for error in refusal.value.errors
        for language in LANGUAGES
    )
    return [(error.field, error.code) for error in refusal.value.errors]


def answers(field: DetailField) -> st.SearchStrategy[Any]:
    match field:
        case TextField():
            return st.text("儿童abc ,.", min_size=1, max_size=field.max_length).filter(str.strip)
        case IntegerField():
            return st.integers(field.minimum, field.maximum)
        case BooleanField():
            return st.booleans()
        case ChoiceField():
            return st.sampled_from(field.options)
        case TimeField():
            return st.just("2026-11-24T08:30:00+08:00")


FORMS = st.sampled_from(catalogue().categories).flatmap(
    lambda category: st.tuples(
        st.just(category.code),
        st.fixed_dictionaries(
            {}, optional={field.name: answers(field) for field in category.details}
        ),
    )
)


@pytest.mark.parametrize("category", CATEGORIES)
def test_no_answer_is_ever_required(category: str) -> None:
    details = validate_details(category, {})
    assert (dict(details.values), details.version, details.urgency) == ({}, 1, None)


@given(FORMS)
def test_what_is_declared_is_taken(form: tuple[str, dict[str, Any]]) -> None:
    category, filled = form
    details = validate_details(category, filled)
    assert details.values.keys() == filled.keys()
    assert dict(validate_details(category, details.values).values) == dict(details.values), (
        "kept answers are answers"
    )


@pytest.mark.parametrize(
    ("category", "field"), FIELDS, ids=lambda value: getattr(value, "name", value)
)
@pytest.mark.parametrize("answer", [None, [], {}, 1.5, 5.0, float("nan")])
def test_an_answer_of_another_type_is_refused(
    category: str, field: DetailField, answer: object
) -> None:
    assert wrong(category, {field.name: answer}) == [(f"details.{field.name}", "wrong_type")]


@pytest.mark.parametrize(
    ("category", "details", "field", "code"),
    [
        ("child_abduction", {"age": True}, "age", "wrong_type"),
        ("child_abduction", {"age": "5"}, "age", "wrong_type"),
        ("child_abduction", {"age": -1}, "age", "out_of_range"),
        ("child_abduction", {"age": 18}, "age", "out_of_range"),
        ("child_abduction", {"age": 10**5000}, "age", "out_of_range"),
        ("child_abduction", {"sex": "Female"}, "sex", "unknown_value"),
        ("child_abduction", {"sex": True}, "sex", "wrong_type"),
        ("child_abduction", {"clothing": "  \u200b"}, "clothing", "blank"),
        ("child_abduction", {"clothing": "红" * 501}, "clothing", "too_long"),
        ("child_abduction", {"clothing": "\u202e\u0000"}, "clothing", "blank"),
        ("child_abduction", {"clothing": "\ud800"}, "clothing", "bad_characters"),
        ("child_abduction", {"last_seen": "2026-02-30T00:00:00Z"}, "last_seen", "not_a_time"),
        ("child_abduction", {"last_seen": 1764000000}, "last_seen", "wrong_type"),
        ("suspected_offender", {"child_involved": 1}, "child_involved", "wrong_type"),
        ("suspected_offender", {"child_involved": "true"}, "child_involved", "wrong_type"),
    ],
)
def test_a_wrong_answer_is_named_with_what_is_wrong(
    category: str, details: dict[str, Any], field: str, code: str
) -> None:
    assert wrong(category, details) == [(f"details.{field}", code)]


def test_bounds_are_named() -> None:
    with pytest.raises(Invalid) as refusal:
        validate_details("child_abduction", {"age": 18, "clothing": "x" * 501})
    assert [dict(error.params) for error in refusal.value.errors] == [
        {"minimum": "0", "maximum": "17"},
        {"max_length": "500"},
    ]


def test_every_wrong_answer_is_named() -> None:
    assert wrong(
        "traffic_violation", {"plate": 5, "injury": "dead", "age": 3, "time": "京A12345 at noon"}
    ) == [
        ("details.plate", "wrong_type"),
        ("details.injury", "unknown_value"),
        ("details.age", "unknown_field"),
        ("details.time", "not_a_time"),
    ]


@pytest.mark.parametrize("name", ["__proto__", "Age", "age ", "<script>", "", "a" * 41, "аge"])
def test_a_made_up_name_is_not_repeated(name: str) -> None:
    assert wrong("child_abduction", {name: 5}) == [("details", "unknown_field")]


def test_a_hostile_form_gets_a_short_response() -> None:
    assert len(wrong("other", {f"x{number}": 1 for number in range(10_000)})) == 20


def test_times_are_utc_texts_composed_and_fields_in_declared_order() -> None:
    details = validate_details(
        "child_abduction",
        {"last_seen": "2026-11-24T08:30:00+08:00", "clothing": "cafe\u0301", "age": 6},
    )
    assert list(details.values.items()) == [
        ("age", 6),
        ("clothing", "café"),
        ("last_seen", "2026-11-24T00:30:00.000Z"),
    ]


@pytest.mark.parametrize(
    ("category", "details", "urgency"),
    [
        ("suspected_offender", {"weapon": "seen"}, "critical"),
        ("suspected_offender", {"weapon": "none", "still_there": True}, "high"),
        ("suspected_offender", {"weapon": "used", "still_there": True}, "critical"),
        ("suspected_offender", {"child_involved": True}, "critical"),
        ("suspected_offender", {"child_involved": False, "weapon": "unknown"}, None),
        ("traffic_violation", {"injury": "injured"}, "critical"),
        ("traffic_violation", {"what": "hit_and_run", "injury": "none"}, "high"),
        ("missing_elderly", {"medication": "needed_today"}, "critical"),
        ("missing_elderly", {"injury": True}, "critical"),
        ("missing_elderly", {"dementia": "yes"}, None),
        ("other", {"danger": True}, "high"),
        ("other", {"danger": False}, None),
        ("lost_and_found", {"lost_or_found": "found", "item": "wallet"}, None),
    ],
)
def test_a_child_a_weapon_or_an_injury_raises_urgency(
    category: str, details: dict[str, Any], urgency: str | None
) -> None:
    assert validate_details(category, details).urgency == urgency


def form(version: int, *fields: DetailField) -> Form:
    return Form(version, fields)


OLD = form(1, ChoiceField("choice", "seen", ("thief",), Raise("critical", ("thief",))))
NEWER = form(2, ChoiceField("choice", "seen", ("thief", "car")), TextField("text", "what", 20))
NEWEST = form(3, TextField("text", "what", 20))


@pytest.mark.parametrize(
    ("filled", "version"),
    [({}, 3), ({"what": "A bag."}, 3), ({"seen": "car"}, 2), ({"seen": "thief"}, 2)],
)
def test_an_old_app_fills_in_the_newest_form_that_fits(
    filled: dict[str, Any], version: int
) -> None:
    checked = check_forms((NEWEST, NEWER, OLD), filled)
    assert (dict(checked.values), checked.version) == (filled, version)


def test_an_earlier_form_raises_the_urgency_as_it_did() -> None:
    assert check_forms((NEWEST, OLD), {"seen": "thief"}).urgency == "critical"


def test_what_fits_no_form_is_refused_by_the_present_one() -> None:
    with pytest.raises(Invalid) as refusal:
        check_forms((NEWEST, NEWER, OLD), {"seen": "dog", "what": 5})
    assert [(each.field, each.code) for each in refusal.value.errors] == [
        ("details.seen", "unknown_field"),
        ("details.what", "wrong_type"),
    ]


def test_the_forms_of_a_category_are_found_by_their_version() -> None:
    category = replace(catalogue().category("other"), details_version=3, earlier=(OLD, NEWER))
    assert [each.details_version for each in category.forms()] == [3, 2, 1]
    assert category.form(1) == OLD
    assert category.form(None) == category.form(3)
    assert category.form(4) is None
