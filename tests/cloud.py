"""Helpers for the mocked cloud: published notices, stream records, S3 events and uploads."""

import base64
import io
import json
import logging
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from chalice.local import Clock, LambdaContext
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends
from PIL import Image

from chalicelib import wiring
from chalicelib.domain.notices.destinations import DeliveryState
from chalicelib.domain.officers.model import Officer, Role
from chalicelib.domain.reports.measures import SentState
from chalicelib.handlers.media import functions
from chalicelib.handlers.service import deliveries, scheduled, upkeep
from chalicelib.kernel.files import original_key, reduced_key
from chalicelib.store.reports.rows import Head
from infra.local.resources import create_resources
from infra.local.triggers.consumers import context_of
from tests import events, listed

SCHEDULE = events.load("schedule")
NOTHING_FAILED: dict[str, list[Any]] = {"batchItemFailures": []}


class _Standing(Clock):
    def time(self) -> float:
        return 0


def context(function: str) -> LambdaContext:
    """Return the second argument of a call: all the time that the function is deployed with."""
    return context_of(function, _Standing())


@contextmanager
def mocked(**more: str) -> Iterator[dict[str, str]]:
    """Create a mocked cloud with everything in `infra/resources.yaml`, and yield its environment.

    The environment, and `more`, are set meanwhile. `create_resources` patches moto as the local
    stack does. So DynamoDB handles one request at a time, and conditions and transactions of
    several threads are atomic.
    """
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        environment = {
            **create_resources(),
            "PUBLIC_URL": "https://api.test",
            "STAGE": "test",
            "LIMITS": "off",
            **more,
        }
        for name, value in environment.items():
            patch.setenv(name, value)
        with listed.guarded():
            yield environment


@cache
def client(service: str) -> Any:
    """Return a client for tests only, which injected faults do not affect.

    It is cached, because making a client takes longer than a call.
    """
    return boto3.client(service)  # type: ignore[call-overload]


def officer(username: str = "wang", **more: Any) -> Officer:
    """Create an officer whose scope is everything, unless `more` says otherwise."""
    row = Officer(
        **(
            {
                "username": username,
                "name": "Wang",
                "categories": ("*",),
                "districts": ("*",),
                "roles": (Role.OFFICER,),
            }
            | more
        )
    )
    existing = wiring.officers().get(username)
    revision = existing.revision if existing else 0
    return wiring.officers().put(row.model_copy(update={"revision": revision}))


def oversight(*usernames: str) -> None:
    """Create officers of oversight, and offer reports about the police from now on."""
    for username in usernames:
        email = f"{username}@oversight.example"
        officer(username, roles=(Role.OVERSIGHT,), categories=(), districts=(), email=email)
    changes = wiring.catalogue_changes()
    changes.table.transact([changes.count_oversight(lambda: len(usernames))])
    wiring.live_catalogue.cache_clear()  # type: ignore[attr-defined]


def pool_users() -> list[str]:
    """Return the usernames of the pool, sorted."""
    found = client("cognito-idp").list_users(UserPoolId=os.environ["USER_POOL_ID"])["Users"]
    return sorted(each["Username"] for each in found)


def empty_pool() -> None:
    for username in pool_users():
        client("cognito-idp").admin_delete_user(
            UserPoolId=os.environ["USER_POOL_ID"], Username=username
        )


def sign_in(username: str, password: str | None) -> Any:
    """Sign in with a password. Return what Cognito answers."""
    return client("cognito-idp").admin_initiate_auth(
        UserPoolId=os.environ["USER_POOL_ID"],
        ClientId=os.environ["CLIENT_ID"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )


def choose_password(username: str) -> None:
    client("cognito-idp").admin_set_user_password(
        UserPoolId=os.environ["USER_POOL_ID"],
        Username=username,
        Password="a password of their own",
        Permanent=True,
    )


def records_of(username: str) -> list[dict[str, Any]]:
    """Return the records of today that are of no report, of what this officer did."""
    day = f"OFFICER#{username}#{wiring.clock.now():%Y-%m-%d}"
    return list(wiring.audit().table.query(day, consistent=True)[0])


def sent() -> list[dict[str, Any]]:
    """Return the bodies of all published notices, each with `attributes`, `subject` and `forms`."""
    topic = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].topics[os.environ["NOTICES_TOPIC_ARN"]]
    found = []
    for _, message, subject, attributes, _ in topic.sent_notifications:
        forms = json.loads(message)
        plain = {name: str(value["Value"]) for name, value in (attributes or {}).items()}
        found.append(
            json.loads(forms["default"]) | {"attributes": plain, "subject": subject, "forms": forms}
        )
    return found


