"""`make migrate STAGE=prod`: run the migrations of a stage's rows that were not run yet.

    python -m infra.stage migrate --stage prod [--dry-run]

The stage serves meanwhile. Where a migration stands is in the table that it changes, in the row
`MIGRATION#<number>`: an interrupted one goes on from there, two at once refuse, and a table that is
restored to before it is migrated again. `--dry-run` counts what would change, and writes nothing.
"""

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.attributes import pack, unpack
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Update
from chalicelib.kernel import times
from infra.migrations import Migration, all_migrations
from infra.packaging.aliases import ALIAS
from infra.stage.console import Refused, StatusLine, progress, say
from infra.stage.tables import count_rows
from infra.stage.target import Target, command, find_stage, find_target

SEGMENTS = 8  # for ever: an interrupted migration goes on by their numbers
PAGE = 200  # rows read between two notes of where a segment stands
# How long a migration that has noted nothing any more keeps others away.
LEASE = timedelta(minutes=2)
TRIES = 10  # for a row that others change at the same time

type Clock = Callable[[], datetime]


def main(arguments: Sequence[str]) -> int:
    parser = command("stage migrate", "Migrate the rows of a stage.")
    parser.add_argument("--dry-run", action="store_true", help="count, and write nothing")
    asked = parser.parse_args(arguments)
    if asked.stage is None:
        raise Refused("Name the stage: STAGE=prod. The local stack begins with rows of today.")
    target = find_target(asked.stage)
    refuse_earlier_code(target)
    if not migrate_stage(target, dry=asked.dry_run):
        say(f"{target.name} has nothing to migrate.")
    return 0


def refuse_earlier_code(target: Target) -> None:
    """Raise Refused when another code serves than the one that is deployed, after a roll-back: it
    would go on writing rows of the form before.
    """
    function = {"FunctionName": target.physical_name("APIHandler")}
    read = target.client("lambda").get_function_configuration
    if read(**function)["CodeSha256"] != read(**function, Qualifier=ALIAS)["CodeSha256"]:
        raise Refused(
            f"{target.title} was rolled back: an earlier code serves, which writes rows of an "
            f"earlier form. Deploy a build that works, then migrate: make deploy{target.command}"
        )


def say_missing(stage: str, session: Any, known: Sequence[Migration] | None = None) -> None:
    """Say which migrations of the version that is deployed were not run on a stage, if any."""
    try:
        target = find_stage(stage, session)
    except Refused:  # nothing is deployed
        return
    if found := missing(target, known):
        titles = ", ".join(each.title for each in found)
        say(f"Not migrated yet: {titles}. Run `make migrate{target.command}`.")


def missing(target: Target, known: Sequence[Migration] | None = None) -> list[Migration]:
    """Return the migrations that the deployed version brought, and that were not run.

    Before a version is deployed that reads and writes a new form, rows stay as they are: the
    version before would go on writing the old one.
    """
    deployed = target.outputs.get("Migrations", "")
    return [
        each
        for each in (all_migrations() if known is None else known)
        if each.number <= deployed and "done_at" not in Run(target, each).read()
    ]


def migrate_stage(
    target: Target, known: Sequence[Migration] | None = None, *, dry: bool = False
) -> list[Migration]:
    """Run what is missing, in order, and return it. Raises Refused."""
    found = missing(target, known)
    for migration in found:
        Run(target, migration, dry=dry).carry_out()
    return found


