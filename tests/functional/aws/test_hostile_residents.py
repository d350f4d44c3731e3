"""Hostile code in the residents' function reads no report of somebody else, and no original."""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from chalicelib import wiring
from chalicelib.aws import clients, keys
from chalicelib.kernel import errors
from chalicelib.kernel.ids import Identity
from chalicelib.kernel.sealing import row_info
from tests import cloud
from tests.client import call, new_key, report
from tests.functional.aws import iam

CANARIES = {
    "text": "canary-text-5f1c",
    "address": "canary-address-9a02",
    "contact": "canary-contact-77de",
    "message": "canary-message-c3b8",
    "reply": "canary-reply-e410",
    "note": "canary-note-28aa",
}
DIGEST = keys.digest("missing_elderly", "chaoyang", "high")
SELF_GRANTED = ("logs:", "kms:")  # its own log; the key that encrypts everything, by a service only


class Victims(NamedTuple):
    """Two reports with all that a report can have, and the media of each."""

    known: str
    unknown: str
    media: Mapping[str, str]


class Loot(NamedTuple):
    """What one attempt returned."""

    attempt: str
    content: bytes


@pytest.fixture(scope="module")
def victims(aws: Mapping[str, str]) -> Victims:
    cloud.officer("wang")
    ids, media = [], {}
    for _ in range(2):
        body = report(
            text=CANARIES["text"],
            location={"lat": 39.921, "lon": 116.443, "address": CANARIES["address"]},
            contact={"name": CANARIES["contact"], "phone": "+86 138 0013 8000"},
            media=[{"content_type": "image/jpeg", "size": 10_000}],
        )
        created = call("POST", "/v1/reports", body, key=new_key()).json
        (granted,) = created["uploads"]
        mine, one = {"receipt": created["receipt"], "key": new_key()}, created["id"]
        key = f"originals/{one}/{granted['media_id']}"
        cloud.process(key, cloud.upload(one, granted["media_id"], cloud.photo()))
        cloud.record(one, granted["media_id"])
        for path, text, who in (
            (f"/v1/reports/{one}/messages", "message", mine),
            (f"/v1/officer/reports/{one}/messages", "reply", {"officer": "wang"}),
            (f"/v1/officer/reports/{one}/notes", "note", {"officer": "wang"}),
        ):
            assert call("POST", path, {"text": CANARIES[text]}, **who).status == 201
        ids.append(one)
        media[one] = granted["media_id"]
    # As the publisher writes it when there are many: it names reports.
    digest = {
        "pk": {"S": DIGEST},
        "sk": {"S": "EVENT#digest"},
        "report_ids": {"L": [{"S": ids[1]}]},
    }
    cloud.client("dynamodb").put_item(TableName=aws["REPORTS_TABLE"], Item=digest)
    return Victims(ids[0], ids[1], media)


@pytest.fixture(scope="module")
def loot(aws: Mapping[str, str], victims: Victims) -> list[Loot]:
    """All that the attempts return, under the rights of the residents' function."""
    role = iam.Role("residents", iam.Names(aws))
    with role.assumed():
        return list(_attack(Attacker(dict(aws), victims)))


@pytest.mark.parametrize("canary", CANARIES)
def test_no_attempt_returns_what_residents_or_officers_wrote(loot: list[Loot], canary: str) -> None:
    leaks = [each.attempt for each in loot if CANARIES[canary].encode() in each.content]
    assert leaks == []


def test_no_attempt_returns_a_key_that_was_wrapped(loot: list[Loot]) -> None:
    assert [each.attempt for each in loot if b'"Plaintext"' in each.content] == []
    assert len([each for each in loot if each.attempt.startswith("Decrypt")]) == 2


def test_no_attempt_names_the_report_whose_id_is_not_known(
    loot: list[Loot], victims: Victims
) -> None:
    unknown = victims.unknown.encode()
    assert [each.attempt for each in loot if unknown in each.content] == []


def test_what_the_attempts_look_for_is_there(victims: Victims) -> None:
    """Otherwise the test above could not fail."""
    opened = call("GET", f"/v1/officer/reports/{victims.unknown}", officer="wang").text
    path, reason = f"/v1/officer/reports/{victims.unknown}/contact", {"reason": "To call back."}
    found = opened + call("POST", path, reason, officer="wang").text
    assert {name for name, canary in CANARIES.items() if canary in found} == set(CANARIES)


