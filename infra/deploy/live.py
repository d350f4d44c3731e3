"""Let a new build serve: try its versions before anybody is sent to them, move the aliases, try the
whole, and go back when that fails (docs/adr/0054-alias.md).

Each function is invoked by its version, with what AWS would send it: the two behind the gateway
with requests, the authorizer with a token that nobody has, one that reads a queue with no message.
What opens files has no versions: it is tried as it is, with a picture.

A drill is filed, and an officer whose scope is nothing but drills, and who is there for the trial
alone, lists, opens and acknowledges it. What takes too long for whoever waits fails: more than
three seconds, or three times what the release before took, if that is more than a second.
"""

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from chalicelib.http import index
from infra import template
from infra.deploy.smoke import (
    POLL_S,
    WAITS_S,
    Failed,
    Trip,
    draw_picture,
    files_drills,
    smoke_test,
    try_out,
)
from infra.events import Match, Request, event_of, response_of
from infra.stage import versions
from infra.stage.console import Pause, Refused, explain, say
from infra.stage.officers import trial_officer
from infra.stage.target import Target

_REST = (
    "Rights, routes, what opens files and the functions that run on events are those of the new "
    "build. Correct it and deploy again, or check out what serves{commit} and deploy that."
)
# An address that nobody has (RFC 5737), and an officer whom no table has.
ADDRESS, STRANGER = "192.0.2.1", "trial/deploy"
LIST = "/v1/officer/reports"
DECODERS = ("Decode", "DecodeCritical")
# A release may take so many times as long as the one before, and in any case so long.
_TIMES, _ANY_S = 3, 1.0
_LOOKS = 10
FAR_END = "4102444800"  # of a token, in seconds since 1970


def put_live(
    target: Target,
    *,
    trial: Callable[[Target, versions.Serving], versions.Serving] | None = None,
    drill: Callable[[Target], None] = smoke_test,
) -> None:
    """Let what is deployed serve.

    Raises Refused when the trial fails, and then nothing else serves than before; and when the
    drill after it fails, and then what served before serves again.
    """
    before = versions.serving(target)
    after = versions.publish(target, before)
    is_back_possible = after != before and any(
        each.version != versions.LATEST for each in before.values()
    )
    rest = _nothing_before(target, before)
    if is_back_possible:
        # Not what the stack says: a build that failed before this one is deployed, and serves not.
        rest = _REST.format(commit=versions.commit_of(target, before))
    try:
        say("Trying the new versions, which serve nobody yet ...")
        after = (trial or try_versions)(target, after)
    except Exception as failure:
        kept = "The new build gets no traffic: what served before still serves. "
        raise Refused(f"{explain(failure)}\n{kept if is_back_possible else ''}{rest}") from failure
    versions.move(target, before, after)
    say("The new versions serve.")
    try:
        drill(target)
    except BaseException as failure:
        # Also when somebody stops it: nobody knows then whether the build works.
        if is_back_possible:
            versions.move(target, after, before)
            say("The drill has not succeeded, so the versions before serve again.")
        if isinstance(failure, Exception):
            kept = "What served before serves again. "
            raise Refused(
                f"{explain(failure)}\n{kept if is_back_possible else ''}{rest}"
            ) from failure
        raise
    _forget(target, after)


def _nothing_before(target: Target, before: versions.Serving) -> str:
    if any(each.version == versions.LATEST for each in before.values()):
        return (
            "No version has served before, so the new build serves, faulty as it is. Correct the "
            "cause, and deploy again."
        )
    return (
        "What was tried has served before this deployment, too, which has changed no function. "
        f"To go back one release: make rollback{target.command}"
    )


def _forget(target: Target, serving: versions.Serving) -> None:
    try:
        versions.forget(target, serving)
    except Exception as error:
        # The deployment is done; a later one deletes them.
        say(f"Old versions were not deleted: {explain(error)}")


def try_versions(
    target: Target,
    wanted: versions.Serving,
    clock: Callable[[], float] = time.monotonic,
    pause: Pause = time.sleep,
) -> versions.Serving:
    """Try each version of `wanted`, and return it with the times that were measured. Raises
    Refused, with what to look at, at the first step that fails.
    """
    client, tried = target.client("lambda"), dict(wanted)
    found = {
        function: Version(client, target, function, served.version, _trip_of(served, clock, pause))
        for function, served in wanted.items()
    }
    for function, version in found.items():
        _TRIALS.get(function, _without_messages)(version, found)
        if took_s := version.trip.took_s:
            tried[function] = replace(wanted[function], took_ms=round(took_s * 1000))
    for function in DECODERS:
        _open_a_picture(Version(client, target, function, versions.LATEST, Trip("")))
    return tried


def _trip_of(served: versions.Served, clock: Callable[[], float], pause: Pause) -> Trip:
    before_s = WAITS_S if served.took_ms is None else _TIMES * served.took_ms / 1000
    return Trip("", clock=clock, pause=pause, waits_s=min(WAITS_S, max(_ANY_S, before_s)))


class Reply(NamedTuple):
    """What a version responded to a request, as urllib3 has it."""

    status: int
    data: bytes
    headers: Mapping[str, str]


