"""Counters of what officers do in an hour, lists of their acts, and AWS's own record of the keys.

The counters are in the reports table, so that one write can have an announcement too. DynamoDB
deletes old ones. The lists are there, too: by them, audit rows about reports are found by officer.

The record is CloudTrail's event history. It needs no trail, holds 90 days of management events, and
`Decrypt` is one of them. Nobody can change it or switch it off. An event is in it within about a
quarter of an hour.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import json
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.errors import unavailable
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import TransactItem, Update
from chalicelib.domain.notices.notice import officer_address
from chalicelib.domain.reports.events import Watched
from chalicelib.domain.watch import Act
from chalicelib.kernel import times
from chalicelib.store.audit.rows import KEPT

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail import CloudTrailClient
    from mypy_boto3_kms import KMSClient


# As long as somebody may ask whom a notice was about.
_LIFE = timedelta(days=30)
# So many records are known by their ids. Further ones are only counted: a row has a limit.
KNOWN_MAX = 1_000
_SK = "COUNT"
# Apart, so that no row of the watch is in the way of a step, which waits for it.
_ENDED_SK = "ENDED"


class Counter(NamedTuple):
    """The acts of one officer in one hour (`2026-11-24T10`)."""

    by: str
    what: Watched
    hour: str

    @property
    def id(self) -> str:
        """The counter as keys and logs name it, without the officer's name."""
        return f"{officer_address(self.by)}#{self.hour}#{self.what}"


class Count(NamedTuple):
    """The state of a counter. `notified` is the level of the last notice."""

    total: int
    notified: int


class WatchCounters:
    def __init__(self, table: Table) -> None:
        """Count in `table`, which is the table of reports."""
        self._table = table

    def add(self, counter: Counter, records: Collection[str], now: datetime) -> Count:
        """Count records by their ids, each once, however often it is added.

        Above `KNOWN_MAX`, a record that is added again is counted again. Raises Unavailable.
        """
        try:
            row = self._table.update(
                self._update(counter, now, gather={"known": records}, room={"known": KNOWN_MAX})
            )
        except ConditionFailed:
            row = self._table.update(self._update(counter, now, add={"more": len(records)}))
        return _count(row)

    def in_steps(self, counter: Counter) -> int:
        """Return how many acts were counted in their own transactions. Raises Unavailable."""
        row = self._table.get(keys.watch(counter.id), _ENDED_SK, consistent=True)
        return int(row["ended"]) if row else 0

    def one_more(self, counter: Counter, before: int, now: datetime) -> TransactItem:
        """Return the write of another act, for its transaction. It fails unless there were
        `before`.
        """
        pk, ttl = keys.watch(counter.id), int((now + _LIFE).timestamp())
        put, equal = {"ended": before + 1, "expires_ttl": ttl}, {"ended": before or None}
        return self._table.item(Update(pk, _ENDED_SK, put=put, equal=equal, upsert=True))

    def notified(self, counter: Counter, before: int, level: int) -> TransactItem:
        """Return the write of the level of a notice. It fails unless the last one was `before`."""
        pk = keys.watch(counter.id)
        return self._table.item(
            Update(pk, _SK, put={"notified": level}, equal={"notified": before or None})
        )

    def _update(
        self,
        counter: Counter,
        now: datetime,
        *,
        gather: dict[str, Collection[str]] | None = None,
        room: dict[str, int] | None = None,
        add: dict[str, int] | None = None,
    ) -> Update:
        put = {"by": counter.by, "expires_ttl": int((now + _LIFE).timestamp())}
        return Update(
            keys.watch(counter.id),
            _SK,
            put=put,
            gather=gather or {},
            room=room or {},
            add=add or {},
            upsert=True,
        )


def _count(row: Row) -> Count:
    total = len(row.get("known", ())) + int(row.get("more", 0))
    return Count(total, int(row.get("notified", 0)))


