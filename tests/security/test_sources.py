"""From where a report came is kept nowhere but in the hour's counters, and there as tokens.

Reports with a canary as their source take every path of a flood. Then all that is stored or logged
is searched for it, and the memory of the function as well.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.attributes import unpack
from chalicelib.domain.flood.load_level import LoadLevel
from chalicelib.domain.flood.sources import LIMITS, WINDOW, Kind, read_source, tokens_of, window_of
from chalicelib.domain.officers.model import Role
from examples.outbox import prove
from tests import cloud
from tests.client import call, new_key, report
from tests.faults import inject
from tests.security.dump import dump
from tests.security.search import search
from tests.security.test_dump import logged

SECRET = "canary-of-the-origin"
ADDRESSES = ("203.0.113.77", "2001:db8:cafe:1::77")
VIEWER = "198.51.100.66"
NETWORKS = ("203.0.113.0", "2001:db8:cafe", "2001:db8:cafe::", "198.51.100.0")
LINE = "2001:db8:cafe:1::"
AGENT = "canary-agent"
CANARIES = (*ADDRESSES, LINE, VIEWER, *NETWORKS, AGENT, SECRET)


@pytest.fixture(scope="module")
def flooded(
    aws: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, list[str], datetime]]:
    """Return a dump within the hour of a flood, the ids of its reports, and its time."""
    with pytest.MonkeyPatch.context() as patch, logged() as lines:
        patch.setenv("LIMITS", "on")
        patch.setenv("ORIGIN_SECRET_HASH", hashlib.sha256(SECRET.encode()).hexdigest())
        wiring.reset()
        wiring.pause_by(lambda seconds: None)
        now = wiring.clock.now()
        wiring.clock.advance(window_of(now) + WINDOW - now)
        cloud.officer("chief", roles=(Role.SUPERVISOR,))
        ids = [each for level in LoadLevel for each in reports_at(level)]
        cloud.go_on()
        folder = tmp_path_factory.mktemp("flood")
        dump(aws, "\n".join(lines), folder)
        (folder / "memory.txt").write_text("\n".join(remembered()))
        yield folder, ids, wiring.clock.now()
        wiring.reset()


def reports_at(level: LoadLevel) -> list[str]:
    """Report on every path that there is at a level, and return the ids of the reports."""
    body = {"level": level.value, "minutes": 60, "reason": "exercise"}
    assert call("PUT", "/v1/officer/load-level", body, officer="chief").status == 200
    ids: list[str] = []

    def file(category: str = "other", key: str | None = None, **headers: str) -> Any:
        reply = call(
            "POST",
            "/v1/reports",
            report(category),
            key=key or new_key(),
            headers={"User-Agent": AGENT, "X-Forwarded-For": ADDRESSES[0]} | headers,
            source=ADDRESSES[len(ids) % 2],
        )
        if reply.status < 300:
            ids.append(reply.json["id"])
        return reply

    viewer = {"CloudFront-Viewer-Address": f"{VIEWER}:46532", "Tipline-Origin": SECRET}
    file()
    file("child_abduction")
    file(**viewer)
    file("child_abduction", **viewer)
    file(**viewer | {"Tipline-Origin": SECRET + "!"})
    file(**{"Tipline-Proof": f"1.{ADDRESSES[0]}"})
    key = new_key()
    challenge = call("GET", "/v1/health").json["challenge"]
    if level is LoadLevel.FLOOD:
        file(key=key, **{"Tipline-Proof": prove(challenge, key)})
    file(key=key)
    with inject.without(os.environ["SOURCES_TABLE"]):
        file()
    with inject.without(os.environ["REPORTS_TABLE"]):
        assert file("child_abduction").status == 503
    for _ in range(LIMITS.address if level is LoadLevel.BUSY else 0):
        file()
    return ids


def remembered() -> Iterator[str]:
    """Yield every text that the gate, the stores and the copy of the catalogue keep in memory."""
    todo: list[Any] = [wiring.flood_gate(), wiring.sources(), wiring.live_catalogue()]
    todo += [wiring.reports(), wiring.load_watch()]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, ModuleType | type):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes):
            yield one if isinstance(one, str) else one.hex()
        elif isinstance(one, int):
            yield str(one)
        elif isinstance(one, Mapping):
            todo += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            todo += one
        elif type(one).__module__.startswith(("chalicelib", "collections")):
            todo += vars(one).values() if hasattr(one, "__dict__") else ()


def sources_of(folder: Path) -> list[dict[str, Any]]:
    content = (folder / "tables" / f"{os.environ['SOURCES_TABLE']}.json").read_text()
    return [dict(each) for each in json.loads(content)]


def test_no_address_network_or_agent_is_anywhere(flooded: tuple[Path, list[str], datetime]) -> None:
    folder, ids, _ = flooded
    assert len(ids) > 30
    assert (folder / "log.txt").stat().st_size > 1000
    assert (folder / "memory.txt").stat().st_size > 100
    assert search(folder, CANARIES) == []


def test_the_same_search_finds_what_is_there(flooded: tuple[Path, list[str], datetime]) -> None:
    folder, ids, _ = flooded
    assert {one.text for one in search(folder, [ids[0], '"SOURCE#'])} == {ids[0], '"SOURCE#'}


def test_a_dump_within_the_hour_shows_networks_and_never_who_reported_what(
    flooded: tuple[Path, list[str], datetime],
) -> None:
    folder, ids, now = flooded
    rows = sources_of(folder)
    # The salt is in the dump: whoever tries all networks finds which were counted.
    salt = wiring.sources().salt(now)
    source = read_source(ADDRESSES[0])
    assert source
    counted = f"SOURCE#{tokens_of(source, Kind.OTHER, salt, now).network}"
    assert counted in json.dumps(rows)
    # And nothing that leads to a report: no id, category, reference or time.
    names = {name for row in rows for name in row if not name.startswith("a_")}
    assert names == {"pk", "sk", "hour", "salt", "total", "expires_ttl"}
    assert not [each for each in ids if each in json.dumps(rows)]
    ends = {row["expires_ttl"]["N"] for row in rows if "expires_ttl" in row}
    assert {int(end) % 3600 for end in ends} == {0}


def test_after_the_hour_not_even_that(flooded: tuple[Path, list[str], datetime]) -> None:
    _, _, now = flooded
    later = now + timedelta(hours=1)
    wiring.load_watch().evaluate(later)
    table = cloud.client("dynamodb").scan(TableName=os.environ["SOURCES_TABLE"])["Items"]
    (salt,) = [unpack(row)["salt"] for row in table if row["pk"]["S"] == "SALT"]
    counted = {row["pk"]["S"] for row in table} - {"SALT"}
    assert counted
    known = [read_source(f"203.0.113.{n}") for n in range(256)]
    times = [now + n * WINDOW for n in range(-6, 7)]
    tried = {
        f"SOURCE#{tokens_of(each, Kind.OTHER, salt, at).network}"
        for each in known
        if each
        for at in times
    }
    assert not tried & counted
