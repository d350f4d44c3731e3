"""Counters of sources, which all instances share: tokens only, for an hour at most.

The table has neither backups nor a stream, and no row names a report.

SALT              ROW     {hour, salt}: overwritten each hour
SOURCE#<network>  COUNT   {total, a_<address>, expires_ttl}: tokens of a network and its addresses

DynamoDB deletes an expired row when it finds the time. Before that its tokens have lost their
meaning: the salt is gone.
"""

import secrets
from datetime import datetime

from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Update
from chalicelib.domain.flood.sources import SALT_BYTES, SALT_LIFE, Counts, Tokens, salt_hour
from chalicelib.kernel import errors, times

_SALT_PK, _SALT_SK = "SALT", "ROW"
_COUNT = "COUNT"


class Sources:
    def __init__(self, table: Table) -> None:
        self._table = table
        self._hour: datetime | None = None
        self._salt = b""

    def salt(self, now: datetime) -> bytes:
        """Return the salt of the hour of `now`. The first call of an hour overwrites the old one.

        An instance reads it once an hour.
        """
        hour = salt_hour(now)
        if self._hour is None or self._hour < hour:
            self._learn(self._current(hour))
        return self._salt

    def count(self, tokens: Tokens, now: datetime) -> Counts:
        """Count one report of a source, and return how many all instances have counted."""
        address = f"a_{tokens.address}"
        row = self._table.update(
            Update(
                f"SOURCE#{tokens.network}",
                _COUNT,
                put={"expires_ttl": int((salt_hour(now) + SALT_LIFE).timestamp())},
                add={"total": 1, address: 1},
                upsert=True,
            )
        )
        return Counts(address=int(row[address]), network=int(row["total"]))

    def _current(self, hour: datetime) -> Row:
        """Return the row of the salt: that of this hour, or of a later one that another clock has
        begun.
        """
        stored = self._table.get(_SALT_PK, _SALT_SK, consistent=True)
        if stored and times.parse(stored["hour"]) >= hour:
            return stored
        fresh = {"hour": hour, "salt": secrets.token_bytes(SALT_BYTES)}
        before = {"hour": stored["hour"] if stored else None}
        try:
            return self._table.update(
                Update(_SALT_PK, _SALT_SK, put=fresh, equal=before, upsert=True)
            )
        except ConditionFailed as failed:  # another instance was first
            if failed.item is None:
                raise errors.Unavailable from failed
            return failed.item

    def _learn(self, row: Row) -> None:
        hour = row["hour"]
        self._hour = hour if isinstance(hour, datetime) else times.parse(hour)
        self._salt = bytes(row["salt"])
