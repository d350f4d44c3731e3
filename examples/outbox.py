"""How an app sends reports: an outbox that survives a missing network, an empty battery and a
killed process. It uses the standard library only.

    python examples/outbox.py add traffic_violation "A van blocks the crossing" photo.jpg video.mp4
    python examples/outbox.py send      send what is not sent yet; may be ended at any time
    python examples/outbox.py watch     show what became of it, until every file has a result
    python examples/outbox.py say XXXX-XXXX "It is gone."   a message about a report; then `send`
    python examples/outbox.py proof     keep what proves that it was filed, beside the receipt

Each report is a folder in the outbox. Its `report.json` is written before anything is sent and
after every step. So a step may be repeated but is never forgotten, and Tipline allows every step to
be repeated. `report.json` holds the receipt, which is a secret: keep the folder private. Each file
is deleted when it has been sent; the receipt is kept.
"""

import argparse
import contextlib
import hashlib
import http.client
import itertools
import json
import os
import random
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHUNK = 64 * 1024
TIMEOUT_S = 30
LONGEST_PAUSE_S = 60
POST_MAX_BYTES = 16 << 20
PARTS_PER_CALL = 8
MEDIA_PER_CALL = 5
MEDIA_PER_REPORT = 10
# The catalogue's `limits` when this was written, for use without a network.
MAX_BYTES = {"image": 25 << 20, "video": 500 << 20, "audio": 25 << 20}
MAX_BYTES_TOGETHER = 500 << 20
# In a flood a report needs a proof of work. A challenge that asks for more is not worked on: none
# that Tipline makes does.
MOST_BITS = 20
MOST_ROUNDS = 16
PROOFS_PER_REPORT = 3
# What a report can go without: a wrong one of these is left out, and never holds the text back.
OPTIONAL = {"media", "occurred_at", "location", "details", "contact"}
# Half a place would be another place: it goes whole.
PLACE = {"location.lat", "location.lon", "location.datum"}
# Why a file was rejected that may be sent again. For any other reason it would be rejected again.
WORTH_ANOTHER_TRY = {"not_received", "size_mismatch"}
TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".3gp": "video/3gpp",
    ".m4a": "audio/mp4",
    ".amr": "audio/amr",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".webm": "audio/webm",
}
# For a file whose name has no known ending: the bytes of each type, and where they are.
MAGIC = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftyphei", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"ID3", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1a\x45\xdf\xa3", "audio/webm"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftyp", "video/mp4"),
)

Progress = Callable[[str, int, int], None]


class Unacceptable(Exception):
    """Tipline would not accept this file. The message says why."""


class NotNow(ConnectionError):
    """The network does not allow more now. What is not sent is kept."""


class ProofRequired(Exception):
    """Too many reports come in: this one needs a proof of work for `challenge`."""

    def __init__(self, challenge: Mapping[str, Any]) -> None:
        self.challenge = challenge
        super().__init__("a proof of work is required")


class Refused(Exception):
    """A response that a retry will not change.

    `code` is the stable code of the problem; `fields` are the wrong fields, `reason` is why a file
    was rejected.
    """

    def __init__(
        self, status: int, code: str, fields: Iterable[str] = (), reason: str | None = None
    ) -> None:
        self.status, self.code, self.fields, self.reason = status, code, tuple(fields), reason
        wrong = f" ({', '.join(self.fields)})" if self.fields else ""
        super().__init__(f"{status} {code}{wrong}")


@dataclass(slots=True)
class Attachment:
    """A file of a report.

    `name` is the person's name of the file, `file` the name of our copy. `key` is the key of the
    call that adds it, if the report's body does not.
    """

    name: str
    file: str
    content_type: str
    size: int
    key: str | None = None
    media_id: str | None = None
    part_size: int | None = None
    sent: bool = False
    refused: str | None = None

    @property
    def waits(self) -> bool:
        return not (self.sent or self.refused)


