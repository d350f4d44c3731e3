"""The layout of the keys of every table. docs/data.md says what each row is for.

reports      REPORT#<id>            BEFORE#<number> | COUNTED | DUPLICATE#<time>#<id>
                                    ENTRY#<kind>#<id> | EVENT#<time>#<id> | HEAD | MEDIA#<id>
                                    MESSAGE#<time>#<id> | NOTE#<time>#<id> | POSITION#<time>#<id>
                                    PUSH | REDACTION#<media id> | REMINDER#<name> | REVIEW
             BURST#<time>           COUNT                    notices of a minute, SMS of an hour
             DIGEST#<filters>       EVENT#digest             gathered notices
             LOAD#<hour>            <minute>: reports in it
             STATS#<month>#<shard>  <day>#<category>#<district>     counters
             WATCH#<id>             COUNT                    what an officer did in an hour
             WATCH#<id>             ENDED                    how many reports they ended in it
             ACTS#<name>            <time>#<random>: an audit row of an officer, by its sort key
             PULSE#<category>       ROW: when reports changed last, by district
             NOTICE#<id>            EVENT#notice             announcements
             ROSTER                 ROW: who is on duty, and who may be notified
             DESTINATIONS           ROW: where events go | SECRET#<name>: what signs them
             DESTINATION#<name>     <time>#<event>: an event that goes there, and its task
             AGENCY#<code>          <time>#<reference>: what goes to an agency, and its task
             PUSHES                 ROUND: when phones were pushed to last
             REVIEWS                ROUND: how far reports were looked through for reviews
             OFFICER#<name>         EVENT#assignments | EVENT#subscriptions: their tasks
             LEDGER#<hour>#<shard>  <leaf>                   leaves of the ledger
             CLOSING#<hour>         PROGRESS: how far a long hour of the ledger is closed
             ENDING#<burst>         REQUEST: a closing of a burst that takes two persons
             EXPORT#<id>            REQUEST: an export that takes two persons
             INCIDENT#<id>          COUNTS: how many reports it has, by category and district
             EXPORTS                <at>#<id>: such an export, for the list of all
             REQUESTS               <number>: a request of a third person
             EXPORTER#<name>        ALONE: what an officer has exported alone
             SEARCH#<name>          <received_at>#<id>: a report with one token
contacts     REPORT#<id>            CONTACT | PUSH
incidents    DAY#<day>              KEY: the key of the day
             BUCKET#<hash>          RECENT: the latest reports with one trait
             REPORT#<id>            SIMILAR: the reports that are like this one
             LOOKING#<id>           ROW: who has the report open
audit        REPORT#<id>            <time>#<random>
             OFFICER#<name>#<day>   <time>#<random>
             REQUEST#<number>       <time>#<random>: who opened a request of a third person
             EXPORT#<id>            <time>#<random>: who opened what is asked of an export
officers     OFFICER#<name>         PROPOSAL | ROW | SUBSCRIPTION#<id>
             OFFICERS               <name>: a copy of each officer's row, for the list of all
             PROPOSALS              <name>: a copy of each proposal that has not ended
             FIRST_ADMINS           ROW: how many were appointed by operators
bulletins    CATALOGUE              LOAD_LEVEL | OVERRIDES
             BULLETIN#<id>          HEAD | LEADS | MEDIA#<id> | VERSION#<n>
             PUBLIC#<channel>       CHANGED | <published_at>#<id>    what readers see; `*`: all
             PUBLIC#ENDED#<channel> <ended_at>#<id>          how bulletins ended; `*`: all
sources      SALT | SOURCE#<token>  store/flood/sources.py
each         MIGRATION#<number>     STATE: where `make migrate` stands with this table

The order of a report's sort keys is the access rule. A reporter's view is one query from HEAD to
MESSAGE; an officer's is one query from HEAD to NOTE, and another of POSITION if there are any.
BEFORE, COUNTED, DUPLICATE, ENTRY and EVENT sort before HEAD; PUSH and all with an R after NOTE:
none has them.

The task of a row is in attributes of it, which also put the row into the index `by_task`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from chalicelib.aws.table import Row
from chalicelib.kernel import times
from chalicelib.kernel.ids import Owner, OwnerKind, owner_of
from chalicelib.kernel.outbox import SHARDS, Lane, OutboxTask, TaskKind, shard_of

type Key = tuple[str, str]
"""A row's partition key and sort key."""

