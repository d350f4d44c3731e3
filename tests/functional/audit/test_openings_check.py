"""AWS's own record of the keys is compared with the audit: what does not match is found."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from moto.cloudtrail.models import cloudtrail_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.kms.models import kms_backends

from chalicelib import wiring
from chalicelib.aws.kms import SigningKey
from chalicelib.domain.audit.seals import hour_of, start_of
from chalicelib.handlers import watch
from chalicelib.kernel import errors
from chalicelib.services.watch import openings
from chalicelib.services.watch.openings import Kind
from chalicelib.store.audit.rows import Action, Entry, of_report
from chalicelib.store.watch import AwsRecord
from infra.local.resources import REGION
from tests import cloud, events
from tests.client import call, new_key, report
from tests.faults import inject
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws", "clean", "fresh")


@pytest.fixture
def fresh(aws: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Create an audit bucket and three keys for each test: what is locked or recorded stays.

    The keys are deleted afterwards: the pair of a cloud's n-th key is made once, and used again.
    """
    keys = kms_backends[DEFAULT_ACCOUNT_ID][REGION].keys
    before = set(keys)
    name = f"audit-{new_key()}"
    cloud.client("s3").create_bucket(Bucket=name)
    monkeypatch.setenv("AUDIT_BUCKET", name)
    for setting in ("CONTENT_KEY", "CONTACT_KEY"):
        alias = f"alias/{new_key()}"
        make_key(alias)
        monkeypatch.setenv(setting, alias)
    monkeypatch.setenv("LEDGER_KEY", make_signing_key())
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    yield
    monkeypatch.undo()
    wiring.reset()
    for made in set(keys) - before:
        del keys[made]


def make_key(alias: str) -> str:
    kms = cloud.client("kms")
    arn = kms.create_key(KeySpec="RSA_3072", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=alias, TargetKeyId=arn.rpartition("/")[2])
    return str(arn)


def make_signing_key() -> str:
    kms, alias = cloud.client("kms"), f"alias/{new_key()}"
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
    return alias


def opening_row(now: datetime | None = None) -> str:
    """Write an audit row and seal it. Return its random id."""
    at = now or wiring.clock.now()
    wiring.audit().write(Entry(of_report("01ABC"), "wang", Action.OPEN, at))
    rows = wiring.audit().rows(of_report("01ABC"))
    seal(rows)
    return max(str(row["sk"]) for row in rows).rpartition("#")[2]


def seal(rows: list[dict[str, Any]]) -> None:
    images = [{name: {"S": str(row[name])} for name in ("pk", "sk", "mac")} for row in rows]
    watch.seal_audit({"Records": events.audit_stream(images)}, None)


def decrypt(agent: str, *, kms: Any = None, key: str | None = None) -> None:
    """Open something with a key as the officers' function does, under a user agent."""
    client = kms or cloud.client("kms")
    name = key or wiring.settings().content_key
    public = cloud.client("kms").get_public_key(KeyId=name)

    def sign(request: Any, **_: Any) -> None:
        request.headers["User-Agent"] += f" {agent}"

    client.meta.events.register("before-sign.kms.Decrypt", sign)
    try:
        client.decrypt(
            CiphertextBlob=encrypted(public["PublicKey"]),
            KeyId=public["KeyId"],
            EncryptionAlgorithm="RSAES_OAEP_SHA_256",
        )
    finally:
        client.meta.events.unregister("before-sign.kms.Decrypt", sign)


