"""What keeps data keeps it closed, whole and for as long as promised."""

import json
import re
from typing import Any

import pytest
from moto.events.models import EventPattern

from chalicelib.aws import keys
from chalicelib.aws.events import read_stored_object
from infra.packaging import policies
from tests import events
from tests.template.conftest import of_type
from tests.template.deployed import deployed

LISTS = {"by_category", "by_attention", "by_assignee", "by_bulletin", "by_incident", "by_reference"}
UPLOADED = events.load("object_created")
BUCKET, STORED = UPLOADED["detail"]["bucket"]["name"], UPLOADED["detail"]["object"]


def test_every_table_is_encrypted_backed_up_and_protected(resources: dict[str, Any]) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")
    del tables["SourcesTable"]
    assert set(tables) == {
        "ReportsTable",
        "AuditTable",
        "BulletinsTable",
        "OfficersTable",
        "ContactsTable",
        "IncidentsTable",
    }
    del tables["IncidentsTable"]
    for table in tables.values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["DeletionProtectionEnabled"] is True
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"]["KMSMasterKeyId"] == {
            "Fn::GetAtt": ["EncryptionKey", "Arn"]
        }


def test_no_copy_of_the_counters_of_sources_is_made(resources: dict[str, Any]) -> None:
    table = resources["SourcesTable"]
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert "StreamSpecification" not in properties
    assert properties["TimeToLiveSpecification"] == {
        "AttributeName": "expires_ttl",
        "Enabled": True,
    }
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Delete"
    selections = [
        json.dumps(each) for each in of_type(resources, "AWS::Backup::BackupSelection").values()
    ]
    assert selections
    assert not any("SourcesTable" in each for each in selections)


