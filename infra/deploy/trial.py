"""Try new versions before anybody is sent to them.

Each function is invoked by its version, with what AWS would send it: the two behind the gateway
with requests, the authorizer with a token that nobody has, one that reads a queue with no message.
What opens files has no versions: it is tried as it is, with a picture.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from chalicelib.http import index
from infra.deploy.smoke import Failed, Trip, draw_picture, try_out
from infra.local import template
from infra.local.gateway.events import Match, Request, event_of, response_of
from infra.stage.target import Target
from infra.stage.versions import LATEST, Serving

# An address that nobody has (RFC 5737), and an officer whom no table has.
ADDRESS, STRANGER = "192.0.2.1", "trial/deploy"
LIST = "/v1/officer/reports"
DECODERS = ("Decode", "DecodeCritical")
FAR_END = "4102444800"  # of a token, in seconds since 1970


def try_versions(target: Target, wanted: Serving) -> None:
    """Try each version of `wanted`. Raises Refused, with what to look at, at the first step that
    fails.
    """
    client = target.client("lambda")
    for function, served in wanted.items():
        version = Version(client, target, function, served.version)
        _TRIALS.get(function, _without_messages)(version)
    for function in DECODERS:
        _open_a_picture(Version(client, target, function, LATEST))


class Reply(NamedTuple):
    """What a version responded to a request, as urllib3 has it."""

    status: int
    data: bytes


class Version:
    """A version of a function, which is sent requests as the gateway sends them."""

    def __init__(self, awslambda: Any, target: Target, function: str, version: str) -> None:
        self.target, self.function = target, function
        self._lambda, self._version = awslambda, version

    def trip(self) -> Trip:
        return Trip("", self, f"trial of {self.function}, version {self._version},")

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        officer: str | None = None,
    ) -> Reply:
        host = urlsplit(self.target.outputs.get("EndpointURL", "")).netloc
        sent = [("Host", host), *(headers or {}).items()]
        request = Request(method, path, sent, body, ADDRESS)
        event = event_of(request, _match(path), str(uuid4()), ["application/json"])
        event["requestContext"]["domainName"] = host
        if officer:
            event["requestContext"]["authorizer"] = {"principalId": officer, "expires_at": FAR_END}
        response = response_of(self.invoke(event), path)
        return Reply(response.status, response.body)

    def invoke(self, event: Mapping[str, Any], refusal: str | None = None) -> Any:
        """Return what the function returns. Raises Failed when it fails, unless its error's message
        is `refusal`.
        """
        named = {"FunctionName": self.target.physical_name(self.function)}
        if self.function in DECODERS:
            isolated = "TenancyConfig" in self._lambda.get_function_configuration(**named)
            more = {"TenantId": "trial"} if isolated else {}
        else:
            more = {"Qualifier": self._version}
        payload = json.dumps(event).encode()
        response = self._lambda.invoke(**named, **more, Payload=payload)
        returned = json.loads(response["Payload"].read())
        message = returned.get("errorMessage") if "FunctionError" in response else None
        if message != refusal:
            what = f"failed: {message}" if "FunctionError" in response else "refused nothing"
            raise Failed(f"It {what}")
        return returned


def _match(path: str) -> Match:
    """Return the route of a path."""
    for route in sorted({each.path for each in index.routes()}):
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route), path)
        if found:
            return Match(route, found.groupdict())
    raise Failed(f"There is no route {path}")


def _residents(version: Version) -> None:
    try_out(version.trip(), version.target)


def _officers(version: Version) -> None:
    """List reports as somebody who is no officer: it reads the officers table, and refuses."""
    with version.trip().step("a list for a stranger", _logs(version, "officers")):
        reply = version.request("GET", LIST, officer=STRANGER)
        if reply.status != 403:
            raise Failed(f"GET {LIST} returned {reply.status}: {reply.data[:300].decode()}")


def _authorizer(version: Version) -> None:
    event = {"type": "TOKEN", "authorizationToken": "Bearer of nobody", "methodArn": "*"}
    with version.trip().step("a token of nobody", _logs(version, "authorize_officer")):
        version.invoke(event, refusal="Unauthorized")


def _without_messages(version: Version) -> None:
    name = "_".join(template.words(version.function)).lower()
    with version.trip().step("no message", _logs(version, name)):
        version.invoke({"Records": []})


def _open_a_picture(version: Version) -> None:
    name = "_".join(template.words(version.function)).lower()
    picture = draw_picture()
    order = {"content_type": "image/jpeg", "size": len(picture), "boxes": []}
    with version.trip().step("a picture is opened", _logs(version, name)):
        answer = version.invoke({**order, "data": base64.b64encode(picture).decode()})
        if "files" not in json.loads(answer):
            raise Failed(f"It returned {answer[:100]}")


def _logs(version: Version, function: str) -> str:
    return f"make logs{version.target.command} FUNCTION={function}"


_TRIALS: Mapping[str, Callable[[Version], None]] = {
    "APIHandler": _residents,
    "Officers": _officers,
    "AuthorizeOfficer": _authorizer,
}