def encrypted(public_key: bytes) -> bytes:
    key = serialization.load_der_public_key(public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    digest = hashes.SHA256()
    return key.encrypt(b"secret", padding.OAEP(padding.MGF1(digest), digest, label=None))


def compare() -> list[tuple[Kind, str]]:
    """Compare this hour and the one before, when they are complete. Return the findings but those
    of the keys' creation.
    """
    complete()
    assert compared_hours() == 2
    return [found for found in kept() if found[0] is not Kind.KEY_CHANGED]


def complete() -> None:
    """Move the clock to the first moment at which this hour can be compared."""
    now = wiring.clock.now()
    wiring.clock.advance(start_of(hour_of(now)) + timedelta(hours=2) - now)


def kept() -> list[tuple[Kind, str]]:
    """Return the findings of all comparisons."""
    return [finding for each in comparisons() for finding in each.findings]


def comparisons() -> list[openings.Comparison]:
    s3, bucket = cloud.client("s3"), wiring.settings().audit_bucket
    found = s3.list_objects_v2(Bucket=bucket, Prefix="comparisons/").get("Contents", [])
    contents = (s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found)
    return [openings.Comparison.model_validate_json(content) for content in contents]


def kinds() -> list[str]:
    return [kind.value for kind, _ in compare()]


def test_an_opening_with_its_row_is_no_finding() -> None:
    decrypt(f"opening/{opening_row()}.1")
    assert kinds() == []


def test_all_that_officers_open_matches_the_record() -> None:
    cloud.officer("wang")
    body = report(contact={"phone": "13800000000"})
    created = call("POST", "/v1/reports", body, key=new_key()).json
    path = f"/v1/officer/reports/{created['id']}"
    closing = {"status": "closed", "disposition": "resolved", "reason": "Seen to."}
    for method, target, sent, version in (
        ("GET", path, None, None),
        ("GET", f"{path}/history", None, None),
        ("POST", f"{path}/contact", {"reason": "The ambulance asks."}, None),
        ("PATCH", path, closing, 1),
        ("PATCH", path, {"assignee": "wang"}, 2),
    ):
        reply = call(method, target, sent, officer="wang", version=version)
        assert reply.status < 300, reply.text
    seal(wiring.audit().rows(of_report(created["id"])))

    assert kinds() == []
    # Opened, once more to close it, its history read, the contact revealed, and the reason returned
    # by the last step.
    assert opened() == 5


def opened() -> int:
    """Return how many openings AWS has recorded in the hours that were compared."""
    return sum(each.openings for each in comparisons())


def test_a_contact_is_compared_like_a_report() -> None:
    decrypt(f"opening/{opening_row()}.1", key=wiring.settings().contact_key)
    decrypt("opening/NONE.1", key=wiring.settings().contact_key)
    assert kinds() == ["opening_not_recorded"]


def test_a_request_of_a_third_person_is_compared_like_a_report() -> None:
    cloud.officer("wang")
    asked = {"right": "erasure", "text": "My name.", "contact": {"phone": "+86 138 4242 4242"}}
    made = call("POST", "/v1/officer/requests", asked, officer="wang").json
    assert_compared(f"/v1/officer/requests/{made['number']}", made["number"])


def test_an_export_that_takes_two_is_compared_like_a_report() -> None:
    cloud.officer("wang")
    asked = {"report_id": file()["id"], "custody": True, "reason": "A court asks."}
    made = call("POST", "/v1/officer/exports", asked, officer="wang").expect(202)
    assert_compared(f"/v1/officer/exports/{made['id']}", made["id"])


def assert_compared(path: str, name: str) -> None:
    """Check that a reading, whose key in the audit has this name, is the row of one opening."""
    assert call("GET", path, officer="wang").status == 200
    rows = [
        {name: each[name]["S"] for name in ("pk", "sk", "mac")}
        for each in cloud.client("dynamodb").scan(TableName=wiring.settings().audit_table)["Items"]
    ]
    seal([each for each in rows if name in each["pk"] or "OFFICER#" in each["pk"]])
    assert kinds() == []
    assert opened() == 1


@pytest.mark.parametrize("agent", ["", "opening/NONE.1", "opening/"])
def test_an_opening_without_its_row_is_found(agent: str) -> None:
    opening_row()
    decrypt(agent)
    assert kinds() == ["opening_not_recorded"]


def test_a_row_without_an_opening_is_no_finding() -> None:
    opening_row()
    assert kinds() == []


@pytest.mark.parametrize(
    ("attempts", "found"),
    [((1, 2, 3), []), ((1, 1), ["opening_repeated"]), ((1, 2, 3, 4), ["opening_repeated"])],
    ids=["tried again", "twice", "more often than it is tried"],
)
def test_a_row_opens_once_with_its_retries(attempts: tuple[int, ...], found: list[str]) -> None:
    row = opening_row()
    for attempt in attempts:
        decrypt(f"opening/{row}.{attempt}")
    assert kinds() == found


@pytest.mark.parametrize("minutes", [-6, 2])
def test_a_row_of_long_ago_or_of_later_counts_for_no_opening(minutes: int) -> None:
    row = opening_row(wiring.clock.now() + timedelta(minutes=minutes))
    decrypt(f"opening/{row}.1")
    assert kinds() == ["opening_not_recorded"]


def test_a_row_about_no_report_does_not_count() -> None:
    entry = Entry.of_officer("wang", Action.LIST, wiring.clock.now())
    wiring.audit().write(entry)
    seal(wiring.audit().rows(entry.subject))
    decrypt(f"opening/{entry.id}.1")
    assert kinds() == ["opening_not_recorded"]


def test_a_comparison_of_an_hour_to_come_ends_nothing() -> None:
    planted = openings.Comparison(hour="2099-01-01T00", keys=(), openings=0, findings=())
    wiring.seals().put_comparison("2099-01-01T00", planted.model_dump_json().encode())
    opening_row()
    decrypt("opening/NONE.1")
    assert kinds() == ["opening_not_recorded"]


def test_a_row_that_names_no_time_does_not_end_the_comparison() -> None:
    seal([{"pk": "REPORT#01ABC", "sk": "whenever#0123456789", "mac": "x"}])
    decrypt("opening/0123456789.1")
    assert kinds() == ["opening_not_recorded"]


def test_an_opening_by_another_role_is_found_even_under_the_id_of_a_row() -> None:
    decrypt(f"opening/{opening_row()}.1", kms=administrator())
    assert kinds() == ["opening_by_another"]


def administrator() -> Any:
    """Return KMS as a role calls it that is none of the functions'."""
    session = cloud.client("sts").assume_role(
        RoleArn="arn:aws:iam::123456789012:role/administrator", RoleSessionName="alice"
    )["Credentials"]
    return boto3.client(
        "kms",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


def test_a_digest_that_its_function_signs_is_no_finding() -> None:
    wiring.signing_key().sign(b"content")
    assert kinds() == []


def test_a_signature_by_another_role_is_found() -> None:
    SigningKey(administrator(), wiring.settings().ledger_key).sign(b"content")
    assert kinds() == ["signed_by_another"]


def refused(code: str, agent: str) -> None:
    """Let AWS record an opening that failed with this code."""
    decrypt(agent)
    history: Any = vars(cloudtrail_backends[DEFAULT_ACCOUNT_ID]["us-east-1"])["history"]
    history.append(history.pop() | {"errorCode": code})


def watches() -> list[tuple[str, int]]:
    cloud.forget_sent()
    cloud.stream(cloud.all_keys())
    return [(each["watched"], each["count"]) for each in cloud.sent()]


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "DisabledException"])
def test_a_refused_opening_is_found_and_supervisors_are_notified(code: str) -> None:
    for _ in range(2):
        refused(code, f"opening/{opening_row()}.1")
    assert kinds() == ["decryption_refused"] * 2
    assert watches() == [("decryptions", 2)]


