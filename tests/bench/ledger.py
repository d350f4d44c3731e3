"""How much memory and processor time it takes to close a long hour of the ledger.

python -m tests.bench.ledger [LEAVES]     closes an hour of so many leaves (4 million), and the one
after it, which reads all of them again. Prints as JSON: the peak of the process in MB, before and
in all, and the processor's microseconds for each leaf in the one hour and in the other.

The calls of AWS are answered in the process, and what that takes is not counted. The object goes to
a file. Peak: the resident set at its largest (VmHWM).
"""

import io
import json
import os
import re
import sys
import tempfile
import time
from base64 import b64encode
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests import events
from tests.bench import rows as table
from tests.bench import simulated

LEAVES = 4_000_000
MOST_MB = 256
_SHARDS = 4
_SPACE = 1 << 64


def rows() -> list[table.Row]:
    found = table.run_json("tests.bench.ledger")
    what = f"closing an hour of {LEAVES:,} leaves"
    return [
        table.row(f"{what}: peak in MB", "", [found["peak_mb"]], at_most=MOST_MB),
        table.row(f"{what}: processor, µs a leaf", "", [found["hour_us"]]),
        table.row("closing the next hour: processor, µs a leaf", "", [found["next_us"]]),
    ]


class Cloud:
    """The rows of one hour, in order and without a list of them; and a bucket in a file."""

    def __init__(self, hour: str, leaves: int) -> None:
        self.hour, self.leaves = hour, leaves
        self.spent = 0.0
        self.completed: list[float] = []
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._files: dict[str, Any] = {}

    def answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        began = time.process_time()
        service, operation = event_name.split(".")[1:]
        content, headers = getattr(self, f"_{service}")(operation, request)
        raw = io.BytesIO(content)
        raw.stream = lambda **_: iter([content])  # type: ignore[attr-defined]
        answered = AWSResponse(request.url, 200, HTTPHeaders.from_dict(headers), raw)
        self.spent += time.process_time() - began
        if operation == "CompleteMultipartUpload":
            self.completed.append(time.process_time() - self.spent)
        return answered

    def _kms(self, operation: str, _: Any) -> tuple[bytes, dict[str, str]]:
        public = self._key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        found = {"KeyId": "arn", "PublicKey": b64encode(public).decode(), "Signature": "c2ln"}
        return json.dumps(found).encode(), {}

    def _dynamodb(self, operation: str, request: Any) -> tuple[bytes, dict[str, str]]:
        if operation != "Query":
            return b"{}", {}
        body = json.loads(request.body)
        values = body["ExpressionAttributeValues"]
        _, hour, shard = values[":p"]["S"].split("#")
        if hour != self.hour:
            return b'{"Items": []}', {}
        after, least = values[":a"]["S"].endswith("!"), values[":a"]["S"].rstrip("!")[:16]
        place = (int(least.ljust(16, "0"), 16) * self.leaves + _SPACE - 1) // _SPACE + after
        place += (int(shard) - place) % _SHARDS
        numbers = range(place, self.leaves, _SHARDS)
        found: dict[str, Any] = {
            "Items": [{"sk": {"S": self._leaf(number)}} for number in numbers[: body["Limit"]]]
        }
        if len(numbers) > body["Limit"]:
            found["LastEvaluatedKey"] = {"pk": {"S": "x"}}
        return json.dumps(found).encode(), {}

    def _leaf(self, number: int) -> str:
        rest = blake2b(number.to_bytes(8), digest_size=24).hexdigest()
        return f"{number * _SPACE // self.leaves:016x}{rest}"

    def _s3(self, operation: str, request: Any) -> tuple[bytes, dict[str, str]]:
        where = urlsplit(request.url)
        key, query = unquote(where.path).lstrip("/"), parse_qs(where.query)
        match operation:
            case "ListObjectVersions":
                listed = "".join(
                    f"<Version><Key>{each}</Key><VersionId>1</VersionId>"
                    f"<Size>{file.seek(0, io.SEEK_END)}</Size></Version>"
                    for each, file in self._files.items()
                    if each.startswith(query["prefix"][0])
                )
                return f"<ListVersionsResult>{listed}</ListVersionsResult>".encode(), {}
            case "GetObject":
                begin, end = re.findall(r"\d+", request.headers["Range"].decode())
                self._files[key].seek(int(begin))
                return self._files[key].read(int(end) + 1 - int(begin)), {}
            case "CreateMultipartUpload":
                self._files[key] = tempfile.TemporaryFile()  # noqa: SIM115 - it is the object
                return (
                    b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
                    {},
                )
            case "UploadPart":
                self._write(key, request.body)
                return b"", {"ETag": '"e"', "x-amz-checksum-sha256": "s"}
        return b"<CompleteMultipartUploadResult/>", {}

    def _write(self, key: str, body: Any) -> None:
        """Write a part to the end of the object. It comes in chunks, each after its length."""
        content = memoryview(body.read())
        while size := int(bytes(content[:16]).partition(b"\r\n")[0], 16):
            begin = len(f"{size:x}") + 2
            self._files[key].write(content[begin : begin + size])
            content = content[begin + size + 2 :]


def measure(leaves: int) -> dict[str, float]:
    simulated.set_environment()
    os.environ.update({"AUDIT_BUCKET": "audit", "LEDGER_KEY": "alias/ledger"})
    import app  # noqa: F401  as on Lambda
    from chalicelib import wiring
    from chalicelib.aws.clients import aws_events
    from chalicelib.domain.audit.seals import HOUR, hour_of
    from chalicelib.handlers import watch
    from chalicelib.services.audit.seals import SETTLED_AFTER

    hour = hour_of(wiring.clock.now() - 2 * HOUR - SETTLED_AFTER)
    cloud = Cloud(hour, leaves)
    aws_events().register("before-send", cloud.answer)
    before, began = _peak_mb(), time.process_time()
    done = watch.digest_audit(events.load("schedule"), None)
    assert done["hours"] == 2, done
    first, second = cloud.completed
    return {
        "before_mb": before,
        "peak_mb": _peak_mb(),
        "hour_us": (first - began) / leaves * 1e6,
        "next_us": (second - first) / leaves * 1e6,
    }


def _peak_mb() -> float:
    # Of getrusage, a process that was just begun has the peak of the one that began it.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else LEAVES)))
