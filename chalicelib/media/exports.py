"""Where exports lie: under `exports/` of the media bucket, by a key of their own, for a day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.aws_errors import unavailable
from chalicelib.media.read_urls import ReadUrls

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIFE_S = 300
"""How many seconds the address of an export works."""


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """`key_id` is the key in KMS that encrypts exports. Only the officers' function may use it, so
    whoever may read the rest of the bucket reads none of them. `urls` signs addresses of `bucket`.
    """

    s3: "S3Client"
    bucket: str
    key_id: str
    urls: ReadUrls

    def put(self, name: str, archive: bytes) -> str:
        """Store an archive, and return an address that downloads it for `LIFE_S` seconds.

        Raises Unavailable.
        """
        key = f"exports/{name}.zip"
        with unavailable():
            stored = self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=archive,
                ContentType="application/zip",
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=self.key_id,
            )
        return self.urls.read_url(
            key,
            version_id=stored["VersionId"],
            content_type="application/zip",
            disposition="attachment",
            expires_s=LIFE_S,
            cache_control="no-store",
        )