class Version:
    """A version of a function, which is sent requests as the gateway sends them. `trip` says each
    step of its trial.
    """

    def __init__(
        self, awslambda: Any, target: Target, function: str, version: str, trip: Trip
    ) -> None:
        self.target, self.function, self.trip = target, function, trip
        self._lambda, self._version = awslambda, version
        trip.http, trip.name = self, f"trial of {function}, version {version},"

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        officer: str | None = None,
    ) -> Reply:
        """Send a request, an officer's as one whose token the gateway has read."""
        host = urlsplit(self.target.outputs.get("EndpointURL", "")).netloc
        sent = [("Host", host), *(headers or {}).items()]
        request = Request(method, path, sent, body, ADDRESS)
        match = _match(path.partition("?")[0])
        event = event_of(request, match, str(uuid4()), ["application/json"])
        event["requestContext"]["domainName"] = host
        if officer:
            event["requestContext"]["authorizer"] = {"principalId": officer, "expires_at": FAR_END}
        response = response_of(self.invoke(event), path)
        return Reply(
            response.status,
            response.body,
            {name.lower(): value for name, value in response.headers},
        )

    def invoke(self, event: Mapping[str, Any], refusal: str | None = None) -> Any:
        """Return what the function returns. Raises Failed when it fails, unless its error's message
        is `refusal`.
        """
        response = self._lambda.invoke(**self._addressed(), Payload=json.dumps(event).encode())
        returned = json.loads(response["Payload"].read())
        message = returned.get("errorMessage") if "FunctionError" in response else None
        if message != refusal:
            what = f"failed: {message}" if "FunctionError" in response else "refused nothing"
            raise Failed(f"It {what}")
        return returned

    def _addressed(self) -> dict[str, str]:
        """Return how the version is addressed. What has no versions may want a tenant."""
        named = {"FunctionName": self.target.physical_name(self.function)}
        if self._version != versions.LATEST:
            return named | {"Qualifier": self._version}
        isolated = "TenancyConfig" in self._lambda.get_function_configuration(**named)
        return named | ({"TenantId": "trial"} if isolated else {})


type Versions = Mapping[str, Version]


def _match(path: str) -> Match:
    """Return the route of a path."""
    for route in sorted({each.path for each in index.routes()}):
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route), path)
        if found:
            return Match(route, found.groupdict())
    raise Failed(f"There is no route {path}")


def _residents(version: Version, _: Versions) -> None:
    try_out(version.trip, version.target)


def _officers(version: Version, others: Versions) -> None:
    """List reports as somebody who is no officer: it reads the officers table, and refuses. Then
    work on a drill.
    """
    trip, logs = version.trip, _logs(version)
    with trip.step("a list for a stranger", logs):
        _ask(version, "GET", LIST, STRANGER, 403)
    resident = others["APIHandler"].trip
    category = resident.first_category()
    with trial_officer(version.target, category) as officer:
        with trip.step("officers' lists", logs):
            for path in (f"{LIST}?sort=attention", "/v1/officer/bulletins", "/v1/officer/bursts"):
                trip.in_time(partial(_ask, version, "GET", path, officer))
        if files_drills():
            resident.report(category, None, resident.get("/v1/health").get("challenge"))
            try:
                _work_on(resident.created["id"], category, version, officer)
            finally:
                resident.withdraw()


def _work_on(report_id: str, category: str, version: Version, officer: str) -> None:
    trip, logs, path = version.trip, _logs(version), f"{LIST}/{report_id}"
    with trip.step("a drill in the list", logs):
        _find(report_id, f"{LIST}?category={category}", version, officer)
    with trip.step("a drill is opened", logs):
        opened = trip.in_time(partial(_ask, version, "GET", path, officer))
    with trip.step("a drill is acknowledged", logs):
        body, tag = {"status": "acknowledged"}, opened.headers.get("etag", "")
        _ask(version, "PATCH", path, officer, body=body, tag=tag)


def _find(report_id: str, path: str, version: Version, officer: str) -> None:
    """Look for a report in a list, whose index is a moment behind."""
    for _ in range(_LOOKS):
        reply = version.trip.in_time(partial(_ask, version, "GET", path, officer))
        if report_id in {each["id"] for each in json.loads(reply.data)["items"]}:
            return
        version.trip.pause(POLL_S)
    raise Failed(f"It is not there: {reply.data[:300].decode()}")


def _ask(
    version: Version,
    method: str,
    path: str,
    officer: str,
    expected: int = 200,
    *,
    body: Any = None,
    tag: str = "",
) -> Reply:
    headers = {"Content-Type": "application/json", "If-Match": tag} if tag else {}
    content = json.dumps(body).encode() if body else b""
    reply = version.request(method, path, headers=headers, body=content, officer=officer)
    if reply.status != expected:
        raise Failed(f"{method} {path} returned {reply.status}: {reply.data[:300].decode()}")
    return reply


def _authorizer(version: Version, _: Versions) -> None:
    event = {"type": "TOKEN", "authorizationToken": "Bearer of nobody", "methodArn": "*"}
    with version.trip.step("a token of nobody", _logs(version)):
        version.invoke(event, refusal="Unauthorized")


def _without_messages(version: Version, _: Versions) -> None:
    with version.trip.step("no message", _logs(version)):
        version.invoke({"Records": []})


def _open_a_picture(version: Version) -> None:
    picture = draw_picture()
    order = {"content_type": "image/jpeg", "size": len(picture), "boxes": []}
    with version.trip.step("a picture is opened", _logs(version)):
        answer = version.invoke({**order, "data": base64.b64encode(picture).decode()})
        if "files" not in json.loads(answer):
            raise Failed(f"It returned {answer[:100]}")


def _logs(version: Version) -> str:
    function = "_".join(template.words(version.function)).lower()
    return f"make logs{version.target.command} FUNCTION={function}"


_TRIALS: Mapping[str, Callable[[Version, Versions], None]] = {
    "APIHandler": _residents,
    "Officers": _officers,
    "AuthorizeOfficer": _authorizer,
}
