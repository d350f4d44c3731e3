"""The example for makers of apps does what docs/mobile.md says: nothing is lost, nothing is sent
twice, whatever dies on the way.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.domain.flood.load_level import Challenges, LoadLevel
from chalicelib.kernel.ids import Identity
from examples import outbox
from tests import cloud
from tests.local.outbox_stub import (
    CREATED,
    EXPIRED,
    FORM,
    STORED,
    Stub,
    conflict,
    created,
    grant,
    only,
    parts,
    sender,
)
from tests.local.stack import ROOT


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(cloud.photo())
    return path


@pytest.fixture
def box(tmp_path: Path) -> outbox.Outbox:
    return outbox.Outbox(tmp_path / "outbox")


def send(
    box: outbox.Outbox, stub: Stub, *files: Path, category: str = "other"
) -> tuple[outbox.Entry, list[float]]:
    """Add a report and send it. Return it as it was added, and the pauses in seconds."""
    entry, pauses = box.add(category, "a text", [*files]), list[float]()
    sender(box, stub.url, pauses).send(only(box))
    return entry, pauses


def test_without_a_network_it_waits_longer_each_time_and_keeps_the_report(
    box: outbox.Outbox, photo: Path
) -> None:
    pauses = list[float]()
    box.add("other", "a text", [photo])

    with pytest.raises(ConnectionError):
        sender(box, "http://127.0.0.1:1", pauses).send(only(box))

    assert len(pauses) == 3
    assert all(0.5 * 2**number <= pause <= 2**number for number, pause in enumerate(pauses))
    assert only(box).waits


def test_it_waits_for_retry_after_and_repeats_the_same_bytes_and_key(box: outbox.Outbox) -> None:
    stub = Stub(
        (429, {"Retry-After": "7"}, {}), (503, {"Retry-After": "2"}, {}), (201, {}, CREATED)
    )
    entry, pauses = send(box, stub)

    assert pauses == [7, 2]
    assert stub.seen == [(entry.key, outbox.padded(entry.body.encode()))] * 3
    assert len(stub.seen[0][1]) == 2048
    assert not only(box).waits


CHALLENGE = Challenges(Identity(b"a master key").challenge_mac).at(
    LoadLevel.NORMAL, datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
)
PROOF_REQUIRED = (
    429,
    {"Retry-After": "60"},
    {"code": "proof_required", "challenge": CHALLENGE.as_json()},
)


def is_valid(proof: str | None, key: str) -> bool:
    theirs = Challenges(Identity(b"a master key").challenge_mac)
    return theirs.check(proof, key, datetime(2026, 11, 24, 8, 30, tzinfo=UTC)) == "valid"


def test_it_works_for_a_429_with_a_challenge_and_sends_again_at_once(box: outbox.Outbox) -> None:
    stub = Stub(PROOF_REQUIRED, (201, {}, CREATED))
    entry, pauses = send(box, stub)

    assert (len(stub.seen), pauses, stub.proofs[0]) == (2, [], None)
    assert is_valid(stub.proofs[1], entry.key)
    assert not only(box).waits


def test_it_works_first_when_the_service_says_that_there_is_a_flood(box: outbox.Outbox) -> None:
    stub = Stub((201, {}, CREATED))
    stub.health = {"challenge": CHALLENGE.as_json()}
    entry, _ = send(box, stub)
    assert is_valid(stub.proofs[0], entry.key)


def test_it_gives_a_report_that_was_accepted_without_a_proof_one_later(box: outbox.Outbox) -> None:
    unproven = {**CREATED, "challenge": CHALLENGE.as_json()}
    stub = Stub((201, {}, unproven), (200, {}, CREATED))
    entry, _ = send(box, stub, category="child_abduction")
    assert [proof is not None for proof in stub.proofs] == [False, True]
    assert is_valid(stub.proofs[1], entry.key)
    assert not only(box).waits


@pytest.mark.parametrize("challenge", [{"challenge": 1}, "work", CHALLENGE.as_json()])
def test_a_later_proof_that_fails_leaves_the_report_filed(
    box: outbox.Outbox, challenge: object
) -> None:
    stub = Stub((201, {}, {**CREATED, "challenge": challenge}), (503, {}, {}))
    _, pauses = send(box, stub, category="child_abduction")
    assert not only(box).waits
    assert pauses == []


@pytest.mark.parametrize(
    "health", [[], {"challenge": {}}, {"challenge": "work"}, {"challenge": {"challenge": 1}}]
)
def test_a_strange_state_of_health_stops_no_report(box: outbox.Outbox, health: object) -> None:
    stub = Stub((201, {}, CREATED))
    stub.health = health
    send(box, stub)
    assert stub.proofs == [None]
    assert not only(box).waits


def test_it_does_not_work_for_ever(box: outbox.Outbox) -> None:
    box.add("other", "a text", [])
    again = Stub(*[PROOF_REQUIRED] * 4)
    with pytest.raises(outbox.NotNow):
        sender(box, again.url, []).send(only(box))
    assert len(again.seen) == 4

    endless = CHALLENGE.as_json() | {"bits": 200}
    hostile = Stub((429, {}, {"code": "proof_required", "challenge": endless}))
    with pytest.raises(outbox.NotNow):
        sender(box, hostile.url, []).send(only(box))
    assert only(box).waits


def test_files_that_are_too_large_together_are_not_added(tmp_path: Path) -> None:
    videos = [tmp_path / f"{n}.mp4" for n in range(2)]
    for video in videos:
        video.touch()
        os.truncate(video, 251 << 20)
    with pytest.raises(outbox.Unacceptable, match="together"):
        outbox.Outbox(tmp_path / "outbox").add("other", "a text", videos)
    assert not (tmp_path / "outbox").exists()


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (422, {"code": "invalid"}, "422 invalid"),
        (413, {"code": "body_too_large"}, "413 body_too_large"),
        (413, {"message": "Request Too Long"}, "413 body_too_large"),
        (413, b"HTTP content length exceeded 10485760 bytes.", "413 body_too_large"),
    ],
)
def test_a_refusal_is_not_repeated_whoever_refuses(
    box: outbox.Outbox, status: int, body: object, refused: str
) -> None:
    stub = Stub((status, {}, body))
    _, pauses = send(box, stub)

    assert only(box).refused == refused
    assert not only(box).waits
    assert (len(stub.seen), pauses) == (1, [])


def test_a_sign_in_page_in_between_is_no_response(box: outbox.Outbox) -> None:
    stub = Stub((200, {}, b"<html>Welcome to the hotel"), (403, {}, b"<html>Pay first"), created())
    _, pauses = send(box, stub)
    assert (only(box).reference, len(pauses)) == ("X", 2)


def test_what_was_sent_is_deleted_and_the_receipt_kept(box: outbox.Outbox, photo: Path) -> None:
    stub = Stub()
    stub.will_respond(created(FORM), grant(stub), STORED)
    entry, _ = send(box, stub, photo)

    assert [path.name for path in (box.folder / entry.key).iterdir()] == ["report.json"]
    assert (only(box).receipt, only(box).waits) == ("R", False)


@pytest.mark.parametrize(
    "refusal",
    [
        ("media_rejected", "not_received"),
        ("media_rejected", "size_mismatch"),
        ("upload_gone", None),
    ],
)
def test_a_file_that_came_too_late_is_added_under_a_new_key(
    box: outbox.Outbox, photo: Path, refusal: tuple[str, str | None]
) -> None:
    stub = Stub()
    added = {"uploads": [{"media_id": "N", "part_size": None}]}
    stub.will_respond(
        created(FORM), conflict(*refusal), (503, {}, {}), (201, {}, added), grant(stub), STORED
    )
    entry, _ = send(box, stub, photo)

    media = "/v1/reports/A/media"
    assert stub.paths == [
        "/v1/reports",
        f"{media}/M/grant",
        media,
        media,
        f"{media}/N/grant",
        "/bucket",
    ]
    (first, body), (second, same) = stub.seen[2:4]
    assert first == second != entry.key
    assert body == same
    assert json.loads(body)["media"] == json.loads(entry.body)["media"]
    assert photo.read_bytes() in stub.seen[-1][1]
    assert only(box).attachments[0].sent


@pytest.mark.parametrize("reasons", [["unreadable"], ["not_received", "not_received"]])
def test_a_file_that_would_be_rejected_again_is_not_sent_for_ever(
    box: outbox.Outbox, photo: Path, reasons: list[str]
) -> None:
    stub = Stub()
    added = {"uploads": [{"media_id": "N", "part_size": None}]}
    refused = [conflict("media_rejected", reason) for reason in reasons]
    stub.will_respond(created(FORM), refused[0])
    for again in refused[1:]:
        stub.will_respond((201, {}, added), again)
    send(box, stub, photo)
    [attachment] = only(box).attachments
    assert (attachment.sent, attachment.refused) == (False, "409 media_rejected")
    assert box.path(only(box), attachment).is_file()


def test_a_replay_gives_each_file_the_medium_of_its_place(
    box: outbox.Outbox, photo: Path, tmp_path: Path
) -> None:
    """The first one has no grant: it came too late, and is added anew."""
    other = tmp_path / "other.jpg"
    other.write_bytes(cloud.photo((80, 60)))
    stub = Stub()
    added = {"uploads": [{"media_id": "N", "part_size": None}]}
    second = {"index": 1, "media_id": "M1", "part_size": None}
    stub.will_respond(created(second), (201, {}, added), grant(stub), STORED, grant(stub), STORED)
    send(box, stub, photo, other)
    assert [each.media_id for each in only(box).attachments] == ["N", "M1"]
    assert other.read_bytes() in stub.seen[-1][1]


def test_a_wrong_field_that_is_optional_holds_no_report_back(box: outbox.Outbox) -> None:
    entry = box.add("other", "a text", [])
    place = {"lat": 39.9, "lon": 116.4}
    sent = {**json.loads(entry.body), "location": place, "occurred_at": "2030-01-01T00:00Z"}
    entry.body = json.dumps(sent | {"location": place | {"accuracy_m": -1}})
    box.save(entry)
    wrong = [{"field": "location.accuracy_m"}, {"field": "occurred_at"}]
    stub = Stub((422, {}, {"code": "invalid", "errors": wrong}), (201, {}, CREATED))
    sender(box, stub.url, []).send(only(box))
    (key, _), (same, body) = stub.seen
    del sent["occurred_at"]
    assert (json.loads(body), same) == (sent, key)
    assert only(box).left_out == ["location.accuracy_m", "occurred_at"]
    assert not only(box).waits


def test_half_a_place_is_not_sent(box: outbox.Outbox) -> None:
    entry = box.add("other", "a text", [])
    entry.body = json.dumps(
        json.loads(entry.body) | {"location": {"lat": 9, "lon": 9, "datum": "x"}}
    )
    box.save(entry)
    wrong = {"code": "invalid", "errors": [{"field": "location.datum"}]}
    stub = Stub((422, {}, wrong), (201, {}, CREATED))
    sender(box, stub.url, []).send(only(box))
    assert "location" not in json.loads(stub.seen[1][1])
    assert only(box).left_out == ["location"]


def test_a_response_a_day_late_has_no_grants_and_the_file_is_added(
    box: outbox.Outbox, photo: Path
) -> None:
    stub = Stub()
    added = {"uploads": [{"media_id": "N", "part_size": None}]}
    stub.will_respond(
        (200, {}, CREATED), (201, {}, {"uploads": []}), (201, {}, added), grant(stub), STORED
    )
    send(box, stub, photo)
    assert stub.seen[1][0] != stub.seen[2][0]  # what the first call added had been given up as well
    assert only(box).attachments[0].sent


def test_a_form_that_has_run_out_is_replaced_at_once(box: outbox.Outbox, photo: Path) -> None:
    stub = Stub()
    stub.will_respond(created(FORM), grant(stub, "/old"), EXPIRED, grant(stub, "/new"), STORED)
    _, pauses = send(box, stub, photo)
    assert (stub.paths[2], stub.paths[4], pauses) == ("/old", "/new", [])
    assert only(box).attachments[0].sent


def test_an_expired_part_url_is_replaced_and_never_used_again(
    tmp_path: Path, box: outbox.Outbox
) -> None:
    stub = Stub()
    video = tmp_path / "video.mp4"
    video.write_bytes(bytes(17 << 20))
    stub.will_respond(
        created({**FORM, "part_size": 8 << 20}),
        parts(stub, [2]),
        parts(stub, [2], p1="old1", p3="old3"),
        EXPIRED,
        parts(stub, [2], p1="new1"),
        STORED,
        (503, {}, b""),  # it had arrived, though storage did not say so
        parts(stub, [1, 2, 3]),
        (200, {}, {}),
    )
    _, pauses = send(box, stub, video)
    assert [path for path in stub.paths if not path.startswith("/v1")] == [
        "/old1",
        "/new1",
        "/old3",
    ]
    assert [
        json.loads(body)["numbers"] for _, body in stub.seen if body.startswith(b'{"numbers"')
    ] == [[], [1, 3], [1], [3]]
    assert len(pauses) == 1
    assert only(box).attachments[0].sent


def test_parts_of_the_wrong_size_are_sent_again(tmp_path: Path, box: outbox.Outbox) -> None:
    stub = Stub()
    video = tmp_path / "video.mp4"
    video.write_bytes(bytes(17 << 20))
    stub.will_respond(
        created({**FORM, "part_size": 8 << 20}),
        parts(stub, [1, 2, 3]),
        conflict("size_mismatch"),
        parts(stub, [1, 2]),
        parts(stub, [1, 2], p3="new3"),
        STORED,
        (200, {}, {}),
    )
    send(box, stub, video)
    assert only(box).attachments[0].sent


def test_what_was_said_goes_without_the_attachment_that_is_refused(
    box: outbox.Outbox, photo: Path
) -> None:
    stub = Stub()
    wrong = {"code": "invalid", "errors": [{"field": "media.0.size", "code": "too_large"}]}
    stub.will_respond((422, {}, wrong), created(FORM), grant(stub), STORED)
    entry, _ = send(box, stub, photo, photo)

    (key, first), (same, second) = stub.seen[:2]
    assert key == same == entry.key
    assert json.loads(second) == {**json.loads(first), "media": json.loads(first)["media"][1:]}
    first_of, second_of = only(box).attachments
    assert (first_of.refused, first_of.sent, second_of.refused, second_of.sent) == (
        "422 invalid (media.0.size)",
        False,
        None,
        True,
    )
    assert (only(box).reference, only(box).refused) == ("X", None)


def test_more_files_than_one_call_takes_are_added_to_the_report(
    box: outbox.Outbox, photo: Path
) -> None:
    stub = Stub()
    five = [{**FORM, "index": number, "media_id": f"M{number}"} for number in range(5)]
    stub.will_respond(
        created(*five), *[grant(stub), STORED] * 5, (409, {}, {"code": "too_many_media"})
    )
    send(box, stub, *[photo] * 6)
    assert [attachment.sent for attachment in only(box).attachments] == [True] * 5 + [False]
    assert only(box).attachments[5].refused == "409 too_many_media"
    assert only(box).refused is None


def run(box: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "examples/outbox.py", "--outbox", str(box), *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("gone.jpg", None, "No such file"),
        ("notes.txt", b"words", "no photo"),
        ("empty.jpg", b"", "empty"),
        ("huge.jpg", bytes((25 << 20) + 1), "larger than 25 MiB"),
    ],
)
def test_a_file_of_a_wrong_type_is_refused_in_one_line(
    tmp_path: Path, photo: Path, name: str, content: bytes | None, why: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    ended = run(tmp_path / "outbox", "add", "other", "a text", str(photo), str(file))
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert why in line
    assert list(tmp_path.glob("outbox/*")) == []


def test_a_photo_without_an_ending_is_known_by_its_first_bytes(tmp_path: Path, photo: Path) -> None:
    photo.rename(tmp_path / "IMG_0001")
    entry = outbox.Outbox(tmp_path / "outbox").add("other", "a text", [tmp_path / "IMG_0001"])
    assert entry.attachments[0].content_type == "image/jpeg"


def test_a_network_that_fails_for_one_report_keeps_no_other_from_being_tried(
    box: outbox.Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = Stub(*[(503, {}, {})] * 4, created())
    first, second = box.add("other", "one", []), box.add("other", "two", [])
    assert outbox._send_all(sender(box, stub.url, [])) == 1
    assert [key for key, _ in stub.seen] == [first.key] * 4 + [second.key]
    said = capsys.readouterr()
    assert (said.out, first.key in said.err) == ("X sent\n", True)


def test_watching_without_a_network_ends_in_one_line(box: outbox.Outbox) -> None:
    entry = box.add("other", "a text", [])
    entry.id, entry.receipt, entry.reference = "A", "R", "X"
    box.save(entry)
    ended = run(box.folder, "--api", "http://127.0.0.1:1", "watch")
    assert (ended.returncode, ended.stderr) == (1, "X: no response now, try again later\n")
