"""What an operator lives through: a first deployment that fails, a build that does not work, a look
at the state, a lost table.

It has a cloud of its own: what it breaks is nobody else's.
"""

import re
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.packaging.aliases import BY_ALIAS
from infra.rehearsal import cloud as emulated
from infra.rehearsal import environments
from tests.rehearsal.mutations import Mutation, mutate, without_right
from tests.rehearsal.people import Person, chief_of
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until

REFUSED = Mutation("", "", "", without_right("RecordMediaRole", "sqs:ReceiveMessage"))
INTAKE, BUCKET = "chalicelib/services/reports/intake.py", "chalicelib/aws/bucket.py"
FIRST_LINE = "    body_hash = ids.fingerprint("


def changed(module: str, before: str, after: str) -> Mutation:
    return Mutation("", "", "", module=module, replace=(before, after))


# The trial files a drill, and this one takes none.
RAISES = changed(INTAKE, FIRST_LINE, f'    raise RuntimeError("a bad build")\n{FIRST_LINE}')
# It takes each, and nobody waits so long.
SLOW = changed(INTAKE, FIRST_LINE, f'    __import__("time").sleep(6)\n{FIRST_LINE}')
NO_LIST = changed(
    "chalicelib/services/casework/lists.py",
    "    require_period(query.since, query.until)\n",
    '    raise RuntimeError("a bad build")\n',
)
# The trial sends no picture, so only the drill after it notices.
NO_UPLOAD = changed(BUCKET, 'fields=signed["fields"]', 'fields=signed["fields"] | {"policy": ""}')
OTHER = changed(INTAKE, '"drill_received"', '"drill_received_by_another_build"')
A_MINUTE_S = 60


def with_a_queue_that_it_may_not_read(resources: dict[str, Any]) -> None:
    source = {"Type": "SQS", "Properties": {"Queue": {"Fn::Sub": "${UpkeepQueue.Arn}"}}}
    resources["RecordMedia"]["Properties"]["Events"]["Another"] = source


REFUSED_LATER = replace(OTHER, change=with_a_queue_that_it_may_not_read)


@pytest.fixture(scope="module")
def stage(boto3_version: str) -> Iterator[Stage]:
    """A stage that is not deployed yet."""
    with emulated.running(environments.function(boto3_version)) as cloud:
        yield Stage(cloud)


@pytest.fixture(scope="module")
def admin(stage: Stage) -> Person:
    return chief_of(stage)


def test_a_first_deployment_that_fails_names_its_cause(
    stage: Stage, build: Path, tmp_path: Path
) -> None:
    failed = stage.try_deploy(mutate(REFUSED, build, tmp_path))
    assert failed.returncode == 1
    assert "does not have permissions to call sqs:ReceiveMessage" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_the_same_command_succeeds_when_the_cause_is_gone(stage: Stage, build: Path) -> None:
    stage.deploy(build)
    assert stage.call("GET", "/v1/health").status == 200


def test_after_the_first_deployment_there_is_nothing_to_go_back_to(stage: Stage) -> None:
    refused = stage.command("infra.stage rollback")
    assert refused.returncode == 1
    assert "There is nothing to go back to" in refused.stderr


def test_a_build_whose_create_raises_gets_no_traffic(
    stage: Stage, build: Path, tmp_path: Path
) -> None:
    with reporting(stage) as statuses:
        failed = stage.try_deploy(mutate(RAISES, build, tmp_path))
    assert failed.returncode == 1
    assert "The trial of APIHandler, version 2, failed at: report, a drill" in failed.stderr
    assert "The new build gets no traffic" in failed.stderr
    # A refusal of a flood is not one of a bad build.
    assert set(statuses) <= {201, 429}
    assert 201 in statuses


@pytest.mark.parametrize(
    ("mutation", "said"),
    [
        (SLOW, r"APIHandler, version \d+, failed at: report, a drill\. It took \d"),
        (NO_LIST, r"Officers, version \d+, failed at: officers' lists\..* returned 503"),
    ],
    ids=["slow", "no list"],
)
def test_a_build_that_is_slow_or_fails_officers_gets_no_traffic(
    stage: Stage, build: Path, tmp_path: Path, mutation: Mutation, said: str
) -> None:
    failed = stage.try_deploy(mutate(mutation, build, tmp_path))
    assert failed.returncode == 1
    assert re.search(f"The trial of {said}", failed.stderr), failed.stderr
    assert "The new build gets no traffic" in failed.stderr
    assert stage.versions() == dict.fromkeys(BY_ALIAS, "1")


def test_the_state_says_that_another_build_is_deployed_than_serves(stage: Stage) -> None:
    shown = stage.command("infra.stage status")
    assert shown.returncode == 1
    assert "LOOK serving         version 1 of residents" in shown.stdout
    assert "ok   drill" in shown.stdout, shown.stdout


def test_a_bad_build_that_serves_already_goes_back_by_itself(
    stage: Stage, build: Path, tmp_path: Path
) -> None:
    failed = stage.try_deploy(mutate(NO_UPLOAD, build, tmp_path))
    assert failed.returncode == 1
    assert "The new versions serve." in failed.stdout
    assert "The smoke test failed at: upload by its grant" in failed.stderr
    assert "What served before serves again" in failed.stderr
    assert stage.versions() == dict.fromkeys(BY_ALIAS, "1")


