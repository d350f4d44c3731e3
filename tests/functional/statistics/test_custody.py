"""A file for a court takes two, and proves without us what came, when, and who touched it."""

import base64
import io
import json
import os
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import awscrt.checksums
import boto3
import pytest
from jsonschema import Draft202012Validator

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.writes import Update
from chalicelib.domain.officers.model import Role
from chalicelib.domain.statistics import exports
from chalicelib.handlers.media import functions
from chalicelib.services.statistics.custody import manifest_of, signature_of_manifest
from chalicelib.store.audit.rows import of_day
from examples import verify_custody
from examples.verify_custody import Keys
from infra.release import ROOT
from infra.stage.audit import find_keys
from infra.stage.target import Target
from tests import cloud
from tests.audit_trail import seal, stream_of
from tests.client import call, new_key, read_and_approve, report
from tests.custody import PATH, WHY, Made, ask, evidence, made, part, taken
from tests.ledger import close_hour
from tests.steps import by_officer

pytestmark = pytest.mark.officers("wang", chief={"roles": (Role.SUPERVISOR,)})


def test_it_takes_two_and_says_what_came_and_who_touched_it() -> None:
    picture = cloud.photo()
    created = evidence(picture)
    asked = ask(created)
    assert (asked.status, asked.json["state"]) == (202, "awaits_approval")
    assert part(asked.json["id"]).json["code"] == "not_approved"
    listed = call("GET", f"{PATH}/{asked.json['id']}", officer="chief").json
    assert (listed["custody"], listed["parts"]) == (True, 1)
    assert listed["report_id"] == created["id"]
    read_and_approve(f"{PATH}/{asked.json['id']}/approve", "chief")
    made = taken(part(asked.json["id"]))
    assert made.wrong() == []
    [original] = made.said["originals"]
    assert made.members[original["file"]] == picture
    assert original["sha256"] == original["checksum"]["value"]
    assert (made.said["by"], made.said["approved_by"]) == ("wang", "chief")
    history = [(each["action"], bool(each["sealed_in"])) for each in made.said["history"]]
    assert history[:-2] == [("open", True), ("open", True)]
    assert sorted(history[-2:]) == [("open", False), ("original", False)]
    assert made.said["history"][-1]["detail"]["reason"] == WHY["reason"]
    assert all("path" in leaf for leaf in made.said["ledger"]["leaves"])
    assert [each["head"] is not None for each in made.said["seals"]] == [True]