@dataclass
class Run:
    """One migration of a stage. Tests pass the clock, and how many rows are read at once."""

    target: Target
    migration: Migration
    dry: bool = False
    now: Clock = lambda: datetime.now(UTC)
    page: int = PAGE
    _table: Table = field(init=False)
    _reader: Any = field(init=False)
    _segments: dict[str, dict[str, Any]] = field(default_factory=dict)
    _owner: str = field(default_factory=lambda: str(uuid.uuid4()))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        writer = self.target.client("dynamodb", retries={"total_max_attempts": 1})
        self._table = Table(writer, self.target.output(self.migration.table))
        self._reader = self.target.client("dynamodb")

    def read(self) -> Row:
        """Return the row that says where it stands; {} before it began."""
        return self._table.get(*keys.migration(self.migration.number), consistent=True) or {}

    def carry_out(self) -> tuple[int, int]:
        """Carry it out, or go on with it. Return how many rows were read, and how many changed.

        Raises Refused while another one runs.
        """
        began = self.read()
        self._segments = {} if self.dry else dict(began.get("segments", {}))
        if not self.dry:
            self._take(began)
        say(f"{'Trying' if self.dry else 'Migrating'} {self.migration.title} ...")
        line, total = StatusLine(), count_rows(self._reader, self._table.name)
        with ThreadPoolExecutor(SEGMENTS) as pool:
            works = [pool.submit(self._migrate, number) for number in range(SEGMENTS)]
            try:
                while wait(works, timeout=1).not_done and not self._stopped.is_set():
                    line.show(self._progress(total))
                for work in works:
                    work.result()
            except BaseException:
                self._stopped.set()
                wait(works)
                self._note(until=None, owner=None)
                line.end()
                say(f"{self.migration.number} has stopped. The same command goes on from here.")
                raise
            finally:
                line.end()
        seen, changed = self._counts()
        self._note(until=None, owner=None, done_at=times.render(self.now()))
        verb = "would change" if self.dry else "changed"
        say(f"{self.migration.number}: {seen:,} rows read, {changed:,} {verb}.")
        return seen, changed

    def _take(self, began: Row) -> None:
        """Keep others away. Raises Refused while another one does."""
        until = began.get("until")
        if until and until > times.render(self.now()):
            raise Refused(
                f"{self.migration.title} is running elsewhere, or was cut off just now. It is free "
                f"at {until}, unless it goes on."
            )
        pk, sk = keys.migration(self.migration.number)
        put = {"owner": self._owner, "until": self._until()}
        try:
            self._table.update(Update(pk, sk, put=put, equal={"until": until}, upsert=True))
        except ConditionFailed:
            raise Refused(f"{self.migration.title} was begun elsewhere at the same time.") from None

    def _migrate(self, number: int) -> None:
        """Migrate one segment, from where it stands."""
        at = self._segments.get(str(number), {"seen": 0, "changed": 0})
        try:
            while not at.get("ended") and not self._stopped.is_set():
                page = self._read_page(number, at.get("key"))
                changed = sum(self._change(unpack(item)) for item in page["Items"])
                at = {"seen": at["seen"] + page["ScannedCount"], "changed": at["changed"] + changed}
                key = page.get("LastEvaluatedKey")
                at |= {"key": unpack(key)} if key else {"ended": True}
                with self._lock:
                    self._segments[str(number)] = at
                    self._note(until=self._until())
        except BaseException:
            self._stopped.set()
            raise

    def _read_page(self, segment: int, after: Row | None) -> Any:
        request: dict[str, Any] = {
            "TableName": self._table.name,
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": SEGMENTS,
            "Limit": self.page,
        }
        if self.migration.sort_key:
            request["FilterExpression"] = "sk = :sk"
            request["ExpressionAttributeValues"] = pack({":sk": self.migration.sort_key})
        if after:
            request["ExclusiveStartKey"] = pack(after)
        return self._reader.scan(**request)

    def _change(self, row: Row) -> bool:
        """Change a row, as it is now. Return whether it was changed."""
        current: Row | None = row
        for _ in range(TRIES):
            update = self.migration.change(current) if current else None
            if update is None:
                return False
            try:
                if not self.dry:
                    self._write(current, update)
                return True
            except ConditionFailed:
                current = self._table.get(row["pk"], row["sk"], consistent=True)
        raise Refused("A row is changed all the time. Run the command again, it goes on from here.")

    def _write(self, row: Row | None, update: Update) -> None:
        whole, also = self.migration.whole, ()
        found = whole(row, self._table, self.now()) if whole and row else None
        self._table.write(*(found or (update, also)))

    def _note(self, **put: Any) -> None:
        """Note where it stands. Raises Refused when another one has taken over."""
        if self.dry:
            return
        pk, sk = keys.migration(self.migration.number)
        noted = {"segments": self._segments, **put}
        try:
            self._table.update(Update(pk, sk, put=noted, equal={"owner": self._owner}))
        except ConditionFailed:
            raise Refused(f"{self.migration.title} was taken over by another run.") from None

    def _until(self) -> str:
        return times.render(self.now() + LEASE)

    def _counts(self) -> tuple[int, int]:
        found = list(self._segments.values())
        return sum(each["seen"] for each in found), sum(each["changed"] for each in found)

    def _progress(self, total: int) -> str:
        seen, changed = self._counts()
        return f"{progress(seen, total)}, {changed:,} changed"
