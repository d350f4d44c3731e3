"""`make logs`: the functions' logs as lines, merged by time, of the local stack that is running or,
with `STAGE=prod`, of a deployed stage.

    python -m infra.stage logs [--stage prod] [--function residents] [--since 10m] [--request ID]

A line has the time (UTC), the function, the level, the message, and what else was logged.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local.clock import read_duration
from infra.stage.console import Refused
from infra.stage.target import Target, command, find_target, listed

# The log group of each function in the template. The gateway logs one line for each request.
GROUPS = {
    "residents": "ResidentsLog",
    "officers": "OfficersLog",
    "authorize_officer": "AuthorizeOfficerLog",
    "decode": "DecodeLog",
    "decode_critical": "DecodeCriticalLog",
    "make_thumbnails": "MakeThumbnailsLog",
    "make_critical_thumbnails": "MakeCriticalThumbnailsLog",
    "record_media": "RecordMediaLog",
    "publish_critical": "PublishCriticalLog",
    "publish_notices": "PublishNoticesLog",
    "sweep_critical": "SweepCriticalLog",
    "sweep_normal": "SweepNormalLog",
    "sweep_upkeep": "SweepUpkeepLog",
    "do_upkeep": "DoUpkeepLog",
    "suggest_incidents": "SuggestIncidentsLog",
    "deliver_events": "DeliverEventsLog",
    "push_to_phones": "PushToPhonesLog",
    "seal_audit": "SealAuditLog",
    "digest_audit": "DigestAuditLog",
    "compare_openings": "CompareOpeningsLog",
    "gateway": "AccessLog",
}
_OWN_FIELDS = {
    "timestamp",
    "time",
    "level",
    "message",
    "logger",
    "requestId",
    "request_id",
    "function",
    "frames",
    "type",
    "record",
    "location",
    "stackTrace",
}


@dataclass(frozen=True, order=True)
class Entry:
    """One line of a log. `at` is in milliseconds since 1970."""

    at: int
    function: str
    text: str


def main(arguments: Sequence[str]) -> int:
    parser = command("stage logs", "Show the functions' logs by time.")
    parser.add_argument("--function", default="", help=f"one of {', '.join(GROUPS)}; default: all")
    parser.add_argument("--since", default="10m", help="how far back: 90s, 10m, 2h, 1d")
    parser.add_argument("--request", default="", help="only lines with this request id")
    wanted = parser.parse_args(arguments)
    since = read_duration(wanted.since)
    if not since:
        raise Refused(
            f"SINCE={wanted.since} is not a duration to look back. Write one such as 90s, 10m, 2h "
            "or 1d."
        )
    if wanted.function and wanted.function not in GROUPS:
        raise Refused(f"There is no function {wanted.function}. Choose from: {', '.join(GROUPS)}.")
    target = find_target(wanted.stage)
    functions = [wanted.function] if wanted.function else list(GROUPS)
    found = read_entries(target, functions, since, wanted.request)
    for entry in sorted(found):
        print(render(entry))
    if not found:
        print(_nothing(target, wanted.since, wanted.function, wanted.request))
    return 0


def read_entries(
    target: Target, functions: Sequence[str], since: timedelta, request: str
) -> list[Entry]:
    """Return the lines of the functions since then; with `request` those that contain it."""
    begin = int((datetime.now(UTC) - since).timestamp() * 1000)
    if target.is_local:
        entries = _local_entries(Path(target.description["log"]), functions)
        return [each for each in entries if each.at >= begin and request in each.text]
    return list(_deployed_entries(target, functions, begin, request))


def render(entry: Entry) -> str:
    """Return a line for a reader; below it, indented, the frames of an error."""
    time = datetime.fromtimestamp(entry.at / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    head = f"{time}  {entry.function:<17}"
    try:
        fields = json.loads(entry.text)
    except ValueError:
        return f"{head}  {entry.text.strip()}"
    if not isinstance(fields, dict):
        return f"{head}  {entry.text.strip()}"
    if entry.function == "gateway":
        return f"{head}  {_request_line(fields)}"
    if str(fields.get("type", "")).startswith("platform."):
        return f"{head}  {_platform_line(fields)}"
    return "\n".join([f"{head}  {_app_line(fields)}", *_frames(fields)])


def _local_entries(path: Path, functions: Sequence[str]) -> Iterator[Entry]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        fields = json.loads(line)
        if fields["function"] in functions:
            at = datetime.fromisoformat(fields["timestamp"])
            yield Entry(int(at.timestamp() * 1000), fields["function"], line)


def _deployed_entries(
    target: Target, functions: Iterable[str], begin: int, request: str
) -> Iterator[Entry]:
    logs = target.client("logs")
    for function in functions:
        asked: dict[str, Any] = {
            "logGroupName": target.physical_name(GROUPS[function]),
            "startTime": begin,
        }
        if request:
            asked["filterPattern"] = f'"{request}"'
        for event in listed(logs, "filter_log_events", "events", **asked):
            yield Entry(event["timestamp"], function, event["message"])


def _app_line(fields: Mapping[str, Any]) -> str:
    more = [f"{key}={_plain(value)}" for key, value in fields.items() if key not in _OWN_FIELDS]
    # Lambda adds the id of the invocation; ours is the one that users quote.
    request = fields.get("request_id") or fields.get("requestId")
    if request:
        more.append(f"request={request}")
    level = str(fields.get("level", "")).upper()
    return " ".join([f"{level:<7} {_plain(fields.get('message', ''))}", *more])


def _request_line(fields: Mapping[str, Any]) -> str:
    line = (
        f"{fields.get('status', '-')} {fields.get('method', '-')} {fields.get('route', '-')} "
        f"{fields.get('latency_ms', '-')} ms"
    )
    error = fields.get("error", "-")
    return f"{line}{'' if error in ('-', '') else f' {error}'} request={fields.get('request_id')}"


def _platform_line(fields: Mapping[str, Any]) -> str:
    record = fields.get("record") or {}
    metrics = record.get("metrics") or {}
    more = [f"{key}={_plain(value)}" for key, value in metrics.items()]
    status = record.get("status")
    return " ".join([str(fields["type"]), *([str(status)] if status else []), *more])


def _frames(fields: Mapping[str, Any]) -> Iterator[str]:
    for frame in fields.get("frames") or fields.get("stackTrace") or ():
        yield f"      {str(frame).strip()}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _nothing(target: Target, since: str, function: str, request: str) -> str:
    what = f" of {function}" if function else ""
    about = f" about the request {request}" if request else ""
    hint = "Its log is kept for 30 days: SINCE=1d looks further back."
    if target.is_local:
        hint = "Its log is kept while it runs; `make run` shows warnings and errors."
    return f"{target.title} has logged nothing{what}{about} in the last {since}. {hint}"
