"""A model of a deployed stage: which limit is reached first, and at which rate.

Limits are token buckets on a virtual clock. A request takes from each what it was measured to take
(`demand.py`); what the gateway refuses takes nothing from what stands behind it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.handlers.service import scheduled
from chalicelib.http import index
from chalicelib.http.routes import Access
from infra import template
from infra.packaging.gateway import add_throttles
from tests.cost import stage
from tests.limits import published
from tests.limits.demand import Demand
from tests.limits.published import Published

# How the names of limits of a table begin that has not grown yet.
NEW = "a new table of "
STEP_S = 0.1
# Longer than any bucket here needs to run dry, or than a flood goes unnoticed.
WATCHED_S = 120.0


class Then(StrEnum):
    """What happens beyond a limit."""

    REFUSED = "429 from the gateway"
    UNAVAILABLE = "503, and the client asks again"
    DELAYED = "notices wait"
    NOT_CLOSED = "hours of the ledger close late, and it catches up"
    NOT_COMPARED = "what is similar is suggested later; `make status` says so"
    NOT_SUBSCRIBED = "409 `no_more_subscriptions`; an alarm rings at 160"
    NOT_OPENED = "files wait, and are tried again"


@dataclass(frozen=True, slots=True)
class Limit:
    """`per_second` and `burst` of what one request takes `share` of. With another `unit`, it is not
    a rate: there are `burst` in all.
    """

    name: str
    per_second: float
    burst: float
    share: float
    then: Then
    unit: str = "a second"

    @property
    def breaks_at(self) -> float:
        """Requests a second that it bears for any time, or of its unit in all."""
        return (self.per_second or self.burst) / self.share


class Bucket:
    """A token bucket. Times are seconds of a virtual clock."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left, self._at = burst, 0.0

    def take(self, wanted: float, at: float) -> float:
        """Take as much of it as there is, and return how much that was."""
        self._left = min(self._burst, self._left + (at - self._at) * self._per_second)
        self._at = at
        taken = min(wanted, self._left)
        self._left -= taken
        return taken


@dataclass(slots=True)
class Outcome:
    """What became of a flood. `broken`: when each limit was first exceeded, in seconds; `stored`:
    requests that were accepted; `waiting`: those for which each of what follows was not done yet.
    """

    broken: dict[Limit, float] = field(default_factory=dict)
    stored: float = 0
    waiting: list[float] = field(default_factory=list)

    def then(self, what: Then) -> list[str]:
        """Return the names of the limits whose excess had this consequence."""
        return [limit.name for limit in self.broken if limit.then is what]


def simulate(
    before: Sequence[Limit],
    after: Sequence[Sequence[Limit]],
    rate: float,
    seconds: float = WATCHED_S,
) -> Outcome:
    """Let `rate` requests a second come, and return what became of them.

    A request passes the limits `before` in order; what does not pass goes no further. What follows
    from it, such as its notice, then passes its own limits `after`, or waits. Limits with the same
    name are one: notices take from the table that requests are stored in, and here they come first,
    which is the worst for requests.
    """
    limits = [*before, *(limit for each in after for limit in each)]
    buckets = {each.name: Bucket(each.per_second, each.burst) for each in limits}
    outcome = Outcome(waiting=[0.0] * len(after))

    def passed(limits: Sequence[Limit], wanted: float, at: float) -> float:
        for limit in limits:
            got = buckets[limit.name].take(wanted * limit.share, at) / limit.share
            if got < wanted * 0.999:
                outcome.broken.setdefault(limit, at)
            wanted = min(wanted, got)
        return wanted

    for step in range(1, round(seconds / STEP_S) + 1):
        at = step * STEP_S
        left = [
            waiting - passed(limits, waiting, at) if waiting else 0
            for limits, waiting in zip(after, outcome.waiting, strict=True)
        ]
        stored = passed(before, rate * STEP_S, at)
        outcome.stored += stored
        outcome.waiting = [waiting + stored for waiting in left]
    return outcome


def weakest(limits: Iterable[Limit]) -> Limit:
    """Return the limit that breaks first, at the lowest rate."""
    return min(limits, key=lambda limit: limit.breaks_at)


def gateway(method: str, path: str) -> list[Limit]:
    """Return what stands in front of a route: its own throttle, the account's, and for officers'
    routes the firewall.
    """
    rate, burst = throttle_of(method, path)
    account = published.GATEWAY
    together = float(template.load("app.yaml")["Parameters"]["WafOfficersTogether"]["Default"])
    firewall = Limit("officers' routes at the firewall", together / 60, together, 1, Then.REFUSED)
    return [
        *([firewall] if path.startswith("/v1/officer/") else []),
        Limit(f"throttle of {method} {path}", rate, burst, 1, Then.REFUSED),
        Limit(account.what, account.per_second, account.burst, 1, Then.REFUSED),
    ]


