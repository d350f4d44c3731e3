"""Endings of bursts, which wait for a second person.

ENDING#<burst>   REQUEST   by, at, disposition, with_unread, districts, approved_by, dropped,
                           expires_ttl
"""

from chalicelib.aws import keys
from chalicelib.aws.table import Table
from chalicelib.aws.writes import TransactItem, Update
from chalicelib.domain.casework.bursts import BurstEnding

_SK = "REQUEST"


class BurstEndings:
    """Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def get(self, burst_id: str) -> BurstEnding | None:
        """Return the ending of a burst; None when nobody has asked for one."""
        row = self.table.get(keys.ending(burst_id), _SK, consistent=True)
        return BurstEnding.model_validate(row) if row else None

    def put_item(self, ending: BurstEnding, before: BurstEnding | None) -> TransactItem:
        """Return the write of a new ending in place of the one `before`. It fails when there is
        another one.
        """
        pk, expires = keys.ending(ending.id), int(ending.ends_at.timestamp())
        put = {"expires_ttl": expires, "approved_by": None, "dropped": None}
        put |= ending.model_dump(exclude_none=True, exclude_defaults=True)
        same = {"at": before.at if before else None}
        return self.table.item(Update(pk, _SK, put=put, equal=same, upsert=True))

    def change_item(self, ending: BurstEnding, **put: str | bool) -> TransactItem:
        """Return the write that sets `approved_by` or `dropped`. It fails when one of them was set,
        or when there is another ending.
        """
        same = {"at": ending.at, "approved_by": None, "dropped": None}
        return self.table.item(Update(keys.ending(ending.id), _SK, put=put, equal=same))
