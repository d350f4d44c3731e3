"""An address to read opens one version, as the type that it names, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws.read_urls import ReadUrls
from tests.rehearsal.grants.conftest import BUCKET
from tests.rehearsal.grants.phone import refusal_of, send
from tests.rehearsal.grants.seaweedfs import ACCESS_KEY, SECRET_KEY, Storage, until
from tests.signed import read_urls


@pytest.fixture
def first(s3: Any, key: str) -> str:
    """Two versions of one key: readers get the first."""
    put = s3.put_object
    version = str(put(Bucket=BUCKET, Key=key, Body=b"first", ContentType="text/html")["VersionId"])
    put(Bucket=BUCKET, Key=key, Body=b"second")
    return version


@pytest.fixture(scope="module")
def urls(s3: Any) -> ReadUrls:
    return read_urls(s3, BUCKET, ACCESS_KEY, SECRET_KEY)


def read_url(urls: ReadUrls, key: str, version: str, *, expires_s: int = 300) -> str:
    return urls.read_url(
        key,
        version_id=version,
        content_type="image/jpeg",
        disposition="attachment",
        expires_s=expires_s,
    )


def test_the_first_version_is_read_as_the_type_that_we_named(
    storage: Storage, urls: ReadUrls, key: str, first: str
) -> None:
    status, headers, body = send(storage, read_url(urls, key, first), method="GET")
    assert (status, body) == (200, b"first")
    assert headers["content-type"] == "image/jpeg"
    assert headers["content-disposition"] == "attachment"


@pytest.mark.parametrize(
    "change",
    [
        lambda target: target.replace("versionId=", "versionId=0"),
        lambda target: target.replace("image%2Fjpeg", "text%2Fhtml"),
        lambda target: target.replace("=attachment", "=inline"),
        lambda target: target.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        lambda target: target.replace("originals/", "originals/another-"),
        lambda target: target[:-8] + "00000000",
        lambda target: target + "&response-cache-control=public",
    ],
    ids=["version", "type", "disposition", "expiry", "key", "signature", "parameter"],
)
def test_a_changed_address_opens_nothing(
    storage: Storage,
    urls: ReadUrls,
    key: str,
    first: str,
    change: Callable[[str], str],
) -> None:
    url = read_url(urls, key, first)
    assert change(url) != url
    reply = send(storage, url, method="GET", change=change)
    assert refusal_of(reply) == (403, "SignatureDoesNotMatch")


def test_an_expired_address_opens_nothing(
    storage: Storage, urls: ReadUrls, key: str, first: str
) -> None:
    url = read_url(urls, key, first, expires_s=1)
    assert storage.process is not None
    assert until(storage.process, lambda: b"expired" in send(storage, url, method="GET")[2])


def test_without_a_signature_nothing_is_read(storage: Storage, key: str, first: str) -> None:
    assert send(storage, f"http://s3/{BUCKET}/{key}?versionId={first}", method="GET")[0] == 403
