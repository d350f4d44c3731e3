"""Decoding of untrusted files, as its callers see it.

A file is opened elsewhere: on Lambda by the function `decode`, which may do nothing else
(`DecodeFunction`), on one machine by a process of its own (`store/media/environments.py`). Both run
the same supervisor and give the same answers (`media_decoding/supervisor.py`). Nothing in an answer
is trusted: the file may have taken over its decoder.

With tenants, Lambda gives the files of one owner environments that open no other owner's
(AWS Lambda Developer Guide, "Tenant isolation"). The tenant's id is a hash of the owner's id under
a key that only this process has: Lambda writes it into logs, where no report may be named.
"""

import base64
import builtins
import hmac
import json
import logging
import os
import re
from base64 import b64decode, b85decode
from collections.abc import Callable, Set
from functools import cache
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import TypeAdapter

from chalicelib.aws.errors import code_of, unavailable
from chalicelib.domain.reports.media import Area, boxes
from chalicelib.kernel.derived import (
    MOST_SHOWN_PIXELS,
    PREVIEW_PX,
    SPAN,
    THUMB_PX,
    Clip,
    NoClip,
    PictureInfo,
    Pictures,
    Rejected,
    RejectReason,
    Size,
    Sound,
    SoundInfo,
    fit,
)
from chalicelib.kernel.errors import Unavailable
from chalicelib.media_decoding.boxes import is_bare_sound
from chalicelib.media_decoding.clips import is_bare
from chalicelib.media_decoding.decoders import Order

log = logging.getLogger(__name__)

# Members of all objects and lists in JSON. An answer has 20; the memory that more of them take is
# thirty times their text.
_MOST_MEMBERS = 500
# What a decoder may find in a file. Other reasons are not a decoder's.
_FOUND = frozenset(
    {
        RejectReason.NO_VIDEO,
        RejectReason.TOO_MANY_PIXELS,
        RejectReason.UNPROCESSABLE,
        RejectReason.UNREADABLE,
        RejectReason.UNSUPPORTED_CODEC,
    }
)
# What an error may be called in a log: any other name may be bytes of a file.
_KINDS = frozenset(
    {"NotStarted", "Unreachable", "timed_out", "killed", "Sandbox.Timedout"}
    | {"Runtime.ExitError", "Runtime.ImportModuleError", "Runtime.OutOfMemory"}
    | {name for name, kind in vars(builtins).items() if isinstance(kind, type)}
)

MAX_PLAYBACK = 4_500_000
"""Bytes of a derived sound. Coded as text, it fits into a response of Lambda."""

# A grey picture of 8 × 8 pixels.
_IN_ORDER = b85decode(
    "|JeWF01!$>Nk#wx0RR9200961|JwjV0RR90|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|Ns"
    "C0|NsC0|NsC0|NsC0|NsC0|Np=M3kU!R00;pA5di<h02BZL00000000000000000003|HJ?k5CH%H00000000000"
    "00000095m00;pA002J#NB`L"
)


class File(NamedTuple):
    """A file to open.

    `owner_id` is whose it is: files of one owner may share what opens them. `read(offset, length)`
    returns exactly these bytes; `address()` returns where `decode` can read them by itself. It is
    None for a file that is to be sent along.
    """

    owner_id: str
    size: int
    read: Callable[[int, int], bytes]
    address: Callable[[], str] | None = None


type Send = Callable[[Order, File], str]
"""Has a file opened, and returns the answer. Raises Undecided, and the errors of `read`."""


class Undecided(RuntimeError):
    """There is no verdict, for a fault of ours. The same file can be tried again."""


class Unproved(Undecided):
    """The decoder was too slow, or was ended: by the file, or by something else."""


class TooMany(Undecided):
    """AWS has no room for another environment. It was not tried."""


