"""What phones send, on its way to disk: the policy that allows it, its checksums, a form whose
fields decide before its file is read, and a body.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import base64
import binascii
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO, Any, cast

from botocore.httpchecksum import (
    CrtCrc32cChecksum,
    CrtCrc32Checksum,
    CrtCrc64NvmeChecksum,
    Sha1Checksum,
    Sha256Checksum,
)
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from infra.local.moto_patches.s3 import PIECE, OnDisk
from infra.local.requests import Environ, S3Error, access_denied, bad_request

# All that may come before the file, as S3 has it.
MOST_BEFORE_FILE = 20 * 1024
# Fields that a policy need not name.
EXEMPT = {"x-amz-signature", "policy", "file"}
CHECKSUM = "x-amz-checksum-"
_KINDS = ("eq", "starts-with")
_ALGORITHMS: Mapping[str, Callable[[], Any]] = {
    "crc32": CrtCrc32Checksum,
    "crc32c": CrtCrc32cChecksum,
    "crc64nvme": CrtCrc64NvmeChecksum,
    "sha1": Sha1Checksum,
    "sha256": Sha256Checksum,
    "md5": partial(hashlib.md5, usedforsecurity=False),
}


@dataclass(frozen=True, slots=True)
class SizeRange:
    """How many bytes the file may have, both ends included."""

    smallest: int
    largest: int

    def check(self, size: int) -> None:
        if size > self.largest:
            raise bad_request(
                "EntityTooLarge",
                "Your proposed upload exceeds the maximum allowed size",
                ProposedSize=str(size),
                MaxSizeAllowed=str(self.largest),
            )
        if size < self.smallest:
            raise bad_request(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                ProposedSize=str(size),
                MinSizeAllowed=str(self.smallest),
            )


# What S3 takes in one request at all.
UNBOUNDED = SizeRange(0, 5 * 1024**3)


def check_policy(encoded: str, fields: Mapping[str, str], now: datetime) -> SizeRange:
    """Compare `fields` (by lower-case name, `bucket` among them) with the policy, as S3 does: every
    condition holds, and every field is under a condition. Return the sizes it allows. Raises
    S3Error.
    """
    expiration, conditions = _decode(encoded)
    if now > expiration:
        raise access_denied("Invalid according to Policy: Policy expired.")
    sizes = UNBOUNDED
    covered = {"bucket"}
    for condition in conditions:
        if isinstance(condition, dict) and len(condition) == 1:
            ((name, value),) = condition.items()
            condition = ["eq", f"${name}", value]
        kind = str(condition[0]).lower() if isinstance(condition, list) and condition else ""
        match condition:
            case [_, low, high] if kind == "content-length-range":
                sizes = SizeRange(
                    max(sizes.smallest, _number(low)), min(sizes.largest, _number(high))
                )
            case [_, str(name), str(value)] if kind in _KINDS and name.startswith("$"):
                field = name[1:].lower()
                covered.add(field)
                _check_condition(kind, name, value, fields.get(field))
            case _:
                raise _invalid("Invalid Condition")
    extra = sorted(
        name for name in fields if name not in covered | EXEMPT and not name.startswith("x-ignore-")
    )
    if extra:
        raise access_denied(f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")
    return sizes


def _check_condition(kind: str, name: str, wanted: str, given: str | None) -> None:
    holds = given is not None and (given == wanted if kind == "eq" else given.startswith(wanted))
    if not holds:
        raise access_denied(
            "Invalid according to Policy: Policy Condition failed: "
            + json.dumps([kind, name, wanted])
        )


def _decode(encoded: str) -> tuple[datetime, list[Any]]:
    """Return when a policy expires, and its conditions."""
    try:
        document = json.loads(base64.b64decode(encoded, validate=True))
        expiration = datetime.fromisoformat(document["expiration"])
        conditions = document["conditions"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _invalid("Invalid Policy: Invalid JSON.") from error
    if expiration.tzinfo is None or not isinstance(conditions, list):
        raise _invalid("Invalid Policy: Invalid 'expiration' or 'conditions' value.")
    return expiration, conditions


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise _invalid("Invalid Policy: Invalid content-length-range.") from error


def _invalid(message: str) -> S3Error:
    return bad_request("InvalidPolicyDocument", message)


class Checksum:
    """One algorithm over a body, whose pieces `update` takes, and what it was declared to be, in
    base64. `name` is as in the header: a key of _ALGORITHMS.
    """

    def __init__(self, name: str, declared: str) -> None:
        self.name, self.declared = name, declared
        computed = _ALGORITHMS[name]()
        self.update, self._digest = computed.update, computed.digest

    def check(self) -> None:
        """Raise BadDigest unless all pieces were what was declared."""
        if self.declared != base64.b64encode(self._digest()).decode():
            label = "Content-MD5" if self.name == "md5" else self.name.upper()
            raise bad_request(
                "BadDigest", f"The {label} you specified did not match the calculated checksum."
            )


def declared_in(headers: Mapping[str, str]) -> list[Checksum]:
    """Return the checksums that headers or form fields (by lower-case name) declare. Raises S3Error
    for an unknown algorithm.
    """
    about = {f"{CHECKSUM}{name}" for name in ("algorithm", "type", "mode")}
    declared = {
        name.removeprefix(CHECKSUM): value
        for name, value in headers.items()
        if name.startswith(CHECKSUM) and name not in about
    }
    if "content-md5" in headers:
        declared["md5"] = headers["content-md5"]
    if declared.keys() - _ALGORITHMS.keys():
        raise bad_request(
            "InvalidRequest",
            "The algorithm type you specified in x-amz-checksum- header is invalid.",
        )
    return [Checksum(name, value) for name, value in declared.items()]


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
                    if (event.name or "").lower() == "file":
                        return fields
                    break
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

    def spool(self, sizes: SizeRange, declared: list[Checksum]) -> OnDisk:
        """Write the file to disk, within `sizes`. What follows the file is ignored, as in S3.
        Raises S3Error when it is not what was `declared`, too.
        """
        file = tempfile.TemporaryFile()  # noqa: SIM115 - becomes the object
        try:
            return _write(file, self._file_pieces(), declared, sizes)
        except BaseException:
            file.close()
            raise

    def _file_pieces(self) -> Iterator[bytes]:
        """Yield the file, and read the form to its end: one that breaks off is no upload, even when
        the file seems whole.
        """
        in_file = True
        for event in self._events:
            if isinstance(event, Data) and in_file:
                yield event.data
                in_file = event.more_data


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


def spool_body(environ: Environ, declared: list[Checksum]) -> OnDisk:
    """Read the whole body, small ones into memory, and put it in the place of the request's own.

    Raises S3Error when it breaks off, or is not what the `declared` checksums say.
    """
    file = tempfile.SpooledTemporaryFile(PIECE)  # noqa: SIM115 - becomes the object, or moto reads it
    pieces = iter(partial(environ["wsgi.input"].read, PIECE), b"")
    try:
        body = _write(cast(IO[bytes], file), pieces, declared)
    except ClientDisconnected as error:
        raise bad_request(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        ) from error
    file.seek(0)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(body.size)
    environ["wsgi.input"] = body.file
    return body


def _write(
    file: IO[bytes], pieces: Iterable[bytes], declared: list[Checksum], sizes: SizeRange = UNBOUNDED
) -> OnDisk:
    for piece in pieces:
        file.write(piece)
        for checksum in declared:
            checksum.update(piece)
        if file.tell() > sizes.largest:
            break
    sizes.check(file.tell())
    for checksum in declared:
        checksum.check()
    return OnDisk(file, file.tell())
