"""Followers and referrals in a report's HEAD, presence, and the pulse.

LOOKING#<id>        ROW          o_<username>: {name, at}, expires_ttl: who has the report open
PULSE#<category>    ROW          d_<district>: <time of the last change>#<mark>, another each time

Presence is in the incidents table, which has neither backups nor a stream. What officers have
opened is in the audit. The consumer of the stream writes the pulse, so that no change waits for it.
If a write is lost, consoles see the next change, and counts are right within minutes. Rows of
PULSE# with a district as their sort key are of release 0.2.0rc1: nothing reads them.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import Table
from chalicelib.aws.writes import TransactItem, Update
from chalicelib.domain.reports.measures import Referrals
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import random_id
from chalicelib.store.reports.heads import change_head, update_head
from chalicelib.store.reports.rows import Head

log = logging.getLogger(__name__)


def keep_followers(
    table: Table, head: Head, followers: Sequence[str], *, also: Sequence[TransactItem]
) -> None:
    """Write who follows a report of `table`, with `also` in one transaction.

    Raises ConditionFailed when that or the category has changed since `head` was read, or when the
    report is expiring.
    """
    update = update_head(
        head.row["id"],
        put={"followers": list(followers) or None},
        equal={name: head.row.get(name) for name in ("followers", "category")},
    )
    table.transact([table.item(update), *also])


# What a referral must not change unseen: its report may have been withdrawn in the meantime.
_DECIDING = ("referrals", "flags", "status")


def keep_referrals(
    table: Table, head: Head, referrals: Referrals, *, also: Sequence[TransactItem]
) -> None:
    """Write the referrals of a report and their flags, with `also` in one transaction.

    Raises ConditionFailed when referrals, flags or status have changed since `head` was read, or
    when the report is expiring.
    """
    put = {
        "referrals": referrals.model_dump(exclude_none=True),
        "flags": referrals.flagged(head.report.flags),
    }
    equal = {name: head.row.get(name) for name in _DECIDING}
    table.transact([table.item(change_head(head, put=put, equal=equal)), *also])


# A console says every 30 seconds at the latest that it has a report open.
LASTS = timedelta(seconds=45)
_LIFE = timedelta(hours=1)
_SK, _PREFIX, _DISTRICT = "ROW", "o_", "d_"


class Onlooker(NamedTuple):
    """An officer who has a report open."""

    username: str
    name: str


class Presence:
    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, report_id: str, who: Onlooker, now: datetime) -> tuple[Onlooker, ...]:
        """Note that an officer has the report open, and return the others who have, by username.

        Raises Unavailable.
        """
        row = self._table.update(
            Update(
                keys.presence(report_id),
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


type Place = tuple[str, str]
"""A category and a district."""


class Beat(NamedTuple):
    """The last change in a category and district."""

    category: str
    district: str
    changed_at: datetime
    mark: str


class PulseRows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def beat(self, places: Iterable[Place], now: datetime) -> None:
        """Note that reports in these places have changed. It never fails."""
        change = f"{times.render(now)}#{random_id(10)}"
        changed: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for category, district in places:
            changed[category][f"{_DISTRICT}{district}"] = change
        for category, districts in sorted(changed.items()):
            try:
                self._table.update(Update(keys.pulse(category), _SK, put=districts, upsert=True))
            except errors.Unavailable:
                log.warning("pulse_missed")

    def read(self, categories: Iterable[str]) -> list[Beat]:
        """Return the last change in each place of these categories, by one call for up to 100.
        Raises Unavailable.
        """
        wanted = {(keys.pulse(each), _SK): each for each in categories}
        found = self._table.get_all(wanted, consistent=False)
        return [
            Beat(wanted[key], name.removeprefix(_DISTRICT), times.parse(at), mark)
            for key, row in found.items()
            for name, value in row.items()
            if name.startswith(_DISTRICT)
            for at, _, mark in (value.partition("#"),)
        ]