@pytest.mark.parametrize("code", ["ThrottlingException", "InvalidCiphertextException"])
def test_an_opening_that_failed_otherwise_is_no_refusal(code: str) -> None:
    refused(code, f"opening/{opening_row()}.1")
    assert kinds() == []
    assert watches() == []


def test_supervisors_are_notified_of_each_hour_with_a_refusal_once() -> None:
    refused("AccessDenied", f"opening/{opening_row()}.1")
    compare()
    assert len(watches()) == 1
    wiring.clock.advance(timedelta(hours=1))
    assert compared_hours() == 1
    assert watches() == []


def test_an_hour_is_compared_though_supervisors_cannot_be_notified(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused("AccessDenied", f"opening/{opening_row()}.1")
    down = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", down):
        assert kinds() == ["decryption_refused"]
    assert "watch_failed" in [record.getMessage() for record in caplog.records]


def test_a_comparison_that_dies_after_the_notice_notifies_once() -> None:
    refused("AccessDenied", f"opening/{opening_row()}.1")
    complete()
    with inject.dying(how=inject.crash_after):
        compared_hours()
    assert compared_hours() > 0
    assert watches() == [("decryptions", 1)]


def test_a_row_that_is_sealed_late_is_found_in_a_later_batch() -> None:
    wiring.audit().write(Entry(of_report("01ABC"), "wang", Action.OPEN, wiring.clock.now()))
    row = wiring.audit().rows(of_report("01ABC"))[-1]
    decrypt(f"opening/{str(row['sk']).rpartition('#')[2]}.1")
    wiring.clock.advance(timedelta(hours=1))
    seal([row])
    wiring.clock.advance(timedelta(hours=-1))
    assert kinds() == []


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("put_key_policy", {"Policy": "{}", "PolicyName": "default"}),
        ("schedule_key_deletion", {}),
        ("disable_key", {}),
        ("create_grant", {"GranteePrincipal": "arn:aws:iam::1:root", "Operations": ["Decrypt"]}),
        ("update_key_description", {"Description": "x"}),
    ],
)
def test_a_change_of_a_key_is_found(call: str, parameters: dict[str, Any]) -> None:
    key = cloud.client("kms").get_public_key(KeyId=wiring.settings().content_key)["KeyId"]
    made = {"KeyId": key.rpartition("/")[2]}
    getattr(cloud.client("kms"), call)(**made, **parameters)
    compare()
    changes = {event_id for kind, event_id in kept() if kind is Kind.KEY_CHANGED}
    assert changes == {
        line.event_id
        for line in lines_of(key)
        if line.call in ("CreateAlias", "".join(word.title() for word in call.split("_")))
    } | {
        line.event_id
        for other in (other_key(), key_of(wiring.settings().ledger_key))
        for line in lines_of(other)
        if line.call == "CreateAlias"
    }
    assert len(changes) == 4


