"""A declaration that would let in the wrong caller fails at import."""

from typing import Any

import pytest
from chalice.app import Request

from chalicelib.domain.officers.model import Role
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.kernel.config import MissingSetting
from tests import events


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


@pytest.mark.parametrize("path", ["/v1/officer/x", "/v1/admin/x"])
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
