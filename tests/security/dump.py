"""Write everything that is stored, but `originals/`, into a folder of files.

    tables/<table>.json         all rows, in DynamoDB's own form: {"B": base64}
    objects/<bucket>/<key>…     all versions of all objects, with their metadata beside them
    queues/<queue>.json         all messages, those of dead-letter queues too
    topic.json                  what was published
    phones.json                 the phones that SNS knows
    secrets/<name>              the value of each secret, as a function reads it
    keys/<key id>.der           the public half of each RSA key in KMS
    settings.json, log.txt      the environment of the functions, and what they logged

It is what a thief of the whole account has who cannot call `kms:Decrypt`.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from infra.local.resources import REGION
from tests import cloud


def dump(aws: Mapping[str, str], log: str, folder: Path) -> None:
    """Write everything that is stored into `folder`, with `log` as the log of all functions."""
    _write(folder / "settings.json", json.dumps(dict(aws)))
    _write(folder / "log.txt", log)
    dynamodb = cloud.client("dynamodb")
    for table in dynamodb.list_tables()["TableNames"]:
        rows = [
            item
            for page in dynamodb.get_paginator("scan").paginate(TableName=table)
            for item in page["Items"]
        ]
        _write(folder / "tables" / f"{table}.json", _json(rows))
    for bucket in cloud.client("s3").list_buckets()["Buckets"]:
        for name, content in _objects(bucket["Name"]):
            _write(folder / "objects" / bucket["Name"] / name, content)
    for name, queue in sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues.items():
        # All of them, those that are being received as well.
        _write(folder / "queues" / f"{name}.json", _json([one.body for one in queue._messages]))
    published = [
        list(each)
        for topic in sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics.values()
        for each in topic.sent_notifications
    ]
    _write(folder / "topic.json", _json(published))
    _write(folder / "phones.json", _json(list(cloud.phones())))
    _dump_secrets(folder)
    _dump_public_keys(folder)


def _objects(bucket: str) -> Iterator[tuple[str, bytes]]:
    s3 = cloud.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            if version["Key"].startswith("originals/"):
                continue
            found = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
            name = quote(f"{version['Key']}@{version['VersionId']}", safe="")
            yield name, found["Body"].read()
            yield f"{name}.metadata.json", _json(found["Metadata"]).encode()


def _dump_secrets(folder: Path) -> None:
    manager = boto3.client("secretsmanager")
    for secret in manager.list_secrets()["SecretList"]:
        value = manager.get_secret_value(SecretId=secret["ARN"])
        _write(
            folder / "secrets" / secret["Name"],
            value.get("SecretString") or value.get("SecretBinary"),
        )


def _dump_public_keys(folder: Path) -> None:
    kms: Any = boto3.client("kms")
    for key in kms.list_keys()["Keys"]:
        described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if described["KeySpec"].startswith("RSA_"):
            public = kms.get_public_key(KeyId=key["KeyId"])["PublicKey"]
            _write(folder / "keys" / f"{key['KeyId']}.der", public)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_binary)


def _binary(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
