"""A request's body on its way to disk."""

import tempfile
from typing import IO, cast

from werkzeug.exceptions import ClientDisconnected

from infra.local.moto_patches.bodies import PIECE, OnDisk
from infra.local.s3.checksums import Checksum
from infra.local.s3.errors import bad_request
from infra.local.s3.requests import Environ


def spool_body(environ: Environ, declared: dict[str, str]) -> OnDisk:
    """Read the whole body, small ones into memory, and put it in the place of the request's own.

    Raises S3Error when it breaks off, or is not what the `declared` checksums say.
    """
    checksums = [Checksum(name) for name in declared]
    file = tempfile.SpooledTemporaryFile(PIECE)  # noqa: SIM115 - becomes the object, or moto reads it
    try:
        while piece := environ["wsgi.input"].read(PIECE):
            file.write(piece)
            for checksum in checksums:
                checksum.update(piece)
    except ClientDisconnected as error:
        raise bad_request(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        ) from error
    for checksum in checksums:
        checksum.check(declared[checksum.name])
    body = OnDisk(cast(IO[bytes], file), file.tell())
    file.seek(0)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(body.size)
    environ["wsgi.input"] = body.file
    return body
