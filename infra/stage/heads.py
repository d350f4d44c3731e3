"""Published heads of the ledger, as somebody outside the account has kept them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.domain.audit.seals import is_hour
from infra.stage.faults import Refused


def read_heads(path: str) -> dict[str, str]:
    """Return by hour the hash of its digest, as the heads in a file have it. A head that was
    published before its hour had a digest says nothing, and is left out.

    The file is a JSON list of heads, or has one head in each line. A head is the document that the
    API publishes, or its member `head`. Raises Refused for any other file, and when two heads of
    one hour differ.
    """
    found: dict[str, str] = {}
    for each in _documents(path):
        head = each.get("head", each) if isinstance(each, dict) else None
        if not isinstance(head, dict) or not _is_head(head):
            raise Refused(
                f"HEADS={path} has something that is no head: {json.dumps(each)[:80]}. A head has "
                'an `hour` and the hash `audit`: {"hour": "2026-03-01T08", "audit": "…"}.'
            )
        hour, digest = head["hour"], head.get("audit")
        if digest is not None and found.setdefault(hour, digest) != digest:
            raise Refused(
                f"HEADS={path} has two heads of {hour} that differ. If both were published and "
                "signed, somebody has shown different ledgers to different people."
            )
    return found


def _documents(path: str) -> Iterator[Any]:
    try:
        text = Path(path).read_text(encoding="utf-8")
        try:
            whole = json.loads(text)
        except ValueError:
            whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise Refused(f"HEADS={path} cannot be read: {error}") from None
    if not whole:
        raise Refused(f"HEADS={path} has no head.")
    yield from whole if isinstance(whole, list) else [whole]


def _is_head(head: dict[str, Any]) -> bool:
    hour, digest = head.get("hour"), head.get("audit")
    if not isinstance(hour, str) or not is_hour(hour):
        return False
    return digest is None or (isinstance(digest, str) and len(digest) == 64)
