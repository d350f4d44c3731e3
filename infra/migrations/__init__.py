"""The migrations of a stage's rows, for `make migrate`: each is a module with a number.

    m0001_listed.py     MIGRATION = Migration("0001", "give each report …", "ReportsTableName", …)

`change` returns what makes a row of the old form one of the new, or None when nothing is to be
done. Its update must have a condition that fails when the row was changed meanwhile: then it is
tried again, and a row that is met twice is left alone. The attribute `form` of a row says which
form it has; without it, 0.
"""

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import TransactItem, Update


@dataclass(frozen=True)
class Migration:
    """One step. `table` is the output of the stack that names the table; with `sort_key`, only
    rows with this one are read. `what` says in a few words what it does. `whole` returns the same
    update, and writes that belong in one transaction with it, where there are any.
    """

    number: str
    what: str
    table: str
    change: Callable[[Row], Update | None]
    sort_key: str | None = None
    whole: Callable[[Row, Table, datetime], tuple[Update, Sequence[TransactItem]] | None] | None = (
        None
    )

    @property
    def title(self) -> str:
        return f"{self.number} ({self.what})"


def all_migrations() -> list[Migration]:
    """Return the migrations, in their order."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__))
    found = [import_module(f"{__name__}.{name}").MIGRATION for name in names if name[0] == "m"]
    return sorted(found, key=lambda each: each.number)
