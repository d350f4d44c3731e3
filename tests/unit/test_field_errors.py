"""What pydantic finds wrong is named by field, in codes that every language words."""

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import PydanticCustomError

from chalicelib.domain.languages import LANGUAGES
from chalicelib.handlers import problems
from chalicelib.handlers.field_errors import as_fields


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
