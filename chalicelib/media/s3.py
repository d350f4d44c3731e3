"""The client of S3 for all our buckets."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REGIONAL = Config(
    # In us-east-1 boto3 would otherwise sign POST forms with an older version.
    signature_version="s3v4",
    # With boto3's defaults, grants would name the global host of S3. Outside us-east-1 it answers
    # 400, or redirects with 307, and a phone loses its upload.
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
)
_LOOPBACK = Config(s3={"addressing_style": "path"})


def s3_client(
    create: Callable[..., Any], *, endpoint_url: str | None = None, config: Config | None = None
) -> "S3Client":
    """Return a client that signs by SigV4 for `<bucket>.s3.<region>.<suffix of the partition>`.

    `create` makes clients: a method of a session of boto3 or botocore. On a loopback endpoint the
    bucket is in the path instead, because no host name below `localhost` is sure to resolve.
    """
    options = (config or Config()).merge(_REGIONAL)
    client: S3Client = create("s3", endpoint_url=endpoint_url, config=options)
    # The address may come from the environment, so it is known only now. botocore itself puts the
    # bucket into the path for an IP address, but not for this name.
    if (urlsplit(client.meta.endpoint_url).hostname or "").endswith("localhost"):
        client = create("s3", endpoint_url=endpoint_url, config=options.merge(_LOOPBACK))
    return client