def forget_sent() -> None:
    sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].topics[
        os.environ["NOTICES_TOPIC_ARN"]
    ].sent_notifications.clear()


def phones() -> dict[str, Any]:
    """Return the endpoints that SNS has of phones, by their tokens."""
    backend = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    return {each.token: each for each in backend.platform_endpoints.values()}


def forget_phones() -> None:
    sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].platform_endpoints.clear()


def push_round() -> dict[str, int]:
    """Move the clock by more than a push may be late, and run a round. Return what it did."""
    wiring.clock.advance(timedelta(minutes=36))
    return dict(scheduled.push_to_phones(SCHEDULE, context("push_to_phones")))


def all_keys() -> list[tuple[str, str]]:
    """Return the keys of all rows of reports and tasks, so not of what the hourly round notes."""
    items = client("dynamodb").scan(
        TableName=os.environ["REPORTS_TABLE"], ProjectionExpression="pk, sk", ConsistentRead=True
    )["Items"]
    return [(item["pk"]["S"], item["sk"]["S"]) for item in items if item["pk"]["S"] != "REVIEWS"]


def scan(table: str) -> list[dict[str, Any]]:
    """Return the rows of a small table."""
    return list(client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"])


def stream(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Send both readers of the stream a batch with these keys. Return what they return together."""
    records = events.reports_stream(items, image=stored_image)
    failed = {
        failure["itemIdentifier"]
        for publish in (scheduled.publish_critical, scheduled.publish_notices)
        for failure in publish({"Records": records}, None)["batchItemFailures"]
    }
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sorted(failed, key=int)]}


def catch_up() -> None:
    """Publish the notices of all that has happened so far, and forget them."""
    stream(all_keys())
    forget_sent()


def forget_kept() -> None:
    """Let the next request be the first of another instance."""
    for kept in (wiring.kept_headings, wiring.admission):
        kept.cache_clear()  # type: ignore[union-attr]


def stored_image(pk: str, sk: str) -> dict[str, Any]:
    """Return a row of the reports table as DynamoDB writes it into the stream."""
    return stored_row(wiring.settings().reports_table, pk, sk)


def stored_row(table: str, pk: str, sk: str) -> dict[str, Any]:
    """Return a row as DynamoDB writes it into a stream; its keys alone if it is not there."""
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    found = client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
    image = found.get("Item", key)
    return dict(
        json.loads(json.dumps(image, default=lambda binary: base64.b64encode(binary).decode()))
    )


def sweep(after: timedelta = timedelta()) -> dict[str, int]:
    """Let some time pass, and run the three sweeps and all upkeep that they hand on. Return the
    sums of all.

    Upkeep that a sweep before this one has handed on is done first, as Lambda would meanwhile.
    """
    wiring.clock.advance(after)
    failed = do_upkeep()
    done = [
        scheduled.sweep_critical(SCHEDULE, context("sweep_critical")),
        scheduled.sweep_normal(SCHEDULE, context("sweep_normal")),
        scheduled.sweep_upkeep(SCHEDULE, context("sweep_upkeep")),
    ]
    return {
        "due": sum(each["due"] for each in done),
        "failed": failed + sum(each["failed"] for each in done) + do_upkeep(),
        "oldest_task_s": max(each["oldest_task_s"] for each in done),
    }


def go_on(after: timedelta = timedelta()) -> dict[str, int]:
    """Publish what has happened, let some time pass, and sweep. Return what the sweeps return."""
    stream(all_keys())
    return sweep(after)


def head(report_id: str) -> Head:
    """Return the head of a report that is there."""
    found = wiring.reports().head(report_id)
    assert found is not None
    return found


def listed_copies(report_id: str, count: int) -> list[dict[str, Any]]:
    """Return rows that lists show like this report, and that nobody can open."""
    row = head(report_id).row
    ids = [f"1{number:025}" for number in range(count)]
    return [
        {**row, "pk": f"REPORT#{each}", "id": each, "listed_at": f"{row['received_at']}#{each}"}
        for each in ids
    ]


def do_upkeep() -> int:
    """Do what is in the queue of upkeep. Return how many tasks failed, as the log says."""
    sqs = client("sqs")
    # By its name, since only some functions have it among their settings.
    [url] = (url for url in sqs.list_queues()["QueueUrls"] if url.endswith("upkeep-queue"))
    queue = {"QueueUrl": url}
    with logged("chalicelib.handlers.service.upkeep") as lines:
        while found := sqs.receive_message(**queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                record = events.queue_record(message["Body"], message["MessageId"])
                assert upkeep.do_upkeep({"Records": [record]}, None) == {"batchItemFailures": []}
                sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
    return sum(line.__dict__.get("failed", 0) for line in lines)


def deliver_events() -> dict[str, int]:
    """Send the events that are due. Return how many came to which end, as the log says."""
    scheduled.sweep_upkeep(SCHEDULE, context("sweep_upkeep"))
    return take_events()


def take_events() -> dict[str, int]:
    """Send the events in their queue, as Lambda would."""
    sqs, ends = client("sqs"), Counter[str]()
    [url] = (url for url in sqs.list_queues()["QueueUrls"] if "events-queue" in url)
    queue = {"QueueUrl": url}
    with logged("chalicelib.handlers.service.deliveries") as lines:
        while found := sqs.receive_message(**queue, MaxNumberOfMessages=1).get("Messages"):
            [message] = found
            record = events.queue_record(message["Body"], message["MessageId"])
            own = context("deliver_events")
            assert deliveries.deliver_events({"Records": [record]}, own) == NOTHING_FAILED
            sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
    for line in lines:
        ends.update(
            {end: line.__dict__.get(end, 0) for end in (*DeliveryState, *SentState, "failed")}
        )
    return {str(end): count for end, count in ends.items() if count}


@contextmanager
def logged(name: str) -> Iterator[list[logging.LogRecord]]:
    """Give the lines that a logger writes meanwhile."""
    lines: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = lines.append  # type: ignore[method-assign, assignment]
    logger = logging.getLogger(name)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def s3_event(
    bucket: str, key: str, version_id: str | None, message_id: str = "m"
) -> dict[str, Any]:
    """Return an SQS record with EventBridge's event for a new object."""
    return events.queue_record(events.object_created(bucket, key, version_id), message_id)


def upload(owner_id: str, media_id: str, content: bytes, *, reduced: bool = False) -> str:
    """Upload an original as a phone does, or its reduced picture, and return its version id."""
    key = (reduced_key if reduced else original_key)(owner_id, media_id)
    response = client("s3").put_object(Bucket=os.environ["MEDIA_BUCKET"], Key=key, Body=content)
    return str(response["VersionId"])


def process(key: str, version_id: str | None) -> dict[str, Any]:
    return dict(
        functions.make_thumbnails(
            {"Records": [s3_event(os.environ["MEDIA_BUCKET"], key, version_id)]}, None
        )
    )


def record(owner_id: str, media_id: str, *, reduced: bool = False) -> dict[str, Any]:
    key = f"derived/{owner_id}/{media_id}/{'early/' if reduced else ''}manifest.json"
    return dict(
        functions.record_media({"Records": [s3_event(os.environ["MEDIA_BUCKET"], key, None)]}, None)
    )


def add_medium(owner_id: str, media_id: str, content: bytes | None = None) -> str:
    """Upload an original, a photo if no other is given, and let it be processed and recorded.

    Return its version id.
    """
    version = upload(owner_id, media_id, content or photo())
    process(original_key(owner_id, media_id), version)
    record(owner_id, media_id)
    return version


def add_reduced(owner_id: str, media_id: str, content: bytes) -> str:
    """Upload the reduced picture of a photo, and let it be processed and recorded. Return its
    version id.
    """
    version = upload(owner_id, media_id, content, reduced=True)
    process(reduced_key(owner_id, media_id), version)
    record(owner_id, media_id, reduced=True)
    return version


def photo(size: tuple[int, int] = (640, 480), colour: str = "steelblue") -> bytes:
    """Return a JPEG that contains a GPS position and a comment."""
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (39.0, 55.0, 0.0), 3: "E", 4: (116.0, 26.0, 0.0)}
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", exif=exif, comment=b"a comment")
    return out.getvalue()


def scene(seed: int, *, quality: int = 90, width: int = 720) -> bytes:
    """Return a JPEG of a picture with many edges, the same for one seed."""
    grey = random.Random(seed).randbytes(9 * 8)
    image = Image.frombytes("L", (9, 8), grey).resize((width, width * 8 // 9), Image.Resampling.BOX)
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def pem(public: bytes) -> bytes:
    """Return a public key (DER) as PEM."""
    return serialization.load_der_public_key(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def other_key() -> bytes:
    """Return the public half (DER) of a new key on P-256."""
    return (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
