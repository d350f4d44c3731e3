"""What a phone sends with a grant, byte for byte, and what the storage has of it afterwards."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.aws import grants
from chalicelib.aws.bucket import MediaBucket
from tests.local.s3.running import PICTURE, SIZE, VIDEO, Fields, Reply, ask, code_of, form
from tests.rehearsal.grants.seaweedfs import Storage

SHA256 = hashlib.sha256(PICTURE).hexdigest()


def form_grant(bucket: MediaBucket, key: str, **changes: Any) -> grants.PostGrant:
    wanted: dict[str, Any] = {
        "content_type": "image/jpeg",
        "max_bytes": len(PICTURE),
        "sha256_hex": SHA256,
        "expires_s": 600,
    }
    return bucket.post_grant(key, **(wanted | changes))


def post(
    storage: Storage,
    grant: grants.PostGrant,
    *,
    fields: Fields | None = None,
    file: bytes | None = PICTURE,
    path: str | None = None,
) -> Reply:
    """Send the form of a grant, or a form that differs from it."""
    content, kind = form(grant.fields if fields is None else fields, file)
    target = path or urlsplit(grant.url).path
    return ask(storage.port, "POST", target, content, {"Content-Type": kind})


def send(
    storage: Storage,
    url: str,
    body: bytes = b"",
    *,
    method: str = "PUT",
    change: Callable[[str], str] = str,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send a request to a signed address, or to one that differs from it."""
    target = urlsplit(url)
    return ask(storage.port, method, change(f"{target.path}?{target.query}"), body, headers)


def part_of(number: int) -> bytes:
    begin = (number - 1) * grants.PART_SIZE
    return VIDEO[begin : begin + grants.PART_SIZE]


def part_url(
    bucket: MediaBucket, key: str, upload: str, number: int, *, expires_s: int = 600
) -> str:
    (granted,) = bucket.part_urls(
        key, upload_id=upload, size=SIZE, numbers=[number], expires_s=expires_s
    )
    return granted.url


def send_parts(storage: Storage, bucket: MediaBucket, key: str, upload: str) -> None:
    for number in range(1, grants.part_count(SIZE) + 1):
        reply = send(storage, part_url(bucket, key, upload, number), part_of(number))
        assert reply[0] == 200, reply


def refusal_of(reply: Reply) -> tuple[int, str | None]:
    """Return the status and the code of a refusal."""
    return reply[0], code_of(reply[2])


def stored(s3: Any, name: str, prefix: str) -> list[str]:
    """Return the keys of all versions with this prefix."""
    found = s3.list_object_versions(Bucket=name, Prefix=prefix)
    return [version["Key"] for version in found.get("Versions", ())]