def test_a_change_of_the_key_of_the_audit_is_found() -> None:
    key = key_of(wiring.settings().ledger_key)
    cloud.client("kms").put_key_policy(KeyId=key, Policy="{}", PolicyName="default")
    compare()
    [change] = (line.event_id for line in lines_of(key) if line.call == "PutKeyPolicy")
    assert (Kind.KEY_CHANGED, change) in kept()


def other_key() -> str:
    return key_of(wiring.settings().contact_key)


def key_of(alias: str) -> str:
    return str(cloud.client("kms").get_public_key(KeyId=alias)["KeyId"])


def lines_of(key: str) -> list[Any]:
    now = datetime.now(UTC)
    return wiring.aws_record().of_key(key, now - timedelta(hours=1), now + timedelta(hours=1))


def test_reading_a_public_key_is_no_finding() -> None:
    cloud.client("kms").get_public_key(KeyId=wiring.settings().content_key)
    cloud.client("kms").describe_key(KeyId=other_key())
    compare()
    assert len(kept()) == 3  # the aliases of the keys


def test_a_key_from_before_a_rotation_is_still_watched() -> None:
    alias, kms = wiring.settings().content_key, cloud.client("kms")
    old = kms.get_public_key(KeyId=alias)["KeyId"]
    new = make_key(f"alias/{new_key()}")
    kms.create_alias(AliasName=f"{alias}/1", TargetKeyId=old.rpartition("/")[2])
    kms.update_alias(AliasName=alias, TargetKeyId=new.rpartition("/")[2])
    decrypt("", key=old)
    assert kinds() == ["opening_not_recorded"]


def test_a_key_whose_alias_was_removed_is_still_watched() -> None:
    old = other_key()
    now = wiring.clock.now()
    wiring.clock.advance(start_of(hour_of(now)) + timedelta(hours=1) - now)
    compared_hours()  # of the hours before this one
    cloud.client("kms").delete_alias(AliasName=wiring.settings().contact_key)
    decrypt("", key=old)
    wiring.clock.advance(timedelta(hours=2))
    compared_hours()
    assert Kind.NOT_RECORDED in [kind for kind, _ in kept()]


def test_the_keys_of_another_stage_are_not_looked_at() -> None:
    alias = wiring.settings().content_key
    make_key(f"{alias}-content")
    assert len(wiring.aws_record().keys((alias,))) == 1


def test_an_hour_is_compared_once_and_not_before_its_record_is_complete() -> None:
    complete()
    assert compared_hours() == 2
    assert compared_hours() == 0
    wiring.clock.advance(timedelta(minutes=59))
    assert compared_hours() == 0
    wiring.clock.advance(timedelta(minutes=1))
    assert compared_hours() == 1


def test_hours_that_were_missed_are_compared_later() -> None:
    compare()
    wiring.clock.advance(timedelta(hours=30))
    assert [compared_hours(), compared_hours()] == [24, 6]


