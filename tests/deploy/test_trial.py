"""A trial sends each function what AWS would send it, and files a drill that it withdraws."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.handlers.media import functions as media_events
from chalicelib.http.auth import authorize_officer
from chalicelib.media_decoding.decoders import Order
from chalicelib.store.media.environments import ENVIRONMENTS
from infra.deploy.live import DECODERS, try_versions
from infra.local.gateway.gateway import both_functions
from infra.packaging.aliases import BY_ALIAS
from infra.stage.console import Refused
from infra.stage.officers import TRIAL
from infra.stage.target import Target
from infra.stage.versions import Served, Serving
from tests import cloud
from tests.client import call
from tests.decoding import file_of
from tests.deploy.cloudformation import no_pause
from tests.steps import file

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
        self.now_s = 0.0

    def clock(self) -> float:
        return self.now_s

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


def tried(functions: Lambda, wanted: Serving = WANTED) -> Serving:
    class Stage(Target):
        def client(self, service: str, **more: Any) -> Any:
            return functions if service == "lambda" else super().client(service, **more)

    outputs = {
        "EndpointURL": "https://abc.execute-api.us-east-1.amazonaws.com/api/",
        "OfficersTableName": wiring.officers().table.name,
    }
    stage = Stage("dev", boto3.Session(), None, outputs, "https://api.test")
    stage.__dict__["resources"] = {
        name: {"PhysicalResourceId": name} for name in (*BY_ALIAS, *DECODERS)
    }
    return try_versions(stage, wanted, functions.clock, no_pause)


def taking(seconds: float, *calls: str) -> Lambda:
    """Return functions that take so long for these requests, and no time for others."""
    functions = Lambda()

    def slow(serve: Function) -> Function:
        def served(event: Any, context: Any) -> Any:
            if f"{event['httpMethod']} {event['resource']}" in calls:
                functions.now_s += seconds
            return serve(event, context)

        return served

    for name in ("APIHandler", "Officers"):
        functions.functions[name] = slow(functions.functions[name])
    return functions


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
        ("GET /v1/catalogue", 200),
        ("GET /v1/officer/reports", 200),
        ("GET /v1/officer/bulletins", 200),
        ("GET /v1/officer/bursts", 200),
        ("GET /v1/health", 200),
        ("POST /v1/reports", 201),
        ("GET /v1/officer/reports", 200),
        ("GET /v1/officer/reports/{report_id}", 200),
        ("PATCH /v1/officer/reports/{report_id}", 200),
        ("DELETE /v1/reports/{report_id}", 204),
    ]
    assert {name for name, *_ in functions.events} == {*BY_ALIAS, *DECODERS}
    drill = functions.events[2][1]
    assert drill["requestContext"]["identity"]["sourceIp"] == "192.0.2.1"


def test_who_tries_a_build_out_sees_drills_alone_and_is_there_for_the_trial_alone() -> None:
    category = call("GET", "/v1/catalogue").json["categories"][-1]["code"]
    real = file(category)
    cloud.catch_up()
    functions = Lambda()
    serve, seen = functions.functions["Officers"], list[Any]()

    def look(event: Any, context: Any) -> Any:
        officer = wiring.officers().get(TRIAL)
        if officer and event["resource"] == "/v1/officer/reports/{report_id}":
            drill = event["pathParameters"]["report_id"]
            other = json.loads(json.dumps(event).replace(drill, real["id"]))
            seen.append(serve(other, context)["statusCode"])
            assert wiring.officers().all() == []  # the directory has no such officer
        return serve(event, context)

    functions.functions["Officers"] = look
    tried(functions)
    listed = [
        each["id"]
        for _, event, returned in functions.events
        if event.get("resource") == "/v1/officer/reports" and returned["statusCode"] == 200
        for each in json.loads(returned["body"])["items"]
    ]
    assert set(seen) == {404}
    assert listed
    assert real["id"] not in listed
    assert wiring.officers().get(TRIAL) is None


def test_a_build_that_fails_leaves_neither_its_officer_nor_an_open_drill() -> None:
    serve = Lambda().functions["Officers"]

    def broken(event: Any, context: Any) -> Any:
        returned = serve(event, context)
        return {**returned, "statusCode": 500} if event["httpMethod"] == "PATCH" else returned

    functions = Lambda(Officers=broken)
    with pytest.raises(Refused, match="failed at: a drill is acknowledged"):
        tried(functions)
    assert wiring.officers().get(TRIAL) is None
    assert functions.statuses()[-1] == ("DELETE /v1/reports/{report_id}", 204)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("GET /v1/officer/reports", "officers' lists"),
        ("GET /v1/officer/reports/{report_id}", "a drill is opened"),
    ],
)
def test_a_build_whose_officers_routes_answer_500_is_refused(request_: str, said: str) -> None:
    serve = Lambda().functions["Officers"]

    def broken(event: Any, context: Any) -> Any:
        returned = serve(event, context)
        is_broken = returned["statusCode"] == 200
        is_broken &= f"{event['httpMethod']} {event['resource']}" == request_
        return {**returned, "statusCode": 500} if is_broken else returned

    with pytest.raises(
        Refused, match=rf"(?s)failed at: {said}\..* returned 500.*FUNCTION=officers"
    ):
        tried(Lambda(Officers=broken))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("POST /v1/reports", "report, a drill"),
        ("GET /v1/officer/reports", "officers' lists"),
        ("GET /v1/officer/reports/{report_id}", "a drill is opened"),
    ],
)
def test_a_build_that_is_slow_each_time_is_refused(request_: str, said: str) -> None:
    functions = taking(6, request_)
    with pytest.raises(Refused, match=rf"failed at: {said}\. It took 6\.0, 6\.0, 6\.0 s"):
        tried(functions)
    filed = [call for call, status in functions.statuses() if status == 201]
    ended = [call for call, status in functions.statuses() if status == 204]
    assert len(filed) == len(ended)


def test_a_build_may_be_slow_once_as_when_it_starts() -> None:
    functions = taking(6, "POST /v1/reports")
    serve = functions.functions["APIHandler"]

    def starts(event: Any, context: Any) -> Any:
        if len([call for call, _ in functions.statuses() if call.startswith("POST")]) == 1:
            functions.now_s -= 6
        return serve(event, context)

    functions.functions["APIHandler"] = starts
    tried(functions)


@pytest.mark.parametrize(
    ("before_ms", "now_s", "holds"),
    [(None, 2.9, True), (700, 2.0, True), (600, 2.0, False), (100, 0.9, True), (2000, 3.1, False)],
)
def test_a_release_takes_no_more_than_three_times_as_long_as_the_one_before(
    before_ms: int | None, now_s: float, *, holds: bool
) -> None:
    wanted = {name: Served("7", took_ms=before_ms) for name in BY_ALIAS}
    functions = taking(now_s, "GET /v1/officer/reports/{report_id}", "POST /v1/reports")
    if holds:
        found = tried(functions, wanted)
        assert {found[name].took_ms for name in ("APIHandler", "Officers")} == {now_s * 1000}
    else:
        with pytest.raises(Refused, match=f"It took {now_s}, {now_s}, {now_s} s"):
            tried(functions, wanted)


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
