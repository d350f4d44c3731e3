"""What each operation may cost in AWS, warm (secrets and catalogue loaded), with the six categories
of the default city, each in one partition of the lists. `tests/functional/aws/test_budgets.py`
holds each to it.

    python -m tests.bench.operations     prints what they cost
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import boto3

from chalicelib import wiring
from chalicelib.domain.notices import destinations
from chalicelib.domain.officers.model import Role
from chalicelib.handlers.service import scheduled
from chalicelib.services.bulletins.public import SETTLED
from chalicelib.services.casework.gists import KEPT
from chalicelib.services.casework.presence import SETTLED as SETTLED_AFTER
from tests import (
    audit_trail,
    cloud,
    conftest,  # sets credentials that open nothing
    receivers,
)
from tests.bench import rows as table
from tests.bench.units import Meter, MockedRows, indexes_of
from tests.client import Reply, call, new_key, opening_etag, read_and_approve, report, tag_for

_THREE_KB = "人" * 1024
FULL = {
    "text": _THREE_KB,
    "occurred_at": "2026-11-24T08:30:00+08:00",
    "location": {
        "lat": 39.92123,
        "lon": 116.44321,
        "datum": "gcj02",
        "accuracy_m": 20.5,
        "address": "朝阳区建国路93号万达广场东门公交站",
    },
    "details": {
        "age": 81,
        "sex": "male",
        "dementia": "yes",
        "medication": "needed_today",
        "clothing": "蓝色外套，灰色帽子",
    },
}
_CONTACT = {"name": "王小明", "phone": "+86 138 0013 8000", "email": "someone@example.com"}
_MEDIA = [
    {"content_type": "image/jpeg", "size": 2_483_921, "sha256": "a" * 64},
    {"content_type": "video/mp4", "size": 48_211_002},
]


@dataclass(frozen=True, slots=True)
class Operation:
    """`prepare` brings about what it needs, and gives the call to measure. `calls` are in any
    order, those of DynamoDB without its name.
    """

    name: str
    prepare: Callable[[], Callable[[], Reply]]
    calls: tuple[str, ...]
    write_units: float
    read_units: float


@contextmanager
def metered(environment: Mapping[str, str]) -> Iterator[Meter]:
    """A meter of all that the app asks of AWS, warm."""
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    meter = Meter(MockedRows(boto3.client("dynamodb")), indexes_of(environment))
    meter.watch(wiring.aws_events())
    wiring.sketches().days.keep(wiring.clock.now())
    for warm in (wiring.identity, wiring.audit, wiring.cursors, wiring.catalogue, wiring.day_key):
        warm()
    for keys in (wiring.content_keys(), wiring.contact_keys()):
        keys.wrapping_key()
    yield meter
    wiring.reset()


def _create(**more: Any) -> Reply:
    reply = call("POST", "/v1/reports", report(**{**FULL, **more}), key=new_key())
    assert reply.status == 201, reply.text
    return reply


def _creating(**more: Any) -> Callable[[], Callable[[], Reply]]:
    return lambda: lambda: _create(**more)


def _lead() -> Callable[[], Reply]:
    bulletin_id = _published()
    return lambda: _create(bulletin_id=bulletin_id)


def _bulletin_page() -> Callable[[], Reply]:
    bulletin_id = _published()
    return lambda: call("GET", f"/bulletins/{bulletin_id}")


def _feed() -> Callable[[], Reply]:
    """Read a feed that the process has kept, with one entry of each kind."""
    for withdrawn in (True, False):
        path = f"/v1/officer/bulletins/{_published()}/withdraw"
        if withdrawn:
            assert call("POST", path, {"code": "no_longer_sought"}, officer="li").status == 200

    def read() -> Reply:
        return call("GET", "/v1/bulletins/feed.json")

    for _ in range(2):
        read()
        wiring.clock.advance(SETTLED)
    return read


def _approves() -> Callable[[], Reply]:
    path = f"/v1/officer/bulletins/{_drafted()['id']}/approve"
    return partial(read_and_approve, path, "zhao", tag_for(path, "zhao"))


def _withdraws() -> Callable[[], Reply]:
    path = f"/v1/officer/bulletins/{_published()}/withdraw"
    return lambda: call("POST", path, {"code": "no_longer_sought"}, officer="li")


def _published() -> str:
    drafted = _drafted()
    assert _approve(drafted).status == 200
    return str(drafted["id"])


def _drafted() -> Mapping[str, Any]:
    cloud.officer("li")
    cloud.officer("zhao")
    words = {"zh": "寻找一位老人。" * 100}
    draft = {"channel": "key_cases", "title": {"zh": "寻人"}, "body": words}
    return dict(call("POST", "/v1/officer/bulletins", draft, officer="li").json)


def _approve(drafted: Mapping[str, Any]) -> Reply:
    path = f"/v1/officer/bulletins/{drafted['id']}/approve"
    return read_and_approve(path, "zhao")


def _reporter_reads() -> Callable[[], Reply]:
    filed = _create(media=_MEDIA, contact=_CONTACT).json
    return lambda: call("GET", f"/v1/reports/{filed['id']}", receipt=filed["receipt"])


def _officer_opens() -> Callable[[], Reply]:
    filed = _create(media=_MEDIA, contact=_CONTACT).json
    cloud.officer()
    return lambda: call("GET", f"/v1/officer/reports/{filed['id']}", officer="wang")


def _officer_opens_first() -> Callable[[], Reply]:
    text = f"{_THREE_KB[:900]}，车牌京A·12345，电话 +86 138 0013 8000"
    filed = _create(text=text, media=_MEDIA, contact=_CONTACT).json
    cloud.officer()
    return lambda: call("GET", f"/v1/officer/reports/{filed['id']}", officer="wang")


def _asks_who_opened() -> Callable[[], Reply]:
    """Return a question of an auditor, of an officer who opened 50 reports."""
    created = _create().json
    cloud.officer()
    cloud.officer("shen", roles=(Role.AUDITOR,))
    for _ in range(50):
        call("GET", f"/v1/officer/reports/{created['id']}", officer="wang")
    audit_trail.seal(audit_trail.stream_of())
    return lambda: call("GET", "/v1/audit/openings?officer=wang", officer="shen")


def _officer_searches() -> Callable[[], Reply]:
    cloud.officer()
    for _ in range(10):
        filed = _create(text="京A12345").json
        call("GET", f"/v1/officer/reports/{filed['id']}", officer="wang")
    return lambda: call("GET", "/v1/officer/search?text=A12345", officer="wang")


def _officer_opens_incident() -> Callable[[], Reply]:
    built: tuple[Any, ...] = (wiring.sketches, wiring.live_day_key)
    for each in built:
        each.cache_clear()
    scheduled.suggest_incidents(cloud.SCHEDULE, None)  # makes the key of the day
    filed = _create().json
    for _ in range(11):
        _create()
    scheduled.suggest_incidents(cloud.SCHEDULE, None)
    cloud.officer()
    return lambda: call("GET", f"/v1/officer/reports/{filed['id']}", officer="wang")


def _officer_lists(what: str) -> Callable[[], Callable[[], Reply]]:
    def prepare() -> Callable[[], Reply]:
        for _ in range(60):
            _create(text="一")
        cloud.officer()
        return lambda: call("GET", f"/v1/officer/{what}", officer="wang")

    return prepare


def _officer_lists_gists() -> Callable[[], Reply]:
    """List 50 reports with gists of one district, as the first page of a process."""
    lists = _officer_lists("reports?limit=50&sort=attention")()
    for each in lists().json["items"]:
        path, gist = f"/v1/officer/reports/{each['id']}", {"text": "人" * 80}
        match = {"If-Match": opening_etag(path, each["version"], "wang")}
        assert call("PUT", path + "/gist", gist, officer="wang", headers=match).status == 200
    wiring.clock.advance(KEPT)
    return lists


def _takes_pulse(
    *, warm: bool = True, changed: bool = False, looking: bool = False
) -> Callable[[], Callable[[], Reply]]:
    """Take the pulse of 60 reports: the first of an instance and of an hour, or a later one; after
    a report has changed, and with a report open.
    """

    def prepare() -> Callable[[], Reply]:
        created = [_create(text="一") for _ in range(60)]
        cloud.stream(cloud.all_keys())
        cloud.officer()
        query = f"?looking_at={created[0].json['id']}" if looking else ""
        path = f"/v1/officer/pulse{query}"
        if not warm:
            cloud.forget_kept()
            return lambda: call("GET", path, officer="wang")
        # Its index has followed it.
        for _ in range(2):
            call("GET", path, officer="wang")
            wiring.clock.advance(SETTLED_AFTER)
        if changed:
            _create(text="一")
            cloud.stream(cloud.all_keys())
        return lambda: call("GET", path, officer="wang")

    return prepare


def _officer_opens_waiting() -> Callable[[], Reply]:
    filed = _create(category="child_abduction", details={}).json
    cloud.stream(cloud.all_keys())
    cloud.officer()
    return lambda: call("GET", f"/v1/officer/reports/{filed['id']}", officer="wang")


def _acknowledges(category: str, *, notified: bool) -> Callable[[], Callable[[], Reply]]:
    def prepare() -> Callable[[], Reply]:
        filed = _create(category=category, details={}).json
        if notified:
            cloud.stream(cloud.all_keys())
        cloud.officer()
        path, change = f"/v1/officer/reports/{filed['id']}", {"status": "acknowledged"}
        return lambda: call("PATCH", path, change, officer="wang", headers={"If-Match": '"1"'})

    return prepare


def _refers(step: str) -> Callable[[], Callable[[], Reply]]:
    """Give one step of a referral of a report with all of its parts but pictures."""

    def prepare() -> Callable[[], Reply]:
        path = f"/v1/officer/reports/{_create().json['id']}/referral"
        for officer in ("wang", "li"):
            cloud.officer(officer)
        body = {
            "agency": "city_services",
            "reason": _THREE_KB[:1000],
            "include": ["text", "place", "details"],
        }

        def propose() -> Reply:
            return call("POST", path, body, officer="wang")

        if step == "propose":
            return propose
        assert propose().status == 201
        if step == "read":
            return lambda: call("GET", path, officer="li")
        tag = tag_for(f"{path}/approve", "li")
        return lambda: read_and_approve(f"{path}/approve", "li", tag)

    return prepare


def _redacts() -> Callable[[], Reply]:
    """Give the largest redaction of one of two pictures."""
    filed, cleaned = _create(media=[_MEDIA[0]] * 2).json, cloud.photo()
    for upload in filed["uploads"]:
        media_id = upload["media_id"]
        version = cloud.upload(filed["id"], media_id, cleaned)
        cloud.process(f"originals/{filed['id']}/{media_id}", version)
        cloud.record(filed["id"], media_id)
    cloud.officer()
    region = {"x": 0.123457, "y": 0.123457, "width": 0.123457, "height": 0.123457}
    path = f"/v1/officer/reports/{filed['id']}/media/{media_id}/redaction"
    return lambda: call("POST", path, {"regions": [region] * 50}, officer="wang")


def _fetches() -> Callable[[], Reply]:
    """Fetch a page of events, not the first in the hour."""
    receivers.receive()
    cloud.officer()
    receivers.agree_on(url=None, reader="wang")
    for _ in range(20):
        _create(category="other", details={})
    cloud.stream(cloud.all_keys())
    wiring.clock.advance(2 * destinations.SETTLED_AFTER)
    fetch = partial(call, "GET", "/v1/officer/events", officer="wang")
    assert len(fetch().json["items"]) == 20
    return fetch


def _colleagues() -> Callable[[], Reply]:
    for number in range(30):
        cloud.officer(f"officer{number}")
    path = "/v1/officer/colleagues?category=other&district=chaoyang"
    return lambda: call("GET", path, officer="officer1")


def _moves() -> Callable[[], Reply]:
    filed = _create(category="child_abduction", details={}).json
    where, place = f"/v1/reports/{filed['id']}/positions", {"lat": 39.93, "lon": 116.45}
    return lambda: call("POST", where, place, receipt=filed["receipt"], key=new_key())


def _asks_for_pushes() -> Callable[[], Reply]:
    filed = _create(**FULL).json
    _push_to(filed)  # loads the public half of the key
    return lambda: _push_to(filed)


def _push_to(filed: Mapping[str, Any]) -> Reply:
    token = {"platform": "fcm", "token": "x" * 900}
    return call("PUT", f"/v1/reports/{filed['id']}/push", token, receipt=filed["receipt"])


def _replies(*, pushes: bool) -> Callable[[], Reply]:
    filed = _create(**FULL).json
    cloud.officer()
    if pushes:
        _push_to(filed)
    path = f"/v1/officer/reports/{filed['id']}/messages"
    return lambda: call("POST", path, {"text": _THREE_KB}, officer="wang")


# The officer, the report, the audit row, the key, and what the report is like.
_OPENING = ("GetItem", "Query", "PutItem", "kms.Decrypt", "GetItem")
_CHANGE = ("GetItem", "GetItem", "TransactWriteItems")
_READ = ("GetItem", "GetItem", "PutItem", "kms.Decrypt")
_PULSE = ("GetItem", "BatchGetItem")
# The officer, the bulletin, what changes, and how many leads there are.
_STEP = ("GetItem", "Query", "TransactWriteItems", "Query")
OPERATIONS = (
    Operation("create, text of 3 KB", _creating(), ("PutItem",), 10, 0),
    Operation("create with a contact", _creating(contact=_CONTACT), ("TransactWriteItems",), 17, 0),
    Operation("create with 2 media", _creating(media=_MEDIA), ("TransactWriteItems",), 21, 0),
    Operation("create as a lead", _lead, ("GetItem", "PutItem"), 11, 1),
    Operation("page of a bulletin", _bulletin_page, ("GetItem",), 0, 2),
    Operation("feed of bulletins, kept", _feed, ("Query",), 0, 1),
    Operation("officer approves a bulletin", _approves, _STEP, 40, 4),
    Operation("officer withdraws a bulletin", _withdraws, _STEP, 52, 5),
    Operation("reporter reads", _reporter_reads, ("Query",), 0, 2),
    Operation(
        "reporter adds a position", _moves, ("GetItem", "GetItem", "TransactWriteItems"), 18, 3
    ),
    Operation(
        "reporter asks for pushes", _asks_for_pushes, ("GetItem", "TransactWriteItems"), 14, 2
    ),
    Operation("officer replies", partial(_replies, pushes=False), _CHANGE, 20, 3),
    Operation(
        "officer replies, and a phone gets a push", partial(_replies, pushes=True), _CHANGE, 23, 3
    ),
    # The first opening notes that somebody has opened it.
    Operation("officer opens", _officer_opens, (*_OPENING, "UpdateItem"), 6, 4),
    Operation(
        "officer opens first, 4 numbers to search for",
        _officer_opens_first,
        (*_OPENING, *["kms.GenerateMac"] * 4, "TransactWriteItems"),
        19,
        4,
    ),
    Operation(
        "auditor reads 50 openings of an officer",
        _asks_who_opened,
        # Who did them may be of oversight, and so may what they opened.
        ("GetItem", "PutItem", "Query", "GetItem", "BatchGetItem", "BatchGetItem"),
        1,
        57,
    ),
    Operation(
        "officer searches, 10 are found",
        _officer_searches,
        # And the queue's, for how many nobody has opened: those are not searched.
        ("GetItem", "kms.GenerateMac", "PutItem", *["BatchGetItem"] * 3, *["Query"] * 7),
        1,
        28,
    ),
    Operation(
        "officer opens one of 12 reports of one event",
        _officer_opens_incident,
        (*_OPENING, "BatchGetItem", "UpdateItem"),
        6,
        20,
    ),
    Operation(
        "officer lists 50 of a category",
        _officer_lists("reports?category=missing_elderly&limit=50"),
        ("GetItem", "PutItem", "Query"),
        1,
        8,
    ),
    Operation(
        "officer lists 50 of all",
        _officer_lists("reports?limit=50"),
        # All are of one category: its partition is read again.
        ("GetItem", "PutItem", *["Query"] * 7),
        1,
        12,
    ),
    Operation(
        "officer lists 50 of all by attention",
        _officer_lists("reports?limit=50&sort=attention"),
        # One of them for the officer's reminders.
        ("GetItem", "PutItem", *["Query"] * 8),
        1,
        8,
    ),
    Operation(
        "officer lists 50 of all by attention, and opens their gists",
        _officer_lists_gists,
        # The key of one district and month; within five minutes, none.
        ("GetItem", "PutItem", *["Query"] * 8, "kms.GenerateMac"),
        2,
        9,
    ),
    *(
        Operation(
            f"officer lists 50 of all, the newest, {what}",
            _officer_lists(f"reports?{query}&limit=50"),
            # A short partition is read whole, and beside it that of its bursts.
            ("GetItem", "PutItem", *["Query"] * 12),
            1,
            12,
        )
        for what, query in (
            ("that are new", "status=new"),
            ("that need an action", "needs_action=true"),
            ("that nobody has", "assignee=none"),
            ("that are unread", "unread=true"),
        )
    ),
    Operation(
        "officer lists 50 of a category by attention",
        _officer_lists("reports?category=missing_elderly&limit=50&sort=attention"),
        ("GetItem", "PutItem", "Query", "Query"),
        1,
        8,
    ),
    Operation("officer takes the pulse of 6 categories", _takes_pulse(), _PULSE, 0, 4),
    Operation(
        "officer takes the pulse after a change",
        _takes_pulse(changed=True),
        (*_PULSE, "Query"),
        0,
        10,
    ),
    Operation(
        "officer takes the pulse with a report open",
        _takes_pulse(looking=True),
        (*_PULSE, "UpdateItem"),
        1,
        4,
    ),
    Operation(
        "officer takes the first pulse of an instance and hour",
        _takes_pulse(warm=False),
        # The record of the hour is looked for, and six categories are read.
        (*_PULSE, "Query", "PutItem", *["Query"] * 6),
        1,
        15,
    ),
    Operation(
        "officer opens a critical report that would escalate",
        _officer_opens_waiting,
        (*_OPENING, "UpdateItem"),
        8,
        4,
    ),
    Operation(
        "acknowledge, before officers are notified",
        _acknowledges("missing_elderly", notified=False),
        _CHANGE,
        16,
        3,
    ),
    Operation(
        "acknowledge, after officers are notified",
        _acknowledges("missing_elderly", notified=True),
        _CHANGE,
        17,
        3,
    ),
    Operation(
        "acknowledge a critical report that would escalate",
        _acknowledges("child_abduction", notified=True),
        _CHANGE,
        17,
        3,
    ),
    Operation("propose a referral", _refers("propose"), _CHANGE, 32, 4),
    Operation("read a referral", _refers("read"), _READ, 1, 4),
    Operation("approve a referral", _refers("approve"), (*_CHANGE, *_READ[2:]), 24, 4),
    Operation(
        "redact a picture, 50 regions",
        _redacts,
        ("GetItem", "GetItem", "Query", "TransactWriteItems"),
        32,
        6,
    ),
    Operation("fetch 20 events", _fetches, ("GetItem", "GetItem", "Query", "BatchGetItem"), 0, 44),
    Operation("list 30 colleagues", _colleagues, ("GetItem", "Query", "PutItem"), 1, 2),
)


def rows() -> list[table.Row]:
    costs, found = table.run_json("tests.bench.operations"), []
    for operation, cost in zip(OPERATIONS, costs, strict=True):
        found.append(
            table.row(
                f"{operation.name}: AWS calls", "", [cost["calls"]], at_most=len(operation.calls)
            )
        )
        for unit in ("write_units", "read_units"):
            found.append(
                table.row(
                    f"{operation.name}: {unit.replace('_', ' ')}",
                    "",
                    [cost[unit]],
                    at_most=getattr(operation, unit),
                )
            )
    return found


def _costs() -> Iterator[dict[str, float]]:
    with cloud.mocked() as environment, metered(environment) as meter:
        for operation in OPERATIONS:
            act = operation.prepare()
            with meter.measured():
                act()
            yield asdict(meter.cost)
            conftest.empty()


if __name__ == "__main__":
    print(json.dumps(list(_costs())))
