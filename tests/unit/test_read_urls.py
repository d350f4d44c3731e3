"""An address to read an object is what botocore's own presigner makes, and stays the same for a
while.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws.clients import s3_client
from chalicelib.aws.read_urls import ReadUrls
from chalicelib.kernel.errors import Unavailable

KEY = "derived/7Q2M/4HXA/thumb.jpg"
READ: dict[str, Any] = {
    "version_id": "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
    "content_type": "image/jpeg",
    "disposition": "inline",
    "expires_s": 300,
}
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
# Nothing listens at this endpoint, so a function that used the network would fail.
NOWHERE = Config(retries={"total_max_attempts": 1})

# S3 allows any character in a key, and a few are written as they are in a path.
keys = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60
).map(lambda name: f"derived/{name}")
words = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=40)


def client(credentials: Credentials) -> Any:
    session = boto3.Session(
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        region_name="eu-west-1",
    )
    return s3_client(session.client, config=NOWHERE)


PERMANENT = Credentials("AKIDEXAMPLE", "secret")
TEMPORARY = Credentials("ASIAEXAMPLE", "other secret", "IQoJb3JpZ2luX2VjE/+==" * 40)
CLIENTS = [(each, client(each)) for each in (PERMANENT, TEMPORARY)]


def signer(credentials: Any = PERMANENT, s3: Any = CLIENTS[0][1], at: datetime = NOON) -> ReadUrls:
    return ReadUrls(s3, "media", credentials, lambda: at)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


def signed_at(url: str) -> datetime:
    return datetime.strptime(query_of(url)["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@given(
    key=keys,
    version=words,
    kind=words,
    disposition=st.sampled_from(["inline", "attachment"]),
    cache_control=st.none() | words,
    life_s=st.integers(1, 604_800),
    account=st.sampled_from(CLIENTS),
)
def test_it_is_the_address_that_botocore_signs_at_that_second(
    key: str,
    version: str,
    kind: str,
    disposition: Any,
    cache_control: str | None,
    life_s: int,
    account: tuple[Credentials, Any],
) -> None:
    credentials, s3 = account
    optional = {"ResponseCacheControl": cache_control} if cache_control else {}
    theirs = s3.generate_presigned_url(
        "get_object",
        Params={
            "Bucket": "media",
            "Key": key,
            "VersionId": version,
            "ResponseContentType": kind,
            "ResponseContentDisposition": disposition,
            **optional,
        },
        ExpiresIn=life_s,
    )
    ours = signer(credentials, s3, at=signed_at(theirs)).read_url(
        key,
        version_id=version,
        content_type=kind,
        disposition=disposition,
        expires_s=life_s,
        cache_control=cache_control,
    )
    assert urlsplit(ours)._replace(query="") == urlsplit(theirs)._replace(query="")
    assert query_of(ours) == query_of(theirs)


@given(first=st.integers(0, 59), second=st.integers(0, 59))
def test_within_a_minute_the_address_is_the_same(first: int, second: int) -> None:
    urls = {
        signer(at=NOON + timedelta(seconds=each)).read_url(KEY, **READ, same_for_s=60)
        for each in (first, second)
    }
    assert len(urls) == 1


def test_in_the_next_minute_there_is_another() -> None:
    one, other = (
        signer(at=NOON + timedelta(seconds=each)).read_url(KEY, **READ, same_for_s=60)
        for each in (59, 60)
    )
    assert one != other


def test_without_a_time_to_stay_the_same_each_second_has_its_own() -> None:
    one, other = (
        signer(at=NOON + timedelta(seconds=each)).read_url(KEY, **READ) for each in (58, 59)
    )
    assert one != other


@given(
    at=st.integers(0, 86_400_000).map(lambda ms: NOON + timedelta(milliseconds=ms)),
    life_s=st.integers(1, 3600),
)
def test_it_is_valid_for_as_long_as_promised_and_a_minute_more_at_most(
    at: datetime, life_s: int
) -> None:
    url = signer(at=at).read_url(KEY, **{**READ, "expires_s": life_s}, same_for_s=60)
    left = signed_at(url) + timedelta(seconds=int(query_of(url)["X-Amz-Expires"])) - at
    assert timedelta(seconds=life_s) <= left <= timedelta(seconds=life_s + 60)
    assert signed_at(url) <= at


class Renewing:
    """Temporary credentials of botocore, for an hour each, on a clock that a test moves."""

    def __init__(self, *access_keys: str) -> None:
        self.now, self._keys = NOON, list(access_keys)
        first = self._renew()
        self.credentials = RefreshableCredentials(
            first["access_key"],
            first["secret_key"],
            first["token"],
            datetime.fromisoformat(first["expiry_time"]),
            self._renew,
            "test",
            time_fetcher=lambda: self.now,
        )

    def _renew(self) -> dict[str, str]:
        if not self._keys:
            raise CredentialRetrievalError(provider="a test", error_msg="nobody answers")
        return {
            "access_key": self._keys.pop(0),
            "secret_key": "secret",
            "token": "token",
            "expiry_time": (self.now + timedelta(hours=1)).isoformat(),
        }


def account_of(url: str) -> str:
    return query_of(url)["X-Amz-Credential"].partition("/")[0]


def test_credentials_that_were_renewed_sign_from_then_on() -> None:
    renewing = Renewing("ASIAFIRST", "ASIASECOND")
    urls = signer(renewing.credentials)
    before = urls.read_url(KEY, **READ)
    renewing.now += timedelta(minutes=55)
    after = urls.read_url(KEY, **READ)
    assert (account_of(before), account_of(after)) == ("ASIAFIRST", "ASIASECOND")


def test_credentials_that_have_ended_and_cannot_be_renewed_are_unavailable() -> None:
    renewing = Renewing("ASIAFIRST")
    urls = signer(renewing.credentials)
    renewing.now += timedelta(hours=2)
    with pytest.raises(Unavailable):
        urls.read_url(KEY, **READ)