HEAD = "HEAD"
CONTACT = "CONTACT"
# Of the token of a phone beside the contact, and of the task to push to it, in the reports table.
PUSH = "PUSH"
# Of the task to review a report.
REVIEW = "REVIEW"
MESSAGES = "MESSAGE#"
NOTES = "NOTE#"
POSITIONS = "POSITION#"
# The partitions of what came in bursts, in the index by attention.
BURSTS = "bursts"
# These sort after all media and messages, because '$' follows '#'.
MEDIA_END = "MEDIA$"
MESSAGE_END = "MESSAGE$"

OFFICERS = "OFFICERS"
PROPOSALS = "PROPOSALS"
FIRST_ADMINS = "FIRST_ADMINS"
ROSTER = "ROSTER"
DESTINATIONS = "DESTINATIONS"
PUSHES = "PUSHES"
REVIEWS = "REVIEWS"

BY_CATEGORY = "by_category"
BY_ATTENTION = "by_attention"
BY_ASSIGNEE = "by_assignee"
BY_BULLETIN = "by_bulletin"
BY_INCIDENT = "by_incident"
BY_REFERENCE = "by_reference"
BY_TASK = "by_task"
BY_SKETCH = "by_sketch"

# The partition attribute of each index. All indexes for lists sort by `listed_at`, but for that by
# attention: `attention_at`, which is a rank and `listed_at`.
PARTITION = {
    BY_CATEGORY: "category_shard",
    BY_ATTENTION: "attention_shard",
    BY_ASSIGNEE: "assignee",
    BY_BULLETIN: "bulletin_shard",
    BY_INCIDENT: "incident",
    BY_REFERENCE: "reference",
    BY_TASK: "task_shard",
    BY_SKETCH: "sketch_shard",
}
SKETCH_SHARDS = 4
STATISTICS_SHARDS = 4
# The sort attribute of each index for lists.
SORT = dict.fromkeys(
    (BY_CATEGORY, BY_ASSIGNEE, BY_BULLETIN, BY_INCIDENT, BY_REFERENCE), "listed_at"
) | {BY_ATTENTION: "attention_at"}


def index(name: str) -> tuple[str, str, str]:
    """Return an index for lists: its name, its partition attribute, and its sort attribute."""
    return name, PARTITION[name], SORT[name]


def owner(pk: str) -> Owner:
    """Return the owner of the rows in a partition. Raises ValueError when they have none."""
    kind, _, owner_id = pk.partition("#")
    return Owner(OwnerKind(kind.lower()), owner_id)


def media_owner(owner_id: str) -> str:
    """Return the partition of a medium's owner, which is a report or a bulletin."""
    return _partition(owner_of(owner_id))


def _partition(owner: Owner) -> str:
    return f"{owner.kind.upper()}#{owner.id}"


def migration(number: str) -> Key:
    return f"MIGRATION#{number}", "STATE"


def report(report_id: str) -> str:
    return _partition(Owner(OwnerKind.REPORT, report_id))


def is_report(pk: str) -> bool:
    """Return whether a partition is that of a report."""
    return pk.startswith("REPORT#")


def report_id(key: Key) -> str | None:
    """Return the id of the report whose HEAD is at this key; None for any other row."""
    kind, _, found = key[0].partition("#")
    return found if key[1] == HEAD and kind == OwnerKind.REPORT.upper() else None


