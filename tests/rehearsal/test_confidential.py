"""Only the officers' function opens what a resident wrote, by the policies of the keys alone, and
code in the residents' function can do nothing that officers can.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from chalicelib.kernel.sealing import PrivateKey
from tests.rehearsal.conftest import FUNCTIONS
from tests.rehearsal.intruders import Attempt, Intruder
from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage

TEXT, PHONE, REASON = "A red kite over the bridge.", "+8613800000077", "To ask for the bridge."


@pytest.fixture(scope="module")
def report(stage: Stage, officer: Person) -> Any:
    """A report that was opened, and its contact, too."""
    made = stage.report(text=TEXT, contact={"phone": PHONE})
    path = f"/v1/officer/reports/{made['id']}"
    assert officer.get(path)["text"] == TEXT
    shown = officer.call("POST", f"{path}/contact", {"reason": REASON})
    assert shown.json["phone"] == PHONE, shown.text
    return made


@pytest.fixture(scope="module")
def intruder(stage: Stage) -> Callable[[str], Intruder]:
    """Make the intruder in the place of a function, by its logical id."""
    return cache(lambda function: Intruder(stage, function))


def row(stage: Stage, table: str, report_id: str, sk: str) -> Any:
    key = {"pk": {"S": f"REPORT#{report_id}"}, "sk": {"S": sk}}
    found = stage.client("dynamodb").get_item(TableName=stage.resources[table], Key=key)
    return found.get("Item")


def opening(found: Any) -> Attempt:
    """Return the call that opens the key in a row."""
    values = {
        "KeyId": found["wrapping_key"]["S"],
        "CiphertextBlob": found["wrapped_key"]["B"],
        "EncryptionAlgorithm": "RSAES_OAEP_SHA_256",
    }
    return Attempt("kms", "decrypt", values)


@pytest.fixture(scope="module")
def openings(stage: Stage, report: Any) -> dict[str, Attempt]:
    """The calls that open the report and its contact."""
    return {
        "report": opening(row(stage, "ReportsTable", report["id"], "HEAD")),
        "contact": opening(row(stage, "ContactsTable", report["id"], "CONTACT")),
    }


def test_each_opening_of_an_officer_has_its_row_in_the_audit(stage: Stage, report: Any) -> None:
    rows = stage.client("dynamodb").query(
        TableName=stage.resources["AuditTable"],
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": f"REPORT#{report['id']}"}},
    )["Items"]
    recorded = {each["sk"]["S"].rpartition("#")[2]: each["action"]["S"] for each in rows}
    lines = [json.loads(line) for line in stage.own_lines("OfficersLog") if "opened" in line]
    opened = {
        line["opening"]: line["kms_request_id"]
        for line in lines
        if line["message"] == "content_opened" and line["opening"] in recorded
    }
    assert {recorded[each] for each in opened} == {"open", "contact"}
    assert all(opened.values())


def test_the_role_of_officers_decrypts_the_key_of_a_report(
    stage: Stage, report: Any, openings: dict[str, Attempt], intruder: Callable[[str], Intruder]
) -> None:
    raw = intruder("Officers").decrypt(openings["report"])
    assert raw is not None
    public = row(stage, "ReportsTable", report["id"], "HEAD")["public_key"]["B"]
    assert PrivateKey(raw).public == public
    assert intruder("Officers").decrypt(openings["contact"]) is not None


@pytest.mark.parametrize("what", ["report", "contact"])
@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name != "Officers"])
def test_the_role_of_no_other_function_does(
    openings: dict[str, Attempt], intruder: Callable[[str], Intruder], function: str, what: str
) -> None:
    assert intruder(function).is_refused(openings[what])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_policy_of_a_role_grants_what_the_policies_of_the_keys_grant(
    stage: Stage, function: str
) -> None:
    iam = stage.client("iam")
    configured = stage.client("lambda").get_function_configuration(
        FunctionName=stage.function(function)
    )
    role = {"RoleName": configured["Role"].rpartition("/")[2]}
    names = iam.list_role_policies(**role)["PolicyNames"]
    assert names
    granted = [
        json.dumps(iam.get_role_policy(**role, PolicyName=name)["PolicyDocument"]["Statement"])
        for name in names
    ]
    for key in ("ContentKey", "ContactKey"):
        assert stage.resources[key] not in "".join(granted)


def on_row(call: str, table: str, pk: str, sk: str, **more: Any) -> Callable[[Stage], Attempt]:
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    named = {"Item" if call == "put_item" else "Key": key}
    return lambda stage: Attempt(
        "dynamodb", call, {"TableName": stage.resources[table], **named, **more}
    )


def query(table: str, partition: str, value: str, **more: Any) -> Callable[[Stage], Attempt]:
    asked = {
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": partition},
        "ExpressionAttributeValues": {":p": {"S": value}},
    }
    return lambda stage: Attempt(
        "dynamodb", "query", {"TableName": stage.resources[table], **asked, **more}
    )


# What officers may do, and residents may not. It changes nothing.
ATTEMPTS: dict[str, Callable[[Stage], Attempt]] = {
    "list reports by an index": query(
        "ReportsTable", "category_shard", "missing_elderly#0", IndexName="by_category"
    ),
    "list bulletins by an index": query(
        "BulletinsTable", "state_shard", "draft#0", IndexName="by_state"
    ),
    "read a row that is no report's": on_row(
        "get_item", "ReportsTable", "OFFICER#li", "EVENT#subscriptions"
    ),
    "list versions of a bulletin": query("BulletinsTable", "pk", "BULLETIN#1"),
    "read a contact": on_row("get_item", "ContactsTable", "REPORT#1", "CONTACT"),
    "read the audit": query("AuditTable", "pk", "REPORT#1"),
    "add to the audit": on_row(
        "put_item", "AuditTable", "REPORT#1", "1", ConditionExpression="attribute_exists(pk)"
    ),
    "read an officer": on_row("get_item", "OfficersTable", "OFFICER#li", "ROW"),
    "read an original": lambda stage: Attempt(
        "s3",
        "get_object",
        {"Bucket": stage.outputs["MediaBucketName"], "Key": "originals/1/1", "VersionId": "null"},
    ),
    "read the secret of the audit": lambda stage: Attempt(
        "secretsmanager", "get_secret_value", {"SecretId": stage.resources["AuditSecret"]}
    ),
    "disable an officer": lambda stage: Attempt(
        "cognito-idp",
        "admin_disable_user",
        {"UserPoolId": stage.outputs["OfficersPoolId"], "Username": "nobody"},
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_role_of_residents_may_not_do_what_officers_may(
    stage: Stage, intruder: Callable[[str], Intruder], attempt: str
) -> None:
    tried = ATTEMPTS[attempt](stage)
    assert not intruder("Officers").is_refused(tried)
    assert intruder("APIHandler").is_refused(tried)


@pytest.mark.parametrize("function", ["APIHandler", "Officers"])
def test_neither_changes_the_audit_or_reads_a_whole_table(
    stage: Stage, intruder: Callable[[str], Intruder], function: str
) -> None:
    for call in ("delete_item", "update_item"):
        attempt = on_row(call, "AuditTable", "REPORT#1", "1")(stage)
        assert intruder(function).is_refused(attempt)
    for table in ("ReportsTable", "ContactsTable", "AuditTable"):
        scan = Attempt("dynamodb", "scan", {"TableName": stage.resources[table]})
        assert intruder(function).is_refused(scan)


def test_no_table_and_no_log_has_what_was_written_in_clear(stage: Stage, report: Any) -> None:
    dynamodb = stage.client("dynamodb")
    kept = "".join(
        repr(page)
        for name, table in stage.resources.items()
        if name.endswith("Table")
        for page in dynamodb.get_paginator("scan").paginate(TableName=table)
    )
    kept += "".join(
        line for name in stage.resources if name.endswith("Log") for line in stage.log_lines(name)
    )
    assert report["id"] in kept
    assert [each for each in (TEXT, PHONE, REASON) if each in kept] == []


def test_a_withdrawal_erases_the_contact(stage: Stage) -> None:
    made = stage.report(contact={"phone": PHONE})
    assert row(stage, "ContactsTable", made["id"], "CONTACT")
    path = f"/v1/reports/{made['id']}"
    withdrawn = stage.call("DELETE", path, receipt=made["receipt"])
    assert withdrawn.status < 300, withdrawn.text
    assert row(stage, "ContactsTable", made["id"], "CONTACT") is None