def test_a_release_is_rolled_back_within_a_minute(
    stage: Stage, build: Path, tmp_path: Path
) -> None:
    stage.deploy(mutate(OTHER, build, tmp_path))
    assert "1" not in stage.versions().values()
    with reporting(stage) as statuses:
        back = stage.command("infra.stage rollback", timeout=A_MINUTE_S)
    assert back.returncode == 0, back.stdout + back.stderr
    assert "works." in back.stdout
    assert stage.versions() == dict.fromkeys(BY_ALIAS, "1")
    assert set(statuses) <= {201, 429}
    shutil.rmtree(tmp_path)


def test_an_update_that_fails_does_not_change_what_serves(
    stage: Stage, build: Path, tmp_path: Path
) -> None:
    failed = stage.try_deploy(mutate(REFUSED_LATER, build, tmp_path))
    assert failed.returncode == 1
    assert "does not have permissions to call sqs:ReceiveMessage" in failed.stderr
    assert stage.versions() == dict.fromkeys(BY_ALIAS, "1")
    stage.deploy(build)
    assert stage.call("GET", "/v1/health").status == 200


def test_the_state_is_on_one_screen(stage: Stage) -> None:
    shown = stage.command("infra.stage status")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "All is well." in shown.stdout


def test_a_damaged_table_is_restored_to_what_it_was(stage: Stage, admin: Person) -> None:
    report = stage.report()
    path = f"/v1/officer/reports/{report['id']}"
    assert admin.call("GET", path).status == 200
    dynamodb, table = stage.client("dynamodb"), stage.outputs["ReportsTableName"]
    created = datetime.now(UTC)

    def restorable() -> datetime | None:
        found = dynamodb.describe_continuous_backups(TableName=table)
        recovery = found["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        # A call of DynamoDB has whole seconds, and the emulated cloud one state for each, or fewer.
        latest: datetime = recovery["LatestRestorableDateTime"].replace(microsecond=0)
        return latest if latest > created + timedelta(seconds=5) else None

    before = until(restorable, "the table can be restored with the report")
    for row in dynamodb.scan(TableName=table)["Items"]:
        dynamodb.delete_item(TableName=table, Key={"pk": row["pk"], "sk": row["sk"]})
    assert admin.call("GET", path).status == 404
    restored = stage.command(
        "infra.stage restore", "--table", "reports", "--at", before.isoformat()
    )
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert admin.call("GET", path).status == 200
    assert stage.report()["id"]


def test_a_lost_table_of_contacts_is_restored_as_it_was(stage: Stage, admin: Person) -> None:
    report = stage.report(contact={"phone": "+8613800000044"})
    dynamodb, table = stage.client("dynamodb"), stage.outputs["ContactsTableName"]
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)
    restored = stage.command("infra.stage restore", "--table", "contacts")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    path = f"/v1/officer/reports/{report['id']}/contact"
    shown = admin.call("POST", path, {"reason": "To call back."})
    assert shown.json["phone"] == "+8613800000044", shown.text


def test_a_lost_table_is_restored_as_it_was(stage: Stage) -> None:
    report = stage.report()
    dynamodb, table = stage.client("dynamodb"), stage.outputs["ReportsTableName"]
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)
    body = {"category": "missing_elderly", "text": "An old man in a blue coat, alone."}
    assert stage.call("POST", "/v1/reports", body, key=str(uuid.uuid4())).status == 503
    restored = stage.command("infra.stage restore", "--table", "reports")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert stage.call("GET", "/v1/reports/mine", receipt=report["receipt"]).status == 200
    assert stage.report()["id"]


def test_a_destroyed_stage_keeps_its_data_until_its_name_is_given(stage: Stage) -> None:
    table = stage.outputs["ReportsTableName"]
    keys = [stage.outputs[name] for name in ("ContentKeyArn", "ContactKeyArn")]
    refused = stage.command("infra.stage destroy", "--data")
    assert refused.returncode == 1
    assert "CONFIRM=rehearsal" in refused.stderr
    destroyed = stage.command("infra.stage destroy")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert stage.client("dynamodb").describe_table(TableName=table)
    assert {state(stage, key) for key in keys} == {"Enabled"}
    again = stage.command("infra.stage destroy", "--data", CONFIRM="rehearsal")
    assert again.returncode == 0, again.stdout + again.stderr
    assert table not in stage.client("dynamodb").list_tables()["TableNames"]
    assert {state(stage, key) for key in keys} == {"PendingDeletion"}


@contextmanager
def reporting(stage: Stage) -> Iterator[list[int]]:
    """Send drills one after the other, and collect the statuses of the responses."""
    statuses: list[int] = []
    ended = threading.Event()

    def send() -> None:
        body = {"category": "other", "source": "drill"}
        while not ended.is_set():
            statuses.append(stage.send_report(body, str(uuid.uuid4())).status)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield statuses
    finally:
        ended.set()
        sender.join()


def state(stage: Stage, key: str) -> str:
    found: str = stage.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    return found