def test_the_attempts_reach_the_blobs_of_the_report_whose_id_is_known(
    loot: list[Loot], victims: Victims
) -> None:
    """An attack that returns nothing at all would prove nothing."""
    returned = {each.attempt.split(" ")[0] for each in loot if b"sealed" in each.content}
    assert {"Query", "GetItem", "UpdateItem"} <= returned


def test_no_blob_opens_with_anything_that_the_function_holds(
    aws: Mapping[str, str], victims: Victims
) -> None:
    role = iam.Role("residents", iam.Names(aws))
    rows = _rows(aws["REPORTS_TABLE"], victims.known)
    rows += _rows(aws["CONTACTS_TABLE"], victims.known)
    blobs = [(row, name) for row in rows for name in row if name.startswith("sealed")]
    assert {row["sk"]["S"].split("#")[0] for row, _ in blobs} >= {"HEAD", "MESSAGE", "NOTE"}
    with role.assumed():
        identity: Identity = wiring.identity()
        guesses = {text for row in rows for value in row.values() if (text := value.get("S"))}
        private = [
            derive(guess)
            for guess in (*guesses, victims.known)
            for derive in (identity.content_key, identity.contact_key)
        ]
    for (row, name), each in itertools.product(blobs, private):
        info = row_info(row["pk"]["S"], row["sk"]["S"], name)
        with pytest.raises(errors.Unavailable):
            each.open(row[name]["B"], info)


def test_every_right_of_the_function_is_tried(aws: Mapping[str, str]) -> None:
    role = iam.Role("residents", iam.Names(aws))
    granted = {grant.action for grant in role.policy.grants}
    tried = {action for action, _ in ATTEMPTS}
    assert {each for each in granted if not each.startswith(SELF_GRANTED)} <= tried


def _rows(table: str, report_id: str) -> list[dict[str, Any]]:
    found = cloud.client("dynamodb").query(
        TableName=table,
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": keys.report(report_id)}},
    )
    return list(found["Items"])


class Attacker:
    """What hostile code has. `known` has all partitions and keys that it can name."""

    def __init__(self, aws: dict[str, str], victims: Victims) -> None:
        self.aws, self.victims = aws, victims
        self.tables = [value for name, value in aws.items() if name.endswith("_TABLE")]
        self.secrets = [value for name, value in aws.items() if name.endswith("_SECRET")]
        self.buckets = [aws["MEDIA_BUCKET"], aws["AUDIT_BUCKET"]]
        self.dynamodb, self.s3, self.secret, self.kms, self.sns, self.pool = (
            clients.client(name)
            for name in ("dynamodb", "s3", "secretsmanager", "kms", "sns", "cognito-idp")
        )

    @property
    def keys(self) -> Iterator[dict[str, Any]]:
        """Keys of rows that can be named without knowing the id of the other report."""
        known = self.victims.known
        medium = keys.media(self.victims.media[known])
        for sk in (keys.HEAD, keys.CONTACT, medium, "COUNTED"):
            yield {"pk": {"S": keys.report(known)}, "sk": {"S": sk}}
        yield {"pk": {"S": DIGEST}, "sk": {"S": "EVENT#digest"}}
        yield {"pk": {"S": keys.officer("wang")}, "sk": {"S": "ROW"}}
        yield {"pk": {"S": keys.OFFICERS}, "sk": {"S": "wang"}}

    @property
    def partitions(self) -> Iterator[tuple[str, str]]:
        """The index, or "", and the partition of queries that could list something."""
        for each in self.keys:
            yield "", each["pk"]["S"]
        for index, partition in (
            (keys.BY_CATEGORY, "missing_elderly#{}"),
            (keys.BY_ATTENTION, "missing_elderly#{}"),
            (keys.BY_ASSIGNEE, "wang"),
            (keys.BY_TASK, "TASK#{}"),
        ):
            for shard in range(8):
                yield index, partition.format(shard)

    def objects(self, prefix: str) -> list[str]:
        known = self.victims.known
        path = f"{prefix}/{known}/{self.victims.media[known]}"
        return [path + name for name in ("", "/manifest.json", "/thumb.jpg", "/preview.jpg")]


Attempts = Iterator[tuple[str, Callable[[], Any]]]


def _get_items(have: Attacker) -> Attempts:
    get, batch = have.dynamodb.get_item, have.dynamodb.batch_get_item
    for table, key in itertools.product(have.tables, have.keys):
        yield f"{table} {key}", partial(get, TableName=table, Key=key)
        sealed = "pk, sealed, wrapped_key"
        yield f"{table} {key}", partial(get, TableName=table, Key=key, ProjectionExpression=sealed)
        yield f"batch {table} {key}", partial(batch, RequestItems={table: {"Keys": [key]}})
        one = {"Get": {"TableName": table, "Key": key}}
        yield f"{table} {key}", partial(have.dynamodb.transact_get_items, TransactItems=[one])


