"""Alarms count lines of the log. Each line is written when it should be, with the field that its
filter reads.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import jwt
import pytest
from moto.cloudtrail.models import cloudtrail_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.audit.seals import hour_of, start_of
from chalicelib.domain.flood.load_level import LoadLevel
from chalicelib.domain.notices.roster import Member
from chalicelib.handlers import watch
from chalicelib.handlers.service import scheduled, upkeep
from chalicelib.http.auth import authorize_officer
from chalicelib.kernel import errors
from chalicelib.kernel.files import original_key
from chalicelib.kernel.sealing import PrivateKey
from chalicelib.services.media import processing
from chalicelib.store.media.decoding import Undecided
from chalicelib.store.notices.receivers import Answer
from infra import template
from tests import cloud, events
from tests.client import call, new_key
from tests.decoding import environments, file_of
from tests.faults import inject
from tests.issuer import sign
from tests.receivers import agree_on, receive
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.usefixtures("clean", "fresh")

# Those of lines that Lambda itself or the gateway writes are in tests/template/test_alarms.py.
FILTERS: dict[str, Any] = {
    name: resource["Properties"]
    for name, resource in template.load("alarms.yaml")["Resources"].items()
    if resource["Type"] == "AWS::Logs::MetricFilter"
    and not resource["Properties"]["FilterPattern"].startswith(("{ ($.record.", "{ ($.method"))
}
UNREACHABLE = "http://127.0.0.1:9/jwks.json"  # the port "discard", where nothing listens


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def counted(name: str, log: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the lines that a filter counts: it combines `$.field = *`, `$.field = "value"` and
    `$.field > 0` with `||`. Lambda writes a record as JSON, with its message and what is extra
    side by side.
    """
    conditions = re.findall(r'\$\.([\w.]+) (= \*|= "[^"]*"|> 0)', FILTERS[name]["FilterPattern"])
    assert conditions
    return [
        record
        for record in log.records
        if any(matches(record, field, value) for field, value in conditions)
    ]


def matches(record: logging.LogRecord, field: str, value: str) -> bool:
    line = {**record.__dict__, "message": record.getMessage()}
    if field not in line:
        return False
    return line[field] > 0 if value == "> 0" else value in ("= *", f'= "{line[field]}"')


def sweep_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled.sweep_critical(cloud.SCHEDULE, None)


