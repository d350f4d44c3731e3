"""A form upload as it arrives: first its fields, which decide, then its file, which goes to disk
piece by piece.
"""

import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from infra.local.moto_patches.bodies import PIECE, OnDisk
from infra.local.s3.checksums import Checksum
from infra.local.s3.errors import S3Error, bad_request
from infra.local.s3.policy import SizeRange

# All that may come before the file, as S3 has it.
MOST_BEFORE_FILE = 20 * 1024


class FormUpload:
    """`fields` are read at once, by lower-case name; `spool` reads the file. Both raise S3Error for
    a form that is malformed.
    """

    def __init__(self, environ: Mapping[str, Any]) -> None:
        kind, options = parse_options_header(environ.get("CONTENT_TYPE"))
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not boundary:
            raise S3Error(
                "412 Precondition Failed",
                "PreconditionFailed",
                "Bucket POST must be of the enclosure-type multipart/form-data",
            )
        if not environ.get("CONTENT_LENGTH"):
            raise S3Error(
                "411 Length Required",
                "MissingContentLength",
                "You must provide the Content-Length HTTP header.",
            )
        self._events = _events(environ["wsgi.input"], boundary.encode())
        self.fields = self._read_fields()

    def _read_fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        name = ""
        value = bytearray()
        for event in self._events:
            match event:
                case File():
                    if (event.name or "").lower() != "file":
                        raise bad_request(
                            "InvalidArgument", "POST requires exactly one file upload per request."
                        )
                    return fields
                case Field():
                    name = (event.name or "").lower()
                    value.clear()
                case Data():
                    value += event.data
                    if event.more_data:
                        continue
                    # S3 does not say which of two would count, so no form of ours may depend on it.
                    if name in fields or name == "file":
                        raise bad_request(
                            "InvalidArgument",
                            "A form field was sent twice, or the file has no name.",
                        )
                    fields[name] = value.decode("utf-8", "replace")
        raise bad_request("InvalidArgument", "POST requires exactly one file upload per request.")

    def spool(self, sizes: SizeRange, checksums: list[Checksum]) -> OnDisk:
        """Write the file to disk, within `sizes`, and update `checksums` with it. What follows the
        file is ignored, as in S3. Raises S3Error.
        """
        file = tempfile.TemporaryFile()  # noqa: SIM115 - becomes the object
        try:
            for event in self._events:
                if not isinstance(event, Data):
                    continue
                file.write(event.data)
                for checksum in checksums:
                    checksum.update(event.data)
                if file.tell() > sizes.largest or not event.more_data:
                    break
            sizes.check(file.tell())
            # A form that breaks off is no upload, even when the file seems whole.
            for _ in self._events:
                pass
            return OnDisk(file, file.tell())
        except BaseException:
            file.close()
            raise


def _events(stream: IO[bytes], boundary: bytes) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary)
    in_file = False
    before_file = 0
    try:
        while True:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                piece = stream.read(PIECE if in_file else 1024)
                before_file += len(piece)
                if not in_file and before_file > MOST_BEFORE_FILE:
                    raise bad_request(
                        "MaxPostPreDataLengthExceeded",
                        "Your POST request fields preceding the upload file were too large.",
                    )
                decoder.receive_data(piece or None)
                continue
            in_file = in_file or isinstance(event, File)
            yield event
            if isinstance(event, Epilogue):
                return
    except (ValueError, ClientDisconnected, RequestEntityTooLarge) as error:
        raise bad_request(
            "MalformedPOSTRequest",
            "The body of your POST request is not well-formed multipart/form-data.",
        ) from error