def _queries(have: Attacker) -> Attempts:
    for table, (index, value) in itertools.product(have.tables, have.partitions):
        yield (
            f"{table} {index} {value}",
            partial(
                have.dynamodb.query,
                TableName=table,
                KeyConditionExpression="#p = :p",
                ExpressionAttributeNames={"#p": keys.PARTITION[index] if index else "pk"},
                ExpressionAttributeValues={":p": {"S": value}},
                **({"IndexName": index} if index else {}),
            ),
        )


def _scans(have: Attacker) -> Attempts:
    for table in have.tables:
        yield table, partial(have.dynamodb.scan, TableName=table)
        statement = f'SELECT * FROM "{table}"'  # noqa: S608  a name of our own
        yield f"PartiQL {table}", partial(have.dynamodb.execute_statement, Statement=statement)


FAILS = {
    "ConditionExpression": "attribute_exists(nothing)",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
NOTHING = {"UpdateExpression": "REMOVE nothing"}
THERE = NOTHING | {"ConditionExpression": "attribute_exists(pk)"}
ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}
OLD, NEW = {"ReturnValues": "ALL_OLD"}, {"ReturnValues": "ALL_NEW"}


def _on_items(call: str, named: str, *wanted: dict[str, str]) -> Callable[[Attacker], Attempts]:
    """Change nothing, and ask for the whole row: in the response, or because a condition fails."""

    def attempts(have: Attacker) -> Attempts:
        for table, key, more in itertools.product(have.tables, have.keys, wanted):
            one = {"TableName": table, named: key, **more}
            yield f"{table} {key} {more}", partial(getattr(have.dynamodb, call), **one)

    return attempts


def _gets(have: Attacker) -> Attempts:
    for bucket, path in itertools.product(have.buckets, have.objects("derived")):
        yield f"{bucket} {path}", partial(have.s3.get_object, Bucket=bucket, Key=path)


def _get_versions(have: Attacker) -> Attempts:
    """Versions are in the rows of a report, so those of the known one are known."""
    bucket, known = have.aws["MEDIA_BUCKET"], have.victims.known
    listed = cloud.client("s3").list_object_versions(Bucket=bucket, Prefix=f"derived/{known}/")
    versions = [(each["Key"], each["VersionId"]) for each in listed["Versions"]]
    for path, version in [*versions, *((path, "null") for path in have.objects("derived"))]:
        one = {"Bucket": bucket, "Key": path, "VersionId": version}
        yield f"{path} {version}", partial(have.s3.get_object, **one)


def _uploads(have: Attacker) -> Attempts:
    bucket = have.aws["MEDIA_BUCKET"]
    for path in (*have.objects("derived"), *have.objects("originals")):
        one = {"Bucket": bucket, "Key": path}
        yield path, partial(have.s3.list_parts, **one, UploadId="1")
        yield f"abort {path}", partial(have.s3.abort_multipart_upload, **one, UploadId="1")
        copy = {"Bucket": bucket, "Key": f"{path}-copy", "CopySource": one}
        yield f"copy {path}", partial(have.s3.copy_object, **copy)


def _listings(have: Attacker) -> Attempts:
    yield "uploads", partial(have.s3.list_multipart_uploads, Bucket=have.aws["MEDIA_BUCKET"])
    yield "audit", partial(have.s3.list_objects_v2, Bucket=have.aws["AUDIT_BUCKET"])
    for bucket, prefix in itertools.product(have.buckets, ("", "batches/", "digests/", "derived/")):
        versions = partial(have.s3.list_object_versions, Bucket=bucket, Prefix=prefix)
        yield f"versions of {bucket} {prefix}", versions
    yield "buckets", have.s3.list_buckets
    yield "tables", have.dynamodb.list_tables


def _secrets(have: Attacker) -> Attempts:
    for secret in have.secrets:
        yield secret, partial(have.secret.get_secret_value, SecretId=secret)
    yield "all", have.secret.list_secrets