class ActRows:
    """The acts of officers: in `ACTS#<name>`, each under the sort key of its audit row.

    Every method raises Unavailable when DynamoDB fails.
    """

    def __init__(self, table: Table) -> None:
        """Keep them in `table`, which is the table of reports."""
        self._table = table

    def put(self, acts: Iterable[Act]) -> None:
        """Write acts, for as long as their audit rows are kept. Repeated, change nothing."""
        rows = (
            {
                "pk": keys.acts(act.by),
                "sk": act.key[1],
                "about": act.key[0],
                "action": act.action,
                "expires_ttl": int((act.at + KEPT).timestamp()),
            }
            for act in acts
        )
        # An audit row that was written over comes twice. DynamoDB takes no batch with a key twice.
        self._table.put_all({(row["pk"], row["sk"]): row for row in rows}.values())

    def latest(self, by: str, between: tuple[str, str], limit: int) -> tuple[list[Act], bool]:
        """Return an officer's latest acts between two sort keys, and whether there are more."""
        rows, more = self._table.query(keys.acts(by), between=between, forward=False, limit=limit)
        return [_act(by, row) for row in rows], more

    def all(self, by: str, between: tuple[str, str]) -> list[Act]:
        """Return all acts of an officer between two sort keys."""
        rows, _ = self._table.query(keys.acts(by), between=between)
        return [_act(by, row) for row in rows]


def _act(by: str, row: Row) -> Act:
    about = row["about"]
    return Act(by, row["action"], keys.is_report(about), (about, row["sk"]))


_SECOND = timedelta(seconds=1)
# How CloudTrail names the calls that give a function other code, or its role to another function.
CODE_CALLS = (
    "UpdateFunctionCode20150331v2",
    "UpdateFunctionConfiguration20150331v2",
    "CreateFunction20150331",
)


class Line(NamedTuple):
    """One event of CloudTrail.

    `caller` is the ARN of the role, or of a caller without one; `error` the code of a call
    that failed, or "". `asked` is what the call named, as far as CloudTrail keeps it.
    """

    event_id: str
    at: datetime
    call: str
    caller: str
    user_agent: str
    error: str
    asked: dict[str, Any]


class AwsRecord:
    """CloudTrail's event history of a region, and the keys to look up in it.

    Every method raises Unavailable when AWS fails. CloudTrail answers two lookups a second in each
    account and region, so its client must be patient.
    """

    def __init__(self, cloudtrail: "CloudTrailClient", kms: "KMSClient") -> None:
        self._cloudtrail = cloudtrail
        self._kms = kms

    def keys(self, aliases: Iterable[str]) -> set[str]:
        """Return the ARNs of the keys behind these aliases, now and before each rotation.

        `make rotate-key` names the key before as `<alias>/1`, `<alias>/2` …
        """
        wanted = tuple(aliases)
        found = set()
        with unavailable():
            for page in self._kms.get_paginator("list_aliases").paginate():
                for each in page["Aliases"]:
                    name, key_id = each["AliasName"], each.get("TargetKeyId")
                    if key_id and any(name == one or name.startswith(f"{one}/") for one in wanted):
                        found.add(each["AliasArn"].removesuffix(name) + f"key/{key_id}")
        return found

    def of_key(self, key: str, begin: datetime, end: datetime) -> list[Line]:
        """Return the calls that named a key, by its ARN, from `begin` to before `end`."""
        return self._lines("ResourceName", key, begin, end)

    def of_code(self, begin: datetime, end: datetime) -> list[Line]:
        """Return the calls of CODE_CALLS, on any function, from `begin` to before `end`."""
        return [line for call in CODE_CALLS for line in self._lines("EventName", call, begin, end)]

    def _lines(self, attribute: Any, value: str, begin: datetime, end: datetime) -> list[Line]:
        # The history has whole seconds, and includes both ends.
        lines = map(_line, self._events(attribute, value, begin, end - _SECOND))
        # An event may be recorded more than once.
        return sorted({line.event_id: line for line in lines}.values(), key=lambda line: line.at)

    def _events(
        self, attribute: Any, value: str, begin: datetime, last: datetime
    ) -> Iterator[dict[str, Any]]:
        token: dict[str, Any] = {}
        while True:
            with unavailable():
                response = self._cloudtrail.lookup_events(
                    LookupAttributes=[{"AttributeKey": attribute, "AttributeValue": value}],
                    StartTime=begin,
                    EndTime=last,
                    **token,
                )
            yield from (json.loads(each["CloudTrailEvent"]) for each in response["Events"])
            if not response.get("NextToken"):
                return
            token = {"NextToken": response["NextToken"]}


def _line(event: dict[str, Any]) -> Line:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html"""
    identity = event.get("userIdentity") or {}
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    return Line(
        event_id=event["eventID"],
        at=times.parse(event["eventTime"]),
        call=event["eventName"],
        caller=issuer.get("arn") or identity.get("arn") or identity.get("invokedBy") or "unknown",
        user_agent=event.get("userAgent") or "",
        error=event.get("errorCode") or "",
        asked=event.get("requestParameters") or {},
    )
