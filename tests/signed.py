"""Addresses to read objects, signed as the application does, for a client of S3 of a test."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.credentials import Credentials

from chalicelib.aws.read_urls import ReadUrls


def read_urls(
    s3: Any,
    bucket: str,
    access_key: str,
    secret_key: str,
    *,
    wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ReadUrls:
    return ReadUrls(s3, bucket, Credentials(access_key, secret_key), wall_clock)
