"""`make status`: one screen on the state of the local stack that is running or, with `STAGE=prod`,
of a deployed stage: health, a drill that is filed and withdrawn, tables and buckets, alarms, the
oldest task, queues, the oldest report that is not compared, the audit's last digest.

    python -m infra.stage status [--stage prod]

| environment | |
|---|---|
| `DRILL=off` | file no drill: for whoever asks every minute |

Exits with 1 when something needs attention.
"""

import base64
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.table import Table
from chalicelib.domain.audit.seals import hour_of
from chalicelib.kernel.errors import TiplineError
from chalicelib.kernel.outbox import SHARDS, Lane
from chalicelib.store.audit.seals import Seals
from chalicelib.store.reports.media_rows import SketchRows
from chalicelib.store.reports.outbox import Outbox
from infra.deploy.smoke import Trip, files_drills, try_out
from infra.packaging.aliases import ALIAS
from infra.stage.console import Refused, explain
from infra.stage.redrive import QUEUES, find_letters, letter_count
from infra.stage.tables import BUCKETS, TABLES, find_lost
from infra.stage.target import Target, command, find_target

WIDTH = 80
LATE_TASK = timedelta(minutes=2)  # as OldestNormalAlarm
# Each minute those of the minute before are compared.
LATE_COMPARISON = timedelta(minutes=5)
# The digest of an hour is written in the hour after it.
LATE_DIGEST = timedelta(hours=3)
HEALTH_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Line:
    """One line of the screen. `ok` is None for a fact that is neither good nor bad."""

    label: str
    text: str
    ok: bool | None = None


def main(arguments: Sequence[str]) -> int:
    parser = command("stage status", "Show the state of a stage on one screen.")
    target = find_target(parser.parse_args(arguments).stage)
    lines = list(read_status(target, datetime.now(UTC)))
    print(render(target, lines, datetime.now(UTC)))
    return 1 if any(line.ok is False for line in lines) else 0


def read_status(target: Target, now: datetime) -> Iterator[Line]:
    """Yield the lines. What cannot be read has a line that says why, so one missing right does not
    hide the rest.
    """
    parts: list[tuple[str, Callable[[], Iterator[Line]]]] = [
        ("health", lambda: _health(target)),
        ("drill", lambda: _drill(target)),
        ("version", lambda: _version(target)),
        ("tables", lambda: _tables(target)),
        ("alarms", lambda: _alarms(target)),
        ("oldest task", lambda: _oldest_task(target, now)),
        ("queues", lambda: _queues(target)),
        ("comparison", lambda: _comparison(target, now)),
        ("audit", lambda: _digest(target, now)),
    ]
    for label, read in parts:
        try:
            yield from read()
        except (Refused, TiplineError, BotoCoreError, ClientError) as error:
            yield Line(label, explain(error), ok=False)


def render(target: Target, lines: Sequence[Line], now: datetime) -> str:
    """Return the screen."""
    marks = {True: "ok  ", False: "LOOK", None: "    "}
    head = f"{target.title}    {target.api}    {now:%Y-%m-%d %H:%M} UTC"
    rows = [_row(marks[line.ok], line) for line in lines]
    bad = sum(line.ok is False for line in lines)
    end = "All is well." if not bad else f"{bad} to look at: docs/operations.md, First outage."
    return "\n".join([head, "", *rows, "", end])


def _row(mark: str, line: Line) -> str:
    first, *more = _wrapped(line.text, WIDTH - 21)
    return "\n".join([f"{mark} {line.label:<15} {first}", *(" " * 21 + each for each in more)])


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _health(target: Target) -> Iterator[Line]:
    http = urllib3.PoolManager(timeout=HEALTH_TIMEOUT_S, retries=False)
    began = time.monotonic()
    try:
        response = http.request("GET", f"{target.api}/v1/health")
    except urllib3.exceptions.HTTPError as error:
        yield Line("health", f"does not answer: {type(error).__name__}", ok=False)
        return
    took = (time.monotonic() - began) * 1000
    text = f"{response.status} in {took:.0f} ms"
    try:
        shown = response.json()
        version, commit = shown["version"], shown.get("commit")
    except (ValueError, KeyError, TypeError):
        version = commit = None
    if response.status == 200 and version:
        runs = f", commit {commit}" if commit else ""
        yield Line("health", f"{text}, version {version}{runs}", ok=True)
    else:
        yield Line("health", f"{text}, and not as it should answer", ok=False)


def _drill(target: Target) -> Iterator[Line]:
    """Try what health does not: whether a report is taken."""
    if not files_drills():
        yield Line("drill", "not tried (DRILL=off)")
        return
    began = time.monotonic()
    http = urllib3.PoolManager(timeout=HEALTH_TIMEOUT_S, retries=False)
    try_out(Trip(target.api, http, "drill", tell=lambda _: None), target)
    took = (time.monotonic() - began) * 1000
    yield Line("drill", f"a report was taken and withdrawn in {took:.0f} ms", ok=True)