def media(media_id: str) -> str:
    return f"MEDIA#{media_id}"


def redaction(media_id: str) -> str:
    """Return the sort key of the row whose task sees to the redaction of a medium."""
    return f"REDACTION#{media_id}"


def message(at: datetime, entry_id: str) -> str:
    return f"MESSAGE#{times.render(at)}#{entry_id}"


def note(at: datetime, entry_id: str) -> str:
    return f"NOTE#{times.render(at)}#{entry_id}"


def reminder(username: str) -> str:
    return f"REMINDER#{username}"


def reminders_of(username: str) -> str:
    """Return the partition of the index by attention with the reminders that concern an officer."""
    return f"OFFICER#{username}"


def reminder_at(on: str, listed_at: str) -> str:
    """Return the sort key of a reminder there: the day, and `listed_at`."""
    return f"{on}#{listed_at}"


def position(at: datetime, entry_id: str) -> str:
    return f"POSITION#{times.render(at)}#{entry_id}"


def entry(kind: str, entry_id: str) -> str:
    """Return the key of the row that recognises a repeated message, note or position."""
    return f"ENTRY#{kind}{entry_id}"


def before_mask(number: int) -> str:
    """Return the sort key of what a mask hides, while a legal hold keeps it."""
    return f"BEFORE#{number}"


def event(at: datetime, entry_id: str) -> str:
    return f"EVENT#{times.render(at)}#{entry_id}"


DUPLICATES = "DUPLICATE#"


def duplicate(received_at: datetime, report_id: str) -> str:
    """Return the sort key of the row that an original has of its duplicate."""
    return f"{DUPLICATES}{listed_at(received_at, report_id)}"


def sketch_shard(pk: str, sk: str) -> str:
    return f"SKETCH#{shard_of(pk + sk, SKETCH_SHARDS)}"


def listed_at(received_at: datetime, report_id: str) -> str:
    """Return the sort key of all lists."""
    return f"{times.render(received_at)}#{report_id}"


def category_shard(category: str, report_id: str, shards: int) -> str:
    return f"{category}#{shard_of(report_id, shards)}"


def attention_shard(category_shard: str, apart: str | None = None) -> str:
    """Return the partition of the index by attention, of the reports in a partition of
    `by_category`. `apart`: the status of those with which nothing is to be done, or `BURSTS`.
    """
    return f"{category_shard}#{apart}" if apart else category_shard


def attention_at(rank: str, listed_at: str) -> str:
    """Return the sort key of the index by attention. A rank is digits, which sort after `#`."""
    return f"{rank}#{listed_at}"


def received(attention_at: str) -> str:
    """Return the sort key of all other lists."""
    return attention_at.partition("#")[2]


def bulletin_shard(bulletin_id: str, report_id: str, shards: int) -> str:
    return f"{bulletin_id}#{shard_of(report_id, shards)}"


def task_shard(lane: Lane, pk: str, sk: str) -> str:
    return task_partition(lane, shard_of(pk + sk, SHARDS))


def task_partition(lane: Lane, shard: int) -> str:
    """Return a partition of the index of tasks. A lane has `SHARDS` of them."""
    return f"TASK#{lane}#{shard}"


def task_at(due_at: datetime, pk: str, sk: str) -> str:
    return f"{times.render(due_at)}#{pk}#{sk}"


def bulletin(bulletin_id: str) -> str:
    return _partition(Owner(OwnerKind.BULLETIN, bulletin_id))


def public(channel: str) -> str:
    """Return the partition of a channel's public rows."""
    return f"PUBLIC#{channel}"


def public_ended(channel: str) -> str:
    """Return the partition of a channel's bulletins that ended. The public reads it too."""
    return f"PUBLIC#ENDED#{channel}"


def officer(username: str) -> str:
    return _partition(Owner(OwnerKind.OFFICER, username))


def burst(period: str) -> str:
    """Return the partition of the counters of a minute or an hour."""
    return f"BURST#{period}"


