"""What readers' pages and feeds cost with 10 bulletins and with 1,000: AWS calls, and read units by
size (moto counts every read as 1).

python -m tests.bench.bulletins     prints the table
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from typing import Any

from chalicelib import wiring
from chalicelib.domain.bulletins.model import Bulletin, BulletinState, Content
from chalicelib.services.bulletins.public import SETTLED
from tests import (
    cloud,
    conftest,  # noqa: F401  sets credentials that open nothing
)
from tests.client import Reply, call

FEW, MANY, PAGE = 10, 1000, 8
_READ_UNIT = 4096
type Row = dict[str, Any]


def rows() -> list[Row]:
    """`{"what", "against", "ratio", "min", "max", "budget", "holds"}`."""
    with _cloud():
        few = _costs(FEW)
        many = _costs(MANY)
    return [row for what in few for row in _compare(what, few[what], many[what])]


_READS: Mapping[str, str] = {
    f"first page of {PAGE}": f"/v1/bulletins?limit={PAGE}",
    f"page of {PAGE} of one channel": f"/v1/bulletins?limit={PAGE}&channel=key_cases",
    "one bulletin": "/v1/bulletins/B-0000000000000000",
}
_FIRST_FEED = "first feed of a process"


def _costs(count: int) -> dict[str, tuple[int, int]]:
    """Calls and read units of each read when there are `count` bulletins."""
    _publish(count)
    reads = {what: _cost(lambda path=path: call("GET", path)) for what, path in _READS.items()}  # type: ignore[misc]
    new = _cost(_read_feed, before=_forget_feeds)
    wiring.clock.advance(SETTLED)
    return reads | {"feed": _cost(_read_feed), _FIRST_FEED: new}


def _read_feed() -> Reply:
    return call("GET", "/v1/bulletins/feed.json")


def _forget_feeds() -> None:
    """Let the process know no feed, as a new one."""
    wiring.public_feeds.cache_clear()  # type: ignore[attr-defined]


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


def _cost(read: Callable[[], Reply], before: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Return calls and read units of `read`, warm; `before` goes before what is counted."""
    read()  # secrets, the catalogue
    before()
    client, calls, units = wiring.dynamodb(), 0, 0

    def count(parsed: Mapping[str, Any], **_: Any) -> None:
        nonlocal calls, units
        calls += 1
        items = parsed.get("Items") or [parsed.get("Item") or {}]
        units += max(1, ceil(sum(_size(item) for item in items) / _READ_UNIT))

    client.meta.events.register("after-call.dynamodb.*", count, unique_id="cost")
    try:
        assert read().status == 200
    finally:
        client.meta.events.unregister("after-call.dynamodb.*", unique_id="cost")
    return calls, units


def _size(item: Mapping[str, Any]) -> int:
    """DynamoDB's own arithmetic, near enough: names and values in UTF-8."""
    return len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode())


def _compare(what: str, few: tuple[int, int], many: tuple[int, int]) -> list[Row]:
    against = f"{FEW} bulletins"
    # A feed holds the newest 50: more than there are at first, and no more later. Once a process
    # has kept it, it reads one row.
    at_most = {"feed": 1.1, _FIRST_FEED: 5.0}.get(what, 1.0)
    return [
        _row(f"{what}, {MANY} bulletins: AWS calls ({many[0]})", against, many[0] / few[0], 1.0),
        _row(
            f"{what}, {MANY} bulletins: read units ({many[1]})", against, many[1] / few[1], at_most
        ),
    ]


def _row(what: str, against: str, ratio: float, at_most: float) -> Row:
    figures = dict.fromkeys(("ratio", "min", "max"), round(ratio, 4))
    return {
        "what": what,
        "against": against,
        **figures,
        "budget": f"≤ {at_most}",
        "holds": ratio <= at_most,
    }


@contextmanager
def _cloud() -> Iterator[None]:
    with cloud.mocked():
        wiring.reset()
        yield
        wiring.reset()


if __name__ == "__main__":
    for row in rows():
        print(row)