def test_nothing_keeps_which_reports_are_similar_for_longer_than_its_key(
    resources: dict[str, Any],
) -> None:
    table = resources["IncidentsTable"]["Properties"]
    assert table["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "expires_ttl"}
    assert table["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["EncryptionKey", "Arn"]}
    assert "PointInTimeRecoverySpecification" not in table
    assert "StreamSpecification" not in table
    assert resources["IncidentsTable"]["DeletionPolicy"] == "Delete"
    assert resources["IncidentsTable"]["UpdateReplacePolicy"] == "Delete"


@pytest.mark.parametrize(
    "kind",
    ["DynamoDB::Table", "S3::Bucket", "KMS::Key", "Cognito::UserPool", "SecretsManager::Secret"],
)
def test_what_holds_data_or_opens_it_outlives_the_stack(
    resources: dict[str, Any], kind: str
) -> None:
    for name, resource in resources.items():
        is_short_lived = name in {"SourcesTable", "IncidentsTable"}
        if resource["Type"] == f"AWS::{kind}" and not is_short_lived:
            # Not when its creation is rolled back: it is empty, and in the way of the next try.
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
            assert resource["UpdateReplacePolicy"] == "Retain"


def test_the_stream_carries_what_filters_need(resources: dict[str, Any]) -> None:
    assert resources["ReportsTable"]["Properties"]["StreamSpecification"] == {
        "StreamViewType": "NEW_IMAGE"
    }


def test_no_index_of_reports_holds_more_than_a_list_shows(resources: dict[str, Any]) -> None:
    for index in resources["ReportsTable"]["Properties"]["GlobalSecondaryIndexes"]:
        projection = index["Projection"]
        if index["IndexName"] == keys.BY_SKETCH:
            assert projection == {"ProjectionType": "KEYS_ONLY"}
            continue
        assert projection["ProjectionType"] == "INCLUDE"
        held = ["listed"] if index["IndexName"] in LISTS else ["task", "due_at"]
        assert projection["NonKeyAttributes"] == held


def test_both_outboxes_have_the_same_index(resources: dict[str, Any]) -> None:
    reports, bulletins = (
        next(
            index
            for index in resources[table]["Properties"]["GlobalSecondaryIndexes"]
            if index["IndexName"] == keys.BY_TASK
        )
        for table in ("ReportsTable", "BulletinsTable")
    )
    warm = {"WarmThroughput": reports["WarmThroughput"]}
    assert reports == bulletins | warm


def test_a_table_is_warmed_by_parameter_with_the_indexes_that_new_reports_are_in(
    template: dict[str, Any],
) -> None:
    default = deployed(template)["ReportsTable"]["Properties"]
    assert "WarmThroughput" not in json.dumps(default)
    warm = deployed(template, WarmWrites="8000")["ReportsTable"]["Properties"]
    wanted = {"WriteUnitsPerSecond": "8000"}
    assert warm["WarmThroughput"] == wanted
    # A new report is neither assigned nor in an incident. tests/limits measures what is written.
    for index in warm["GlobalSecondaryIndexes"]:
        later = index["IndexName"] in (keys.BY_ASSIGNEE, keys.BY_INCIDENT)
        expected = None if later else wanted
        assert index.get("WarmThroughput") == expected, index["IndexName"]


def test_all_lists_share_one_sort_order(resources: dict[str, Any]) -> None:
    indexes = {
        index["IndexName"]: index
        for index in resources["ReportsTable"]["Properties"]["GlobalSecondaryIndexes"]
    }
    assert set(indexes) == LISTS | {"by_task", "by_sketch"}
    for name in LISTS:
        sort = "attention_at" if name == "by_attention" else "listed_at"
        assert indexes[name]["KeySchema"][1] == {"AttributeName": sort, "KeyType": "RANGE"}


def test_the_key_layout_in_code_names_the_partitions_of_the_template(
    resources: dict[str, Any],
) -> None:
    indexes = resources["ReportsTable"]["Properties"]["GlobalSecondaryIndexes"]
    made = {index["IndexName"]: index["KeySchema"][0]["AttributeName"] for index in indexes}
    assert made == {name: keys.PARTITION[name] for name in made}


def test_buckets_are_closed_versioned_and_encrypted_with_our_key(resources: dict[str, Any]) -> None:
    buckets = of_type(resources, "AWS::S3::Bucket")
    del buckets["WebBucket"]  # has what everybody may read: test_web.py
    assert set(buckets) == {"MediaBucket", "AuditBucket"}
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {
            "Fn::GetAtt": ["MediaKey" if name == "MediaBucket" else "EncryptionKey", "Arn"]
        }
        (statement,) = resources[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Condition"]) == (
            "Deny",
            {"Bool": {"aws:SecureTransport": "false"}},
        )
        assert "LoggingConfiguration" not in bucket  # server access logs hold addresses


def test_no_lifecycle_rule_removes_an_original(resources: dict[str, Any]) -> None:
    rule, of_exports = resources["MediaBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert set(rule) == {"Id", "Status", "AbortIncompleteMultipartUpload"}
    assert of_exports["Prefix"] == "exports/"


def test_exports_go_after_a_day_in_all_versions(resources: dict[str, Any]) -> None:
    _, rule = resources["MediaBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_the_audit_is_locked_for_two_years_and_no_rule_removes_any(
    resources: dict[str, Any],
) -> None:
    bucket = resources["AuditBucket"]["Properties"]
    lock = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert lock == {"Mode": "COMPLIANCE", "Years": 2}
    assert "LifecycleConfiguration" not in bucket


def test_queues_are_encrypted_and_try_three_times(resources: dict[str, Any]) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    for name in ("Uploads", "CriticalUploads", "Manifests"):
        redrive = queues[f"{name}Queue"]["RedrivePolicy"]
        assert redrive == {
            "deadLetterTargetArn": {"Fn::GetAtt": [f"{name}DeadLetters", "Arn"]},
            "maxReceiveCount": 3,
        }
        assert queues[f"{name}DeadLetters"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_only_its_rule_sends_to_a_queue(resources: dict[str, Any]) -> None:
    policies = of_type(resources, "AWS::SQS::QueuePolicy")
    assert set(policies) == {
        "UploadsQueuePolicy",
        "CriticalUploadsQueuePolicy",
        "ManifestsQueuePolicy",
        "KeyChangesPolicy",
    }
    for name, policy in policies.items():
        (statement,) = policy["PolicyDocument"]["Statement"]
        queue = name.removesuffix("Policy")
        rule = f"{queue.removesuffix('Queue')}Rule"
        assert policy["Queues"] == [{"Ref": queue}]
        assert statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
        assert statement["Condition"] == {
            "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}
        }


@pytest.mark.parametrize(
    ("key", "rules"),
    [
        ("originals/R/M", {"UploadsRule"}),
        ("originals/R/O-M", {"UploadsRule"}),
        ("originals/B-0/M", {"UploadsRule"}),
        ("originals/R/CM", {"UploadsRule"}),
        ("originals/R/C-M", {"CriticalUploadsRule"}),
        ("derived/R/C-M/preview.jpg", set()),
        ("derived/R/C-M/manifest.json", {"ManifestsRule"}),
        ("exports/officer/1.csv", set()),
        ("derived/R/M/manifest.json", {"ManifestsRule"}),
        ("derived/R/M/thumb.jpg", set()),
        ("derived/R/M/preview.jpg", set()),
        ("originals/R/manifest.json", {"UploadsRule"}),
    ],
)
def test_each_object_wakes_the_function_it_is_for(
    resources: dict[str, Any], key: str, rules: set[str]
) -> None:
    assert rules_of(resources, key) == rules


def test_a_folder_of_the_bucket_that_is_no_originals_reaches_no_queue_of_uploads(
    resources: dict[str, Any],
) -> None:
    """The rule of uploads names what it leaves out: a new folder must be there, too."""
    folders = set(re.findall(r"MediaBucket\.Arn\}/(\w+)/", json.dumps(policies.statements())))
    assert "originals" in folders
    assert {folder for folder in folders if rules_of(resources, f"{folder}/R/M/x")} == {"originals"}


@pytest.mark.parametrize("rule", ["UploadsRule", "CriticalUploadsRule", "ManifestsRule"])
def test_the_uploaders_address_reaches_no_queue(resources: dict[str, Any], rule: str) -> None:
    (target,) = resources[rule]["Properties"]["Targets"]
    message = transform(target["InputTransformer"], UPLOADED)
    assert UPLOADED["detail"]["source-ip-address"] not in message
    stored = read_stored_object(message)
    assert stored is not None
    assert tuple(stored) == (BUCKET, STORED["key"], STORED["version-id"], STORED["sequencer"])


def test_an_event_of_the_bucket_that_cannot_be_delivered_is_kept_nowhere(
    resources: dict[str, Any],
) -> None:
    """Dead letters would hold the event as it came, with the uploader's address."""
    rules = {
        name: rule
        for name, rule in of_type(resources, "AWS::Events::Rule").items()
        if "aws.s3" in rule["EventPattern"]["source"]
    }
    assert rules.keys() == {"UploadsRule", "CriticalUploadsRule", "ManifestsRule"}
    for rule in rules.values():
        for target in rule["Targets"]:
            assert "DeadLetterConfig" not in target
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 24 * 3600


def rules_of(resources: dict[str, Any], key: str) -> set[str]:
    """Return the rules that an object created at this key matches."""
    event = json.loads(json.dumps(UPLOADED))
    event["detail"]["object"]["key"] = key
    matching = set()
    for name, rule in of_type(resources, "AWS::Events::Rule").items():
        pattern = json.dumps(rule["EventPattern"]).replace('{"Ref": "MediaBucket"}', f'"{BUCKET}"')
        if EventPattern.load(pattern).matches_event(event):
            matching.add(name)
    return matching


def transform(transformer: dict[str, Any], event: dict[str, Any]) -> str:
    """What EventBridge makes of an event: each <variable> in the template becomes the JSON of its
    value.
    """
    message: str = transformer["InputTemplate"]
    for variable, path in transformer["InputPathsMap"].items():
        value: Any = event
        for step in path.removeprefix("$.").split("."):
            value = value[step]
        message = message.replace(f"<{variable}>", json.dumps(value))
    return message


def test_admins_invite_officers_with_a_second_factor_and_short_tokens(
    resources: dict[str, Any],
) -> None:
    pool, client = (
        resources["OfficersPool"]["Properties"],
        resources["OfficersClient"]["Properties"],
    )
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    assert client["TokenValidityUnits"]["AccessToken"] == "minutes"
    assert client["AccessTokenValidity"] <= 15
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_a_username_is_one_whatever_its_case_and_a_first_password_ends_soon(
    resources: dict[str, Any],
) -> None:
    pool = resources["OfficersPool"]["Properties"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert pool["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] <= 7
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 14


@pytest.mark.parametrize(
    ("table", "attribute"), [("ReportsTable", "expires_ttl"), ("AuditTable", "expires_ttl")]
)
def test_rows_that_have_an_end_are_removed(
    resources: dict[str, Any], table: str, attribute: str
) -> None:
    expiry = resources[table]["Properties"]["TimeToLiveSpecification"]
    assert expiry == {"Enabled": True, "AttributeName": attribute}


def test_the_audits_stream_carries_what_is_sealed_and_nothing_older(
    resources: dict[str, Any],
) -> None:
    stream = resources["AuditTable"]["Properties"]["StreamSpecification"]
    assert stream == {"StreamViewType": "NEW_IMAGE"}


@pytest.mark.parametrize("key", ["EncryptionKey", "MediaKey"])
def test_the_keys_are_renewed_every_year(resources: dict[str, Any], key: str) -> None:
    assert resources[key]["Properties"]["EnableKeyRotation"] is True


def test_the_key_of_media_opens_nothing_but_through_s3(resources: dict[str, Any]) -> None:
    account, only_s3 = resources["MediaKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert account["Principal"] == {
        "AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    }
    assert (only_s3["Effect"], only_s3["Principal"]) == ("Deny", "*")
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(only_s3["Action"])
    (services,) = only_s3["Condition"]["StringNotEquals"].values()
    assert {each["Fn::Sub"].partition(".")[0] for each in services} == {"s3"}


def test_the_pool_sends_as_cognito_or_as_a_domain_of_ses(template: dict[str, Any]) -> None:
    default = deployed(template)["OfficersPool"]["Properties"]["EmailConfiguration"]
    assert default == {"EmailSendingAccount": "COGNITO_DEFAULT"}
    own = deployed(template, SenderEmail="tips@police.example")["OfficersPool"]["Properties"][
        "EmailConfiguration"
    ]
    assert (own["EmailSendingAccount"], own["From"]) == ("DEVELOPER", "tips@police.example")
    arn, names = own["SourceArn"]["Fn::Sub"]
    assert arn.endswith(":identity/${SenderDomain}")
    assert names == {
        "SenderDomain": {"Fn::Select": [1, {"Fn::Split": ["@", "tips@police.example"]}]}
    }


def test_secrets_are_made_in_the_cloud_and_are_long_enough_for_a_key(
    resources: dict[str, Any],
) -> None:
    secrets = of_type(resources, "AWS::SecretsManager::Secret")
    assert set(secrets) == {"IdentitySecret", "CursorSecret", "AuditSecret"}
    for secret in secrets.values():
        assert "SecretString" not in secret
        assert secret["GenerateSecretString"]["PasswordLength"] * 5.95 >= 256  # bits of 62 signs


def test_notices_are_encrypted_with_our_key(resources: dict[str, Any]) -> None:
    for topic in of_type(resources, "AWS::SNS::Topic").values():
        assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": ["EncryptionKey", "Arn"]}


def test_only_the_account_and_its_alarms_use_the_key(resources: dict[str, Any]) -> None:
    account, alarms = resources["EncryptionKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert account["Principal"] == {
        "AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    }
    assert alarms["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
