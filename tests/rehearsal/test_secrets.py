"""The secret of cursors is rotated while officers page through a list, and the keys of what
residents write while officers read it.
"""

import secrets

import pytest

from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage


def test_cursors_of_before_and_after_a_rotation_open_their_pages(
    stage: Stage, officer: Person
) -> None:
    for _ in range(3):
        stage.report("other")
    path = "/v1/officer/reports?category=other&limit=1"
    before = officer.get(path)["next_cursor"]
    stage.client("secretsmanager").put_secret_value(
        SecretId=stage.resources["CursorSecret"], SecretString=secrets.token_hex(32)
    )
    restart(stage, "Officers")
    page = officer.get(f"{path}&cursor={before}")
    assert len(page["items"]) == 1
    assert len(officer.get(f"{path}&cursor={page['next_cursor']}")["items"]) == 1
    forged = ("B" if before.startswith("A") else "A") + before[1:]
    refused = officer.call("GET", f"{path}&cursor={forged}")
    assert refused.status == 400, refused.text
    assert refused.json["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("key", "table", "sk"),
    [("content", "ReportsTable", "HEAD"), ("contact", "ContactsTable", "CONTACT")],
)
def test_officers_open_what_was_written_before_and_after_a_key_was_rotated(
    stage: Stage, officer: Person, key: str, table: str, sk: str
) -> None:
    text, phone = "A dog on the ice.", "+8613800000055"
    before = stage.report(text=text, contact={"phone": phone})
    rotated = stage.command("infra.stage rotate-key", "--key", key)
    assert rotated.returncode == 0, rotated.stdout + rotated.stderr
    restart(stage, "APIHandler", "Officers")
    after = stage.report(text=text, contact={"phone": phone})
    arns = [wrapping_key(stage, table, each["id"], sk) for each in (before, after)]
    assert arns[0] != arns[1]
    assert arns[1] in rotated.stdout
    for report in (before, after):
        path = f"/v1/officer/reports/{report['id']}"
        assert officer.get(path)["text"] == text
        shown = officer.call("POST", f"{path}/contact", {"reason": "To call back."})
        assert shown.json["phone"] == phone, shown.text


def wrapping_key(stage: Stage, table: str, report_id: str, sk: str) -> str:
    """Return the ARN of the key that opens a row."""
    key = {"pk": {"S": f"REPORT#{report_id}"}, "sk": {"S": sk}}
    row = stage.client("dynamodb").get_item(TableName=stage.resources[table], Key=key)["Item"]
    arn: str = row["wrapping_key"]["S"]
    return arn


def restart(stage: Stage, *functions: str) -> None:
    """Give functions new processes. The emulator does so when what a process is made of is set."""
    client = stage.client("lambda")
    for function in functions:
        name = {"FunctionName": stage.function(function)}
        memory = client.get_function_configuration(**name)["MemorySize"]
        stage.reconfigure(function, MemorySize=memory)
