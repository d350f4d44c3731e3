"""Errors of pydantic become field errors, with codes that have a text in every language."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.codes import CategoryCode, category_codes
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.http import problems
from chalicelib.http.requests import as_fields
from chalicelib.kernel.languages import LANGUAGES


def _unheard_of(value: Any) -> Any:
    raise PydanticCustomError("nobody_worded_this", "Nobody has worded this.")


def _refuse(value: Any) -> Any:
    raise ValueError("only for programmers")


class Body(BaseModel):
    number: Annotated[int, Field(multiple_of=5, le=100)] = 0
    word: Annotated[str, AfterValidator(_unheard_of)] = ""
    name: Annotated[str, AfterValidator(_refuse)] = ""
    flag: bool = False


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"number": 105}, "out_of_range"),
        ({"flag": "perhaps"}, "wrong_type"),
        ({"number": 7}, "invalid"),
        ({"word": "x"}, "invalid"),
        ({"name": "x"}, "invalid"),
    ],
    ids=str,
)
def test_each_kind_of_error_has_a_code_with_a_wording(body: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Body.model_validate(body)
    for language in LANGUAGES:
        named = problems.problem(as_fields(raised.value), language, "r")["errors"]
        assert [(each["field"], each["code"]) for each in named] == [(next(iter(body)), code)]
        assert "programmers" not in named[0]["detail"]


class Choices(BaseModel):
    urgency: Urgency = Urgency.LOW
    protocol: Literal["email", "sms"] = "email"
    category: CategoryCode = "other"


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        ("urgency", ["low", "normal", "high", "critical"]),
        ("protocol", ["email", "sms"]),
        ("category", list(category_codes())),
    ],
)
def test_an_unknown_value_comes_with_those_that_there_are(field: str, allowed: list[str]) -> None:
    with pytest.raises(ValidationError) as raised:
        Choices.model_validate({field: "x'y"})

    [named] = problems.problem(as_fields(raised.value), "en", "r")["errors"]
    assert (named["code"], named["allowed"]) == ("unknown_value", allowed)
    assert "x" not in named["detail"].split()
