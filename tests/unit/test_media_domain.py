"""The rules of media: declarations, states, keys of objects, and types by the first bytes."""

import itertools
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.aws.grants import part_count
from chalicelib.domain.catalogue.attachments import (
    ACCEPTED,
    MIB,
    PART_SIZE,
    POST_MAX_BYTES,
    Declared,
    goes_in_parts,
)
from chalicelib.domain.media import sniff
from chalicelib.domain.reports.media import Manifest, MediaState, advances, hints
from chalicelib.kernel.files import (
    derived_key,
    original_key,
    parse_manifest_key,
    parse_original_key,
)
from chalicelib.kernel.ids import ID_PATTERN, Owner, OwnerKind, bulletin_id, owner_of

SHA256 = "AB" * 32


def declare(**fields: Any) -> Declared:
    return Declared.model_validate({"content_type": "image/jpeg", "size": 1000, **fields})


def test_each_accepted_type_is_accepted_up_to_its_limit_and_not_beyond() -> None:
    for content_type, accepted in ACCEPTED.items():
        assert (
            declare(content_type=content_type, size=accepted.max_bytes).size == accepted.max_bytes
        )
        with pytest.raises(ValidationError, match="too_large"):
            declare(content_type=content_type, size=accepted.max_bytes + 1)


def test_a_checksum_is_lower_case_and_allowed_for_any_upload_by_post() -> None:
    assert declare(sha256=SHA256).sha256 == SHA256.lower()
    assert (
        declare(content_type="video/mp4", size=POST_MAX_BYTES, sha256=SHA256).sha256
        == SHA256.lower()
    )
    assert declare(size=25 * MIB, sha256=SHA256).sha256 == SHA256.lower()


def test_only_videos_above_the_limit_go_up_in_parts() -> None:
    assert not goes_in_parts("image/jpeg", 25 * MIB)
    assert not goes_in_parts("video/mp4", POST_MAX_BYTES)
    assert goes_in_parts("video/mp4", POST_MAX_BYTES + 1)
    assert part_count(POST_MAX_BYTES + 1) == 3
    assert part_count(500 * MIB) * PART_SIZE >= 500 * MIB


def test_a_state_only_moves_forward_and_a_verdict_is_for_good() -> None:
    forward = {
        (a.value, b.value) for a, b in itertools.product(MediaState, repeat=2) if advances(a, b)
    }
    assert forward == {
        ("awaiting", "processing"),
        ("awaiting", "ready"),
        ("awaiting", "rejected"),
        ("processing", "ready"),
        ("processing", "rejected"),
    }


def test_keys_are_read_back_as_they_are_made_and_foreign_ones_are_nobodys() -> None:
    assert parse_original_key(original_key("R1", "M1")) == ("R1", "M1")
    assert parse_manifest_key(derived_key("R1", "M1", "manifest.json")) == ("R1", "M1")
    foreign = [
        "",
        "originals/R1",
        "originals/R1/M1/x",
        "originals//M1",
        "originals/../M1",
        "originals/R1/M1\n",
        "x/originals/R1/M1",
    ]
    foreign += [
        "originals/R 1/M1",
        "originals/ü/M1",
        f"originals/{'R' * 65}/M1",
        derived_key("R1", "M1", "thumb.jpg"),
    ]
    assert [key for key in foreign if parse_original_key(key) or parse_manifest_key(key)] == []


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1", "image/heif"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "video/mp4"),
        (b"\0\0\0\x18ftyp3gp5\0\0\0\x003gp5isom", "video/3gpp"),
        (b"\0\0\0\x18ftypXXXX\0\0\0\0XXXXisom", "video/mp4"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", None),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", None),
        (b"\0\0\0\x14ftypXXXX\0\0\0\0XXXX", None),
        (b"\0\0\0\x08ftyp", None),
        (b"\x1a\x45\xdf\xa3matroska", None),
        (b"<html>", None),
        (b"%!PS-Adobe", None),
        (b"GIF89a", None),
        (b"II*\0", None),
        (b"8BPS", None),
        (b"P6\n1 1\n255\n", None),
        (b"\0\0\0\x0cjP  \r\n\x87\n", None),
        (b"icns", None),
        (b"", None),
    ],
)
def test_only_the_bytes_say_what_a_file_is(head: bytes, content_type: str | None) -> None:
    assert sniff(head) == content_type


def test_a_manifest_is_ready_with_pictures_or_rejected_with_a_reason() -> None:
    ready = {
        "state": "ready",
        "content_type": "image/png",
        "size": 9,
        "version_id": "v",
        "thumb_version": "t",
        "preview_version": "p",
    }
    rejected = {"state": "rejected", "reason": "unreadable", "size": 9, "version_id": "v"}
    for good in (ready, rejected):
        manifest = Manifest.model_validate(good)
        assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    for bad in (
        {**ready, "thumb_version": None},
        {**ready, "reason": "unreadable"},
        {**rejected, "reason": None},
        {**rejected, "thumb_version": "t"},
    ):
        with pytest.raises(ValidationError):
            Manifest.model_validate(bad)
    with pytest.raises(ValidationError):
        Manifest.model_validate({**rejected, "state": "processing"})


@pytest.mark.parametrize(
    "place", [{"lat": 1.0}, {"lat": 91.0, "lon": 0.0}, {"lat": float("nan"), "lon": 0.0}]
)
def test_a_hint_holds_a_whole_place_or_none(place: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        hints().validate_python(place)


def test_a_bulletins_id_is_no_reports_and_its_media_keys_read_back() -> None:
    made = bulletin_id("7" * 16)
    assert owner_of(made) == Owner(OwnerKind.BULLETIN, made)
    assert owner_of("7" * 26).kind is OwnerKind.REPORT
    assert not ID_PATTERN.fullmatch(made)
    assert parse_original_key(original_key(made, "8" * 16)) == (made, "8" * 16)