class Decoding:
    """Has files opened, and checks what comes back.

    Each method raises Rejected for a fault of the file, and Undecided and the errors of `read`
    for any other.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def derive(self, content_type: str, file: File, *, clip: bool = False) -> Pictures:
        """Return the pictures of a photo or a video, whose type was detected from its content; with
        `clip`, a video's clip as well, or why it has none.
        """
        return self._pictures(Order(content_type, file.size, clip=clip), file)

    def hear(self, content_type: str, file: File) -> Sound:
        """Return the sound of an original."""
        answer, files = self._ask(Order(content_type, file.size), file, {"playback"})
        playback = files["playback"]
        if len(playback) > MAX_PLAYBACK or not is_bare_sound(playback):
            raise Rejected(RejectReason.UNPROCESSABLE)
        return Sound(playback, _read(SoundInfo, answer["found"]))

    def redact(self, owner_id: str, preview: bytes, areas: tuple[Area, ...]) -> bytes:
        """Return a preview with black boxes in place of its marked areas."""
        size = jpeg_size(preview)
        if size is None:
            raise Rejected(RejectReason.UNREADABLE)
        file = File(owner_id, len(preview), lambda at, length: preview[at : at + length])
        order = Order("image/jpeg", len(preview), tuple(boxes(areas, size)))
        redacted = self._pictures(order, file).preview
        if jpeg_size(redacted) != size:
            raise Rejected(RejectReason.UNPROCESSABLE)
        return redacted

    def is_working(self, owner_id: str) -> bool:
        """Return whether a picture that is in order is opened, by what opens this owner's files."""
        try:
            self.redact(owner_id, _IN_ORDER, (Area(0, 0, 1, 1),))
        except (Rejected, Undecided):
            return False
        return True

    def _pictures(self, order: Order, file: File) -> Pictures:
        names = {"thumb", "preview"}
        answer, files = self._ask(order, file, names, {"clip", "spans"} if order.clip else set())
        thumb, preview = files["thumb"], files["preview"]
        info = _read(PictureInfo, answer["found"])
        box = fit((info.width, info.height), PREVIEW_PX)
        is_possible = info.width * info.height <= MOST_SHOWN_PIXELS
        if not is_possible or [jpeg_size(preview), jpeg_size(thumb)] != [box, fit(box, THUMB_PX)]:
            raise Rejected(RejectReason.UNPROCESSABLE)
        return Pictures(thumb, preview, info, _clip(answer, files, order) if order.clip else None)

    def _ask(
        self, order: Order, file: File, names: set[str], more: Set[str] = frozenset()
    ) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return the answer, and the derived files. They have these names, or `more` as well: or
        else it says why there are no more.
        """
        reply = self._send(order, file)
        try:
            answer = parse(reply)
            if set(answer) - {"no_clip"} == {"found", "files"}:
                coded = answer["files"]
                has_all = set(coded) == names | more
                if (has_all or set(coded) == names) and has_all != ("no_clip" in answer):
                    return answer, {name: b64decode(coded[name], validate=True) for name in coded}
            if set(answer) == {"rejected"} and answer["rejected"] in _FOUND:
                raise Rejected(RejectReason(answer["rejected"]))
            _raise_undecided(order, answer)
        except (ValueError, TypeError):
            pass  # Not what a decoder says that was not taken over.
        raise Rejected(RejectReason.UNPROCESSABLE)


def parse(text: str) -> Any:
    """Return the value of JSON. Raises ValueError when it is none, or has too many members."""
    if sum(map(text.count, "{[,")) > _MOST_MEMBERS:
        raise ValueError("too many members")
    return json.loads(text)


def log_undecided(kind: object, **about: object) -> None:
    """Log that a file was not opened, for a fault of this kind. An alarm counts this line."""
    named = str(kind) if str(kind) in _KINDS else "other"
    log.error("not decoded", extra={"not_decoded": named, **about})


def _raise_undecided(order: Order, answer: dict[str, Any]) -> None:
    for key, kind in (("fault", Undecided), ("unproved", Unproved)):
        if set(answer) == {key} and re.fullmatch(r"[A-Za-z_]\w{0,63}", answer[key], re.ASCII):
            log_undecided(answer[key], content_type=order.content_type, bytes=order.size)
            raise kind(f"the decoder failed: {answer[key]}")


def _clip(answer: dict[str, Any], files: dict[str, bytes], order: Order) -> Clip | NoClip:
    if "no_clip" in answer:
        if answer["no_clip"] in list(NoClip):
            return NoClip(answer["no_clip"])
    elif len(files["spans"]) % SPAN.size == 0:
        clip = Clip(files["clip"], tuple(SPAN.iter_unpack(files["spans"])))
        if is_bare(clip, order.size):
            return clip
    raise Rejected(RejectReason.UNPROCESSABLE)


@cache
def _adapters() -> dict[Any, TypeAdapter[Any]]:
    return {kind: TypeAdapter(kind) for kind in (PictureInfo, SoundInfo)}


def _read[Found: (PictureInfo, SoundInfo)](kind: type[Found], found: Any) -> Found:
    try:
        # As JSON: what is a time there is text.
        read: Found = _adapters()[kind].validate_json(json.dumps(found))
    except ValueError:
        raise Rejected(RejectReason.UNPROCESSABLE) from None
    return read


# Segments for tables, frame, restart interval and scan: all that pixels need. Exif, XMP, ICC
# profiles and comments have other markers.
_FRAME, _SCAN = 0xC0, 0xDA
_PIXEL_SEGMENTS = frozenset({0xDB, 0xC4, 0xDD, _FRAME, _SCAN})
# Bytes of all that comes before the pixels, with us about 700; and of a pixel in memory.
_MOST_TABLES, _BYTES_A_PIXEL = 2048, 3
# A block of 8 × 8 pixels takes two codes of a bit each at the least (ITU-T T.81, F.1.2), so a byte
# shows no more than this, whether each colour has blocks of its own or two share the larger ones.
_PIXELS_A_BYTE = 256
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]")


def jpeg_size(data: bytes) -> Size | None:
    """Return the size of a JPEG that contains only pixels, in one scan, and an 18-byte JFIF header;
    None for any other bytes.

    It has no more bytes than its pixels take in memory, and no fewer than they need at the least.
    """
    at, size = 2, None
    if data[:2] != b"\xff\xd8":
        return None
    while True:
        marker, length = data[at : at + 2], int.from_bytes(data[at + 2 : at + 4])
        is_jfif = (
            marker == b"\xff\xe0"
            and at == 2
            and length == 16
            and data[at + 4 : at + 9] == b"JFIF\0"
        )
        if not is_jfif and (
            len(marker) < 2 or marker[0] != 0xFF or marker[1] not in _PIXEL_SEGMENTS or length < 2
        ):
            return None
        if marker[1] == _FRAME:
            if size is not None:
                return None
            size = int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + length
        if at > _MOST_TABLES:
            return None
        if marker[1] == _SCAN:
            end = _END_OF_SCAN.search(data, at)
            is_last = end and end.group() == b"\xff\xd9" and end.end() == len(data)
            if not is_last or size is None or not min(size):
                return None
            pixels = size[0] * size[1]
            most = _MOST_TABLES + _BYTES_A_PIXEL * pixels
            return (
                size if len(data) <= most and pixels <= _PIXELS_A_BYTE * (len(data) - at) else None
            )


WAIT_S = 27
"""How long a call is waited for, in seconds: longer than the function may run."""

# Lambda's codes for "not now" (AWS Lambda API Reference, "Invoke").
_TOO_MANY = ("TooManyRequests", "EC2Throttled", "ENILimitReached")
# Lambda's types of the errors that code in a function can cause without raising one: it was ended
# after its time, or ended itself (AWS Lambda Developer Guide, "Troubleshoot execution issues").
_NOT_RAISED = ("Sandbox.Timedout", "Runtime.ExitError", None)
_TENANT = "TenantId"


class DecodeFunction:
    """Sends files to the function `name`. `client` must not repeat a call: each is one attempt."""

    def __init__(self, client: Any, name: str, *, tenants: bool) -> None:
        self._client, self._name, self._tenants = client, name, tenants
        self._key = os.urandom(32)
        # The boto3 of Lambda's runtime may not know the parameter yet.
        client.meta.events.register("provide-client-params.lambda.Invoke", _take_tenant)
        client.meta.events.register("before-call.lambda.Invoke", _send_tenant)

    def __call__(self, order: Order, file: File) -> str:
        """Return the answer. Raises Undecided, and Unavailable when Lambda cannot be reached."""
        event: dict[str, Any] = order._asdict()
        if not order.clip:
            del event["clip"]  # While a release is deployed, the function may not know it yet.
        if file.address:
            event["address"] = file.address()
        else:
            event["data"] = base64.b64encode(file.read(0, file.size)).decode()
        tenant = {_TENANT: self._tenant(file.owner_id)} if self._tenants else {}
        try:
            with unavailable(*_TOO_MANY):
                response: Any = self._client.invoke(
                    FunctionName=self._name, Payload=json.dumps(event).encode(), **tenant
                )
                returned = parse(str(response["Payload"].read(), "utf-8"))
        except ClientError as error:
            raise TooMany(code_of(error)) from None
        except Unavailable as error:
            if isinstance(error.__cause__, ReadTimeoutError):
                raise Unproved("the function took too long") from None
            raise
        except ValueError:
            raise Undecided("the function returned no JSON") from None
        if response.get("FunctionError"):
            kind = returned.get("errorType") if isinstance(returned, dict) else ""
            log_undecided(kind)
            raise (Unproved if kind in _NOT_RAISED else Undecided)("the function failed")
        if not isinstance(returned, str):
            raise Undecided("the function returned no text")
        return returned

    def _tenant(self, owner_id: str) -> str:
        return hmac.digest(self._key, owner_id.encode(), "sha256")[:16].hex()


def _take_tenant(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
    context[_TENANT] = params.get(_TENANT)
    return {name: value for name, value in params.items() if name != _TENANT}


def _send_tenant(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if context.get(_TENANT):
        params["headers"]["X-Amz-Tenant-Id"] = context[_TENANT]
