"""A trial sends each function what AWS would send it, and files a drill that it withdraws."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from chalicelib.handlers.media import functions as media_events
from chalicelib.http.auth import authorize_officer
from chalicelib.media_decoding.decoders import Order
from chalicelib.store.media.environments import ENVIRONMENTS
from infra.deploy.live import DECODERS, try_versions
from infra.local.gateway.gateway import both_functions
from infra.packaging.aliases import BY_ALIAS
from infra.stage.console import Refused
from infra.stage.target import Target
from infra.stage.versions import Served
from tests.decoding import file_of

pytestmark = pytest.mark.usefixtures("aws", "clean")

WANTED = {name: Served("7") for name in BY_ALIAS}
type Function = Callable[[Any, Any], Any]


class Lambda:
    """Runs the functions of this project in this process. `replaced` are run in their place."""

    tenancy = False

    def __init__(self, **replaced: Function) -> None:
        api = both_functions()
        self.functions: dict[str, Function] = {
            "APIHandler": api("POST", "/v1/reports").app,
            "Officers": api("GET", "/v1/officer/reports").app,
            "AuthorizeOfficer": authorize_officer,
            "MakeThumbnails": media_events.make_thumbnails,
            "MakeCriticalThumbnails": media_events.make_critical_thumbnails,
            **dict.fromkeys(DECODERS, opened),
        } | replaced
        self.events: list[tuple[str, Mapping[str, Any], Any]] = []

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:
        return {"TenancyConfig": {}} if self.tenancy and FunctionName in DECODERS else {}

    def invoke(self, *, FunctionName: str, Payload: bytes, **more: str) -> dict[str, Any]:
        if FunctionName in DECODERS:
            assert more == ({"TenantId": "trial"} if self.tenancy else {})
        else:
            assert more == {"Qualifier": "7"}
        event = json.loads(Payload)
        try:
            returned, failed = self.functions[FunctionName](event, None), {}
        except Exception as error:
            returned, failed = {"errorMessage": str(error)}, {"FunctionError": "Unhandled"}
        self.events.append((FunctionName, event, returned))
        return {"Payload": io.BytesIO(json.dumps(returned).encode()), **failed}

    def statuses(self) -> list[tuple[str, int]]:
        """Return each request that was sent, and the status of its response."""
        return [
            (f"{event['httpMethod']} {event['resource']}", returned["statusCode"])
            for _, event, returned in self.events
            if "httpMethod" in event
        ]


def opened(event: Mapping[str, Any], _: Any) -> str:
    order = Order(event["content_type"], event["size"])
    return ENVIRONMENTS(order, file_of(base64.b64decode(event["data"])))


def tried(functions: Lambda) -> None:
    class Stage(Target):
        def client(self, service: str, **_: Any) -> Any:
            return functions

    outputs = {"EndpointURL": "https://abc.execute-api.us-east-1.amazonaws.com/api/"}
    stage = Stage("dev", boto3.Session(), None, outputs, "https://api.test")
    stage.__dict__["resources"] = {
        name: {"PhysicalResourceId": name} for name in (*BY_ALIAS, *DECODERS)
    }
    try_versions(stage, WANTED)


def test_each_function_is_tried_and_the_drill_is_withdrawn() -> None:
    functions = Lambda()
    tried(functions)
    assert functions.statuses() == [
        ("GET /v1/health", 200),
        ("GET /v1/catalogue", 200),
        ("POST /v1/reports", 201),
        ("GET /v1/reports/mine", 200),
        ("DELETE /v1/reports/{report_id}", 204),
        ("GET /v1/officer/reports", 403),
    ]
    assert {name for name, *_ in functions.events} == {*BY_ALIAS, *DECODERS}
    drill = functions.events[2][1]
    assert drill["requestContext"]["identity"]["sourceIp"] == "192.0.2.1"


def test_where_decoders_have_tenants_the_trial_is_one() -> None:
    functions = Lambda()
    functions.tenancy = True
    tried(functions)


@pytest.mark.parametrize("function", DECODERS)
def test_a_build_that_opens_no_picture_is_refused(function: str) -> None:
    def broken(_: Any, __: Any) -> str:
        return '{"fault": "ModuleNotFoundError"}'

    with pytest.raises(Refused, match=rf"(?s)trial of {function}.*ModuleNotFoundError"):
        tried(Lambda(**{function: broken}))


def test_without_drills_nothing_is_filed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRILL", "off")
    functions = Lambda()
    tried(functions)
    assert {call.split()[0] for call, _ in functions.statuses()} == {"GET"}
    assert {name for name, *_ in functions.events} == {*BY_ALIAS, *DECODERS}


def raises(*_: object) -> None:
    raise RuntimeError("a bad build")


def lets_in(*_: object) -> dict[str, str]:
    return {"principalId": "nobody"}


@pytest.mark.parametrize(
    ("function", "replacement", "said"),
    [
        ("APIHandler", raises, "health.*failed: a bad build.*FUNCTION=residents"),
        ("Officers", raises, "a list for a stranger.*a bad build.*FUNCTION=officers"),
        ("AuthorizeOfficer", raises, "a token of nobody.*a bad build.*=authorize_officer"),
        ("AuthorizeOfficer", lets_in, "a token of nobody.*refused nothing"),
        ("MakeThumbnails", raises, "no message.*a bad build.*FUNCTION=make_thumbnails"),
        ("MakeCriticalThumbnails", raises, "no message.*a bad build.*=make_critical_thumbnails"),
    ],
)
def test_a_function_that_does_not_do_its_work_is_named(
    function: str, replacement: Function, said: str
) -> None:
    with pytest.raises(
        Refused, match=rf"(?s)The trial of {function}, version 7, failed at: {said}"
    ):
        tried(Lambda(**{function: replacement}))


def test_a_create_that_raises_fails_the_trial() -> None:
    serve = Lambda().functions["APIHandler"]

    def broken(event: Any, context: Any) -> Any:
        return raises() if event["httpMethod"] == "POST" else serve(event, context)

    with pytest.raises(Refused, match=r"failed at: report, a drill\. It failed: a bad build"):
        tried(Lambda(APIHandler=broken))
