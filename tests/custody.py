"""A file for a court: the report that it is of, and what its readers get."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from chalicelib import wiring
from examples import verify_custody
from examples.verify_custody import Keys
from tests import cloud
from tests.audit_trail import seal, stream_of
from tests.client import Reply, call, read_and_approve
from tests.ledger import close_hour
from tests.steps import by_officer, file

PATH = "/v1/officer/exports"
WHY = {"reason": "For the court."}
PHOTO = {"content_type": "image/jpeg", "size": 100_000}


class Made(NamedTuple):
    """A zip for a court with its detached signature, and the keys of the service."""

    archive: bytes
    signature: bytes
    keys: Keys

    @property
    def members(self) -> dict[str, bytes]:
        found, wrong = verify_custody.read_members(self.archive)
        assert wrong == []
        return found

    @property
    def said(self) -> Any:
        return json.loads(self.members["custody.json"])

    def wrong(self, members: Mapping[str, bytes] | None = None) -> list[str]:
        """Return what the verifier says of the zip, or of other files in its place."""
        return list(verify_custody.check_members(members or self.members, self.keys))

    def run(self, folder: Path, *more: str, keys: bool = True) -> int:
        """Run the verifier as a command, with the keys unless they are not to be given."""
        zip_ = folder / "court.zip"
        zip_.write_bytes(self.archive)
        (folder / "court.zip.sig").write_bytes(self.signature)
        given: list[str] = []
        for name, key in (("--key", self.keys.custody), ("--ledger-key", self.keys.ledger)):
            (folder / name).write_bytes(b"".join(map(cloud.pem, key or ())))
            given += [name, str(folder / name)] if keys else []
        return verify_custody.main([str(zip_), *given, *more])


def evidence(*pictures: bytes, officer: str = "wang") -> dict[str, Any]:
    """File a report with pictures, let an officer open it, and let the hours of it be over."""
    created = file("other", media=[PHOTO] * len(pictures), text="有照片")
    cloud.stream(cloud.all_keys())
    for upload, picture in zip(created["uploads"], pictures, strict=True):
        cloud.add_medium(created["id"], upload["media_id"], picture)
    by_officer("GET", created, officer=officer)
    by_officer("GET", created, "/history", officer=officer)
    seal(stream_of())
    close_hour()
    close_hour()
    return created


def ask(created: Mapping[str, Any]) -> Reply:
    body = {**WHY, "report_id": created["id"], "custody": True}
    return call("POST", PATH, body, officer="wang")


def part(export_id: str, number: int = 1) -> Reply:
    return call("POST", f"{PATH}/{export_id}/parts/{number}", WHY, officer="wang")


def made(created: Mapping[str, Any]) -> Made:
    """Let two officers make a file for a court of a report."""
    export_id = ask(created).json["id"]
    assert read_and_approve(f"{PATH}/{export_id}/approve", "chief").status == 200
    return taken(part(export_id))


def taken(reply: Reply) -> Made:
    """Download a zip and its signature."""
    assert reply.status == 201, reply.text
    keys = Keys([wiring.custody_key().public_key()], [wiring.signing_key().public_key()])
    zip_, signature = (_loaded(reply.json[name]) for name in ("url", "signature_url"))
    return Made(zip_, signature, keys)


def _loaded(url: str) -> bytes:
    key = unquote(urlsplit(url).path).lstrip("/").removeprefix(f"{os.environ['MEDIA_BUCKET']}/")
    found = cloud.client("s3").get_object(Bucket=os.environ["MEDIA_BUCKET"], Key=key)
    return bytes(found["Body"].read())
