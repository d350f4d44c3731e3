"""What each function may do, and so what it may not: the table of docs/security.md.

A deed is possible when any of its forms is allowed, with the parameters that an attacker would
choose. `python -m tests.functional.aws.test_denials` prints the table.
"""

from collections.abc import Mapping

import pytest

from chalicelib.aws import keys
from infra.local.resources import REGION
from tests.functional.aws import iam
from tests.functional.aws.grants import Need, Policy, Values

REPORT_ID = "0" * 26
PARTITION = {"dynamodb:LeadingKeys": (keys.report(REPORT_ID),)}
# Each by itself: one that is refused would hide another that is not.
SEALED = ("sealed", "sealed_reason", "sealed_hint", "wrapped_key", "fingerprint")
ALL: Mapping[str, Values] = {"dynamodb:Select": "ALL_ATTRIBUTES"}
SOME: Mapping[str, Values] = {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
READS = (ALL, *({**SOME, "dynamodb:Attributes": ("pk", name)} for name in SEALED))
READ_CALLS = ("GetItem", "Query", "BatchGetItem", "Scan", "PartiQLSelect")
WRITE_CALLS = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate")
LIST_CALLS = ("Query", "Scan", "PartiQLSelect")
MAC_CALLS = ("GenerateMac", "VerifyMac")
PHONE_CALLS = ("CreatePlatformEndpoint", "DeleteEndpoint", "ListEndpointsByPlatformApplication")
OPEN_CALLS = ("Decrypt", "ReEncryptFrom", "CreateGrant", "PutKeyPolicy", "DeriveSharedSecret")
TABLES = (
    "ReportsTable",
    "ContactsTable",
    "AuditTable",
    "BulletinsTable",
    "OfficersTable",
    "SourcesTable",
    "IncidentsTable",
)
THUMBNAILERS = {"make_thumbnails", "make_critical_thumbnails"}

# Who may do what. Nobody else may, and nobody may what has nobody here.
MAY: Mapping[str, set[str]] = {
    "decrypt what reports say": {"officers"},
    "decrypt contacts": {"officers"},
    # Of about three days: cells and hashes, neither texts nor pictures.
    "open sketches": {"suggest_incidents"},
    "name a number to search for": {"officers"},
    "open exports": {"officers"},
    "write exports": {"officers"},
    "read which reports are similar": {"officers", "suggest_incidents"},
    "write which reports are similar": {"suggest_incidents"},
    # Sealed to the report's own key: of no use without it.
    "read a report's sealed rows": {"residents", "officers", "record_media", "do_upkeep"},
    "read sealed contacts": {"officers"},
    # It erases the token of a phone that is gone.
    "write contacts": {"residents", "officers", "do_upkeep", "push_to_phones"},
    # Sealed to `PushKey`: of no use without it.
    "read the sealed token of a phone": {"officers", "push_to_phones"},
    "open the token of a phone": {"push_to_phones"},
    "sign events": {"deliver_events"},
    "list, add or delete phones in SNS": {"push_to_phones"},
    "push to a phone": {"push_to_phones"},
    "delete a report's rows": {"record_media", "do_upkeep"},
    "find reports by an index": {"officers", "sweep_upkeep"},
    "find sketches": {"officers", "suggest_incidents"},
    "scan a table": set(),
    "read the audit": {"officers"},
    "add to the audit": {"officers", "do_upkeep"},
    "change the audit": set(),
    "read officers": {"officers", "do_upkeep"},
    "write officers": {"officers", "do_upkeep"},
    "write bulletins": {"officers", "record_media", "do_upkeep"},
    "read a row of a source": set(),
    "count a source": {"residents"},
    "read originals": {"officers", *THUMBNAILERS},
    # Of a report: officers upload pictures of bulletins.
    "write originals": {"residents"},
    "list originals": {*THUMBNAILERS, "record_media", "do_upkeep"},
    "read derived pictures": {"residents", "officers"},
    "write derived pictures": THUMBNAILERS,
    "list derived pictures": {"record_media", "do_upkeep"},
    "have files opened": THUMBNAILERS,
    "delete media": {"do_upkeep"},
    "read the audit's seals": {"digest_audit", "compare_openings", "officers"},
    "sign a file for a court": {"officers"},
    "sign a digest or a head": {"digest_audit"},
    "write the audit's seals": {"seal_audit", "digest_audit"},
    "delete the audit's seals": set(),
    "publish notices": {"publish_critical", "publish_notices", "sweep_critical", "sweep_normal"},
    "change subscriptions": {"officers", "do_upkeep"},
    "change the user pool": {"officers"},
    "read the identity secret": {"residents", "officers"},
    "read the cursor secret": {"residents", "officers"},
    "read the audit secret": {"officers", "do_upkeep"},
}


def deeds(names: iam.Names) -> dict[str, list[Need]]:
    """Return the rights of which any one is enough for each deed."""
    topic, pool = names.resolve({"Ref": "NoticesTopic"}), names.arn("OfficersPool")
    return {
        "decrypt what reports say": on_key(names, "ContentKey"),
        "decrypt contacts": on_key(names, "ContactKey"),
        "open sketches": on_key(names, "IncidentsKey"),
        "open exports": [
            Need("kms:Decrypt", names.arn("ExportKey"), through_s3()),
            *on_objects(names, "exports", "GetObject", "GetObjectVersion"),
        ],
        "write exports": on_objects(names, "exports", "PutObject"),
        "name a number to search for": [
            Need(f"kms:{call}", names.arn("SearchKey")) for call in MAC_CALLS
        ],
        "read which reports are similar": on_rows(names, "IncidentsTable", READ_CALLS, (ALL,)),
        "write which reports are similar": on_rows(names, "IncidentsTable", WRITE_CALLS),
        "read a report's sealed rows": on_rows(names, "ReportsTable", READ_CALLS, READS),
        "read sealed contacts": [
            *on_rows(names, "ContactsTable", READ_CALLS, READS),
            # A write can return what it replaces.
            *on_rows(
                names, "ContactsTable", WRITE_CALLS[:3], ({"dynamodb:ReturnValues": "ALL_OLD"},)
            ),
        ],
        "write contacts": on_rows(
            names, "ContactsTable", WRITE_CALLS, ({"dynamodb:ReturnValues": "NONE"},)
        ),
        "read the sealed token of a phone": on_rows(
            names,
            "ContactsTable",
            READ_CALLS,
            (ALL, {**SOME, "dynamodb:Attributes": ("pk", "sealed_push")}),
        ),
        "open the token of a phone": on_key(names, "PushKey"),
        "sign events": on_key(names, "EventsKey"),
        "list, add or delete phones in SNS": [Need(f"sns:{call}", "*") for call in PHONE_CALLS],
        "push to a phone": [Need("sns:Publish", f"arn:aws:sns:{REGION}:{iam.ACCOUNT}:endpoint/1")],
        "delete a report's rows": on_rows(names, "ReportsTable", ("DeleteItem", "BatchWriteItem")),
        "find reports by an index": on_rows(
            names, "ReportsTable", LIST_CALLS, READS, index=f"/index/{keys.BY_CATEGORY}"
        ),
        "have files opened": [
            Need("lambda:InvokeFunction", names.arn(each)) for each in ("Decode", "DecodeCritical")
        ],
        "find sketches": on_rows(
            names, "ReportsTable", LIST_CALLS, READS, index=f"/index/{keys.BY_SKETCH}"
        ),
        "scan a table": [
            need
            for table in TABLES
            for index in ("", f"/index/{keys.BY_TASK}")
            for need in on_rows(names, table, ("Scan",), READS, index=index)
        ],
        "read the audit": on_rows(names, "AuditTable", READ_CALLS, READS),
        "add to the audit": on_rows(names, "AuditTable", ("PutItem",)),
        "change the audit": on_rows(names, "AuditTable", ("UpdateItem", "DeleteItem")),
        "read officers": on_rows(names, "OfficersTable", READ_CALLS, READS),
        "write officers": on_rows(names, "OfficersTable", WRITE_CALLS),
        "write bulletins": on_rows(names, "BulletinsTable", WRITE_CALLS),
        "read a row of a source": on_sources(names, READ_CALLS),
        "count a source": on_sources(names, WRITE_CALLS),
        "read originals": on_objects(names, "originals", "GetObject", "GetObjectVersion"),
        "write originals": on_objects(names, "originals", "PutObject"),
        "list originals": listing(names, "originals/"),
        "read derived pictures": on_objects(names, "derived", "GetObject", "GetObjectVersion"),
        "write derived pictures": on_objects(names, "derived", "PutObject"),
        "list derived pictures": listing(names, "derived/"),
        "delete media": [
            need
            for prefix in ("originals", "derived")
            for need in on_objects(names, prefix, "DeleteObject", "DeleteObjectVersion")
        ],
        "read the audit's seals": on_seals(names, "GetObject", "GetObjectVersion"),
        "sign a file for a court": [Need("kms:Sign", names.arn("CustodyKey"))],
        "sign a digest or a head": [Need("kms:Sign", names.arn("LedgerKey"))],
        "write the audit's seals": on_seals(names, "PutObject"),
        "delete the audit's seals": on_seals(names, "DeleteObject", "DeleteObjectVersion"),
        "publish notices": [Need("sns:Publish", topic)],
        "change subscriptions": [
            Need("sns:Subscribe", topic),
            Need("sns:Unsubscribe", "*"),
            Need("sns:GetSubscriptionAttributes", "*"),
            Need("sns:SetSubscriptionAttributes", "*"),
        ],
        "change the user pool": [
            Need(f"cognito-idp:Admin{call}", pool)
            for call in ("CreateUser", "DisableUser", "EnableUser", "UpdateUserAttributes")
        ],
        "read the identity secret": on_secret(names, "IdentitySecret"),
        "read the cursor secret": on_secret(names, "CursorSecret"),
        "read the audit secret": on_secret(names, "AuditSecret"),
    }


def on_rows(
    names: iam.Names,
    table: str,
    calls: tuple[str, ...],
    contexts: tuple[Mapping[str, Values], ...] = ({},),
    index: str = "",
) -> list[Need]:
    """Return the rights to these calls on the rows of a report's partition, in each context."""
    return [
        Need(f"dynamodb:{call}", names.arn(table) + index, {**PARTITION, **context})
        for call in calls
        for context in contexts
    ]


def on_sources(names: iam.Names, calls: tuple[str, ...]) -> list[Need]:
    """Return the rights to these calls on the row of a source."""
    row: Mapping[str, Values] = {"dynamodb:LeadingKeys": ("SOURCE#0",)}
    return [Need(f"dynamodb:{call}", names.arn("SourcesTable"), row) for call in calls]


def on_key(names: iam.Names, logical_id: str) -> list[Need]:
    return [Need(f"kms:{call}", names.arn(logical_id)) for call in OPEN_CALLS]


def on_objects(names: iam.Names, prefix: str, *calls: str) -> list[Need]:
    path = f"{names.arn('MediaBucket')}/{prefix}/{REPORT_ID}/1"
    return [Need(f"s3:{call}", path) for call in calls]


def through_s3() -> Mapping[str, Values]:
    return {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}


def on_seals(names: iam.Names, *calls: str) -> list[Need]:
    bucket = names.arn("AuditBucket")
    return [
        Need(f"s3:{call}", f"{bucket}/{prefix}/1")
        for call in calls
        for prefix in ("batches", "digests")
    ]


def listing(names: iam.Names, prefix: str) -> list[Need]:
    bucket, context = names.arn("MediaBucket"), {"s3:prefix": prefix}
    return [Need(f"s3:{call}", bucket, context) for call in ("ListBucket", "ListBucketVersions")]


def on_secret(names: iam.Names, logical_id: str) -> list[Need]:
    return [Need("secretsmanager:GetSecretValue", names.resolve({"Ref": logical_id}))]


@pytest.fixture(scope="module")
def names(aws: Mapping[str, str]) -> iam.Names:
    return iam.Names(aws)


@pytest.mark.parametrize("deed", MAY)
def test_only_these_functions_may(names: iam.Names, deed: str) -> None:
    forms = deeds(names)[deed]
    roles = [iam.Role(name, names) for name in iam.POLICIES]
    assert {role.name for role in roles if any(map(role.may, forms))} == MAY[deed]


def test_every_deed_is_in_the_table(names: iam.Names) -> None:
    assert deeds(names).keys() == MAY.keys()


@pytest.mark.parametrize("key", ["ContentKey", "ContactKey", "IncidentsKey"])
@pytest.mark.parametrize("call", ["Decrypt", "ReEncryptFrom"])
def test_a_role_that_may_do_everything_else_decrypts_nothing(
    names: iam.Names, key: str, call: str
) -> None:
    role = iam.Role("residents", names)
    role.policy = Policy.of([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
    assert role.may(Need("kms:Decrypt", names.arn("EncryptionKey")))
    assert not role.may(Need(f"kms:{call}", names.arn(key)))


@pytest.mark.parametrize("call", MAC_CALLS)
def test_a_role_that_may_do_everything_else_names_no_number(names: iam.Names, call: str) -> None:
    role = iam.Role("residents", names)
    role.policy = Policy.of([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
    assert not role.may(Need(f"kms:{call}", names.arn("SearchKey")))


@pytest.mark.parametrize("logical_id", ["ContentKey", "ContactKey"])
def test_a_statement_that_is_added_to_a_key_opens_it_for_nobody_else(
    names: iam.Names, logical_id: str
) -> None:
    key, need = names.arn(logical_id), Need("kms:Decrypt", names.arn(logical_id))
    policy = names.key_policy(key)
    assert policy
    opened = policy.with_statement(
        {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    )
    residents, officers = (iam.Role(name, names).arn for name in ("residents", "officers"))
    assert not opened.allows(need, residents, None)
    assert opened.allows(need, officers, None)
    assert opened.allows(need._replace(action="kms:TagResource"), residents, None)


def table() -> str:
    """Return the table as Markdown: a row for each deed, a column for each function."""
    functions = list(iam.POLICIES)
    lines = [["may", *functions], ["---"] * (len(functions) + 1)]
    lines += [
        [deed, *("yes" if name in may else "–" for name in functions)] for deed, may in MAY.items()
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    print(table())
