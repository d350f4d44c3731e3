"""Where a source is found after its flood: nowhere but in the hour's counters, as tokens."""

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.load import memory, reports
from tests.load.levels import set_level
from tests.load.measures import Result
from tests.load.reports import JSON, send_report
from tests.load.stack import Stack
from tests.security.search import search

SOURCE, NETWORK = "127.9.8.7", "127.9.8.0"
AGENT = "canary-agent-7f3a91"
SEARCHED = (SOURCE, NETWORK, AGENT)
HEADERS = {
    "User-Agent": AGENT,
    "X-Forwarded-For": SOURCE,
    "X-Real-IP": SOURCE,
    "Referer": f"https://{AGENT}.example/",
}
# What a request leaves in buffers is written over by the next ones.
OTHERS = 300
SETTLE_S = 5
# At level 1 all instances count a source together, until one of them has seen enough.
LEVELS = (1, 0, 2, 3)


def play(count: int) -> Result:
    """Send `count` reports at each load level, and more that fails; then search everywhere."""
    result = Result("the source, looked for afterwards")
    with Stack(LIMITS="on") as stack, tempfile.TemporaryDirectory() as folder:
        known = _act(stack, count)
        time.sleep(SETTLE_S)
        _dump(stack, Path(folder))
        found = search(Path(folder), [*SEARCHED, known])
        leaks = [each for each in found if each.text != known]
        kinds = sorted(each.name for each in Path(folder).iterdir())
        result.check(
            "in no table, object, queue, record or log",
            "; ".join(f"{each.text} in {each.file} ({each.how})" for each in leaks)
            or f"nowhere in {', '.join(kinds)}",
            not leaks,
        )
        result.check(
            "the search finds what is there",
            f"a report in {len({each.file for each in found if each.text == known})} files",
            any(each.text == known and "tables" in each.file for each in found),
        )
        result.leaked = len(leaks) + _check_memory(result, stack, known)
        _check_counters(result, stack, Path(folder))
    return result


def _act(stack: Stack, count: int) -> str:
    """Do what a source can do. Return the id of a report of it."""
    with stack.connect(SOURCE) as connection:
        first = send_report(connection, "other", "One van.", headers=HEADERS)
        receipt = {"Authorization": f"Receipt {first.receipt}", **HEADERS}
        for level in LEVELS:
            set_level(stack, level)
            for number in range(count):
                category = ("other", "child_abduction")[number % 2]
                send_report(connection, category, f"Flood {level}/{number}.", headers=HEADERS)
            send_report(connection, "other", first.text, key=first.key, headers=HEADERS)
            connection.send("POST", "/v1/reports", b"{", {**JSON, **HEADERS})
            connection.send("POST", "/v1/reports", b"{}", {**JSON, **HEADERS})
            send_report(connection, "nonsense", "x", headers=HEADERS)
            connection.send("GET", f"/{AGENT}", headers=HEADERS)
            message = json.dumps({"text": "It is still there."}).encode()
            path = f"/v1/reports/{first.id}/messages"
            connection.send("POST", path, message, {**JSON, **receipt})
            connection.send("GET", "/v1/reports/mine", headers=receipt)
            connection.send("GET", "/v1/officer/me", headers=HEADERS)
    reports.flood(stack, ["child_abduction"], OTHERS, limit_s=20)
    return first.id


def _dump(stack: Stack, folder: Path) -> None:
    """Write all that is stored into `folder`, each kind into a folder of its own."""
    dynamodb, s3, sqs = (stack.client(name) for name in ("dynamodb", "s3", "sqs"))
    for table in dynamodb.list_tables()["TableNames"]:
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        _write(folder / "tables" / table, [item for page in pages for item in page["Items"]])
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for version in page.get("Versions", ()):
                key, version_id = version["Key"], version["VersionId"]
                found = s3.get_object(Bucket=name, Key=key, VersionId=version_id)
                path = folder / "objects" / name / quote(f"{key}@{version_id}", safe="")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(found["Body"].read())
                _write(path.with_name(f"{path.name[:200]}.metadata"), found["Metadata"])
    for url in sqs.list_queues().get("QueueUrls", ()):
        _write(folder / "queues" / url.rpartition("/")[2], _messages(sqs, url))
    events = stack.client("cloudtrail").lookup_events()["Events"]
    _write(folder / "records" / "events", events)
    shutil.copytree(stack.folder, folder / "logs")


def _messages(sqs: Any, url: str) -> list[Any]:
    found: list[Any] = []
    while more := sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
        VisibilityTimeout=300,
    ).get("Messages"):
        found += more
    return found


def _check_memory(result: Result, stack: Stack, known: str) -> int:
    """Search the memory of the process of the stores. Return how often it has the source."""
    must = "nor in the memory of the stores"
    port = int(stack.outputs["aws"].rpartition(":")[2])
    pid, own = memory.listening_on(port), memory.listening_on(stack.port)
    if pid is None or pid == own:
        # The API's own process has requests in its buffers.
        result.check(must, "no process of their own: not searched", False)
        return 0
    counted = memory.count_in_memory(pid, [text.encode() for text in (*SEARCHED, known)])
    there = counted.pop(known.encode())
    leaked = sum(counted.values())
    measured = ", ".join(f"{text.decode()} {count}" for text, count in counted.items())
    result.check(must, f"{measured} times; a report {there} times", not leaked and there > 0)
    return leaked


def _check_counters(result: Result, stack: Stack, folder: Path) -> None:
    """See that the counters are there, so that the search has looked at them."""
    path = folder / "tables" / str(stack.outputs.get("sources_table"))
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    counters = [row["pk"]["S"] for row in rows if "expires_ttl" in row]
    result.check(
        "the hour's counters have its tokens",
        f"{len(counters)}: {', '.join(counters) or 'none'}",
        len(counters) > 0,
    )


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, default=_text), encoding="utf-8")


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
