"""How an app sends reports: an outbox that survives no network, a dead battery and a killed process. Standard library only.

    python examples/outbox.py add traffic_violation "A van blocks the crossing" photo.jpg video.mp4
    python examples/outbox.py send          sends whatever waits; end it when you like, and start it again
    python examples/outbox.py watch         what has become of what was sent, until there is nothing to wait for

Each report is a folder of the outbox. `report.json` in it is written before anything is sent and after every step, so that a step is
repeated at most, never forgotten; and every step of Tipline may be repeated. The receipt in it is a secret: keep the folder private.
"""

import argparse
import hashlib
import http.client
import json
import mimetypes
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
TRY_AGAIN = {429, 500, 502, 503, 504}
POST_MAX_BYTES = 16 << 20
PARTS_PER_CALL = 8
TYPES = {".heic": "image/heic", ".heif": "image/heif", ".webp": "image/webp", ".3gp": "video/3gpp", ".mov": "video/quicktime"}

Progress = Callable[[str, int, int], None]


class Refused(Exception):
    """An answer that trying again will not change. `code` is the problem's stable code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


@dataclass(slots=True)
class Attachment:
    file: str
    content_type: str
    size: int
    media_id: str | None = None
    part_size: int | None = None
    sent: bool = False


@dataclass(slots=True)
class Entry:
    """A report in the outbox. `key` is made once and is the report's identity for good; `body` is sent as it is, byte for byte."""

    key: str
    body: str
    attachments: list[Attachment] = field(default_factory=list)
    id: str | None = None
    receipt: str | None = None
    reference: str | None = None
    refused: str | None = None

    @property
    def waits(self) -> bool:
        return not self.refused and not (self.receipt and all(attachment.sent for attachment in self.attachments))


class Outbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, category: str, text: str, files: Iterable[Path]) -> Entry:
        """Everything is on disk before the network is touched: the person may put the phone away now."""
        key = str(uuid.uuid4())
        self._room(key).mkdir(parents=True, mode=0o700)
        attachments, media = [], []
        for number, path in enumerate(files):
            kept = self._room(key) / f"{number}{path.suffix.lower()}"
            shutil.copyfile(path, kept)
            attachment = Attachment(kept.name, content_type(path), kept.stat().st_size)
            declared: dict[str, Any] = {"content_type": attachment.content_type, "size": attachment.size}
            if not will_go_in_parts(attachment):
                declared["sha256"] = hashlib.sha256(kept.read_bytes()).hexdigest()
            attachments.append(attachment)
            media.append(declared)
        entry = Entry(key, json.dumps({"category": category, "text": text, "media": media}, ensure_ascii=False), attachments)
        self.save(entry)
        return entry

    def entries(self) -> Iterator[Entry]:
        for path in sorted(self.folder.glob("*/report.json"), key=lambda path: path.stat().st_mtime):
            kept = json.loads(path.read_text(encoding="utf-8"))
            yield Entry(**{**kept, "attachments": [Attachment(**attachment) for attachment in kept["attachments"]]})

    def save(self, entry: Entry) -> None:
        """All or nothing: a battery that dies here leaves the entry as it was."""
        target = self._room(entry.key) / "report.json"
        fresh = target.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump(asdict(entry), stream, ensure_ascii=False)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(target)

    def path(self, entry: Entry, attachment: Attachment) -> Path:
        return self._room(entry.key) / attachment.file

    def _room(self, key: str) -> Path:
        return self.folder / key