def digest(*filters: str) -> str:
    """Return the partition of the digest of notices that are alike in `filters`."""
    return _partition(Owner(OwnerKind.DIGEST, "#".join(filters)))


def notice(entry_id: str) -> str:
    """Return the partition of an announcement."""
    return _partition(Owner(OwnerKind.NOTICE, entry_id))


def destination(name: str) -> str:
    """Return the partition of what is delivered to a destination."""
    return f"DESTINATION#{name}"


def agency(code: str) -> str:
    """Return the partition of what goes to an agency."""
    return _partition(Owner(OwnerKind.AGENCY, code))


def secret_of(name: str) -> Key:
    """Return the key of the secrets of a destination."""
    return DESTINATIONS, f"SECRET#{name}"


def ledger(hour: str, shard: int) -> str:
    """Return the partition of leaves that were written in this hour."""
    return f"LEDGER#{hour}#{shard}"


def closing(hour: str) -> Key:
    """Return the key of the row that says how far an hour of the ledger is closed."""
    return f"CLOSING#{hour}", "PROGRESS"


def load_minute(at: datetime) -> Key:
    """Return the key of the counters of reports in this minute."""
    return f"LOAD#{at:%Y-%m-%dT%H}", f"{at:%M}"


EXPORTS = "EXPORTS"
# Requests of third persons, by their numbers.
REQUESTS = "REQUESTS"


def opened_request(number: str) -> str:
    """Return the partition of the audit with the openings of a request of a third person."""
    return f"REQUEST#{number}"


def ending(burst_id: str) -> str:
    return f"ENDING#{burst_id}"


def incident(incident_id: str) -> str:
    return f"INCIDENT#{incident_id}"


def export(export_id: str) -> str:
    return f"EXPORT#{export_id}"


def exporter(username: str) -> str:
    return f"EXPORTER#{username}"


SEARCH = "SEARCH#"


def search(name: str) -> str:
    """Return the partition of the reports with one token."""
    return f"{SEARCH}{name}"


def pulse(category: str) -> str:
    return f"PULSE#{category}"


def presence(report_id: str) -> str:
    return f"LOOKING#{report_id}"


def watch(counter_id: str) -> str:
    return f"WATCH#{counter_id}"


def acts(username: str) -> str:
    """Return the partition of what an officer did: each row names an audit row."""
    return f"ACTS#{username}"


def day(day: date) -> str:
    """Return the partition of the key of a day."""
    return f"DAY#{day:%Y-%m-%d}"


def bucket(name: str) -> str:
    """Return the partition of the reports with one trait."""
    return f"BUCKET#{name}"


def officer_day(username: str, day: date) -> str:
    return f"OFFICER#{username}#{day:%Y-%m-%d}"


TASK_FIELDS = ("task", "lane", "due_at", "not_before", "task_shard", "task_at")


def task_fields(pk: str, sk: str, task: OutboxTask | None) -> Row:
    """Return the attributes of a row's task. For None, return those that remove it."""
    if task is None:
        return dict.fromkeys(TASK_FIELDS)
    return {
        "task": task.kind.value,
        "lane": task.lane.value,
        "due_at": task.due_at,
        "not_before": task.not_before,
        "task_shard": task_shard(task.lane, pk, sk),
        "task_at": task_at(task.due_at, pk, sk),
    }


def read_task(row: Mapping[str, Any]) -> OutboxTask | None:
    """Return the task of a row, or None."""
    if "task" not in row:
        return None
    not_before = row.get("not_before")
    return OutboxTask(
        TaskKind(row["task"]),
        times.parse(row["due_at"]),
        times.parse(not_before) if not_before else None,
        Lane(row["lane"]),
    )


def same_task(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition that the row still has the task in `row`, in the same lane."""
    return {name: row.get(name) for name in ("task", "task_at", "lane")}
