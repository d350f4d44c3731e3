"""What several chapters do with a report: wait for its media, close it, let its time come."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws import keys
from chalicelib.kernel import times
from tests.rehearsal import uploads
from tests.rehearsal.people import Person, if_match
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until

CLOSED = {"status": "closed", "disposition": "resolved", "reason": "He is at home again."}


def path_of(report: Any) -> str:
    """Return the officers' path of a report."""
    return f"/v1/officer/reports/{report['id']}"


def with_file(stage: Stage, content_type: str, content: bytes, **more: Any) -> Any:
    """Create a report with one file, and send the file."""
    made = stage.report(media=[{"content_type": content_type, "size": len(content)}], **more)
    uploads.post(stage, made["uploads"][0], content)
    return made


def ready(officer: Person, report: Any) -> Any:
    """Wait until all media of a report are ready, and return them as the officer sees them."""
    return ready_at(officer, path_of(report))


def ready_at(officer: Person, path: str) -> Any:
    """Wait for the media of what is at a path."""

    def look() -> Any:
        media = officer.get(path)["media"]
        states = {medium["state"] for medium in media}
        assert "rejected" not in states, media
        return media if states == {"ready"} else None

    return until(look, "the media are ready")


def change(officer: Person, report: Any, **fields: Any) -> None:
    """Change a report as it is now."""
    path = path_of(report)
    tag = if_match(officer.call("GET", path))
    changed = officer.call("PATCH", path, fields, headers=tag)
    assert changed.status == 200, changed.text


def let_its_time_come(stage: Stage, report: Any, task: str) -> None:
    """Wait until a row of a report has this task, make it due, and sweep.

    A rehearsal cannot last until a deadline, so whoever owns the account moves the task.
    """
    table, name = stage.client("dynamodb"), stage.outputs["ReportsTableName"]
    pk = keys.report(report["id"])

    def look() -> Any:
        rows = table.query(
            TableName=name,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )["Items"]
        return next((row for row in rows if row.get("task") == {"S": task}), None)

    row = until(look, f"the task {task}")
    due = datetime.now(UTC) - timedelta(seconds=5)
    table.update_item(
        TableName=name,
        Key={"pk": row["pk"], "sk": row["sk"]},
        UpdateExpression="SET due_at = :due, task_at = :at REMOVE not_before",
        ConditionExpression="task_at = :before",
        ExpressionAttributeValues={
            ":due": {"S": times.render(due)},
            ":at": {"S": keys.task_at(due, pk, row["sk"]["S"])},
            ":before": row["task_at"],
        },
    )
    stage.sweep()
