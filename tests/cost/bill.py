"""Count what requests and functions use, on the mocked cloud, by the code that runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from chalice.local import RouteMatcher

from app import app
from chalicelib import wiring
from chalicelib.handlers import watch
from chalicelib.handlers.service import scheduled, upkeep
from chalicelib.http import index
from chalicelib.kernel.config import Api
from infra.events import Response
from infra.local.gateway.api_server import compress
from tests import cloud, events
from tests.bench.operations import metered
from tests.bench.units import Call, Meter, rounds
from tests.client import Reply, call
from tests.cost import lines, stage
from tests.cost.stage import Stage
from tests.cost.usage import added
from tests.limits.demand import wait_for_noon

# What the gateway adds to each response: its own ids, the date, the length.
_GATEWAY_HEADERS = 250

_READERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "publish_critical": scheduled.publish_critical,
    "publish_notices": scheduled.publish_notices,
    "seal_audit": watch.seal_audit,
}
_matcher = RouteMatcher(list(app.routes))
_apis = {(route.method, route.path): route.api for route in index.routes()}


class Bill:
    """Counts from `open_bill` on. `deployed` is the stage that it is for."""

    def __init__(self, environment: Mapping[str, str], deployed: Stage, meter: Meter) -> None:
        self.environment = environment
        self.deployed = deployed
        self._meter = meter
        self._changed: dict[str, list[tuple[str, str]]] = {"REPORTS_TABLE": [], "AUDIT_TABLE": []}

    def request(
        self, method: str, path: str, body: Any = None, **how: Any
    ) -> tuple[Reply, dict[str, float]]:
        """Send a request, and return its response and what it used, but for the authorizer and
        what follows from it. Arguments are those of `tests.client.call`.
        """
        route = _matcher.match_route(path.partition("?")[0]).route
        function = _apis[method, route]
        replies: list[Reply] = []
        used = self.function(
            "residents" if function is Api.RESIDENTS else "officers",
            lambda: replies.append(call(method, path, body, **how)),
        )
        reply = replies[0]
        assert reply.status in (200, 201, 202, 204, 304), reply.text
        sent = self._sent(reply)
        log = lines.of_gateway(self.deployed.access_log, method, route, reply.status, sent)
        own = {"gateway_requests": 1, "bytes_out": sent, "log_bytes": log, "log_byte_months": log}
        return reply, added([used, own])

    def function(self, name: str, act: Callable[[], Any], more_ms: float = 0) -> dict[str, float]:
        """Call a function, and return what it used. `more_ms`: how much longer than others it
        takes.
        """
        with self._meter.measured() as calls, cloud.logged("chalicelib") as logged:
            act()
        for setting, rows in self._changed.items():
            table = self.environment[setting]
            rows += [(pk, sk) for made in calls for at, pk, sk in made.rows if at == table]
        log = sum(map(lines.of_app, logged))
        run = self.deployed.run(name, len(calls), rounds(calls), log, more_ms)
        return added([run, *(_called(name, made) for made in calls)])

    def publish(self) -> dict[str, float]:
        """Let the stream of reports deliver what was written, and what that wrote, each time as one
        batch, and return what it used.
        """
        used = []
        while self._changed["REPORTS_TABLE"]:
            used += self._deliver("REPORTS_TABLE")
        return added(used)

    def seal(self) -> dict[str, float]:
        """Let the stream of the audit deliver all that was written since the last time as one
        batch, and return what it used.
        """
        return added([*self._deliver("AUDIT_TABLE"), self.publish()])

    def _deliver(self, setting: str) -> list[dict[str, float]]:
        table = self.environment[setting]
        keys, self._changed[setting] = self._changed[setting], []
        records = _records(table, list(dict.fromkeys(keys)), setting == "AUDIT_TABLE")
        used = []
        for name, (read, wanted) in stage.readers().items():
            batch = [record for record in records if read == setting and wanted(record)]
            if batch:
                used.append(self.function(name, lambda: _read(name, batch)))  # noqa: B023  called at once
        return used

    def upkeep(self) -> dict[str, float]:
        """Do what waits in the queue of upkeep, and return what it used. Lambda asks the queue for
        each message and deletes it.
        """
        sqs, used = cloud.client("sqs"), []
        queue = {"QueueUrl": self.environment["UPKEEP_QUEUE_URL"]}
        while found := sqs.receive_message(**queue).get("Messages"):
            [message] = found
            batch = {"Records": [events.queue_record(message["Body"], message["MessageId"])]}
            used += [self.function("do_upkeep", lambda: upkeep.do_upkeep(batch, None))]  # noqa: B023  called at once
            used += [{"sqs_requests": 2}]
            sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
        return added(used)

    def authorizer(self) -> dict[str, float]:
        """Return what the authorizer uses for one call: it asks nothing of AWS."""
        return self.deployed.run("authorize_officer", 0, 0)

    def _sent(self, reply: Reply) -> int:
        """Return the bytes of a response to a client that takes gzip."""
        headers = [(name, value) for name, value in reply.headers.items()]
        response = Response(reply.status, headers, reply.text.encode())
        body = compress(response, "gzip, deflate, br", self.deployed.compress_from).body
        return (
            len(body)
            + sum(len(name) + len(value) + 4 for name, value in headers)
            + _GATEWAY_HEADERS
        )


@contextmanager
def open_bill(environment: Mapping[str, str], deployed: Stage | None = None) -> Iterator[Bill]:
    """Give a bill for a warm stage, on a mocked cloud, from noon on."""
    with metered(environment) as meter:
        _wait_for_the_tenth()
        wait_for_noon()
        yield Bill(environment, deployed or stage.deployed(), meter)


def _wait_for_the_tenth() -> None:
    """Let a week that is read be of one month, as it is on most days, also three months later: each
    month has counters of its own.
    """
    now = wiring.clock.now()
    next_month = now.replace(day=1) + timedelta(days=32)
    wiring.clock.advance(next_month.replace(day=10) - now)


def _read(name: str, records: Sequence[Any]) -> None:
    assert _READERS[name]({"Records": records}, None) == {"batchItemFailures": []}, name


def _records(table: str, keys: list[tuple[str, str]], is_audit: bool) -> list[Any]:
    """Return the records of a stream: rows as they were written, but for those that are gone."""
    images = {key: image for key in keys if len(image := cloud.stored_row(table, *key)) > 2}
    if is_audit:
        return events.audit_stream(images.values())
    return events.reports_stream(images, image=lambda pk, sk: images[pk, sk])


def _called(function: str, made: Call) -> dict[str, float]:
    """Return what one call of AWS by a function uses."""
    service, _, operation = made.operation.partition(".")
    match service, operation:
        case "dynamodb", _:
            return {"write_units": made.write_units, "read_units": made.read_units}
        case "kms", "Decrypt" if function == "suggest_incidents":
            return {"kms_symmetric": 1}  # the key of a day
        case "kms", "Decrypt" | "Sign":
            return {"kms_asymmetric": 1}
        case "kms", "GenerateMac" | "GenerateDataKey":
            return {"kms_symmetric": 1}
        case "kms", "GetPublicKey" | "ListAliases" | "DescribeKey":
            return {"kms_symmetric": 1}
        case "sns", _:
            return {"sns_requests": 1}
        case "sqs", _:
            return {"sqs_requests": 1}
        case "s3", "GetObject" | "HeadObject" | "GetObjectAttributes":
            return {"s3_gets": 1}
        case ("s3", "DeleteObject" | "DeleteObjects") | ("cloudtrail", "LookupEvents"):
            return {}
        case "s3", _:
            return {"s3_puts": 1}
    raise AssertionError(f"{made.operation} has no price here")
