"""`make restore STAGE=prod TABLE=reports AT=2026-11-25T10:00Z`: restore a table into service.

    python -m infra.stage restore --stage prod --table reports [--at 2026-11-25T10:00Z | 30m]

A **damaged** table becomes what it was at that time: a copy is made beside it, then it is deleted
and made again from the copy, under its own name. A table that is **gone** is made from the backup
that AWS keeps of a deleted table; AT is not needed then. The API returns 503 while the table is
missing, and apps send again.

AWS restores rows, indexes and encryption. Everything else is set again here: the stream and what
reads it, expiry, point-in-time recovery, deletion protection, tags. Each step looks at what is
there, so the command can be run again when it was interrupted.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from infra.local.clock import read_duration
from infra.stage.console import Pause, Refused, code_of, confirm, say
from infra.stage.tables import TABLES, Tables, follow_stream
from infra.stage.target import Target, command, find_target

# AWS can restore to about five minutes ago, and later to this minute.
WAIT_FOR_TIME = timedelta(minutes=15)
POLL_S = 15.0
SAME_TIME = timedelta(seconds=1)

# What is left to do, by table.
_SWEEP = (
    "Within a minute the sweep does what was due meanwhile, deletions too: make status{command}"
)
_ORPHANS = (
    "make orphans{command}: photos that came after that time have no row. Look before DELETE=1."
)
AFTER = {
    "reports": (
        _SWEEP,
        _ORPHANS,
        "Compare with what you know: reports sent after that time are in no table now.",
    ),
    "audit": (
        "make audit-verify{command}: rows after that time are missing, and it names them. Keep its "
        "output with the reason for the restore.",
    ),
    "bulletins": (
        _SWEEP,
        _ORPHANS,
        "Look at the bulletins: what was published after that time is gone, and what was withdrawn "
        "after it is back.",
    ),
    "officers": (
        "Ask an admin to look at all officers (GET /v1/admin/officers): who was appointed after "
        "that time is missing, and who was deactivated or lost rights after it has them again. The "
        "audit has these changes.",
        "make status{command}",
    ),
    "contacts": (
        "A contact that was erased after that time is back: its report was withdrawn or deleted "
        "since. Delete it again: docs/operations.md, Restore a table.",
        "A contact that came after that time is in no table now. Its report is still there.",
    ),
}


@dataclass(frozen=True)
class Wanted:
    """What is restored: a key of TABLES, and the time; None for a table that is gone."""

    table: str
    at: datetime | None


def main(arguments: Sequence[str]) -> int:
    parser = command("stage restore", "Restore a table into service.")
    parser.add_argument("--table", required=True, help=", ".join(TABLES))
    parser.add_argument("--at", default="", help="the time, with its zone, or how long ago: 30m")
    asked = parser.parse_args(arguments)
    if asked.stage is None:
        raise Refused(
            "Name the stage: make restore STAGE=prod TABLE=reports AT=30m. The local stack has no "
            "backups; practise on the rehearsal cloud: make rehearsal-cloud"
        )
    if asked.table not in TABLES:
        raise Refused(f"Name the table: TABLE={'|'.join(TABLES)}")
    wanted = Wanted(asked.table, read_time(asked.at, datetime.now(UTC)))
    restore(find_target(asked.stage), wanted)
    return 0


def read_time(text: str, now: datetime) -> datetime | None:
    """Return the time that AT means. Raises Refused unless it is in the past and has a zone."""
    if not text:
        return None
    ago = read_duration(text)
    try:
        at = now - ago if ago is not None else datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"AT={text} is no time. Write 2026-11-25T10:00Z, or 30m.") from None
    if at.tzinfo is None:
        raise Refused(f"AT={text} has no zone. Write {text}Z for UTC, or {text}+08:00.")
    if at > now:
        raise Refused(f"AT={text} is in the future.")
    return at


def restore(target: Target, wanted: Wanted, pause: Pause = time.sleep) -> None:
    """Restore a table of a stage into service. Raises Refused when it cannot, with what to do."""
    tables = Tables(target, wanted.table, pause)
    tables.check()
    if tables.is_unfinished():
        _continue_with_table(tables)
    elif tables.exists(tables.name):
        _restore_damaged(tables, wanted)
    else:
        _restore_lost(tables, wanted)
    stream = tables.set_up()
    if stream:
        follow_stream(target, wanted.table, stream, pause)
    tables.finish()
    say(f"{tables.name} is in service.")
    print("Then:")
    for number, step in enumerate(AFTER[wanted.table], 1):
        print(f"  {number}. {step.format(command=target.command)}")


def _continue_with_table(tables: Tables) -> None:
    if not confirm(
        f"{tables.name} was made from a backup as of {_shown(tables.time_of(tables.name))}, and "
        "that restore was not finished. Finish it, whatever AT says?"
    ):
        raise Refused(
            "Nothing was changed. Finish that restore first; then the table can go back to another "
            "time."
        )
    tables.wait(tables.name)


def _restore_damaged(tables: Tables, wanted: Wanted) -> None:
    if wanted.at is None and not tables.exists(tables.copy):
        raise Refused(
            f"{tables.name} exists. Say to which time it goes back: AT=2026-11-25T10:00Z, or "
            "AT=30m."
        )
    if tables.exists(tables.copy):
        _continue_with_copy(tables, wanted.at)
    elif wanted.at is not None:
        _refuse_too_early(tables, wanted.at)
        _ask(tables, wanted.at)
        _await_time(tables, wanted.at)
        say(f"Making a copy as of {_shown(wanted.at)}. This takes from minutes to hours ...")
        _copy(tables, wanted.at)
    tables.wait(tables.copy)
    say("Backing the copy up ...")
    backup = tables.back_up_copy()
    say(f"Deleting the damaged {tables.name}. AWS keeps a backup of it for 35 days ...")
    tables.delete(tables.name)
    say("Making the table from the copy ...")
    tables.create_from(backup)


def _restore_lost(tables: Tables, wanted: Wanted) -> None:
    own, backup = tables.backup_of_copy(), tables.latest_backup()
    if own is not None:
        if not confirm(
            f"{tables.name} is gone, and a restore began to make it from a copy as of "
            f"{_shown(tables.time_of(tables.copy))} ({tables.copy}). Go on with that, whatever AT "
            "says?"
        ):
            raise Refused(_begin_anew(tables))
        say("Continuing from the copy that was made before ...")
        tables.create_from(own)
        return
    if backup is None:
        raise Refused(
            f"{tables.name} is gone, and DynamoDB has no backup of it. AWS keeps one of a deleted "
            "table for 35 days. Look for a recovery point in AWS Backup, or ask AWS Support."
        )
    made = backup["BackupCreationDateTime"]
    note = (
        f" AT is not possible for a table that is gone: it comes back as of {_shown(made)}."
        if wanted.at is not None
        else ""
    )
    named = f"the backup {backup['BackupName']} of {_shown(made)}"
    if not confirm(f"{tables.name} is gone. Make it from {named}?{note}"):
        raise Refused("Nothing was changed.")
    say(f"Making the table from the backup of {_shown(made)}. From minutes to hours ...")
    tables.create_from(backup["BackupArn"])


def _continue_with_copy(tables: Tables, wanted: datetime | None) -> None:
    at = tables.time_of(tables.copy)
    there = f"There is a copy as of {_shown(at)} already ({tables.copy})"
    if wanted and at and abs(wanted - at) > SAME_TIME:
        # It may be of a restore that was given up months ago. YES=1 must not take it.
        raise Refused(
            f"{there}, and AT is {_shown(wanted)}. To go on with the copy, leave AT out.\n"
            f"{_begin_anew(tables)}"
        )
    if not confirm(f"{there}. Go on with it?"):
        raise Refused(_begin_anew(tables))


def _begin_anew(tables: Tables) -> str:
    return (
        "Nothing was changed. To begin anew, delete the copy: aws dynamodb delete-table "
        f"--table-name {tables.copy}"
    )


def _ask(tables: Tables, at: datetime) -> None:
    if not confirm(
        f"{tables.name} becomes what it was at {_shown(at)}. What was written after that is no "
        "longer in service. While the table is made again, from minutes to hours, the API returns "
        "503. Go on?"
    ):
        raise Refused("Nothing was changed.")


def _await_time(tables: Tables, at: datetime) -> None:
    """Wait until AWS can restore to a time: it lags behind by about five minutes."""
    waited = timedelta()
    while (latest := tables.recoverable()[1]) < at:
        if waited >= WAIT_FOR_TIME:
            raise Refused(f"AWS can restore to {_shown(latest)} at the latest. Give that as AT.")
        say(f"AWS can restore to {_shown(latest)} so far; waiting for {_shown(at)} ...")
        tables.pause(POLL_S)
        waited += timedelta(seconds=POLL_S)


def _copy(tables: Tables, at: datetime) -> None:
    try:
        tables.copy_as_of(at)
    except ClientError as error:
        if code_of(error) == "InvalidRestoreTime":
            _refuse_too_early(tables, at)
        raise


def _refuse_too_early(tables: Tables, at: datetime) -> None:
    earliest = tables.recoverable()[0]
    if at < earliest:
        raise Refused(
            f"AWS cannot restore {tables.name} to {_shown(at)}, but from {_shown(earliest)} on. "
            "Choose AT in that time. Nothing was changed."
        )


def _shown(at: datetime | None) -> str:
    if at is None:
        return "an unknown time"
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