def _decryptions(have: Attacker) -> Attempts:
    decrypt = partial(have.kms.decrypt, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    for table in (have.aws["REPORTS_TABLE"], have.aws["CONTACTS_TABLE"]):
        for row in _rows(table, have.victims.known):
            if wrapped := row.get("wrapped_key"):
                one = {"KeyId": row["wrapping_key"]["S"], "CiphertextBlob": wrapped["B"]}
                yield f"{table} {row['sk']}", partial(decrypt, **one)


def _people(have: Attacker) -> Attempts:
    topic, address = have.aws["NOTICES_TOPIC_ARN"], "attacker@example.com"
    yield "topic", partial(have.sns.list_subscriptions_by_topic, TopicArn=topic)
    subscription = {"TopicArn": topic, "Protocol": "email", "Endpoint": address}
    yield "subscribe", partial(have.sns.subscribe, **subscription)
    yield "users", partial(have.pool.list_users, UserPoolId=have.aws["USER_POOL_ID"])


ATTEMPTS: tuple[tuple[str, Callable[[Attacker], Attempts]], ...] = (
    ("dynamodb:GetItem", _get_items),
    ("dynamodb:Query", _queries),
    ("dynamodb:Scan", _scans),
    (
        "dynamodb:UpdateItem",
        _on_items("update_item", "Key", THERE | OLD, THERE | NEW, FAILS | NOTHING),
    ),
    ("dynamodb:PutItem", _on_items("put_item", "Item", FAILS, ABSENT | OLD)),
    ("dynamodb:DeleteItem", _on_items("delete_item", "Key", FAILS, FAILS | OLD)),
    ("s3:GetObject", _gets),
    ("s3:GetObjectVersion", _get_versions),
    ("s3:AbortMultipartUpload", _uploads),
    ("s3:ListMultipartUploadParts", _uploads),
    ("s3:PutObject", _uploads),
    ("s3:ListBucketVersions", _listings),
    ("secretsmanager:GetSecretValue", _secrets),
    ("kms:Decrypt", _decryptions),
    ("sns:Subscribe", _people),
)


def _attack(have: Attacker) -> Iterator[Loot]:
    """Yield what each attempt returned. A refusal may hold a row, so it counts too."""
    for action, attempts in ATTEMPTS:
        for name, attempt in attempts(have):
            # A call whose rights are not known here is one that no policy grants.
            with contextlib.suppress(LookupError):
                try:
                    found = attempt()
                except ClientError as error:
                    found = error.response
                yield Loot(f"{action.partition(':')[2]} {name}", _content(found))


def _content(found: dict[str, Any]) -> bytes:
    body = found.pop("Body", None)
    plain = json.dumps(found, default=_readable)
    return plain.encode() + (body.read() if body is not None else b"")


def _readable(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def attempts(have: Attacker) -> Attempts:
    bucket, known = have.aws["MEDIA_BUCKET"], have.victims.known
    versions = cloud.client("s3").list_object_versions(Bucket=bucket, Prefix=f"originals/{known}/")
    for path in have.objects("originals"):
        one = {"Bucket": bucket, "Key": path}
        yield f"get {path}", partial(have.s3.get_object, **one)
        yield f"head {path}", partial(have.s3.head_object, **one)
    for version in versions["Versions"]:
        one = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        yield f"get version {version['Key']}", partial(have.s3.get_object, **one)
    for prefix in ("", "originals/", f"originals/{known}/", "derived/", f"derived/{known}/"):
        yield f"list {prefix}", partial(have.s3.list_objects_v2, Bucket=bucket, Prefix=prefix)
        listing = partial(have.s3.list_object_versions, Bucket=bucket, Prefix=prefix)
        yield f"versions {prefix}", listing


@pytest.fixture(scope="module")
def uploads(aws: Mapping[str, str], victims: Victims) -> list[Loot]:
    role = iam.Role("residents", iam.Names(aws))
    with role.assumed():
        return list(_tried(Attacker(dict(aws), victims)))


def _tried(have: Attacker) -> Iterator[Loot]:
    from botocore.exceptions import ClientError

    for name, attempt in attempts(have):
        try:
            found = attempt()
        except ClientError as error:
            found = error.response
        yield Loot(name, _content(found))


def test_every_attempt_is_refused(uploads: list[Loot]) -> None:
    assert [each.attempt for each in uploads if b"AccessDenied" not in each.content] == []
    assert len(uploads) > 10


def test_no_attempt_returns_a_picture_or_the_id_of_another_report(
    uploads: list[Loot], victims: Victims
) -> None:
    original = cloud.photo()
    assert not [each.attempt for each in uploads if original[:200] in each.content]
    assert not [each.attempt for each in uploads if victims.unknown.encode() in each.content]