@dataclass(slots=True)
class Entry:
    """A report in the outbox.

    `key` is made once and identifies the report for good. `body` is sent byte for byte, and blanks
    after it. `messages` are those that are not sent yet, each by a key of its own; `left_out` are
    the fields that it went without.
    """

    key: str
    body: str
    attachments: list[Attachment] = field(default_factory=list)
    id: str | None = None
    receipt: str | None = None
    reference: str | None = None
    refused: str | None = None
    messages: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        return not self.refused and bool(
            not self.receipt
            or self.messages
            or any(attachment.waits for attachment in self.attachments)
        )

    @property
    def declared(self) -> list[Attachment]:
        """The attachments in the report's body, in the same order. Further ones are added later."""
        return [
            attachment for attachment in self.attachments[:MEDIA_PER_CALL] if not attachment.refused
        ]


class Outbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, category: str, text: str, files: Iterable[Path]) -> Entry:
        """Write a report and its files to disk, before the network is used.

        Raises Unacceptable when a file is missing or would not be accepted; nothing is kept then.
        """
        paths = list(files)
        if len(paths) > MEDIA_PER_REPORT:
            raise Unacceptable(f"{len(paths)} files: a report can have {MEDIA_PER_REPORT}")
        entry = Entry(
            str(uuid.uuid4()), "", [examine(path, number) for number, path in enumerate(paths)]
        )
        if sum(attachment.size for attachment in entry.attachments) > MAX_BYTES_TOGETHER:
            raise Unacceptable(f"together larger than {MAX_BYTES_TOGETHER >> 20} MiB")
        room = self._room(entry.key)
        try:
            room.mkdir(parents=True, mode=0o700)
            for path, attachment in zip(paths, entry.attachments, strict=True):
                shutil.copyfile(path, room / attachment.file)
                attachment.size = (room / attachment.file).stat().st_size
            media = [self.declare(entry, attachment) for attachment in entry.declared]
            entry.body = json.dumps(
                {"category": category, "text": text, "media": media}, ensure_ascii=False
            )
            self.save(entry)
        except OSError as error:
            shutil.rmtree(room, ignore_errors=True)
            raise Unacceptable(f"cannot be kept: {error.strerror}") from None
        return entry

    def say(self, entry: Entry, text: str) -> None:
        """Write a message to disk, under a key that is made once."""
        entry.messages[str(uuid.uuid4())] = text
        self.save(entry)

    def declare(self, entry: Entry, attachment: Attachment) -> dict[str, Any]:
        """Return how a request declares an attachment."""
        declared: dict[str, Any] = {
            "content_type": attachment.content_type,
            "size": attachment.size,
        }
        if not will_go_in_parts(attachment):
            with self.path(entry, attachment).open("rb") as stream:
                declared["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
        return declared

    def entries(self) -> Iterator[Entry]:
        for path in sorted(
            self.folder.glob("*/report.json"), key=lambda path: path.stat().st_mtime
        ):
            kept = json.loads(path.read_text(encoding="utf-8"))
            yield Entry(
                **{
                    **kept,
                    "attachments": [Attachment(**attachment) for attachment in kept["attachments"]],
                }
            )

    def save(self, entry: Entry) -> None:
        """Write the whole entry or nothing, even if the battery fails. Delete sent files."""
        target = self._room(entry.key) / "report.json"
        fresh = target.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump(asdict(entry), stream, ensure_ascii=False)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(target)
        for attachment in entry.attachments:
            if attachment.sent:
                self.path(entry, attachment).unlink(missing_ok=True)

    def path(self, entry: Entry, attachment: Attachment) -> Path:
        return self._room(entry.key) / attachment.file

    def _room(self, key: str) -> Path:
        return self.folder / key


@dataclass(slots=True)
class Sender:
    """Sends what is not sent yet.

    `pause` waits for a number of seconds; `attempts` is how often a call is tried before it is left
    for later.
    """

    outbox: Outbox
    api: str
    progress: Progress
    pause: Callable[[float], None] = time.sleep
    attempts: int = 8

    def send(self, entry: Entry) -> None:
        """Send an entry as far as possible. Raises NotNow when the network does not allow more now:
        the rest stays in the outbox.
        """
        try:
            if entry.receipt is None:
                self._report(entry)
        except Refused as refused:
            entry.refused = str(refused)
            self.outbox.save(entry)
            return
        for key, text in list(entry.messages.items()):
            self._message(entry, key, text)
        for attachment in entry.attachments:
            if attachment.waits:
                try:
                    self._upload(entry, attachment)
                    attachment.sent = True
                except Refused as refused:
                    attachment.refused = str(refused)
                self.outbox.save(entry)

    def _message(self, entry: Entry, key: str, text: str) -> None:
        """Send a message: 201, or 200 when it had arrived and only the response was lost."""
        headers = {**self._receipt(entry), "Idempotency-Key": key}
        with contextlib.suppress(Refused):  # such as of a report that is deleted by now
            body = json.dumps({"text": text}).encode()
            self._call("POST", f"/v1/reports/{entry.id}/messages", body, headers)
        del entry.messages[key]
        self.outbox.save(entry)

    def keep_proof(self, entry: Entry) -> str | None:
        """Keep the proof that a report was filed, and return when to load it again: None for a
        whole one.
        """
        proof = self._call("GET", f"/v1/reports/{entry.id}/proof", b"", self._receipt(entry))
        path = self.outbox.path(entry, Attachment("", "proof.json", "", 0))
        path.write_text(json.dumps(proof, ensure_ascii=False), encoding="utf-8")
        later: str | None = proof.get("complete_by")
        return later

    def _report(self, entry: Entry) -> None:
        """Send the report. What is refused and optional is left out, so that it never stops the
        text.
        """
        headers = {"Idempotency-Key": entry.key} | self._first_proof(entry)
        proofs = 0
        while True:
            try:
                created = self._call("POST", "/v1/reports", entry.body.encode(), headers)
                break
            except ProofRequired as required:
                proofs += 1
                if proofs > PROOFS_PER_REPORT:
                    raise NotNow("too many reports come in; it is kept, try again later") from None
                headers["Tipline-Proof"] = prove(required.challenge, entry.key)
            except Refused as refused:
                wrong, before = {name.split(".")[0] for name in refused.fields}, entry.body
                if refused.status == 422 and wrong and wrong <= OPTIONAL:
                    self._leave_out(entry, refused)
                if entry.body == before:
                    raise
        entry.id, entry.receipt, entry.reference = (
            created["id"],
            created["receipt"],
            created["reference"],
        )
        # Each grant says whose it is. If the first response arrives a day late, there are none: the
        # uploads were cancelled.
        declared = entry.declared
        for upload in created["uploads"]:
            attachment = declared[upload["index"]]
            attachment.media_id, attachment.part_size = upload["media_id"], upload["part_size"]
        self.outbox.save(entry)
        if created.get("challenge"):
            self._add_proof(entry, created["challenge"])

    def _add_proof(self, entry: Entry, challenge: Mapping[str, Any]) -> None:
        """Repeat a report that was accepted without a proof, with one: officers see it sooner. It
        is filed already, so whatever fails here changes nothing.
        """
        body = padded(entry.body.encode())
        headers = {"Idempotency-Key": entry.key, **_json_headers(body)}
        with contextlib.suppress(
            *(OSError, http.client.HTTPException, Later, ProofRequired),
            *(AttributeError, LookupError, TypeError),  # not from Tipline
        ):
            headers["Tipline-Proof"] = prove(challenge, entry.key)
            request("POST", f"{self.api}/v1/reports", [body], headers)

    def _first_proof(self, entry: Entry) -> dict[str, str]:
        """Return the header with a proof, if reports need one now. A report of a missing child is
        accepted without, but officers see it sooner with one. Whatever fails here stops no report.
        """
        try:
            health = _read(request("GET", f"{self.api}/v1/health", [], {}))
            challenge = health.get("challenge")
            return {"Tipline-Proof": prove(challenge, entry.key)} if challenge else {}
        except (OSError, http.client.HTTPException, Later, Refused):
            return {}
        except (AttributeError, LookupError, TypeError):  # not from Tipline
            return {}

    def _leave_out(self, entry: Entry, refused: Refused) -> None:
        body, files = json.loads(entry.body), set[int]()
        for name in refused.fields:
            whole, _, part = name.partition(".")
            if whole == "media":
                number = part.partition(".")[0]
                files |= {int(number)} if number.isdigit() else set(range(len(entry.declared)))
            elif part and name not in PLACE and part in body.get(whole, {}):
                entry.left_out.append(name)
                del body[whole][part]
            elif body.pop(whole, None) is not None:
                entry.left_out.append(whole)
        body["media"] = [each for number, each in enumerate(body["media"]) if number not in files]
        for attachment in [each for number, each in enumerate(entry.declared) if number in files]:
            attachment.refused = str(refused)
        entry.body = json.dumps(body, ensure_ascii=False)
        self.outbox.save(entry)

    def _upload(self, entry: Entry, attachment: Attachment, *, anew: bool = True) -> None:
        """Send a file. Every attempt requests a new grant: grants cost nothing, and expire soon."""
        if not self.outbox.path(entry, attachment).is_file():
            raise Refused(0, "file_is_gone")
        if attachment.media_id is None:
            self._add(entry, attachment)
        address = f"/v1/reports/{entry.id}/media/{attachment.media_id}"
        try:
            if attachment.part_size:
                self._send_parts(entry, attachment, address, attachment.part_size)
            else:
                self._again(lambda: self._send_whole(entry, attachment, address))
        except Refused as refused:
            if refused.code == "not_awaiting":  # it had arrived, only the response was lost
                return
            is_gone = refused.code == "media_rejected" and refused.reason in WORTH_ANOTHER_TRY
            if not (is_gone or refused.code == "upload_gone") or not anew:
                raise
            # The upload was cancelled before it was complete: the file becomes a new attachment.
            attachment.media_id = attachment.key = None
            self.outbox.save(entry)
            self._upload(entry, attachment, anew=False)

    def _add(self, entry: Entry, attachment: Attachment) -> None:
        body = json.dumps({"media": [self.outbox.declare(entry, attachment)]}).encode()
        uploads: list[dict[str, Any]] = []
        # None, if the response to the same call was lost and its upload has been cancelled since.
        while not uploads:
            attachment.key = str(uuid.uuid4()) if attachment.key is None else attachment.key
            self.outbox.save(entry)
            headers = {**self._receipt(entry), "Idempotency-Key": attachment.key}
            uploads = self._call("POST", f"/v1/reports/{entry.id}/media", body, headers)["uploads"]
            attachment.key = None
        attachment.media_id, attachment.part_size = uploads[0]["media_id"], uploads[0]["part_size"]
        self.outbox.save(entry)

    def _send_whole(self, entry: Entry, attachment: Attachment, address: str) -> None:
        grant = self._call("POST", f"{address}/grant", b"", self._receipt(entry))
        boundary = uuid.uuid4().hex
        lines = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in grant["fields"].items()
        ]
        head = (
            "".join(lines)
            + f"--{boundary}\r\n"
            + 'Content-Disposition: form-data; name="file"; filename="file"\r\n\r\n'
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        response = request(
            "POST",
            grant["url"],
            self._stream(entry, attachment, 0, attachment.size, head, tail),
            {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(len(head) + attachment.size + len(tail)),
            },
        )
        _expect_stored(response)

    def _send_parts(
        self, entry: Entry, attachment: Attachment, address: str, part_size: int
    ) -> None:
        """Send the parts that storage does not hold. It lists them, so they are not stored here."""
        for again in (True, True, False):
            try:
                self._send_missing(entry, attachment, address, part_size)
            except Refused as refused:
                # It may be complete already: the next call finds out.
                if refused.code != "upload_gone":
                    raise
            try:
                self._call("POST", f"{address}/complete", b"", self._receipt(entry))
                return
            except Refused as refused:
                if refused.code not in ("parts_missing", "size_mismatch") or not again:
                    raise

    def _send_missing(
        self, entry: Entry, attachment: Attachment, address: str, part_size: int
    ) -> None:
        known = self._parts(entry, address, [])
        held = {part["number"] for part in known["held"]}
        missing = [number for number in range(1, known["part_count"] + 1) if number not in held]
        while missing:
            for part in self._parts(entry, address, missing[:PARTS_PER_CALL])["parts"]:
                self._send_part(entry, attachment, address, part, part_size)
            del missing[:PARTS_PER_CALL]

    def _send_part(
        self,
        entry: Entry,
        attachment: Attachment,
        address: str,
        part: Mapping[str, Any],
        part_size: int,
    ) -> None:
        """Send one part. Its URL may expire, so every further attempt requests a new one."""
        start = (part["number"] - 1) * part_size
        length = min(part_size, attachment.size - start)
        granted = [part]

        def attempt() -> None:
            parts = (
                [granted.pop()]
                if granted
                else self._parts(entry, address, [part["number"]])["parts"]
            )
            for each in parts:  # none, if storage holds it by now
                content = self._stream(entry, attachment, start, length)
                _expect_stored(
                    request("PUT", each["url"], content, {"Content-Length": str(length)})
                )

        self._again(attempt)

    def _parts(self, entry: Entry, address: str, numbers: list[int]) -> Any:
        return self._call(
            "POST",
            f"{address}/parts",
            json.dumps({"numbers": numbers}).encode(),
            self._receipt(entry),
        )

    def _stream(
        self,
        entry: Entry,
        attachment: Attachment,
        start: int,
        length: int,
        head: bytes = b"",
        tail: bytes = b"",
    ) -> Iterator[bytes]:
        """Yield a range of a file in pieces, so that it is never in memory as a whole."""
        yield head
        with self.outbox.path(entry, attachment).open("rb") as stream:
            stream.seek(start)
            left = length
            while left and (chunk := stream.read(min(CHUNK, left))):
                yield chunk
                left -= len(chunk)
                self.progress(attachment.file, start + length - left, attachment.size)
        yield tail

    def _receipt(self, entry: Entry) -> dict[str, str]:
        return {"Authorization": f"Receipt {entry.receipt}"}

    def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Any:
        """Repeat a JSON call until there is a final response, and return its body."""
        body = padded(body)
        return self._again(
            lambda: _read(
                request(method, self.api + path, [body], {**headers, **_json_headers(body)})
            )
        )

    def _again(self, attempt: Callable[[], Any]) -> Any:
        """Repeat an attempt until it succeeds, and return its result.

        The pauses get longer and have a random part, so that a thousand phones do not come back at
        the same time. An expired grant needs no pause, unless the next one is expired too. Raises
        NotNow after the last attempt.
        """
        expired = False
        for number in range(self.attempts):
            wait = random.uniform(0.5, 1) * min(LONGEST_PAUSE_S, 2**number)  # noqa: S311
            try:
                return attempt()
            except Expired:
                wait, expired = (wait if expired else 0), True
            except Later as later:
                wait = max(wait, later.after_s)
            except NotNow:
                raise
            except (OSError, http.client.HTTPException):
                pass
            if wait and number < self.attempts - 1:
                self.pause(wait)
        raise NotNow("not sent yet; it is kept, try again later")


class Expired(Exception):
    """The grant has expired: a new one helps."""


class Later(Exception):
    """Try again, after so many seconds or later."""

    def __init__(self, after_s: float) -> None:
        self.after_s = after_s


@dataclass(slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


def request(
    method: str, url: str, content: Iterable[bytes], headers: Mapping[str, str]
) -> Response:
    """Send one HTTP request and return the response.

    Raises OSError or HTTPException when there is no complete response, Later for 429 and 5xx,
    ProofRequired for a 429 that asks for a proof.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request(
            method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            iter(content),
            dict(headers),
        )
        received = connection.getresponse()
        response = Response(
            received.status,
            {name.lower(): value for name, value in received.getheaders()},
            received.read(),
        )
    finally:
        connection.close()
    if response.status == 429:
        _require_proof(response.body)
    if response.status == 429 or response.status >= 500:
        after = response.headers.get("retry-after", "")
        raise Later(int(after) if after.isdigit() else 0)
    return response


def prove(challenge: Mapping[str, Any], key: str) -> str:
    """Return the proof of a challenge for the report with this key: a few seconds of work.

    It is the challenge and a counter for each round. The SHA-256 of challenge, key, round and
    counter begins with as many zero bits as the challenge says. Raises NotNow for one that asks for
    more work than Tipline ever does.
    """
    text, bits, rounds = challenge["challenge"], challenge["bits"], challenge["rounds"]
    if not (0 < bits <= MOST_BITS and 0 < rounds <= MOST_ROUNDS):
        raise NotNow("asked for too much work; it is kept, try again later")
    most = 1 << (256 - bits)
    counters = []
    for number in range(rounds):
        start = hashlib.sha256(f"{text}:{key}:{number}:".encode())
        for counter in itertools.count():
            attempt = start.copy()
            attempt.update(b"%d" % counter)
            if int.from_bytes(attempt.digest(), "big") < most:
                counters.append(str(counter))
                break
    return f"{text}:{','.join(counters)}"


def _require_proof(body: bytes) -> None:
    """Raise ProofRequired if a 429 has a challenge."""
    try:
        challenge = json.loads(body)["challenge"]
    except (ValueError, LookupError, TypeError):
        return  # any other 429: from the gateway, for example
    if isinstance(challenge, dict) and challenge.keys() >= {"challenge", "bits", "rounds"}:
        raise ProofRequired(challenge)


def _read(response: Response) -> Any:
    if response.status == 413:
        # Above 4.5 MB it comes from AWS itself, in a form of its own.
        raise Refused(413, "body_too_large")
    try:
        content: Any = json.loads(response.body) if response.body else None
        if response.status < 400:
            return content
        refused = Refused(
            response.status,
            content["code"],
            [error["field"] for error in content.get("errors", ())],
            content.get("reason"),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Later(0) from None  # not from Tipline: the sign-in page of a hotel, for example
    raise refused


def _expect_stored(response: Response) -> None:
    """Raise what the response of storage means, unless the upload is stored. It is not JSON."""
    if response.status == 403:
        raise Expired
    if b"<Code>RequestTimeout</Code>" in response.body:
        raise Later(0)
    if b"<Code>NoSuchUpload</Code>" in response.body:
        raise Refused(response.status, "upload_gone")
    if response.status >= 300:
        raise Refused(response.status, "upload_refused")


def padded(body: bytes) -> bytes:
    """Return a JSON body with blanks after it, which mean nothing, so that its length says little
    to those who see how much is sent: a power of two from 2 to 64 KiB, or a multiple of 64 KiB.
    """
    if not body:
        return body
    size = max(2048, 1 << (len(body) - 1).bit_length())
    return body.ljust(size if size <= 65536 else -(-len(body) // 65536) * 65536)


def _json_headers(body: bytes) -> dict[str, str]:
    return {
        "Content-Length": str(len(body)),
        **({"Content-Type": "application/json"} if body else {}),
    }


def watch(
    entry: Entry,
    api: str,
    show: Callable[[Mapping[str, Any]], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Show the reporter's view each time it changes, until every medium has a result.

    An unchanged view is 304, without a body.
    """
    etag = ""
    while True:
        headers = {
            "Authorization": f"Receipt {entry.receipt}",
            "If-None-Match": etag,
            "Accept-Language": "zh",
        }
        response = request("GET", f"{api}/v1/reports/{entry.id}", [], headers)
        if response.status != 304:
            view = _read(response)
            etag = response.headers["etag"]
            show(view)
        if not any(medium["state"] in ("awaiting", "processing") for medium in view["media"]):
            return
        pause(view["poll_after_s"])


def examine(path: Path, number: int) -> Attachment:
    """Return a file as an attachment. Raises Unacceptable."""
    try:
        with path.open("rb") as stream:
            head, size = stream.read(16), os.fstat(stream.fileno()).st_size
    except OSError as error:
        raise Unacceptable(f"{path}: {error.strerror}") from None
    kind = TYPES.get(path.suffix.lower()) or next(
        (kind for at, magic, kind in MAGIC if head[at:].startswith(magic)), None
    )
    if kind is None:
        raise Unacceptable(
            f"{path}: no photo (JPEG, PNG, WebP, HEIC), video (MP4, MOV, 3GP) or sound (M4A, AMR, "
            "MP3, WAV, Ogg, WebM)"
        )
    most = MAX_BYTES[kind.split("/")[0]]
    if not 0 < size <= most:
        raise Unacceptable(f"{path}: {f'larger than {most >> 20} MiB' if size else 'empty'}")
    return Attachment(path.name, f"{number}{path.suffix.lower()}", kind, size)


def will_go_in_parts(attachment: Attachment) -> bool:
    return attachment.content_type.startswith("video/") and attachment.size > POST_MAX_BYTES


def _show_progress(name: str, done: int, total: int) -> None:
    print(
        f"\r  {name} {done * 100 // total:3} %",
        end="\n" if done == total else "",
        file=sys.stderr,
        flush=True,
    )


def _show(view: Mapping[str, Any]) -> None:
    media = ", ".join(
        f"{medium['state']}{' ' + medium['reason_text'] if medium['reason_text'] else ''}"
        for medium in view["media"]
    )
    print(f"{view['reference']} {view['status']} {media}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--api", default=os.environ.get("TIPLINE_API", "http://127.0.0.1:8000"))
    parser.add_argument("--outbox", type=Path, default=Path("outbox"))
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add")
    add.add_argument("category")
    add.add_argument("text")
    add.add_argument("files", nargs="*", type=Path)
    commands.add_parser("send")
    commands.add_parser("watch")
    say = commands.add_parser("say")
    say.add_argument("reference")
    say.add_argument("text")
    commands.add_parser("proof")
    arguments = parser.parse_args()

    outbox = Outbox(arguments.outbox)
    if arguments.command == "add":
        try:
            outbox.add(arguments.category, arguments.text, arguments.files)
        except Unacceptable as reason:
            sys.exit(str(reason))
    elif arguments.command == "send":
        sys.exit(_send_all(Sender(outbox, arguments.api, _show_progress)))
    elif arguments.command == "say":
        for entry in outbox.entries():
            if entry.reference == arguments.reference:
                outbox.say(entry, arguments.text)
    elif arguments.command == "proof":
        sender = Sender(outbox, arguments.api, _show_progress)
        for entry in outbox.entries():
            if entry.receipt:
                later = sender.keep_proof(entry)
                print(f"{entry.reference}: {f'not whole before {later}' if later else 'whole'}")
    else:
        sys.exit(_watch_all(outbox, arguments.api))


def _send_all(sender: Sender) -> int:
    """Try every report, even after one that cannot be sent. Return 0 if all are sent, else 1."""
    left = 0
    for entry in sender.outbox.entries():
        if not entry.waits:
            continue
        try:
            sender.send(entry)
        except NotNow as reason:
            print(f"{entry.reference or entry.key}: {reason}", file=sys.stderr)
            left = 1
            continue
        print(
            f"{entry.key} refused: {entry.refused}" if entry.refused else f"{entry.reference} sent"
        )
        for attachment in entry.attachments:
            if attachment.refused:
                print(f"  without {attachment.name}: {attachment.refused}")
        for name in entry.left_out:
            print(f"  without {name}: it was refused")
    return left


def _watch_all(outbox: Outbox, api: str) -> int:
    left = 0
    for entry in outbox.entries():
        if entry.receipt:
            try:
                watch(entry, api, _show)
            except Refused as refused:
                print(f"{entry.reference}: {refused}", file=sys.stderr)
                left = 1
            except (OSError, http.client.HTTPException, Later):
                print(f"{entry.reference}: no response now, try again later", file=sys.stderr)
                left = 1
    return left


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
