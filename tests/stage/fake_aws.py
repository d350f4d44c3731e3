"""An AWS on this machine that knows one stack, and fails at everything else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from werkzeug import Request, Response

from tests import loopback

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/tipline-dev/1"
OUTPUTS = {
    "EndpointURL": "https://abc.execute-api.us-east-1.amazonaws.com/api/",
    "RestAPIId": "abc",
    "ReportsTableName": "reports",
    "BulletinsTableName": "bulletins",
    "AuditTableName": "audit",
    "OfficersTableName": "officers",
    "ContactsTableName": "contacts",
    "MediaBucketName": "media",
    "AuditBucketName": "seals",
    "AuditSecretArn": "secret",
} | {
    f"{name}{kind}": f"https://sqs/{name}{kind}"
    for name in ("CriticalUploads", "Uploads", "Manifests", "Upkeep", "Events", "Notices", "Audit")
    for kind in ("QueueUrl", "DeadLettersUrl")
}


class Fault(NamedTuple):
    """An error of AWS: its HTTP status, code and message."""

    status: int
    code: str
    message: str = ""


class FakeAws:
    """It describes the stack, in `status`, when `knows_stack`. To everything else it returns
    `fault`.
    """

    def __init__(self, fault: Fault, *, knows_stack: bool, status: str = "UPDATE_COMPLETE") -> None:
        self.fault, self.knows_stack, self.status = fault, knows_stack, status
        self.url = ""

    def respond(self, headers: Any, body: str) -> tuple[int, str, str]:
        """Return status, content type and body, in the form of the service that is asked."""
        action = parse_qs(body).get("Action", [""])[0]
        if self.knows_stack and action in ("DescribeStacks", "ListStackResources", "ListStacks"):
            return 200, "text/xml", _cloudformation(action, self.status)
        if headers.get("X-Amz-Target"):
            content = {"__type": self.fault.code, "message": self.fault.message}
            return self.fault.status, "application/x-amz-json-1.0", json.dumps(content)
        error = f"<Code>{self.fault.code}</Code><Message>{self.fault.message}</Message>"
        text = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>" if action else (
            f"<Error>{error}</Error>"
        )  # fmt: skip
        return self.fault.status, "text/xml", text


@contextmanager
def serving(aws: FakeAws) -> Iterator[FakeAws]:
    """Serve it on a free port, for as long as the context lasts."""

    def respond(request: Request) -> Response:
        body = request.get_data(as_text=True)
        status, kind, content = aws.respond(request.headers, body)
        return Response(content, status, content_type=kind)

    with loopback.serving(respond) as aws.url:
        yield aws


def _cloudformation(action: str, status: str) -> str:
    if action == "ListStackResources":
        inner = "<StackResourceSummaries/>"
    elif action == "ListStacks":
        inner = "<StackSummaries/>"
    else:
        outputs = "".join(
            f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
            for key, value in OUTPUTS.items()
        )
        inner = (
            f"<Stacks><member><StackName>tipline-dev</StackName><StackId>{STACK_ID}</StackId>"
            "<CreationTime>2026-11-25T10:00:00Z</CreationTime>"
            f"<StackStatus>{status}</StackStatus><Outputs>{outputs}</Outputs>"
            "<Parameters><member><ParameterKey>ReportsStream</ParameterKey>"
            "<ParameterValue></ParameterValue></member></Parameters></member></Stacks>"
        )
    return f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"
