"""The words of a person in an audit row, sealed to the key of its report."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from chalicelib.aws import keys
from chalicelib.kernel.ids import report_id_of
from chalicelib.kernel.sealing import PrivateKey, Unreadable, row_info, seal
from chalicelib.store.audit.rows import Detail, RecordedEntry

log = logging.getLogger(__name__)
_WORDS = "words"


def seal_words(public: bytes, key: keys.Key, words: Detail) -> bytes:
    """Seal what a person wrote into the audit row with this key, about a report.

    Raises Unreadable.
    """
    plaintext = json.dumps(words, ensure_ascii=False).encode()
    return seal(checked_key(public, key[0]), plaintext, row_info(*key, _WORDS))


def open_entry(entry: RecordedEntry, private: PrivateKey) -> RecordedEntry:
    """Return an audit record with what a person wrote in its detail.

    What does not open was altered, like a record that is not verified.
    """
    if entry.sealed is None or entry.key is None:
        return entry
    words = open_text(entry.sealed, row_info(*entry.key, _WORDS), private)
    if words is None:
        return entry._replace(detail=None, verified=False)
    return entry._replace(detail=_merged(entry.detail or {}, json.loads(words)))


def require_key_of(report_id: str, public: bytes) -> None:
    """Raise Unreadable unless this is the public half of the report's key.

    Somebody else's key on the row would let them read what is written from now on.
    """
    checked_key(public, keys.report(report_id))


def checked_key(public: bytes, partition: str) -> bytes:
    """Return the public half of the key of the report in this partition. Raises Unreadable."""
    if keys.report(report_id_of(public)) != partition:
        log.error("content_key_altered")
        raise Unreadable
    return public


def _merged(detail: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(detail)
    for name, value in words.items():
        known = merged.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            value = _merged(known, value)
        merged[name] = value
    return merged


def open_text(sealed: bytes, info: bytes, private: PrivateKey) -> str | None:
    """Return the text of one row among many; None when it was altered.

    One altered row must not close all others to those who need them.
    """
    try:
        return private.open(sealed, info).decode()
    except Unreadable:
        log.error("sealed_text_altered")  # an alarm counts this line
        return None
