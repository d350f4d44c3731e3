"""Sign addresses that open one version of an object for some minutes, without a call.

botocore's presigner looks up the host of S3 and serialises a request for each address, and a list
of officers has fifty. Here the host is looked up once, and botocore computes only the signatures.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from chalicelib.aws.errors import unavailable

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_s3 import S3Client

_SIGNED_AT = "%Y%m%dT%H%M%SZ"
# The addresses of a list differ in few values. The token of temporary credentials has 1 KB.
_quoted = lru_cache(64)(partial(quote, safe=""))


class ReadUrls:
    """Signs addresses of the objects of one bucket.

    `s3` is a client that signs with SigV4, and `credentials` are its own: of a session of botocore,
    which renews temporary ones. `wall_clock` is the real time, which S3 compares with that of a
    signature. The constructor and each method raise Unavailable when they cannot be renewed.
    """

    def __init__(
        self,
        s3: "S3Client",
        bucket: str,
        credentials: "Credentials",
        wall_clock: Callable[[], datetime],
    ) -> None:
        self._region = s3.meta.region_name
        # botocore decides on the host, and on whether the bucket is in it or in the path.
        with unavailable():
            signed = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "-"})
        self._address = signed.partition("?")[0].removesuffix("-")
        self._credentials = credentials
        self._wall_clock = wall_clock

    def read_url(
        self,
        key: str,
        *,
        version_id: str,
        content_type: str,
        disposition: Literal["inline", "attachment"],
        expires_s: int,
        cache_control: str | None = None,
        same_for_s: int = 0,
    ) -> str:
        """Return an address to read one version of an object, for `expires_s` seconds.

        The response of S3 has this `content_type`, `disposition` and `cache_control`, not those
        that the uploader declared. In each `same_for_s` seconds of the clock all calls with
        the same credentials return the same address, so that a browser need not read a picture
        twice. It was valid from the first of these seconds on, so it expires up to `same_for_s`
        seconds later.
        """
        with unavailable():
            credentials = self._credentials.get_frozen_credentials()
        signer = S3SigV4QueryAuth(credentials, "s3", self._region)
        now = int(self._wall_clock().timestamp())
        signed_at = datetime.fromtimestamp(now - now % (same_for_s or 1), UTC)
        request = AWSRequest("GET")
        request.context["timestamp"] = signed_at.strftime(_SIGNED_AT)
        query = {
            "versionId": version_id,
            "response-content-type": content_type,
            "response-content-disposition": disposition,
            "response-cache-control": cache_control,
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": signer.scope(request),
            "X-Amz-Date": request.context["timestamp"],
            "X-Amz-Expires": str(expires_s + same_for_s),
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Security-Token": credentials.token,
        }
        pairs = (f"{name}={_quoted(value)}" for name, value in query.items() if value is not None)
        request.url = f"{self._address}{quote(key, safe='/~')}?{'&'.join(pairs)}"
        to_sign = signer.string_to_sign(request, signer.canonical_request(request))
        return f"{request.url}&X-Amz-Signature={signer.signature(to_sign, request)}"
