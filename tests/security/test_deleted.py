"""After a report was deleted, the audit holds nothing that a person has written, and no key opens
what is sealed there: neither one that is left in a table or a secret, nor one in KMS.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from chalicelib import wiring
from chalicelib.aws.attributes import unpack
from chalicelib.domain.officers.model import Role
from chalicelib.kernel.ids import report_id_of
from chalicelib.kernel.sealing import KEY_BYTES, PrivateKey, row_info
from chalicelib.services.audit import words as sealed_words
from tests import cloud
from tests.audit_trail import complaints, digest, seal, stream_of, unlocked_bucket
from tests.client import call, new_key, read_and_approve, report
from tests.faults import test_canaries as canaries
from tests.security.attacker import Attacker
from tests.security.dump import dump
from tests.security.search import search
from tests.steps import by_reporter, by_second_officer


@dataclass(frozen=True)
class Audited:
    """What is left in the audit of reports that are deleted: a folder with its rows and seals, the
    reports and their keys, and the sealed values that the rows had before.
    """

    folder: Path
    reports: list[dict[str, Any]]
    keys: list[str]
    sealed: list[tuple[str, str, bytes]]


@pytest.fixture(scope="module")
def audited(aws: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    for name in ("wang", "li", "narrow"):
        own = {"categories": ("other",)} if name == "narrow" else {}
        cloud.officer(name, roles=(Role.OFFICER, Role.SUPERVISOR, Role.ADMIN), **own)
    with unlocked_bucket():
        made = [canaries.all_trips() for _ in range(2)]
        reports = [created for created, _ in made]
        for each in reports:
            work_with(each)
        end(reports)
        seal(stream_of())
        digest()
        folder = tmp_path_factory.mktemp("deleted")
        dump(aws, "", folder)
        yield Audited(folder, reports, [key for _, key in made], sealed_of(reports))


def work_with(created: Mapping[str, Any]) -> None:
    """Give reasons everywhere, and put what is no id where an id is asked for."""
    path, reason = f"/v1/officer/reports/{created['id']}", {"reason": canaries.OFFICERS[0]}
    [medium] = call("GET", path, officer="wang").json["media"]
    for officer in ("wang", "narrow"):
        call("GET", f"{path}?reason={quote(canaries.OFFICERS[0])}", officer=officer)
        call("POST", f"{path}/contact", reason, officer=officer)
        call("POST", f"{path}/media/{medium['media_id']}/original", reason, officer=officer)
    read_and_approve(f"{path}/hold/approve", "li")
    call("DELETE", f"{path}/hold", officer="li")
    body = report(source="phone", text=canaries.TEXT, contact={"name": canaries.NAME})
    call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang")
    for wrong in (created["receipt"], canaries.NAME, canaries.TEXT, f"B-{canaries.NAME}"):
        typed = quote(wrong)
        for target in (
            f"/v1/officer/reports/{typed}",
            f"/v1/officer/reports/{typed}/history",
            f"/v1/officer/reports?bulletin_id={typed}",
            f"/v1/officer/reports?bulletin_id={typed}&cursor=x",
            f"/v1/officer/reports?reference={typed}",
            f"/v1/officer/bulletins?channel={typed}",
            f"/v1/officer/bulletins?cursor={typed}",
            f"/v1/officer/bulletins/{typed}",
        ):
            call("GET", target, officer="wang")
            call("GET", target, officer="nobody")
        if wrong == created["receipt"]:  # other words may be the username of an officer
            for name in (wrong, wrong.lower()):
                call("GET", f"/v1/officer/reports?assignee={name}", officer="wang")
                call("GET", f"/v1/admin/officers/{name}", officer="wang")
        call("POST", f"/v1/officer/reports/{typed}/contact", reason, officer="wang")
        call("POST", f"{path}/media/{typed}/original", reason, officer="wang")
        call("DELETE", f"{path}/media/{typed}/redaction", officer="wang")
        call("PATCH", path, {"duplicate_of": wrong}, officer="wang", version=2)


def end(reports: list[dict[str, Any]]) -> None:
    """Close one report and withdraw the other, and let both be deleted."""
    closed, withdrawn = reports
    path = f"/v1/officer/reports/{closed['id']}"
    version = call("GET", path, officer="wang").headers["etag"]
    outcome = {"status": "closed", "disposition": "resolved", "reason": canaries.OFFICERS[0]}
    reply = call("PATCH", path, outcome, officer="wang", headers={"If-Match": version})
    assert reply.status == 200, reply.text
    if reply.json["proposal"]:
        assert by_second_officer(closed, "/closing/confirm").status == 201
    reply = by_reporter("DELETE", withdrawn)
    assert reply.status < 300, reply.text
    # An original that nobody has looked at puts the deletion off, for a year at the most.
    for days in (91, 366):
        wiring.clock.advance(timedelta(days=days))
        for _ in range(3):
            cloud.sweep()
    for each in reports:
        assert call("GET", "/v1/reports/mine", receipt=each["receipt"]).status == 410


def sealed_of(reports: list[dict[str, Any]]) -> list[tuple[str, str, bytes]]:
    """Return the sealed values in the audit rows of these reports, with their keys."""
    rows = map(unpack, cloud.client("dynamodb").scan(TableName=os.environ["AUDIT_TABLE"])["Items"])
    wanted = {f"REPORT#{each['id']}" for each in reports}
    return [
        (row["pk"], row["sk"], row["sealed"])
        for row in rows
        if row["pk"] in wanted and "sealed" in row
    ]


def test_what_was_written_is_sealed_in_the_audit_and_opens_with_the_receipt(
    audited: Audited,
) -> None:
    found = {each["id"]: 0 for each in audited.reports}
    for pk, sk, value in audited.sealed:
        [owner] = (each for each in audited.reports if pk.endswith(each["id"]))
        key = wiring.identity().content_key(owner["receipt"])
        words = key.open(value, row_info(pk, sk, sealed_words._WORDS)).decode()
        assert canaries.OFFICERS[0] in words or "The ambulance asks." in words
        found[owner["id"]] += 1
    assert min(found.values()) >= 5


def test_nothing_that_is_left_holds_a_word_a_receipt_or_a_phones_key(audited: Audited) -> None:
    receipts = [each["receipt"] for each in audited.reports]
    canary = [*canaries.SAID, *canaries.OFFICERS, "The ambulance asks."]
    assert search(audited.folder, [*canary, *receipts, *audited.keys]) == []


def deleted_reports(keys: Iterable[PrivateKey], audited: Audited) -> set[str]:
    """Return which of the reports one of these keys would open. A report's id is the hash of its
    public half, so no value needs to be tried.
    """
    opened = {report_id_of(key.public) for key in keys}
    return opened & {each["id"] for each in audited.reports}


def test_no_key_opens_it_that_all_secrets_and_rows_hold_or_that_is_derived_from_them(
    audited: Audited,
) -> None:
    found = [PrivateKey(key) for key in Attacker(audited.folder, [], []).keys]
    assert len(found) > 5_000
    assert deleted_reports(found, audited) == set()


def test_the_same_search_finds_the_key_of_a_receipt(audited: Audited) -> None:
    mine = audited.reports[0]
    found = map(PrivateKey, Attacker(audited.folder, [mine["receipt"]], []).keys)
    assert deleted_reports(found, audited) == {mine["id"]}


def test_no_key_opens_it_that_kms_still_unwraps(audited: Audited) -> None:
    found = list(unwrapped())
    # Those of the reports that officers entered, which are not deleted.
    assert len(found) >= 2
    assert deleted_reports(found, audited) == set()


def unwrapped() -> Iterator[PrivateKey]:
    """Yield what each key in KMS unwraps of anything that is left in a row."""
    dynamodb, kms = cloud.client("dynamodb"), cloud.client("kms")
    for table in dynamodb.list_tables()["TableNames"]:
        for row in map(unpack, dynamodb.scan(TableName=table)["Items"]):
            for value in _binaries(row):
                for name in ("CONTENT_KEY", "CONTACT_KEY"):
                    with contextlib.suppress(ClientError):
                        opened = kms.decrypt(
                            KeyId=os.environ[name],
                            CiphertextBlob=value,
                            EncryptionAlgorithm="RSAES_OAEP_SHA_256",
                        )["Plaintext"]
                        if len(opened) == KEY_BYTES:
                            yield PrivateKey(opened)


def _binaries(value: Any) -> Iterator[bytes]:
    match value:
        case bytes():
            yield value
        case dict():
            for each in value.values():
                yield from _binaries(each)


def test_the_audit_is_whole_after_all(audited: Audited) -> None:
    assert complaints() == []