def test_it_says_where_words_were_masked_and_has_none_of_them() -> None:
    created = evidence(cloud.photo())
    body = {"part": "text", "start": 0, "passage": "有照片", "reason": "third_person"}
    assert by_officer("POST", created, "/masks", body).status == 201
    masks = f"/v1/officer/reports/{created['id']}/masks/1/approve"
    assert read_and_approve(masks, "chief").status == 200
    file = made(created)
    assert file.wrong() == []
    schema = json.loads((ROOT / "docs" / "custody.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(file.said)
    [mask] = file.said["masked"]
    assert (mask["part"], mask["by"], mask["approved_by"]) == ("text", "wang", "chief")
    assert not any("有照片".encode() in content for content in file.members.values())
    assert any("███".encode() in content for content in file.members.values())


@pytest.fixture
def whole(aws: Mapping[str, str]) -> Made:
    return made(evidence(cloud.photo(), cloud.scene(1)))


def test_any_changed_byte_of_a_file_is_named(whole: Made) -> None:
    members, chance = whole.members, random.Random(200)
    assert whole.wrong() == []
    for _ in range(200):
        name = chance.choice(sorted(members))
        content = bytearray(members[name])
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        said = whole.wrong({**members, name: bytes(content)})
        assert any(name in each.partition(": ")[0] for each in said), (name, said)


def test_the_entry_that_was_changed_is_named(whole: Made) -> None:
    said = whole.said
    said["history"][1]["by"] = "chief"
    changed = whole.wrong({**whole.members, "custody.json": json.dumps(said).encode()})
    assert "custody.json: it was altered" in changed[0]
    [entry] = (each for each in changed if "of the history" in each)
    assert entry.startswith("custody.json, entry 2 of the history (")


def test_another_text_of_the_same_signature_is_named(whole: Made) -> None:
    """JSON can be written in many ways, and in base64 the last letter has bits that say nothing."""
    members, signature = whole.members, whole.members["manifest.sig"]
    signed = json.loads(signature)
    # A key in DER has 91 bytes: before the two `=` are four bits of no use.
    last = signed["key"][-3]
    same = {**signed, "key": f"{signed['key'][:-3]}{chr(ord(last) + 1)}=="}
    for other in (
        signature.replace(b'":"', b'": "'),
        signature.replace(b"key", b"\\u006bey"),
        verify_custody.canonical(same),
    ):
        assert base64.b64decode(json.loads(other)["key"]) == base64.b64decode(signed["key"])
        [said] = whole.wrong({**members, "manifest.sig": other})
        assert "manifest.sig: " in said


def test_words_beside_a_signature_are_named(whole: Made) -> None:
    more = {**json.loads(whole.members["manifest.sig"]), "court": "as is"}
    signature = verify_custody.canonical(more)
    assert "manifest.sig: " in str(whole.wrong({**whole.members, "manifest.sig": signature}))
    beside = verify_custody.canonical({**json.loads(whole.signature), "court": "as is"})
    [said] = verify_custody.check_zip(whole.archive, beside, whole.keys)
    assert "it was altered" in said


def test_a_zip_with_more_than_its_files_is_named(whole: Made) -> None:
    """Also without its detached signature: other programs unpack what Python does not list."""
    other, linked = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(other, "w") as opened:
        opened.writestr("evidence.jpg", b"of another case")
    hidden = other.getvalue()[: other.getvalue().index(b"PK\x01\x02")]
    with zipfile.ZipFile(linked, "w") as opened:
        for name, content in whole.members.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o120777 << 16
            opened.writestr(entry, content)
    commented = whole.archive[:-2] + b"\x04\x00more"
    for archive in (hidden + whole.archive, commented, linked.getvalue()):
        members, wrong = verify_custody.read_members(archive)
        assert members == whole.members
        assert wrong == ["The zip: it has more in it than its files."]


def test_a_batch_that_no_signed_digest_names_is_no_seal(whole: Made) -> None:
    said = whole.said
    assert next(iter(verify_custody.notes_of(said, []))).startswith("2 of 5 ")
    said["seals"][0] |= {"digest": None, "head": None}
    assert next(iter(verify_custody.notes_of(said, []))).startswith("0 of 5 ")


def test_a_file_that_is_missing_or_added_is_named(whole: Made) -> None:
    members = whole.members
    for name in members:
        rest = {each: content for each, content in members.items() if each != name}
        assert any(each.startswith(f"{name}: ") for each in whole.wrong(rest)), name
    [said] = whole.wrong({**members, "more.jpg": b"more"})
    assert said.startswith("more.jpg: ")


def test_any_changed_byte_of_the_zip_is_shown_by_its_signature(whole: Made) -> None:
    def said(archive: bytes, signature: bytes) -> list[str]:
        return list(verify_custody.check_zip(archive, signature, whole.keys))

    assert said(whole.archive, whole.signature) == []
    chance = random.Random(67)
    for _ in range(100):
        for at, flipped in enumerate((bytearray(whole.archive), bytearray(whole.signature))):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            pair = [whole.archive, whole.signature]
            pair[at] = bytes(flipped)
            assert said(*pair)
    other = Keys([cloud.other_key()], whole.keys.ledger)
    assert "another key" in str(list(verify_custody.check_zip(*whole[:2], other)))


def doctored(made: Made, change: Callable[[Any], object]) -> list[str]:
    """Return what is wrong with a zip that somebody has changed who may sign such files, and makes
    all hashes anew.
    """
    members, said = made.members, made.said
    change(said)
    chain = ""
    for row in said["history"]:
        del row["chain"]
        content = verify_custody.canonical(row)
        chain = row["chain"] = verify_custody.sha256(chain.encode() + b"\n" + content)
    members["custody.json"] = json.dumps(said).encode()
    about = {name: said[name] for name in ("export", "part", "parts", "at")}
    del members["manifest.json"], members["manifest.sig"]
    manifest = manifest_of(members.items(), about)
    signature = signature_of_manifest(manifest, wiring.custody_key())
    return made.wrong({**members, "manifest.json": manifest, "manifest.sig": signature})


def taken_away(said: Any) -> None:
    del said["history"][0]
    for n, row in enumerate(said["history"], 1):
        row["n"] = n


def left_out(said: Any) -> None:
    del said["history"][-1]
    del said["history"][1]


def moved(said: Any) -> None:
    first, second = said["history"][:2]
    first["n"], second["n"] = 2, 1
    said["history"][:2] = [second | {"at": first["at"]}, first | {"at": second["at"]}]


def in_another_batch(said: Any) -> None:
    batches = said["seals"][0]["batches"]
    name = next(iter(batches))
    batches[name] = batches[name].replace("REPORT#", "REPORT#X")


def by_another_digest(said: Any) -> None:
    said["seals"][0]["digest"] = said["seals"][0]["digest"].replace('"count":', '"count":1')


# What is said of each forgery.
FORGERIES: Mapping[Callable[[Any], object], str] = {
    taken_away: "which the history has not",
    left_out: "it is not in its place",
    moved: "its time is not that of its key",
    lambda said: said["history"][0].update(at=said["history"][1]["at"]): "not that of its key",
    lambda said: said["originals"][0].update(version="another"): "names another original",
    lambda said: said["ledger"]["heads"][0]["head"].update(size=99): "the ledger's head of",
    lambda said: said["ledger"]["leaves"][0].update(hour=said["ledger"]["latest"]): "no such leaf",
    lambda said: said["ledger"]["leaves"][0].update(data=bytes(32).hex()): "not made of what it",
    in_another_batch: "was altered",
    by_another_digest: "the digest is not what was signed",
    lambda said: said["seals"][0].update(digest="{}", head=None): "has another form",
    lambda said: said["seals"][0].update(digest=None): "has the hash of another digest",
}


def test_who_signs_such_files_cannot_change_what_audit_and_ledger_have(whole: Made) -> None:
    assert doctored(whole, lambda said: None) == []
    for forged, named in FORGERIES.items():
        said = doctored(whole, forged)
        assert any(named in each for each in said), (named, said)


def test_it_has_the_published_form(whole: Made) -> None:
    schema = json.loads((ROOT / "docs/custody.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(whole.said)


def test_the_page_says_it_in_all_languages_and_needs_nothing_else(whole: Made) -> None:
    page = whole.members["custody.html"].decode()
    assert ("File for a court" in page, "诉讼证据卷宗" in page, "有照片" in page) == (True,) * 3
    assert whole.said["originals"][0]["sha256"] in page
    assert not any(each in page for each in ("<script", "<img", "<link", "url(", "http://"))


def test_what_is_too_large_for_one_zip_comes_in_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = [cloud.photo(), cloud.scene(1), cloud.scene(2)]
    created = evidence(*pictures)
    for upload, share in zip(created["uploads"], (0.6, 0.6, 1.1), strict=True):
        size = {"size": int(exports.ORIGINALS_MAX_BYTES * share)}
        row = keys.report(created["id"]), keys.media(upload["media_id"])
        wiring.reports().table.update(Update(*row, put=size))
    asked = ask(created)
    assert asked.json["parts"] == 2
    read_and_approve(f"{PATH}/{asked.json['id']}/approve", "chief")
    zips = [taken(part(asked.json["id"], number)) for number in (1, 2)]
    assert part(asked.json["id"], 3).status == 404
    found = [
        [each.members[original["file"]] for original in each.said["originals"] if original["file"]]
        for each in zips
    ]
    assert found == [pictures[:1], pictures[1:2]]
    assert [each.wrong() for each in zips] == [[], []]
    assert [each["part"] for each in zips[0].said["originals"]] == [1, 2, None]
    given = tmp_path / "large.jpg"
    for content, code, said in (
        (pictures[2], 0, "is the file that was given"),
        (b"another", 1, "it is no original of the report"),
    ):
        given.write_bytes(content)
        assert zips[0].run(tmp_path, "--original", str(given)) == code
        assert said in capsys.readouterr().out


def test_the_checksum_of_an_upload_in_parts_is_the_one_of_s3() -> None:
    content = random.Random(64).randbytes(1000)
    assert verify_custody.crc64nvme(content) == awscrt.checksums.crc64nvme(content)
    value = base64.b64encode(awscrt.checksums.crc64nvme(content).to_bytes(8)).decode()
    checksum = {"algorithm": "crc64nvme", "type": "full_object", "value": value}
    assert verify_custody.is_of(content, checksum) is True
    assert verify_custody.is_of(content + b"x", checksum) is False
    assert verify_custody.is_of(content, checksum | {"type": "composite"}) is None


def redact(created: Mapping[str, Any], media_id: str) -> None:
    regions = {"regions": [{"x": 0.1, "y": 0.1, "width": 0.4, "height": 0.4}]}
    by_officer("POST", created, f"/media/{media_id}/redaction", regions).expect(200)
    cloud.process(f"derived/{created['id']}/{media_id}/preview.jpg", None)
    done = f"derived/{created['id']}/{media_id}/redacted/manifest.json"
    event = cloud.s3_event(os.environ["MEDIA_BUCKET"], done, None)
    functions.record_media({"Records": [event]}, None)


def test_a_redacted_picture_leaves_in_place_of_its_original() -> None:
    picture = cloud.photo()
    created = evidence(picture)
    media_id = created["uploads"][0]["media_id"]
    redact(created, media_id)
    zip_ = made(created)
    [original] = zip_.said["originals"]
    assert (original["file"], zip_.wrong()) == (f"redacted/{media_id}.jpg", [])
    assert picture not in zip_.members.values()
    assert (original["redaction"]["by"], len(original["redaction"]["areas"])) == ("wang", 1)
    assert original["checksum"]["value"] == verify_custody.sha256(picture)


def test_when_a_caller_has_reported_is_known_to_the_minute() -> None:
    body = report("other", source="phone", text="电话举报")
    created = call("POST", "/v1/officer/reports", body, officer="wang", key=new_key()).json
    seal(stream_of())
    close_hour()
    close_hour()
    zip_ = made(created)
    [entered] = (each for each in zip_.said["history"] if "entered_by" in (each["detail"] or {}))
    assert (entered["at"][17:], entered["key"], entered["mac"]) == ("00.000Z", None, None)
    assert zip_.wrong() == []


def test_it_is_of_one_report() -> None:
    body = {**WHY, "filters": {}, "custody": True}
    [error] = call("POST", PATH, body, officer="wang").json["errors"]
    assert (error["field"], error["code"]) == ("custody", "unknown_field")


def test_the_zip_is_on_record_by_its_hash_before_it_is_for_download(whole: Made) -> None:
    rows = wiring.audit().history(of_day("wang", wiring.clock.now().date()))
    kept = [each.detail for each in rows if each.detail and "sha256" in each.detail]
    assert [each["sha256"] for each in kept] == [verify_custody.sha256(whole.archive)]


def test_the_operator_prints_the_key_that_signs(whole: Made) -> None:
    assert find_keys(Target(None, boto3.Session(), None, {}, ""), "custody") == whole.keys.custody
    assert whole.keys.custody != whole.keys.ledger


def test_the_program_says_what_it_found(
    whole: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert whole.run(tmp_path) == 0
    assert capsys.readouterr().out.startswith("Whole.")
    assert whole.run(tmp_path, keys=False) == 3
    assert whole._replace(archive=whole.archive + b"x").run(tmp_path) == 1
    assert "its bytes are not those" in capsys.readouterr().out
    assert whole._replace(archive=b"x").run(tmp_path) == 2
    assert whole._replace(keys=Keys(whole.keys.ledger, whole.keys.custody)).run(tmp_path) == 1
