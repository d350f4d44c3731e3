"""Codes, fields and views: what is checked in one place, and how a refusal names it."""

from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from chalice.app import Request
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue import codes
from chalicelib.domain.officers.model import ALL, Role
from chalicelib.http import problems
from chalicelib.http.requests import Call, as_fields
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import MessageView, Shape, Timestamp
from chalicelib.kernel import geo
from chalicelib.kernel.config import MissingSetting
from chalicelib.kernel.errors import FieldError
from chalicelib.kernel.languages import LANGUAGES
from chalicelib.kernel.models import NotNull, Record, left_out
from tests import events

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


class Kept(Record):
    at: datetime
    unseen: str = "never shown"
    word: str | None = None


class KeptView(Shape):
    at: Timestamp
    word: Annotated[str | None, NotNull()] = left_out()
    more: int


NOW = datetime(2026, 11, 24, 8, 30, 0, 123456, UTC)


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (None, {"at": "2026-11-24T08:30:00.123Z", "more": 1}),
        ("x", {"at": "2026-11-24T08:30:00.123Z", "word": "x", "more": 1}),
    ],
)
def test_a_view_shows_its_own_fields_and_leaves_out_what_there_is_not(
    word: str | None, shown: Any
) -> None:
    assert KeptView.of(Kept(at=NOW, word=word), more=1).model_dump(mode="json") == shown


def test_a_member_that_may_be_left_out_is_documented_so() -> None:
    schema = KeptView.model_json_schema(mode="serialization")

    assert schema["required"] == ["at", "more"]
    assert schema["properties"]["word"]["type"] == "string"
    assert schema["properties"]["at"] == {"title": "At", "type": "string", "format": "date-time"}


def test_only_what_may_be_none_can_be_documented_as_never_null() -> None:
    class Wrong(Shape):
        word: Annotated[str, NotNull()]

    with pytest.raises(TypeError, match="None"):
        Wrong.model_json_schema()


def test_a_message_goes_out_under_the_names_of_the_contract() -> None:
    kept = {"id": "M", "sender": "officer", "text": "…", "sent_at": NOW}

    assert MessageView.model_validate(kept).model_dump(mode="json", by_alias=True) == {
        "id": "M",
        "from": "officer",
        "text": "…",
        "sent_at": "2026-11-24T08:30:00.123Z",
    }


def view(call: Call) -> Response:
    """Show something."""
    return Response()


@pytest.mark.parametrize(
    "declared",
    [
        {"access": Access.OFFICER},
        {"access": Access.RECEIPT, "roles": (Role.ADMIN,)},
        {"roles": (Role.ADMIN,)},
    ],
)
def test_only_officers_routes_have_roles_and_all_have_them(declared: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="roles"):
        Routes("X", **declared)


@pytest.mark.parametrize("declared", [{"roles": (Role.ADMIN,)}, {"logged": True}])
def test_one_route_cannot_ask_for_officers_where_the_others_are_public(
    declared: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match="roles"):
        Routes("X").get("/v1/x", **declared)(view)


def test_a_route_of_officers_cannot_lose_its_roles() -> None:
    with pytest.raises(ValueError, match="roles"):
        Routes("X", Access.OFFICER, roles=(Role.ADMIN,)).get("/v1/officer/x", roles=())(view)


@pytest.mark.parametrize("path", ["/v1/officer/x", "/v1/admin/x", "/v1/audit/x"])
def test_a_public_route_cannot_be_below_a_path_of_officers(path: str) -> None:
    with pytest.raises(ValueError, match="/v1/officer/"):
        Routes("X").get(path)(view)


def test_a_route_of_officers_cannot_be_outside_their_paths() -> None:
    with pytest.raises(ValueError, match="/v1/officer/"):
        Routes("X", Access.OFFICER, roles=(Role.ADMIN,)).get("/v1/x")(view)


def test_only_a_missing_setting_is_raised_because_no_retry_can_help() -> None:
    def lacks_a_setting(call: Call) -> Response:
        raise MissingSetting("REPORTS_TABLE")

    def fails(call: Call) -> Response:
        raise LookupError

    public = Routes("X")
    for each in (lacks_a_setting, fails):
        public.get("/v1/x")(each)
    lacking, failing = public.operations
    event = events.api_request(
        "GET", "/v1/x", "/v1/x", headers={}, query={}, parameters={}, content=None, request_id="r"
    )

    assert failing.serve(Request(event), {}).status_code == 503
    with pytest.raises(MissingSetting, match="REPORTS_TABLE"):
        lacking.serve(Request(event), {})