@dataclass(slots=True)
class Sender:
    """Sends what waits. `pause` waits for so many seconds; `attempts` is how often one call is tried before it is left for later."""

    outbox: Outbox
    api: str
    progress: Progress
    pause: Callable[[float], None] = time.sleep
    attempts: int = 8

    def send(self, entry: Entry) -> None:
        """Take an entry as far as it goes. ConnectionError when the network does not allow more: it stays in the outbox."""
        try:
            if entry.receipt is None:
                self._report(entry)
            for attachment in entry.attachments:
                if not attachment.sent:
                    self._upload(entry, attachment)
                    attachment.sent = True
                    self.outbox.save(entry)
        except Refused as refused:
            entry.refused = str(refused)
            self.outbox.save(entry)

    def _report(self, entry: Entry) -> None:
        created = self._call("POST", "/v1/reports", entry.body.encode(), {"Idempotency-Key": entry.key})
        entry.id, entry.receipt, entry.reference = created["id"], created["receipt"], created["reference"]
        # The first answer that arrives, be it to the first call or to its tenth repetition, has a grant for each attachment, in order.
        for attachment, upload in zip(entry.attachments, created["uploads"], strict=True):
            attachment.media_id, attachment.part_size = upload["media_id"], upload["part_size"]
        self.outbox.save(entry)

    def _upload(self, entry: Entry, attachment: Attachment) -> None:
        """Grants are short-lived and free: ask for one when about to send, whatever became of the last."""
        address = f"/v1/reports/{entry.id}/media/{attachment.media_id}"
        try:
            if attachment.part_size:
                self._send_parts(entry, attachment, address, attachment.part_size)
            else:
                self._again(lambda: self._send_whole(entry, attachment, address))
        except Refused as refused:
            # It had arrived before, only the word of it had not.
            if refused.code != "not_awaiting":
                raise

    def _send_whole(self, entry: Entry, attachment: Attachment, address: str) -> None:
        grant = self._call("POST", f"{address}/grant", b"", self._receipt(entry))
        boundary = uuid.uuid4().hex
        lines = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in grant["fields"].items()
        ]
        head = ("".join(lines) + f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n').encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        path = self.outbox.path(entry, attachment)
        answer = request(
            "POST",
            grant["url"],
            self._stream(path, 0, attachment.size, attachment.size, head, tail),
            {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(len(head) + attachment.size + len(tail))},
        )
        _expect_stored(answer)

    def _send_parts(self, entry: Entry, attachment: Attachment, address: str, part_size: int) -> None:
        """Storage says which parts it holds; nothing of that need be remembered here."""
        state = self._call("POST", f"{address}/parts", b'{"numbers":[1]}', self._receipt(entry))
        missing = set(range(1, -(-attachment.size // part_size) + 1)) - {part["number"] for part in state["held"]}
        while missing:
            wanted = json.dumps({"numbers": sorted(missing)[:PARTS_PER_CALL]}).encode()
            for part in self._call("POST", f"{address}/parts", wanted, self._receipt(entry))["parts"]:
                self._again(lambda part=part: self._send_part(entry, attachment, part, part_size))  # type: ignore[misc]
                missing.discard(part["number"])
        self._call("POST", f"{address}/complete", b"", self._receipt(entry))

    def _send_part(self, entry: Entry, attachment: Attachment, part: Mapping[str, Any], part_size: int) -> None:
        start = (part["number"] - 1) * part_size
        length = min(part_size, attachment.size - start)
        content = self._stream(self.outbox.path(entry, attachment), start, length, attachment.size)
        _expect_stored(request("PUT", part["url"], content, {"Content-Length": str(length)}))

    def _stream(self, path: Path, start: int, length: int, total: int, head: bytes = b"", tail: bytes = b"") -> Iterator[bytes]:
        """A file never stands in memory as a whole."""
        yield head
        with path.open("rb") as stream:
            stream.seek(start)
            left = length
            while left and (chunk := stream.read(min(CHUNK, left))):
                yield chunk
                left -= len(chunk)
                self.progress(path.name, start + length - left, total)
        yield tail

    def _receipt(self, entry: Entry) -> dict[str, str]:
        return {"Authorization": f"Receipt {entry.receipt}"}

    def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Any:
        """A JSON call, repeated until it is answered for good."""
        return self._again(lambda: _read(request(method, self.api + path, [body], {**headers, **_json_headers(body)})))

    def _again(self, attempt: Callable[[], Any]) -> Any:
        """Try, and try again after ever longer pauses with chance in them, so that a thousand phones do not come back at once."""
        for number in range(self.attempts):
            wait = random.uniform(0.5, 1) * min(LONGEST_PAUSE_S, 2**number)  # noqa: S311
            try:
                return attempt()
            except Later as later:
                wait = max(wait, later.after_s)
            except (OSError, http.client.HTTPException):
                pass
            if number < self.attempts - 1:
                self.pause(wait)
        raise ConnectionError("no success for now; what waits is kept")


class Later(Exception):
    def __init__(self, after_s: float) -> None:
        self.after_s = after_s


@dataclass(slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def request(method: str, url: str, content: Iterable[bytes], headers: Mapping[str, str]) -> Answer:
    """One HTTP request. OSError or HTTPException when there is no whole answer; Later when the answer says so."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, iter(content), dict(headers))
        response = connection.getresponse()
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()
    if answer.status in TRY_AGAIN:
        raise Later(float(answer.headers.get("retry-after", 0)))
    return answer


def _read(answer: Answer) -> Any:
    if answer.status >= 400:
        raise Refused(answer.status, json.loads(answer.body)["code"])
    return json.loads(answer.body) if answer.body else None


def _expect_stored(answer: Answer) -> None:
    """Storage speaks no JSON. 403 is a grant that has run out, the one refusal that a fresh grant mends."""
    if answer.status == 403:
        raise Later(0)
    if answer.status >= 300:
        raise Refused(answer.status, "upload_refused")


def _json_headers(body: bytes) -> dict[str, str]:
    return {"Content-Length": str(len(body)), **({"Content-Type": "application/json"} if body else {})}


def watch(entry: Entry, api: str, tell: Callable[[Mapping[str, Any]], None], pause: Callable[[float], None] = time.sleep) -> None:
    """Tell the reporter's view each time that it changes, until the media have their verdicts. An unchanged one costs no body."""
    etag = ""
    while True:
        headers = {"Authorization": f"Receipt {entry.receipt}", "If-None-Match": etag, "Accept-Language": "zh"}
        answer = request("GET", f"{api}/v1/reports/{entry.id}", [], headers)
        if answer.status != 304:
            view = _read(answer)
            etag = answer.headers["etag"]
            tell(view)
        if not any(medium["state"] in ("awaiting", "processing") for medium in view["media"]):
            return
        pause(view["poll_after_s"])


def content_type(path: Path) -> str:
    return TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def will_go_in_parts(attachment: Attachment) -> bool:
    return attachment.content_type.startswith("video/") and attachment.size > POST_MAX_BYTES


def _show_progress(name: str, done: int, total: int) -> None:
    print(f"\r  {name} {done * 100 // total:3} %", end="\n" if done == total else "", file=sys.stderr, flush=True)  # noqa: T201


def _show(view: Mapping[str, Any]) -> None:
    media = ", ".join(f"{medium['state']}{' ' + medium['reason_text'] if medium['reason_text'] else ''}" for medium in view["media"])
    print(f"{view['reference']} {view['status']} {media}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", default=os.environ.get("TIPLINE_API", "http://127.0.0.1:8000"))
    parser.add_argument("--outbox", type=Path, default=Path("outbox"))
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add")
    add.add_argument("category")
    add.add_argument("text")
    add.add_argument("files", nargs="*", type=Path)
    commands.add_parser("send")
    commands.add_parser("watch")
    arguments = parser.parse_args()

    outbox = Outbox(arguments.outbox)
    if arguments.command == "add":
        outbox.add(arguments.category, arguments.text, arguments.files)
    elif arguments.command == "send":
        sender = Sender(outbox, arguments.api, _show_progress)
        for entry in outbox.entries():
            if entry.waits:
                sender.send(entry)
                print(entry.refused or f"{entry.reference} sent")  # noqa: T201
    else:
        for entry in outbox.entries():
            if entry.receipt:
                watch(entry, arguments.api, _show)


if __name__ == "__main__":
    main()
