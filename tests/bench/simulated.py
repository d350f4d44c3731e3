"""AWS, answered before anything is sent: for measuring what a call costs here, and lists of any
length, which mocks are too slow for.

Secrets are all the same; what is put can be got; `by_category` lists as many reports as there are
said to be, most of them of one category, and so does `by_attention`, of each rank as many.
"""

import io
import json
import os
from base64 import b64decode, b64encode
from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Self

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

type Item = dict[str, Any]

CATEGORY = "missing_elderly"
NEWEST = datetime(2026, 11, 24, 12, tzinfo=UTC)
TABLES = {
    name: name.lower()
    for name in (
        "REPORTS_TABLE",
        "CONTACTS_TABLE",
        "INCIDENTS_TABLE",
        "AUDIT_TABLE",
        "BULLETINS_TABLE",
        "OFFICERS_TABLE",
        "SOURCES_TABLE",
    )
}
_KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/0a7e5b1c-2f6d-4c8a-9e3b-5d4f6a7b8c9d"
# The public half of the key of each day: any point of the curve is one.
_DAY_KEY = b64encode(bytes([9, *[0] * 31])).decode()
ENVIRONMENT = TABLES | {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "IDENTITY_SECRET": "identity",
    "CURSOR_SECRET": "cursor",
    "AUDIT_SECRET": "audit",
    "CONTENT_KEY": "alias/content",
    "CONTACT_KEY": "alias/contact",
    "SEARCH_KEY": "alias/search",
    "EXPORT_KEY": "alias/export",
    "CUSTODY_KEY": "alias/custody",
    "MEDIA_BUCKET": "media",
    "PUBLIC_URL": "https://api.test",
    "LIMITS": "off",
}


