"""moto's buckets, as the gate uses them: what is sent becomes the object, or the part, without
being copied, and is read in pieces. One write at a time. And moto's server.
"""

import threading
from collections.abc import Iterator

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3 import models, notifications
from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart
from moto.utilities.utils import get_partition
from werkzeug.test import run_wsgi_app

from infra.local.moto_patches.s3 import OnDisk, pieces_of
from infra.local.requests import Environ, Response, not_found


class Backend:
    """moto's server. Call it with a request that the gate lets through: it returns the response."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: Environ) -> Response:
        pieces, status, headers = run_wsgi_app(self._moto, environ)
        return status, list(headers), pieces


class Storage:
    """moto's buckets of one region's partition."""

    def __init__(self, region: str) -> None:
        # A precondition and the write it guards are one step; so are a version and its place in the
        # list.
        self.writing = threading.Lock()
        self._backend = models.s3_backends[DEFAULT_ACCOUNT_ID][get_partition(region)]

    def bucket(self, name: str) -> FakeBucket:
        """Return the bucket. Raises S3Error when there is none."""
        try:
            return self._backend.get_bucket(name)
        except MissingBucket as error:
            raise not_found(
                "NoSuchBucket", "The specified bucket does not exist", BucketName=name
            ) from error

    def upload(self, bucket: str, key: str, upload_id: str) -> FakeMultipart | None:
        """Return the unfinished multipart upload of this id and key."""
        upload = self.bucket(bucket).multiparts.get(upload_id)
        return upload if upload is not None and upload.key_name == key else None

    def completed(self, bucket: str, key: str, upload_id: str) -> bool:
        """Return whether the present object came from this upload: completing it again is then no
        error.
        """
        found = self._backend.get_object(bucket, key)
        return found is not None and found.multipart is not None and found.multipart.id == upload_id

    def put_form(
        self,
        bucket: str,
        key: str,
        body: OnDisk,
        content_type: str,
        checksum: tuple[str, str] | None,
    ) -> FakeKey:
        """Make `body` the object's newest version, and send its event. `checksum` is algorithm and
        value.
        """
        with self.writing:
            stored = self._backend.put_object(
                bucket,
                key,
                body,  # type: ignore[arg-type]
                checksum_value=checksum[1] if checksum else None,
                disable_notification=True,
            )
            stored.set_metadata({"Content-Type": content_type})
            if checksum:
                stored.checksum_algorithm = checksum[0].upper()
                stored.checksum_type = "FULL_OBJECT"
            notifications.send_event(
                DEFAULT_ACCOUNT_ID,
                notifications.S3NotificationEvent.OBJECT_CREATED_POST_EVENT,
                self.bucket(bucket),
                stored,
            )
        return stored

    def put_part(self, bucket: str, upload_id: str, number: int, body: OnDisk) -> str:
        """Make `body` that part of the upload, whatever it was before. Return its ETag."""
        with self.writing:
            return self._backend.upload_part(bucket, upload_id, number, body).etag  # type: ignore[arg-type]

    def read(
        self, bucket: str, key: str, version_id: str | None, begin: int, end: int
    ) -> Iterator[bytes]:
        """Read bytes `begin` to `end`, exclusive, of a version, in pieces. The version must
        exist.
        """
        stored = self._backend.get_object(bucket, key, version_id=version_id)
        assert stored is not None  # noqa: S101 - the gate has just seen its headers
        return pieces_of(stored, begin, end)
