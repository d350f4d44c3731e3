"""What a phone does with the grants of a report."""

from typing import Any

from tests.rehearsal.stage import Stage


def post(stage: Stage, grant: dict[str, Any], content: bytes) -> None:
    """Send a whole file with the form of its grant."""
    assert grant["method"] == "POST", grant
    reply = stage.internet.send(
        "POST", grant["url"], data=grant["fields"], files={"file": ("file", content)}
    )
    assert reply.status == 204, f"{reply.status} {reply.text}"


def send_parts(stage: Stage, report: dict[str, Any], grant: dict[str, Any], content: bytes) -> None:
    """Send a file in parts, and complete it."""
    assert grant["method"] == "MULTIPART", grant
    path = f"/v1/reports/{report['id']}/media/{grant['media_id']}"
    numbers = list(range(1, grant["part_count"] + 1))
    started = stage.call("POST", f"{path}/parts", {"numbers": numbers}, receipt=report["receipt"])
    assert started.status == 200, started.text
    for part in started.json["parts"]:
        first = (part["number"] - 1) * grant["part_size"]
        reply = stage.internet.send(
            "PUT", part["url"], content=content[first : first + grant["part_size"]]
        )
        assert reply.status == 200, f"{reply.status} {reply.text}"
    completed = stage.call("POST", f"{path}/complete", receipt=report["receipt"])
    assert completed.status == 200, completed.text