def throttle_of(method: str, path: str) -> tuple[float, float]:
    """Return rate and burst of a route, as they are packaged, with default parameters."""
    app = template.load("app.yaml")
    api = app["Resources"]["RestAPI"]["Properties"]
    paths: dict[str, dict[str, Any]] = {}
    for route in index.routes():
        asks_authorizer: dict[str, Any] = {"security": []} if route.access == Access.OFFICER else {}
        paths.setdefault(route.path, {})[route.method.lower()] = asks_authorizer
    properties = {"DefinitionBody": {"paths": paths}, "MethodSettings": api["MethodSettings"]}
    add_throttles({"Resources": {"RestAPI": {"Properties": properties}}})
    settings = {
        (each["ResourcePath"], each["HttpMethod"]): each for each in properties["MethodSettings"]
    }
    named = "/" + path.replace("~", "~0").replace("/", "~1")
    setting = settings.get((named, method)) or settings["/*", "*"]
    return (
        _value(app, setting["ThrottlingRateLimit"]),
        _value(app, setting["ThrottlingBurstLimit"]),
    )


def _value(app: Mapping[str, Any], node: Any) -> float:
    return float(app["Parameters"][node["Ref"]]["Default"] if isinstance(node, dict) else node)


def functions(asked: Demand) -> list[Limit]:
    """Return what Lambda allows a function behind the gateway, with the account to itself."""
    busy_s = published.CALL_S * asked.rounds + published.CALL_S
    environments = published.CONCURRENCY
    per_environment = published.REQUESTS_PER_ENVIRONMENT.per_second
    return [
        Limit(
            "functions at the same time",
            environments / busy_s,
            environments / busy_s,
            1,
            Then.UNAVAILABLE,
        ),
        Limit(
            "requests of all execution environments",
            environments * per_environment,
            environments * per_environment,
            1,
            Then.UNAVAILABLE,
        ),
    ]


def tables(demand: Demand, then: Then) -> list[Limit]:
    """Return what DynamoDB allows: each partition that is shared, and each table and index."""
    return [
        *_limits(published.PARTITION_WRITES, demand.hottest, "a partition of ", then),
        *_limits(published.NEW_TABLE_WRITES, demand.units, NEW, then),
        *_limits(published.TABLE_READS, demand.reads, "read units of ", then),
    ]


def _limits(
    limit: Published, shares: Mapping[str, float], prefix: str, then: Then
) -> Iterator[Limit]:
    for name, share in sorted(shares.items()):
        yield Limit(f"{prefix}{name}", limit.per_second, limit.burst, share, then)


@dataclass(frozen=True, slots=True)
class Reader:
    """A function that reads the stream of the reports table: how many batches of it run at once,
    and what its filters let through.
    """

    name: str
    parallel: int
    patterns: tuple[str, ...]

    @property
    def is_of_criticals(self) -> bool:
        """Return whether nothing but critical notices passes its filters."""
        return all('"critical"' in pattern for pattern in self.patterns)

    def limit(self, rounds: float) -> Limit:
        """Return how many records a second it bears that need so many rounds of calls each."""
        per_second = self.parallel / (rounds * published.CALL_S)
        return Limit(f"records that {self.name} reads", per_second, per_second, 1, Then.DELAYED)


def comparison(rounds: float) -> Limit:
    """Return how many reports `suggest_incidents` compares: one run a minute, which ends before its
    time does.
    """
    timeout_s, _ = template.function_limits()["suggest_incidents"]
    share = (timeout_s - scheduled.LAST_SECONDS_MS / 1000) / 60
    per_second = share / (rounds * published.CALL_S)
    # What came in the minute before waits for the run.
    name = "reports that SuggestIncidents compares"
    return Limit(name, per_second, 60 * per_second, 1, Then.NOT_COMPARED)


# What a leaf of the ledger takes of a processor, and how long a page of them is waited for
# (`tests.bench.ledger`, docs/adr/0063-long-hours.md). It is read twice in its hour, and twice in
# each of the three after it.
_LEAF_S, _PAGE_S, _PAGE = 8.7e-6, 0.04, 8_000
_HOURS = 4


def ledger(leaves: float) -> Limit:
    """Return how many reports a second `digest_audit` closes for hours, with so many leaves each.
    Of a single hour it closes four times as many.
    """
    timeout_s, memory = template.function_limits()["digest_audit"]
    leaf_s = _LEAF_S * stage.SLOWER * max(1, stage.CORE_MB / memory) + 2 * _PAGE_S / _PAGE
    most = timeout_s / leaf_s
    name = "leaves of the ledger that DigestAudit closes"
    return Limit(name, most / _HOURS / 3600, most, leaves, Then.NOT_CLOSED)


def readers() -> list[Reader]:
    """Return all readers of the stream, as the template defines them. A new table has few shards:
    one for each of its partitions.
    """
    found = []
    for name, resource in template.load("app.yaml")["Resources"].items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            mapping = event["Properties"]
            if event["Type"] == "DynamoDB" and "ReportsTable" in str(mapping["Stream"]):
                parallel = published.NEW_TABLE_PARTITIONS * mapping["ParallelizationFactor"]
                patterns = [each["Pattern"] for each in mapping["FilterCriteria"]["Filters"]]
                found.append(Reader(name, parallel, tuple(patterns)))
    return found
