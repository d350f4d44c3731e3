"""The keys of the days, under which similar reports are found: one row each, for three days.

DAY#<day>   KEY     {public, wrapped, expires_ttl}

`wrapped` is the secret of the day, encrypted by a key in KMS that one function may use. Other
functions read only the public half: they can seal a sketch, and open none.
"""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.aws import keys
from chalicelib.aws.errors import unavailable
from chalicelib.aws.table import ConditionFailed, Table
from chalicelib.aws.writes import Delete
from chalicelib.domain.reports.incidents import KEY_LIFE, DayKey, PublicDayKey, day_of, ends_at
from chalicelib.kernel import errors
from chalicelib.kernel.sealing import KEY_BYTES

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

log = logging.getLogger(__name__)

SK = "KEY"
# The functions that seal may read no other attribute: their policies name these.
PUBLIC_FIELDS = ("pk", "public", "sk")
# The time until the next try after the key of the day could not be read, or was not there.
_TRY_AGAIN_AFTER = timedelta(seconds=60)
_ONE_DAY = timedelta(days=1)
_ALTERED = ("InvalidCiphertext", "IncorrectKey")


def read_public(table: Table, day: date) -> PublicDayKey | None:
    """Return the public half of the key of a day; None when there is none. Raises Unavailable."""
    row = table.get(keys.day(day), SK, attributes=PUBLIC_FIELDS)
    public = row and row.get("public")
    return PublicDayKey(day, public) if public and len(public) == KEY_BYTES else None


class LiveDayKey:
    """The public half of today's key, read once a day by each function.

    Reading it never fails, because intake must not stop when the row cannot be read. Then a report
    has no sketch, and is not suggested.
    """

    def __init__(self, read: Callable[[date], PublicDayKey | None]) -> None:
        self._read = read
        self._known: PublicDayKey | None = None
        self._read_next: datetime | None = None

    def at(self, now: datetime) -> PublicDayKey | None:
        """Return the key of the day of `now`; None while it is not known."""
        day = day_of(now)
        if self._known and self._known.day == day:
            return self._known
        if self._read_next and self._read_next - _TRY_AGAIN_AFTER <= now < self._read_next:
            return None
        self._read_next = now + _TRY_AGAIN_AFTER
        try:
            self._known = self._read(day)
        except errors.Unavailable:
            self._known = None
        if self._known is None:
            log.warning("day_key_unknown")
        return self._known


class DayKeys:
    """The keys of the days, for the one function that opens sketches. `key_id` is in KMS.

    Every method raises Unavailable when AWS fails.
    """

    def __init__(self, table: Table, kms: "KMSClient", key_id: str) -> None:
        self._table = table
        self._kms = kms
        self._key_id = key_id
        self._kept: date | None = None
        self._open: dict[date, DayKey] = {}

    def keep(self, now: datetime) -> None:
        """Create the keys of this day and the next, and delete the expired one.

        The key of the next day stands there before it begins, so that no report waits for it.
        """
        today = day_of(now)
        if self._kept == today:
            return
        for day in (today, today + _ONE_DAY):
            self._make(day)
        for days in range(3):  # also what a day without a run has left
            over = today - KEY_LIFE - days * _ONE_DAY
            self._table.delete(Delete(keys.day(over), SK))
        self._open = {day: key for day, key in self._open.items() if ends_at(day) > now}
        self._kept = today

    def get(self, day: date, now: datetime) -> DayKey | None:
        """Return the key of a day; None when there is none any more."""
        if ends_at(day) <= now:
            return None
        if day not in self._open:
            key = self._read(day)
            if key is None:
                return None
            self._open[day] = key
        return self._open[day]

    def _make(self, day: date) -> None:
        if self._table.get(keys.day(day), SK, consistent=True, attributes=("pk",)):
            return
        with unavailable():
            made = self._kms.generate_data_key(
                KeyId=self._key_id, NumberOfBytes=KEY_BYTES, EncryptionContext=_context(day)
            )
        row = {
            "pk": keys.day(day),
            "sk": SK,
            "public": DayKey(day, made["Plaintext"]).public,
            "wrapped": made["CiphertextBlob"],
            "expires_ttl": int(ends_at(day).timestamp()),
        }
        try:
            self._table.put(row, if_absent=True)
        except ConditionFailed:
            return  # Another run has made it.

    def _read(self, day: date) -> DayKey | None:
        row = self._table.get(keys.day(day), SK, consistent=True)
        if row is None:
            return None
        try:
            with unavailable(*_ALTERED):
                found = self._kms.decrypt(
                    KeyId=self._key_id,
                    CiphertextBlob=row["wrapped"],
                    EncryptionContext=_context(day),
                )
        except ClientError:
            log.error("day_key_altered")
            return None
        return DayKey(day, found["Plaintext"])


def _context(day: date) -> dict[str, str]:
    return {"tipline:day": f"{day:%Y-%m-%d}"}