def compared_hours() -> int:
    return int(watch.compare_openings(cloud.SCHEDULE, None)["compared_hours"])


def test_an_hour_that_could_not_be_looked_up_is_compared_by_the_next_run() -> None:
    decrypt("")
    record = wiring.aws_record()
    with (
        inject.fault(
            record._cloudtrail,
            "cloudtrail.LookupEvents",
            inject.error_response(400, "AccessDeniedException"),
        ),
        pytest.raises(errors.Unavailable),
    ):
        compare()
    assert wiring.seals().last_comparison("2000-01-01T00", "2099-01-01T00") is None
    assert compared_hours() == 2
    assert Kind.NOT_RECORDED in [kind for kind, _ in kept()]


def test_every_page_of_the_record_is_read() -> None:
    row = opening_row()
    for _ in range(60):
        decrypt(f"opening/{row}.1")
    assert (
        len(
            lines_of(
                cloud.client("kms").get_public_key(KeyId=wiring.settings().content_key)["KeyId"]
            )
        )
        > 120
    )
    assert len(compare()) == 59


def test_a_finding_is_logged_with_who_called_and_without_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    decrypt("")
    compare()
    (line,) = (each for each in caplog.records if each.message == "opening_not_recorded")
    assert (vars(line)["call"], vars(line)["caller"]) == (
        "Decrypt",
        wiring.settings().officers_role,
    )


class Recorded:
    """CloudTrail as AWS answers it, with the events of `tests/events/lookup_events.json`."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def lookup_events(self, **asked: Any) -> Any:
        self.asked.append(asked)
        (attribute,) = asked["LookupAttributes"]
        response = events.load("lookup_events")
        named = "EventName" if attribute["AttributeKey"] == "EventName" else None
        return {
            "Events": [
                each
                for each in response["Events"]
                if each["EventName"] == attribute["AttributeValue"]
                or (not named and attribute["AttributeValue"] in resources(each))
            ]
        }


def resources(event: dict[str, Any]) -> list[str]:
    return [each["ResourceName"] for each in event["Resources"]]


ROLE = "arn:aws:iam::123456789012:role/tipline-prod-OfficersRole-1A2B"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"
HOUR_BEGIN = datetime(2026, 11, 24, 8, tzinfo=UTC)


def recorded() -> tuple[AwsRecord, Recorded]:
    cloudtrail: Any = Recorded()
    return AwsRecord(cloudtrail, cloud.client("kms")), cloudtrail


def test_an_event_is_read_as_aws_sends_it() -> None:
    record, cloudtrail = recorded()
    opened, changed = record.of_key(KEY, HOUR_BEGIN, HOUR_BEGIN + timedelta(hours=1))
    assert (opened.call, opened.caller) == ("Decrypt", ROLE)
    assert openings._OPENING.search(opened.user_agent)
    assert (changed.call, changed.caller) == (
        "PutKeyPolicy",
        "arn:aws:iam::123456789012:user/alice",
    )
    assert cloudtrail.asked == [
        {
            "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": KEY}],
            "StartTime": HOUR_BEGIN,
            "EndTime": HOUR_BEGIN + timedelta(minutes=59, seconds=59),
        }
    ]


@pytest.mark.parametrize(
    ("function", "role", "found"),
    [("tipline-prod-Officers-X", "", 1), ("other", "", 0), ("other", ROLE, 1)],
)
def test_new_code_of_the_officers_function_is_found(function: str, role: str, found: int) -> None:
    record, _ = recorded()
    holder, nobody = openings.Holder(role, function), openings.Holder("-", "-")
    lines = record.of_code(HOUR_BEGIN, HOUR_BEGIN + timedelta(hours=1))
    calls = ["UpdateFunctionCode20150331v2" if function != "other" else "CreateFunction20150331"]
    for watched, kind in (
        (openings.Watched(holder, nobody, ()), Kind.CODE_CHANGED),
        (openings.Watched(nobody, holder, ()), Kind.SIGNERS_CODE_CHANGED),
    ):
        findings = list(openings._code_changed(lines, watched))
        assert [finding.line.call for finding in findings] == calls[:found]
        assert {finding.kind for finding in findings} <= {kind}