def _version(target: Target) -> Iterator[Line]:
    if target.is_local:
        return
    name, awslambda = target.physical_name("APIHandler"), target.client("lambda")
    deployed = awslambda.get_function_configuration(FunctionName=name)["CodeSha256"]
    serving = awslambda.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
    code = serving["CodeSha256"]
    changed = target.description.get("LastUpdatedTime") or target.description["CreationTime"]
    status = str(target.description["StackStatus"])
    commit = target.outputs.get("Version")
    version = f"commit {commit}, " if commit else ""
    text = f"{version}code {_short(deployed)}, {changed:%Y-%m-%d %H:%M} UTC, {status}"
    well = not status.endswith("_FAILED") and status != "ROLLBACK_COMPLETE"
    yield Line("deployed", text, ok=well if not well else None)
    text = f"version {serving['Version']} of residents, code {_short(code)}"
    if code != deployed:
        text += (
            ". That is not what is deployed: the release was rolled back, or failed its trial. "
            f"Deploy one that works: make deploy{target.command}"
        )
    yield Line("serving", text, ok=None if code == deployed else False)


def _short(sha256: str) -> str:
    return base64.b64decode(sha256).hex()[:12]


def _tables(target: Target) -> Iterator[Line]:
    lost = list(find_lost(target))
    if not lost:
        count = f"{len(TABLES)} tables and {len(BUCKETS)} buckets are in service"
        yield Line("tables", count, ok=True)
    for text in lost:
        yield Line("tables", text, ok=False)


def _alarms(target: Target) -> Iterator[Line]:
    if target.is_local:
        yield Line("alarms", "none on the local stack")
        return
    names = {
        resource["PhysicalResourceId"]: logical_id
        for logical_id, resource in target.resources.items()
        if resource["ResourceType"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    }
    pages = (
        target.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    )
    alarms = [
        alarm
        for page in pages
        for alarm in [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]
        if alarm["AlarmName"] in names  # without names, CloudWatch lists those of all stacks
    ]
    ringing = [alarm for alarm in alarms if alarm["StateValue"] == "ALARM"]
    if not ringing:
        yield Line("alarms", f"none of {len(alarms)} is on", ok=True)
    for alarm in ringing:
        since = alarm["StateUpdatedTimestamp"]
        text = (
            f"{names[alarm['AlarmName']]} since {since:%H:%M}. {alarm.get('AlarmDescription', '')}"
        )
        yield Line("alarm", text, ok=False)


def _oldest_task(target: Target, now: datetime) -> Iterator[Line]:
    dynamodb = target.client("dynamodb", retries={"total_max_attempts": 1})
    outboxes = [
        Outbox(Table(dynamodb, target.output(name)))
        for name in ("ReportsTableName", "BulletinsTableName")
    ]
    # Pushes wait for their round, and where push is switched off again for ever.
    lanes = [lane for lane in Lane if lane is not Lane.PUSH]
    late = [due for outbox in outboxes for lane in lanes if (due := _oldest_due(outbox, lane, now))]
    if not late:
        yield Line("oldest task", "none is due", ok=True)
        return
    age = now - min(late)
    yield Line("oldest task", f"due for {_duration(age)}", ok=age <= LATE_TASK)


def _oldest_due(outbox: Outbox, lane: Lane, now: datetime) -> datetime | None:
    # The first pages are one of each shard, the oldest task first.
    firsts = [page[0].key for page in islice(outbox.overdue(lane, now), SHARDS) if page]
    tasks = [pending.task.due_at for key in firsts if (pending := outbox.read(key))]
    return min(tasks, default=None)


def _queues(target: Target) -> Iterator[Line]:
    for name in QUEUES:
        letters = find_letters(name, target)
        dead = letters.count()
        waiting = ""
        if letters.source_url:
            counts = letters.source_counts()
            waiting = f"{counts[0]} waiting, {counts[1]} in work, "
        hint = f": make redrive{target.command} QUEUE={name}" if dead else ""
        yield Line(name, f"{waiting}{letter_count(dead)}{hint}", ok=dead == 0)


def _comparison(target: Target, now: datetime) -> Iterator[Line]:
    """Tell how far `suggest_incidents` lags behind."""
    table = Table(target.client("dynamodb"), target.output("ReportsTableName"))
    oldest = SketchRows(table).oldest()
    if oldest is None:
        yield Line("comparison", "every report has been compared", ok=True)
        return
    text = f"the oldest report has waited {_duration(now - oldest)} to be compared"
    yield Line("comparison", text, ok=now - oldest <= LATE_COMPARISON)


def _digest(target: Target, now: datetime) -> Iterator[Line]:
    seals = Seals(target.client("s3"), target.output("AuditBucketName"))
    begin = hour_of(now - timedelta(days=3))
    last = max(seals.digested_hours(begin), default=None)
    if last is None:
        first = seals.first_hour()
        fresh = first is None or first >= hour_of(now - LATE_DIGEST)
        text = "no digest yet" if fresh else "no digest in three days: is digest_audit running?"
        yield Line("last digest", text, ok=None if fresh else False)
        return
    yield Line("last digest", f"of {last} UTC", ok=last >= hour_of(now - LATE_DIGEST))


def _duration(age: timedelta) -> str:
    minutes, seconds = divmod(int(age.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
