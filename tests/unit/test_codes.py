"""Codes that a caller sends are checked in one place. A refusal lists the known codes."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.domain.catalogue import codes
from chalicelib.domain.officers.model import ALL
from chalicelib.kernel import geo
from chalicelib.kernel.errors import FieldError, Invalid

EACH = [
    (codes.CategoryCode, codes.category_codes()),
    (codes.ChannelCode, codes.channel_codes()),
    (codes.DistrictCode, geo.districts()),
    (codes.ReportDistrict, (*geo.districts(), "outside", "unknown")),
    (codes.CategoryScope, (ALL, *codes.category_codes())),
    (codes.DistrictScope, (ALL, *geo.districts())),
]


@pytest.mark.parametrize(("kind", "known"), EACH)
def test_a_known_code_is_accepted(kind: Any, known: tuple[str, ...]) -> None:
    assert [TypeAdapter(kind).validate_python(code) for code in known] == list(known)


@pytest.mark.parametrize(("kind", "known"), EACH)
def test_an_unknown_code_is_refused_with_those_that_there_are(
    kind: Any, known: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python("atlantis")
    (error,) = refused.value.errors()
    assert (error["type"], error["ctx"]) == ("unknown_value", {"allowed": ", ".join(known)})


def test_a_field_error_lists_what_is_allowed_only_when_it_is_public() -> None:
    assert FieldError.unknown_value("a", ("x", "y")).params == (("allowed", "x, y"),)
    assert FieldError.unknown_value("a").params == ()


def test_a_refusal_names_at_most_twenty_fields() -> None:
    wrong = [FieldError(f"field.{n}", "required") for n in range(25)]
    assert Invalid(*wrong).errors == tuple(wrong[:20])
