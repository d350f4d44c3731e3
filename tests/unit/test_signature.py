"""Requests to DynamoDB and KMS are signed as botocore itself signs them."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import NoCredentialsError

from chalicelib.store.signature import use_signature

_NOW = datetime(2026, 11, 24, 23, 59, 58, tzinfo=UTC)
_ITEM = {"pk": {"S": "REPORT#1"}, "text": {"S": "他穿蓝色外套"}}
_LASTING = Credentials("AKIA1", "s/e+cret")
_PASSING = Credentials("ASIA1", "s/e+cret", "a/token+==")
_REGIONS = ("us-east-1", "cn-north-1")


class _Signing:
    """A client whose time is `now`. `sent` are its requests."""

    def __init__(
        self,
        credentials: Any,
        region: str = "us-east-1",
        url: str | None = None,
        service: str = "dynamodb",
    ) -> None:
        self.now = _NOW
        self.region = region
        self.sent: list[Any] = []
        session: Any = botocore.session.Session()
        self.client = session.create_client(service, region_name=region, endpoint_url=url)
        use_signature(self.client, credentials, lambda: self.now)
        self.client.meta.events.register(f"before-send.{service}", self._send)

    def put(self) -> None:
        self.client.put_item(TableName="reports", Item=_ITEM)

    def decrypt(self) -> None:
        self.client.decrypt(KeyId="alias/content", CiphertextBlob=b"wrapped")

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        self.sent.append(request)
        raw = io.BytesIO(b"{}")
        raw.stream = lambda **_: iter([b"{}"])  # type: ignore[attr-defined]
        return AWSResponse(request.url, 200, HTTPHeaders(), raw)


def _header(request: Any, name: str) -> str:
    value = request.headers[name]
    return value if isinstance(value, str) else value.decode()


def _botocores(
    request: Any, credentials: Credentials, region: str, service: str = "dynamodb"
) -> str:
    """Return what botocore's signer would have written of the same headers."""
    names = _header(request, "Authorization").split("SignedHeaders=")[1].split(",")[0].split(";")
    headers = {name: _header(request, name) for name in names if name != "host"}
    again = AWSRequest("POST", request.url, data=request.body, headers=headers)
    again.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(credentials, service, region)
    signature = signer.signature(
        signer.string_to_sign(again, signer.canonical_request(again)), again
    )
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(again)}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )


@pytest.mark.parametrize("region", _REGIONS)
@pytest.mark.parametrize("credentials", [_LASTING, _PASSING], ids=["lasting", "passing"])
def test_the_signature_is_the_one_of_botocore(credentials: Credentials, region: str) -> None:
    ours = _Signing(credentials, region)
    ours.put()
    (sent,) = ours.sent
    assert _header(sent, "Authorization") == _botocores(sent, credentials, region)
    assert _header(sent, "X-Amz-Date") == "20261124T235958Z"


@pytest.mark.parametrize("region", _REGIONS)
@pytest.mark.parametrize("credentials", [_LASTING, _PASSING], ids=["lasting", "passing"])
def test_a_call_of_kms_is_signed_as_botocore_signs_it(
    credentials: Credentials, region: str
) -> None:
    ours = _Signing(credentials, region, service="kms")
    ours.decrypt()
    (sent,) = ours.sent
    assert f"/{region}/kms/aws4_request" in _header(sent, "Authorization")
    assert _header(sent, "Authorization") == _botocores(sent, credentials, region, "kms")


def test_all_that_names_the_call_is_signed() -> None:
    ours = _Signing(_PASSING)
    ours.put()
    names = _header(ours.sent[0], "Authorization").split("SignedHeaders=")[1].split(",")[0]
    assert names == "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
    assert _header(ours.sent[0], "X-Amz-Security-Token") == _PASSING.token


def test_a_port_of_its_own_is_part_of_the_host() -> None:
    ours = _Signing(_LASTING, url="http://127.0.0.1:5000")
    ours.put()
    assert _header(ours.sent[0], "Authorization") == _botocores(ours.sent[0], _LASTING, "us-east-1")


def test_the_next_day_has_a_key_of_its_own() -> None:
    ours = _Signing(_LASTING)
    ours.put()
    ours.now += timedelta(seconds=2)
    ours.put()
    assert _header(ours.sent[1], "X-Amz-Date") == "20261125T000000Z"
    for sent in ours.sent:
        assert _header(sent, "Authorization") == _botocores(sent, _LASTING, "us-east-1")


def test_credentials_that_were_renewed_sign_from_then_on() -> None:
    given = iter(["first", "second"])

    def renewed() -> dict[str, str]:
        name = next(given)
        # It ends at once, so that each request gets other ones.
        ends = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        return {"access_key": name, "secret_key": name, "token": name, "expiry_time": ends}

    refreshable: Any = RefreshableCredentials
    ours = _Signing(refreshable.create_from_metadata(renewed(), renewed, "test"))
    ours.put()
    (sent,) = ours.sent
    second = Credentials("second", "second", "second")
    assert _header(sent, "Authorization") == _botocores(sent, second, "us-east-1")


def test_without_credentials_nothing_is_sent() -> None:
    ours = _Signing(None)
    with pytest.raises(NoCredentialsError):
        ours.put()
    assert not ours.sent