class WrappingKey:
    """The RSA key in KMS that the keys of reports are wrapped with.

    `public` is its public half in DER and base64, `opened` has what it has decrypted. A cold start
    gets both ready-made: to make them would load what is measured.
    """

    def __init__(self, public: str = "", opened: dict[str, str] | None = None) -> None:
        self._given = public
        self.opened = opened or {}

    @cached_property
    def public(self) -> str:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        return self._given or b64encode(self._key.public_key().public_bytes(*form)).decode()

    def decrypt(self, wrapped: str) -> str:
        """Open a wrapped key, both in base64; the second time without computing anything."""
        if wrapped not in self.opened:
            from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
            from cryptography.hazmat.primitives.hashes import SHA256

            padding = OAEP(MGF1(SHA256()), SHA256(), None)
            self.opened[wrapped] = b64encode(
                self._key.decrypt(b64decode(wrapped), padding)
            ).decode()
        return self.opened[wrapped]

    @cached_property
    def _key(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

        return generate_private_key(65537, 3072)


class Cloud:
    """`reports`: how many there are, one a minute. `members`: how many of `CATEGORY` are in one
    incident, the first by attention.
    """

    def __init__(
        self, reports: int = 0, *, members: int = 0, wrapping_key: WrappingKey | None = None
    ) -> None:
        self._wrapping_key = wrapping_key or WrappingKey()
        self._items: dict[tuple[str, str, str], Item] = {}
        # What each partition lists, oldest first.
        self._listed = _spread(reports)
        self._ranked = {
            partition: sorted(f"{_rank(at)}#{at}" for at in listed)
            for partition, listed in self._listed.items()
        }
        self._members = set(self._ranked.get(f"{CATEGORY}#0", [])[:members])

    def contents(self) -> Item:
        """Return what is in it, for `of_contents` in another process."""
        key = self._wrapping_key
        items = [(*place, item) for place, item in self._items.items()]
        return {"public": key.public, "opened": key.opened, "items": items}

    @classmethod
    def of_contents(cls, contents: Item) -> Self:
        cloud = cls(wrapping_key=WrappingKey(contents["public"], contents["opened"]))
        cloud._items = {(table, pk, sk): item for table, pk, sk, item in contents["items"]}
        return cloud

    def serve(self, events: Any) -> None:
        """Answer what a session's clients send, from then on."""
        events.register("before-send", self._response_of)

    def get(self, table: str, key: Item) -> Item | None:
        if key["pk"]["S"].startswith("DAY#"):
            return {**key, "public": {"B": _DAY_KEY}}
        return self._items.get(_place(table, key))

    def query(self, request: Item) -> list[Item]:
        return self._page(request)[0]

    def _response_of(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        body = json.loads(request.body)
        match event_name.split(".")[1:]:
            case ["secrets-manager", "GetSecretValue"]:
                response: Item = {"SecretString": "s" * 64}
            case ["kms", "GetPublicKey"]:
                response = {"KeyId": _KEY_ARN, "PublicKey": self._wrapping_key.public}
            case ["kms", "Decrypt"]:
                plain = self._wrapping_key.decrypt(body["CiphertextBlob"])
                response = {"KeyId": _KEY_ARN, "Plaintext": plain}
            case ["dynamodb", "PutItem"]:
                self._items[_place(body["TableName"], body["Item"])] = body["Item"]
                response = {}
            case ["dynamodb", "TransactWriteItems"]:
                for action in body["TransactItems"]:
                    if put := action.get("Put"):  # an update of a HEAD changes only its counters
                        self._items[_place(put["TableName"], put["Item"])] = put["Item"]
                response = {}
            case ["dynamodb", "GetItem"]:
                item = self.get(body["TableName"], body["Key"])
                response = {"Item": item} if item else {}
            case ["dynamodb", "BatchGetItem"]:
                [(table, wanted)] = body["RequestItems"].items()
                found = [self.get(table, key) for key in wanted["Keys"]]
                response = {"Responses": {table: [each for each in found if each]}}
            case ["dynamodb", "Query"]:
                rows, more = self._page(body)
                response = {"Items": rows} | (
                    {"LastEvaluatedKey": {"pk": {"S": "x"}}} if more else {}
                )
            case unknown:
                raise AssertionError(f"{unknown} is not simulated")
        raw = io.BytesIO(json.dumps(response).encode())
        raw.stream = lambda **_: iter([raw.getvalue()])  # type: ignore[attr-defined]
        headers = HTTPHeaders.from_dict(
            {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "r"}
        )
        return AWSResponse(request.url, 200, headers, raw)

    def _page(self, body: Item) -> tuple[list[Item], bool]:
        values = body["ExpressionAttributeValues"]
        if "IndexName" not in body:
            return self._rows_of(body["TableName"], values), False
        partition = values[":p"]["S"]
        if body["IndexName"] == "by_attention":
            return self._by_attention(partition, body)
        listed = self._listed.get(partition, [])
        end = bisect_left(listed, values[":a"]["S"]) if ":a" in values else len(listed)
        begin = max(0, end - body["Limit"])
        return [_row(at, partition) for at in reversed(listed[begin:end])], begin > 0

    def _by_attention(self, partition: str, body: Item) -> tuple[list[Item], bool]:
        ranked, values = self._ranked.get(partition, []), body["ExpressionAttributeValues"]
        begin = bisect_left(ranked, values[":a"]["S"]) if ":a" in values else 0
        end = bisect_right(ranked, values[":b"]["S"]) if ":b" in values else len(ranked)
        if body["ScanIndexForward"]:
            found = ranked[begin : min(end, begin + body["Limit"])]
        else:
            found = ranked[max(begin, end - body["Limit"]) : end][::-1]
        rows = [
            _row(at[2:], partition, "0" * 16 if at in self._members else None)
            | {"attention_at": {"S": at}, "attention_shard": {"S": partition}}
            for at in found
        ]
        return rows, len(found) < end - begin

    def _rows_of(self, table: str, values: Item) -> list[Item]:
        """The rows of a partition from `:a` on, and up to `:b` if that is given."""
        after, until = values.get(":a", {"S": ""})["S"], values.get(":b", {"S": "~"})["S"]
        places = sorted(
            place
            for place in self._items
            if place[:2] == (table, values[":p"]["S"]) and after <= place[2] <= until
        )
        return [self._items[place] for place in places]


def set_environment() -> None:
    os.environ.update(ENVIRONMENT)


def _place(table: str, key: Item) -> tuple[str, str, str]:
    return table, key["pk"]["S"], key["sk"]["S"]


def _spread(reports: int) -> dict[str, list[str]]:
    """Return what each partition lists, oldest first. Two of three reports are of `CATEGORY`."""
    # Imported here: a cold start must not have loaded them.
    from chalicelib.domain.catalogue.model import catalogue
    from chalicelib.kernel import times

    categories = {each.code: each.shards for each in catalogue().categories}
    others = [code for code in categories if code != CATEGORY]
    found: dict[str, list[str]] = defaultdict(list)
    for number in reversed(range(reports)):
        turn, place = divmod(number, 3)
        category = CATEGORY if place else others[turn % len(others)]
        listed_at = f"{times.render(NEWEST - timedelta(minutes=number))}#{number:026}"
        found[f"{category}#{turn % categories[category]}"].append(listed_at)
    return found


def _rank(listed_at: str) -> str:
    """Return the rank of a report: critical, overdue, unread, or the rest."""
    return "0234"[int(listed_at[-26:]) // 3 % 4]


def _row(listed_at: str, partition: str, incident: str | None = None) -> Item:
    """All that a list's index can hold of a report."""
    # Imported here: a cold start must not have loaded them.
    from chalicelib.aws.attributes import pack
    from chalicelib.store.reports.heads import listed_of

    columns = {
        "reference": "K7Q2-M9XT",
        "category": partition.partition("#")[0],
        "status": "acknowledged",
        "urgency": "critical",
        "district": "chaoyang",
        "assignee": "zhang.wei",
        "thumb": "Q3B0TZ6E9W5N1YKD/3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
        "version": 12,
        "media_total": 2,
        "media_ready": 2,
        "unread": 1,
    }
    if incident:
        columns["incident"] = incident
    return pack(
        {
            "pk": f"REPORT#{listed_at.partition('#')[2]}",
            "sk": "HEAD",
            "listed_at": listed_at,
            "category_shard": partition,
            "listed": listed_of(columns),
        }
    )
