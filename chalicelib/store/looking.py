"""Which officers have a report open, for a few seconds.

LOOKING#<id>      ROW       o_<username>: {name, at}, expires_ttl

In the incidents table, of which nothing is kept: it has neither backups nor a stream. What officers
have opened is in the audit.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.domain import times
from chalicelib.store import keys
from chalicelib.store.table import Table
from chalicelib.store.writes import Update

# A console says every eight seconds that it has a report open.
LASTS = timedelta(seconds=30)
_LIFE = timedelta(hours=1)
_SK, _PREFIX = "ROW", "o_"


class Onlooker(NamedTuple):
    """An officer who has a report open."""

    username: str
    name: str


class Looking:
    def __init__(self, table: Table) -> None:
        self._table = table

    def look(self, report_id: str, who: Onlooker, now: datetime) -> tuple[Onlooker, ...]:
        """Note that an officer has the report open, and return the others who have, by username.

        Raises Unavailable.
        """
        row = self._table.update(
            Update(
                keys.looking(report_id),
                _SK,
                put={
                    f"{_PREFIX}{who.username}": {"name": who.name, "at": now},
                    "expires_ttl": int((now + _LIFE).timestamp()),
                },
                upsert=True,
            )
        )
        return tuple(sorted(each for each in _present(row, now) if each.username != who.username))


def _present(row: Mapping[str, Any], now: datetime) -> Iterator[Onlooker]:
    for name, value in row.items():
        if name.startswith(_PREFIX) and now - times.parse(value["at"]) <= LASTS:
            yield Onlooker(name.removeprefix(_PREFIX), value["name"])
