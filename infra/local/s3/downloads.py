"""Objects that go out: whole or in one range, under the headers that the signed query asks for."""

from infra.local.s3.backend import Backend
from infra.local.s3.errors import S3Error
from infra.local.s3.requests import Environ, Headers, Response, query_of
from infra.local.s3.storage import Storage

_OVERRIDES = {
    "response-content-type": "Content-Type",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language",
    "response-cache-control": "Cache-Control",
    "response-expires": "Expires",
}


def is_download(environ: Environ, key: str) -> bool:
    """Return whether a request reads an object, and nothing about it (tags, parts, retention)."""
    names = {name for name in query_of(environ) if not name.startswith("X-Amz-")}
    return bool(
        environ["REQUEST_METHOD"] == "GET" and key and names <= {"versionId", "x-id", *_OVERRIDES}
    )


def download(environ: Environ, bucket: str, key: str, ask: Backend, storage: Storage) -> Response:
    """Return an object, whole or the one range asked for, in pieces.

    moto gives everything but the bytes: it would read them all for any range.
    """
    query = query_of(environ)
    head = {name: value for name, value in environ.items() if name != "HTTP_RANGE"}
    status, headers, _ = ask({**head, "REQUEST_METHOD": "HEAD"})
    if not status.startswith("200"):
        return ask(environ)
    size = int({name.lower(): value for name, value in headers}["content-length"])
    replaced = {_OVERRIDES[name]: value for name, value in query.items() if name in _OVERRIDES}
    asked = range_of(environ.get("HTTP_RANGE", ""), size)
    begin, end = asked or (0, size)
    replaced["Content-Length"] = str(end - begin)
    if asked:
        status = "206 Partial Content"
        replaced["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
        # It is the checksum of the whole.
        headers = [header for header in headers if not _is_checksum(header[0])]
    return (
        status,
        [*_without(headers, replaced), *replaced.items()],
        storage.read(bucket, key, query.get("versionId"), begin, end),
    )


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None for the whole, which S3 also gives for
    what it cannot read or for several ranges. Raises S3Error for a range past the end.
    """
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    if unit != "bytes" or not dash or not (first + last).isdecimal():
        return None
    if first and last and int(last) < int(first):
        return None
    if first:
        begin, end = int(first), min(int(last) + 1, size) if last else size
    else:
        begin, end = max(0, size - int(last)), size
    if begin >= end:
        raise S3Error(
            "416 Requested Range Not Satisfiable",
            "InvalidRange",
            "The requested range is not satisfiable",
            RangeRequested=header,
            ActualObjectSize=str(size),
        )
    return begin, end


def _is_checksum(name: str) -> bool:
    return name.lower().startswith("x-amz-checksum-")


def _without(headers: Headers, replaced: dict[str, str]) -> Headers:
    dropped = {name.lower() for name in replaced}
    return [(name, value) for name, value in headers if name.lower() not in dropped]
