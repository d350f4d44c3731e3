"""What is kept, and for how long."""

from collections.abc import Mapping
from typing import Any

from tests import cloud
from tests.bench.units import Item, indexes_of, size_of
from tests.cost.usage import added

# A report is open for a month, and then kept for three; its backups a month longer.
MONTHS = 4
AUDIT_MONTHS = 24
# Daily backups are full copies, and are kept for 35 days.
COPIES = 35
# Of each row of a table and of an index
# (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
_OVERHEAD = 100
_MONTHS = {"REPORTS_TABLE": MONTHS, "CONTACTS_TABLE": MONTHS, "AUDIT_TABLE": AUDIT_MONTHS}


def kept(environment: Mapping[str, str]) -> dict[str, float]:
    """Return what is used to keep what the tables hold now."""
    return added(_of_table(environment, setting, months) for setting, months in _MONTHS.items())


def _of_table(environment: Mapping[str, str], setting: str, months: int) -> dict[str, float]:
    name = environment[setting]
    rows = _rows(name)
    own = sum(_OVERHEAD + size_of(row) for row in rows)
    entries = [
        entry
        for index in indexes_of(environment)[name].values()
        for entry in map(index.entry, rows)
        if entry
    ]
    indexed = sum(_OVERHEAD + size_of(entry) for entry in entries)
    return {
        "table_byte_months": (own + indexed) * months,
        "recovery_byte_months": (own + indexed) * months,
        "table_backup_byte_months": own * months * COPIES,
    }


def _rows(table: str) -> list[Item]:
    found: list[Any] = cloud.client("dynamodb").scan(TableName=table)["Items"]
    return found