def sweep_normal(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled.sweep_normal(cloud.SCHEDULE, None)


def sweep_upkeep(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled.sweep_upkeep(cloud.SCHEDULE, None)


def keep_up(monkeypatch: pytest.MonkeyPatch) -> None:
    record = events.queue_record(json.dumps({"outbox": "reports", "keys": [["a", "b"]]}), "1")
    with inject.without(wiring.reports().table.name, "dynamodb.GetItem"):
        upkeep.do_upkeep({"Records": [record]}, None)


def file_what_no_sweep_can_read(category: str) -> None:
    """File a report whose first notice is due, with a row that no longer says when it came."""
    created = file(category)
    row = Update(keys.report(created["id"]), keys.HEAD, put={"received_at": "never"})
    wiring.reports().table.update(row)
    wiring.clock.advance(timedelta(minutes=2))


def fail_a_critical_task(monkeypatch: pytest.MonkeyPatch) -> None:
    file_what_no_sweep_can_read("child_abduction")
    sweep_critical(monkeypatch)


def fail_a_normal_task(monkeypatch: pytest.MonkeyPatch) -> None:
    file_what_no_sweep_can_read("other")
    sweep_normal(monkeypatch)


def let_a_report_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    file("child_abduction")
    for _ in range(2):
        wiring.clock.advance(timedelta(minutes=6))
        scheduled.sweep_critical(cloud.SCHEDULE, None)


def fall_from_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    wiring.load_levels().set_automatic(LoadLevel.NORMAL, LoadLevel.FLOOD)
    sweep_upkeep(monkeypatch)


def digest(monkeypatch: pytest.MonkeyPatch) -> None:
    watch.digest_audit(cloud.SCHEDULE, None)


def spoil_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    hour = hour_of(wiring.clock.now())
    wiring.reports().table.put({"pk": keys.ledger(hour, 0), "sk": "no leaf"})
    # The first run that closes this hour. A later one reads it once more, to find where to begin.
    end_of_second_hour = start_of(hour) + timedelta(hours=2)
    wiring.clock.advance(end_of_second_hour - wiring.clock.now())
    watch.digest_audit(cloud.SCHEDULE, None)


def lose_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.officer("wang")
    with inject.without(wiring.audit().table.name, "dynamodb.PutItem"):
        assert call("GET", "/v1/officer/reports", officer="wang").status == 503


def lose_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWKS_URI", UNREACHABLE)
    mark = {"client_id": wiring.settings().client_id, "token_use": "access", "username": "wang"}
    token = sign({"iss": wiring.settings().issuer, "exp": int(time.time()) + 900, **mark})
    with pytest.raises(jwt.PyJWKClientConnectionError):
        authorize_officer(events.authorizer_token(f"Bearer {token}"), None)


def compare(monkeypatch: pytest.MonkeyPatch, **event: Any) -> None:
    """Compare this hour, of a key that was just made. `event` is what CloudTrail has beside it."""
    bucket, alias, kms = f"audit-{new_key()}", f"alias/{new_key()}", cloud.client("kms")
    cloud.client("s3").create_bucket(Bucket=bucket)
    key_id = kms.create_key(KeySpec="RSA_3072", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=key_id)
    monkeypatch.setenv("AUDIT_BUCKET", bucket)
    for name in ("CONTENT_KEY", "CONTACT_KEY", "LEDGER_KEY"):
        monkeypatch.setenv(name, alias)
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=b"x", KeyId=key_id, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    if event:
        history: Any = vars(cloudtrail_backends[DEFAULT_ACCOUNT_ID]["us-east-1"])["history"]
        history.append({**history[-1], "requestParameters": {"role": OFFICERS}, **event})
    now = wiring.clock.now()
    wiring.clock.advance(start_of(hour_of(now)) + timedelta(hours=2) - now)
    watch.compare_openings(cloud.SCHEDULE, None)


def change_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    compare(monkeypatch, eventID="e", eventName="CreateFunction20150331")


def refuse_openings(monkeypatch: pytest.MonkeyPatch) -> None:
    compare(monkeypatch, eventID="e", errorCode="AccessDenied")


def refuse_openings_unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTS_TABLE", "lost")
    refuse_openings(monkeypatch)


def refuse_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    open_with("AccessDeniedException")


def deny_often(monkeypatch: pytest.MonkeyPatch) -> None:
    keys_ = (f"OFFICER#wang#2026-11-24|2026-11-24T08:30:00.000Z#{number}" for number in range(21))
    images = [
        {name: {"S": text} for name, text in zip(("pk", "sk"), each.split("|"), strict=True)}
        | {"by": {"S": "wang"}, "action": {"S": "denied"}, "mac": {"S": "m"}}
        for each in keys_
    ]
    watch.seal_audit({"Records": events.audit_stream(images)}, None)


def deny_often_unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTS_TABLE", "lost")
    with pytest.raises(errors.Unavailable):
        deny_often(monkeypatch)


OFFICERS = "arn:aws:iam::123456789012:role/tipline-local-officers-role"
SIGNER = "arn:aws:iam::123456789012:role/tipline-local-digest-audit-role"


def open_with(code: str) -> None:
    cloud.officer("wang")
    created = file()
    refused = inject.error_response(400, code)
    with inject.fault(wiring.content_keys()._client, "kms.Decrypt", refused):
        by_officer("GET", created)


def lose_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    open_with("DisabledException")


def with_another_key() -> dict[str, Any]:
    """File a report, and put another key on its row."""
    created = file()
    put = {"public_key": PrivateKey(b"m" * 32).public}
    wiring.reports().table.update(Update(keys.report(created["id"]), keys.HEAD, put=put))
    return created


def write_to_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    created = with_another_key()
    assert by_reporter("POST", created, "/messages", {"text": "Hello"}).status == 503


def seal_a_hint_to_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    original = original_key(with_another_key()["id"], "M1")
    wiring.bucket().put(original, b"no picture", "image/jpeg")
    processing.make_thumbnails(
        processing.Arrived(original),
        bucket=wiring.bucket(),
        decoding=wiring.decoding(),
        report_keys=wiring.report_keys(),
        now=wiring.clock.now(),
    )


def delay_a_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = {"content_type": "image/jpeg", "size": 9}
    created = file(media=[photo])
    original = original_key(created["id"], created["uploads"][0]["media_id"])
    wiring.bucket().put(original, b"no picture", "image/jpeg")
    for _ in range(2):
        cloud.sweep(timedelta(minutes=11))


def open_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with environments("tests.broken") as broken, pytest.raises(Undecided):
        broken.derive("image/jpeg", file_of(b"x"))


def subscribe_where_many_have(monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe_beside(159)


def subscribe_beside(others: int) -> None:
    """Subscribe an officer by e-mail, where others have so many subscriptions, and do upkeep."""
    cloud.officer("wang", email="wang@police.example")
    call("POST", "/v1/officer/subscriptions", {"protocol": "email"}, officer="wang")
    roster = wiring.subscriptions().roster
    before = roster.read()
    members = {**before.members, "others": Member(subscriptions=others)}
    roster.replace(before, before.model_copy(update={"members": members}))
    cloud.sweep(timedelta(days=1, minutes=1))


def give_up_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    receive(Answer(503))
    agree_on()
    file()
    cloud.stream(cloud.all_keys())
    cloud.deliver_events()
    wiring.clock.advance(timedelta(days=1))
    cloud.deliver_events()


def ask_for_a_late_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    created = file()
    wiring.clock.advance(timedelta(hours=3))
    assert by_reporter("GET", created, "/proof").json["late"]


CAUSES: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    "OldestCriticalMetric": sweep_critical,
    "OldestNormalMetric": sweep_normal,
    "OldestUpkeepMetric": sweep_upkeep,
    "FailedCriticalMetric": fail_a_critical_task,
    "FailedNormalMetric": fail_a_normal_task,
    "FailedUpkeepMetric": keep_up,
    "UnacknowledgedMetric": let_a_report_wait,
    "LoadLevelMetric": fall_from_a_flood,
    "DeadEventsMetric": give_up_an_event,
    "SubscriptionsMetric": subscribe_where_many_have,
    "DigestsMetric": digest,
    "LedgerRowsMetric": spoil_the_ledger,
    "AuditFailuresMetric": lose_the_audit,
    "LateProofsMetric": ask_for_a_late_proof,
    "AuthorizerFailuresMetric": lose_the_keys,
    "OpeningsMetric": compare,
    "KeyChangesMetric": compare,
    "OfficersCodeMetric": change_the_code,
    "ComparisonsMetric": compare,
    "DelayedMediaMetric": delay_a_photo,
    "DecodingMetric": open_no_file,
    "CriticalDecodingMetric": open_no_file,
    "UnknownKeysMetric": lose_a_key,
    "ResidentsAlteredKeysMetric": write_to_another_key,
    "ThumbnailsAlteredKeysMetric": seal_a_hint_to_another_key,
    "CriticalThumbnailsAlteredKeysMetric": seal_a_hint_to_another_key,
    "OfficersFailuresMetric": lose_the_audit,
    "WatchMetric": deny_often,
    "RefusedDecryptionsMetric": refuse_the_key,
    "RefusedOpeningsMetric": refuse_openings,
    "WatchFailuresMetric": deny_often_unnoticed,
    "RefusalWatchFailuresMetric": refuse_openings_unnoticed,
}


def test_every_filter_is_tried_here() -> None:
    assert CAUSES.keys() == FILTERS.keys()


@pytest.mark.parametrize("name", sorted(CAUSES))
def test_a_filter_counts_the_line_that_the_function_writes(
    name: str, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    CAUSES[name](monkeypatch)
    [line] = counted(name, log)
    value = FILTERS[name]["MetricTransformations"][0]["MetricValue"]
    assert value == "1" or isinstance(getattr(line, value.removeprefix("$.")), int)


def test_a_key_that_was_altered_is_counted_too(log: pytest.LogCaptureFixture) -> None:
    open_with("InvalidCiphertextException")
    assert len(counted("UnknownKeysMetric", log)) == 1


def test_code_of_the_function_that_signs_is_counted_too(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"role": SIGNER}
    compare(monkeypatch, eventID="s", eventName="CreateFunction20150331", requestParameters=asked)
    messages = {record.message for record in counted("OfficersCodeMetric", log)}
    assert "signers_code_changed" in messages


def test_a_signature_by_another_is_counted_as_a_change_of_a_key(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(monkeypatch, eventID="e", eventName="Sign")
    messages = {record.message for record in counted("KeyChangesMetric", log)}
    assert messages == {"key_changed", "signed_by_another"}


def test_an_access_that_is_in_the_audit_counts_as_no_failure(log: pytest.LogCaptureFixture) -> None:
    cloud.officer("wang")
    assert call("GET", "/v1/officer/reports", officer="wang").status == 200
    assert not counted("AuditFailuresMetric", log)


def test_subscriptions_below_four_fifths_of_what_sns_takes_are_not_counted(
    log: pytest.LogCaptureFixture,
) -> None:
    subscribe_beside(158)
    assert wiring.subscriptions().roster.read().subscriptions == 159
    assert not counted("SubscriptionsMetric", log)


@pytest.mark.parametrize("token", ["", "Bearer x", "Bearer a.b.c", "Basic dTpw"])
def test_a_bad_token_rings_no_alarm(token: str, log: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize_officer(events.authorizer_token(token), None)
    assert not counted("AuthorizerFailuresMetric", log)


@pytest.mark.parametrize(
    ("name", "sweep"),
    [
        ("FailedCriticalMetric", sweep_critical),
        ("FailedNormalMetric", sweep_normal),
        ("UnacknowledgedMetric", sweep_critical),
        ("LoadLevelMetric", sweep_upkeep),
    ],
)
def test_what_is_zero_when_all_is_well_is_not_counted(
    name: str,
    sweep: Callable[[pytest.MonkeyPatch], None],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A metric costs in the hours that it has a value in."""
    sweep(monkeypatch)
    assert not counted(name, log)
