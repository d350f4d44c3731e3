"""The ledger as a stranger sees it: its public hours, and the program that verifies a receipt."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import batched
from pathlib import Path
from typing import Any, NamedTuple

import moto.s3.models
import pytest
from cryptography.hazmat.primitives import serialization

from chalicelib import wiring
from chalicelib.domain.audit.ledger import Event, Leaf, Recorded
from chalicelib.domain.audit.seals import HOUR, hour_of
from chalicelib.handlers import watch
from chalicelib.services.audit.ledger import Sizes, close_hours
from chalicelib.store.audit.ledger import LeafRows, LeafWrites
from examples import verify_receipt
from infra.local.moto_patches.patch import Patch
from infra.stage.audit import StoredLedger
from tests import cloud
from tests.client import call, change_report, new_key, report
from tests.steps import by_reporter


class Verdict(NamedTuple):
    code: int
    text: str


type Verify = Callable[..., Verdict]
"""Runs `verify` in a folder of the test's own."""


def filed(**more: Any) -> dict[str, Any]:
    """File a report of which officers are notified."""
    created = call("POST", "/v1/reports", report(**more), key=new_key()).expect(201)
    cloud.stream(cloud.all_keys())
    return dict(created)


def proof_of(created: Mapping[str, Any]) -> dict[str, Any]:
    return dict(by_reporter("GET", created, "/proof").expect(200))


def events_of(created: Mapping[str, Any]) -> list[str]:
    """Return the events that are recorded of a report, by their names."""
    return [Event(leaf["event"]).name.lower() for leaf in proof_of(created)["leaves"]]


def close(created: Mapping[str, Any], version: int = 1, disposition: str = "resolved") -> None:
    change_report(created["id"], version, status="closed", disposition=disposition, reason="Done.")


def close_hour() -> str:
    """Let the clock go to ten past the next hour, and close what is over. Return the last hour."""
    now = wiring.clock.now()
    wiring.clock.advance(timedelta(minutes=70 - now.minute, seconds=-now.second))
    watch.digest_audit(cloud.SCHEDULE, None)
    return hour_of(wiring.clock.now() - HOUR)


def record(*numbers: int, hour: str, event: Event = Event.CLOSED) -> set[bytes]:
    """Write leaves of a new report as its steps do, and return them."""
    ledger_id, table = secrets.token_bytes(32), wiring.reports().table
    leaves = [Leaf(event, n, b"resolved", hour) for n in numbers]
    for some in batched(leaves, 100):
        table.transact(LeafWrites.of(some, Recorded(ledger_id, None, ()), table).items)
    return {leaf.hash(ledger_id) for leaf in leaves}


def this_hour() -> str:
    return hour_of(wiring.clock.now())


def leaves_of(hour: str) -> set[bytes]:
    [closed] = wiring.ledger_heads().closed([hour])
    return set(closed.leaves)


LONG_FROM_20 = Sizes(rows=20, part=700)


def close_long(rows: LeafRows | None = None, sizes: Sizes = LONG_FROM_20) -> int:
    """Close what is over, hours of more than 20 rows as long ones. Return how many were closed."""
    return close_hours(
        rows=rows or wiring.leaf_rows(),
        heads=wiring.ledger_heads(),
        seals=wiring.seals(),
        key=wiring.signing_key(),
        now=wiring.clock.now(),
        sizes=sizes,
    )


@contextmanager
def small_parts() -> Iterator[None]:
    """Let S3 take parts of any size while this holds: tests are quicker with few leaves."""
    smallest = Patch((moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1))
    smallest.apply()
    try:
        yield
    finally:
        smallest.remove()


def pass_days(days: float) -> None:
    """Let the days pass. Only the last hours are closed one by one, as after an outage."""
    wiring.clock.advance(timedelta(days=days))
    while watch.digest_audit(cloud.SCHEDULE, None)["hours"]:
        pass


def stored_ledger() -> StoredLedger:
    """Return the ledger of the mocked cloud, for who checks it from outside."""
    settings = wiring.settings()
    return StoredLedger(
        client=cloud.client,
        table=settings.reports_table,
        audit_bucket=settings.audit_bucket,
        media_bucket=settings.media_bucket,
        keys=[wiring.signing_key().public_key()],
    )


def public_hours() -> list[dict[str, Any]]:
    """Return every closed hour, as everybody may load it."""
    return [call("GET", f"/v1/ledger/{hour}").json for hour in wiring.ledger_heads().hours()]


def verify(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    hours: list[dict[str, Any]] | None = None,
    **given: Any,
) -> Verdict:
    """Run the verifier on a copy of the ledger (of today's, if no other is given).

    `given` are its options: texts, bytes or JSON that is put into a file, or True. Without `key`,
    the keys that the hours themselves name are trusted; with None, none is given.
    """
    documents = public_hours() if hours is None else hours
    given.setdefault("key", _keys_of(documents, given.get("proof")))
    copy = folder / "hours.json"
    copy.write_text(json.dumps(documents), encoding="utf-8")
    arguments = [] if hours == [] else ["--ledger", str(copy)]
    for name, value in given.items():
        if value is None:
            continue
        arguments.append(f"--{name}")
        if isinstance(value, bytes | Mapping):
            file = folder / name
            file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
            value = str(file)
        if value is not True:
            arguments.append(value)
    capsys.readouterr()
    code = verify_receipt.main(arguments)
    return Verdict(code, capsys.readouterr().out)


def _keys_of(hours: list[dict[str, Any]], proof: Any) -> bytes | None:
    heads = proof.get("heads", []) if isinstance(proof, Mapping) else []
    named = {str(each["key"]) for each in (*hours, *heads)}
    loaded = (serialization.load_der_public_key(base64.b64decode(key)) for key in sorted(named))
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return b"".join(key.public_bytes(*form) for key in loaded) or None
