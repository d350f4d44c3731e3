"""What readers' pages and feeds cost with 10 bulletins and with 1,000.

python -m tests.bench.bulletins     prints the table
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from chalicelib import wiring
from chalicelib.domain.bulletins.model import Bulletin, BulletinState, Content
from chalicelib.services.bulletins.public import SETTLED
from tests import (
    cloud,
    conftest,  # noqa: F401  sets credentials that open nothing
)
from tests.bench import rows as table
from tests.bench.operations import metered
from tests.bench.units import Cost, Meter
from tests.client import Reply, call

FEW, MANY, PAGE = 10, 1000, 8


def rows() -> list[table.Row]:
    with cloud.mocked() as environment, metered(environment) as meter:
        few, many = (_costs(meter, count) for count in (FEW, MANY))
    return [row for what in few for row in _compare(what, few[what], many[what])]


_READS: Mapping[str, str] = {
    f"first page of {PAGE}": f"/v1/bulletins?limit={PAGE}",
    f"page of {PAGE} of one channel": f"/v1/bulletins?limit={PAGE}&channel=key_cases",
    "one bulletin": "/v1/bulletins/B-0000000000000000",
}
_FIRST_FEED = "first feed of a process"


def _costs(meter: Meter, count: int) -> dict[str, Cost]:
    """The cost of each read when there are `count` bulletins."""
    _publish(count)
    reads = {what: _cost(meter, partial(call, "GET", path)) for what, path in _READS.items()}
    _read_feed()
    # As a new process has none.
    wiring.public_feeds.cache_clear()  # type: ignore[attr-defined]
    new = _cost(meter, _read_feed, warm=False)
    wiring.clock.advance(SETTLED)
    return reads | {"feed": _cost(meter, _read_feed), _FIRST_FEED: new}


def _read_feed() -> Reply:
    return call("GET", "/v1/bulletins/feed.json")


def _publish(count: int) -> None:
    bulletins, now = wiring.bulletins(), wiring.clock.now()
    words = {"zh": "寻找一位老人。" * 30, "en": "An old man is missing. " * 30}
    for n in range(count):
        content = Content(channel="key_cases", title={"zh": "寻人", "en": "Missing"}, body=words)
        drafted = Bulletin(
            id=f"B-{n:016}", content=content, authors=("a",), created_at=now, created_by="a"
        )
        if bulletins.get(drafted.id):
            continue
        bulletins.create(drafted)
        published = {
            "state": BulletinState.PUBLISHED,
            "published": content,
            "published_version": 1,
            "published_at": now + timedelta(milliseconds=n),
            "expires_at": now + timedelta(days=1),
        }
        bulletins.replace(drafted, drafted.model_copy(update=published), by="b", now=now)


def _cost(meter: Meter, read: Callable[[], Reply], *, warm: bool = True) -> Cost:
    if warm:
        read()  # secrets, the catalogue
    with meter.measured():
        assert read().status == 200
    return meter.cost


def _compare(what: str, few: Cost, many: Cost) -> list[table.Row]:
    # A feed holds the newest 50: more than there are at first, and no more later. Once a process
    # has kept it, it reads one row.
    at_most = {"feed": 1.1, _FIRST_FEED: 5.0}.get(what, 1.0)
    of = f"{what}, {MANY} bulletins"
    units = [many.read_units / few.read_units]
    return [
        table.row(
            f"{of}: AWS calls ({many.calls})",
            f"{FEW} bulletins",
            [many.calls / few.calls],
            at_most=1.0,
        ),
        table.row(
            f"{of}: read units ({many.read_units:g})", f"{FEW} bulletins", units, at_most=at_most
        ),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
