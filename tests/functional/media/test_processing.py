"""Processing of an upload: the first version counts, the manifest is written last, and there is
always a verdict.
"""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws
from PIL import Image

from chalicelib.aws.bucket import SPANS_AT_ONCE, MediaBucket
from chalicelib.domain.reports.media import Manifest, MediaState, hints
from chalicelib.kernel.derived import MAX_CLIP_BYTES, NoClip, RejectReason
from chalicelib.kernel.errors import NotFound, Unavailable
from chalicelib.kernel.files import derived_key, original_key, unproved_prefix
from chalicelib.kernel.ids import report_id_of
from chalicelib.kernel.sealing import PrivateKey, Unreadable, row_info
from chalicelib.media_decoding.boxes import is_bare_sound
from chalicelib.media_decoding.decoders import Order
from chalicelib.services.media import processing
from chalicelib.services.media.processing import HEAD_BYTES
from chalicelib.store.media.decoding import Decoding, File, Undecided, Unproved, jpeg_size
from chalicelib.store.media.environments import ENVIRONMENTS
from chalicelib.store.media.rows import ReportKeys
from tests import media_samples as samples
from tests.decoding import DECODING, environments
from tests.media_samples import CANARY, scene

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "tipline-media"
PRIVATE = PrivateKey(bytes(range(32)))
REPORT = report_id_of(PRIVATE.public)
KEY = original_key(REPORT, "M1")


@pytest.fixture(scope="module")
def s3() -> "Iterator[S3Client]":
    with mock_aws():
        client = boto3.client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def bucket(s3: "S3Client") -> MediaBucket:
    bucket = MediaBucket(s3, BUCKET)
    bucket.delete_all("")
    return bucket


class Calls:
    """The calls of S3, in order. The call that is named in `fail_at` fails before it reaches S3."""

    def __init__(self, s3: "S3Client") -> None:
        self._events = s3.meta.events
        self.made: list[str] = []
        self.fail_at: str | None = None

    def __enter__(self) -> "Calls":
        self._events.register_first("before-send.s3", self._see)
        return self

    def __exit__(self, *_: object) -> None:
        self._events.unregister("before-send.s3", self._see)

    def _see(self, request: Any, event_name: str, **_: object) -> None:
        path = request.url.split("amazonaws.com/")[-1].split("?")[0]
        call = f"{event_name.rsplit('.', 1)[1]} {path}"
        if self.fail_at and self.fail_at in call:
            raise EndpointConnectionError(endpoint_url=request.url)
        self.made.append(call)


class Keys(ReportKeys):
    """The keys of reports, of which each has the same one, or none."""

    def __init__(self, public: bytes | None = PRIVATE.public) -> None:
        self._public = public

    def public_key(self, report_id: str) -> bytes | None:
        return self._public


NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def make_thumbnails(
    *,
    report_keys: ReportKeys | None = None,
    decoding: Decoding = DECODING,
    now: datetime = NOW,
    bucket: MediaBucket,
    **arrived: Any,
) -> Manifest | None:
    return processing.make_thumbnails(
        processing.Arrived(**arrived),
        bucket=bucket,
        report_keys=report_keys or Keys(),
        decoding=decoding,
        now=now,
    )


def upload(bucket: MediaBucket, data: bytes, declared: str = "image/jpeg", key: str = KEY) -> str:
    return bucket.put(key, data, declared)


def verdict(bucket: MediaBucket, data: bytes, declared: str = "image/jpeg") -> Manifest:
    manifest = make_thumbnails(
        bucket=bucket, key=KEY, version_id=upload(bucket, data, declared), sequencer="0A"
    )
    assert manifest is not None
    assert (
        Manifest.model_validate_json(bucket.read(derived_key(REPORT, "M1", "manifest.json")))
        == manifest
    )
    return manifest


def names(bucket: MediaBucket, prefix: str = "derived/") -> list[str]:
    return [
        one["Key"]
        for one in bucket.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    ]


# Pictures


def test_a_photo_becomes_two_clean_upright_pictures_and_a_manifest(bucket: MediaBucket) -> None:
    data = samples.jpeg(2000, 1500, orientation=6)
    manifest = verdict(bucket, data)
    assert manifest.model_dump(mode="json", exclude_none=True) == {
        "state": "ready",
        "content_type": "image/jpeg",
        "size": len(data),
        "checksum": {
            "algorithm": "sha256",
            "type": "full_object",
            "value": hashlib.sha256(data).hexdigest(),
        },
        "version_id": manifest.version_id,
        "sequencer": "0A",
        "width": 2000,
        "height": 1500,
        "thumb_version": manifest.thumb_version,
        "preview_version": manifest.preview_version,
        "sealed_hint": manifest.sealed_hint,
        "edges": "1818181818181818",
    }
    for name, version in (
        (f"derived/{REPORT}/M1/thumb.jpg", manifest.thumb_version),
        (f"derived/{REPORT}/M1/preview.jpg", manifest.preview_version),
    ):
        picture = bucket.read(name, version)
        assert samples.is_upright(picture)
        assert jpeg_size(picture)
        assert CANARY not in picture


def test_what_a_photo_says_of_itself_is_written_sealed_to_the_report_and_its_row(
    bucket: MediaBucket,
) -> None:
    manifest = verdict(bucket, samples.jpeg())
    written = bucket.read(derived_key(REPORT, "M1", "manifest.json"))
    assert b"taken_at" not in written
    assert b"39.92" not in written
    sealed = base64.b64decode(manifest.sealed_hint or "")
    info = row_info(f"REPORT#{REPORT}", "MEDIA#M1", "hint")
    assert hints().validate_json(PRIVATE.open(sealed, info)) == hints().validate_python(
        {"taken_at": "2026-11-24T08:30:00+08:00", "lat": 39.92, "lon": 116.44}
    )
    with pytest.raises(Unreadable):
        PRIVATE.open(sealed, row_info(f"REPORT#{REPORT}", "MEDIA#M2", "hint"))


def test_what_a_photo_says_of_itself_is_left_out_without_a_key_to_seal_it(
    bucket: MediaBucket,
) -> None:
    bulletin = original_key("B-1", "M1")
    upload(bucket, samples.jpeg(), key=bulletin)
    upload(bucket, samples.jpeg())
    for manifest in (
        make_thumbnails(bucket=bucket, key=bulletin),
        make_thumbnails(bucket=bucket, key=KEY, report_keys=Keys(None)),
        make_thumbnails(bucket=bucket, key=KEY, report_keys=Keys(PrivateKey(b"m" * 32).public)),
    ):
        assert manifest is not None
        assert (manifest.state, manifest.sealed_hint) == (MediaState.READY, None)
    for name in names(bucket):
        assert b"39.92" not in bucket.read(name)


def test_a_photo_larger_than_what_is_read_first_is_read_in_whole(bucket: MediaBucket) -> None:
    data = samples.encode(Image.effect_noise((800, 600), 90), "PNG")
    assert len(data) > HEAD_BYTES
    manifest = verdict(bucket, data)
    assert manifest.state is MediaState.READY
    assert manifest.checksum is not None
    assert manifest.checksum.value == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("declared", ["image/jpeg", "text/html", "video/mp4"])
def test_what_was_declared_is_not_believed(bucket: MediaBucket, declared: str) -> None:
    manifest = verdict(bucket, samples.encode(scene(), "PNG"), declared)
    assert (manifest.state, manifest.content_type) == (MediaState.READY, "image/png")


def test_the_manifest_is_written_last(bucket: MediaBucket) -> None:
    version = upload(bucket, samples.jpeg())
    with Calls(bucket.s3) as calls:
        make_thumbnails(bucket=bucket, key=KEY, version_id=version)
    assert [call.split("/")[-1] for call in calls.made if call.startswith("PutObject")] == [
        "thumb.jpg",
        "preview.jpg",
        "manifest.json",
    ]
    assert len([call for call in calls.made if call.startswith("GetObject")]) == 1


# One key, one upload


def test_deleting_does_not_make_room_for_another_first(bucket: MediaBucket) -> None:
    first = upload(bucket, samples.jpeg())
    bucket.s3.delete_object(Bucket=BUCKET, Key=KEY)
    later = upload(bucket, samples.encode(Image.new("RGB", (9, 9)), "JPEG"))
    assert make_thumbnails(bucket=bucket, key=KEY, version_id=later) is None
    manifest = make_thumbnails(bucket=bucket, key=KEY, version_id=first)
    assert manifest is not None
    assert manifest.width == 120


def contents(bucket: MediaBucket) -> dict[str, object]:
    """Return what was derived. What differs in each run is left out: versions and sealed values."""
    found: dict[str, object] = {name: bucket.read(name) for name in names(bucket)}
    manifest = derived_key(REPORT, "M1", "manifest.json")
    if manifest in found:
        written = Manifest.model_validate_json(bucket.read(manifest))
        varying = {"thumb_version", "preview_version", "sealed_hint"}
        found[manifest] = written.model_dump(exclude=varying)
    return found


# Faults are not verdicts


@pytest.mark.parametrize(
    "at", ["ListObjectVersions", "GetObject", "thumb.jpg", "preview.jpg", "manifest.json"]
)
def test_killed_half_way_and_run_again_it_ends_as_if_nothing_had_happened(
    bucket: MediaBucket, at: str
) -> None:
    undisturbed = verdict(bucket, samples.jpeg())
    expected = contents(bucket)
    bucket.delete_all("derived/")
    with Calls(bucket.s3) as calls:
        calls.fail_at = at
        with pytest.raises(Unavailable):
            make_thumbnails(
                bucket=bucket, key=KEY, version_id=undisturbed.version_id, sequencer="0A"
            )
    assert derived_key(REPORT, "M1", "manifest.json") not in names(bucket)
    make_thumbnails(bucket=bucket, key=KEY, version_id=undisturbed.version_id, sequencer="0A")
    assert contents(bucket) == expected


def test_a_store_that_fails_at_a_clip_is_not_the_videos_fault(bucket: MediaBucket) -> None:
    version = upload(bucket, samples.video([scene(160, 96)] * 3))
    with Calls(bucket.s3) as calls:
        calls.fail_at = "clip.mp4"
        with pytest.raises(Unavailable):
            make_thumbnails(bucket=bucket, key=KEY, version_id=version)
    assert derived_key(REPORT, "M1", "manifest.json") not in names(bucket)
    again = make_thumbnails(bucket=bucket, key=KEY, version_id=version)
    assert again is not None
    assert bucket.read(derived_key(REPORT, "M1", "clip.mp4"), again.clip_version)


@pytest.mark.slow  # a hundred megabytes
def test_a_video_of_more_than_100_mib_has_a_still_and_no_clip(bucket: MediaBucket) -> None:
    data = samples.video([scene(160, 96)] * 3)
    manifest = verdict(bucket, data + samples.box(b"free", bytes(MAX_CLIP_BYTES)))
    assert (manifest.state, manifest.no_clip) == (MediaState.READY, NoClip.TOO_LARGE)
    assert manifest.clip_version is None


def test_spans_of_an_object_are_copied_in_windows(bucket: MediaBucket) -> None:
    """So 100 MB are never in memory at once."""
    data = Random(1).randbytes(2 * SPANS_AT_ONCE + 1000)
    spans = ((5, 100), (300, SPANS_AT_ONCE), (SPANS_AT_ONCE + 400, 0), (len(data) - 9, 9))
    version = upload(bucket, data)
    with Calls(bucket.s3) as calls:
        copy = bucket.put_spans(
            "derived/a/b/clip.mp4", b"head", spans, of=(KEY, version), content_type="video/mp4"
        )
    assert bucket.read("derived/a/b/clip.mp4", copy) == b"head" + b"".join(
        data[at : at + length] for at, length in spans
    )
    reads = [each for each in calls.made if each.startswith("GetObject")]
    assert len(reads) <= 3 * 2  # over HTTP, as with moto, a checksum reads them once more


def test_a_copy_is_sent_again_from_its_beginning(bucket: MediaBucket) -> None:
    """As botocore reads it: for a checksum into memory of its own, then to send it."""
    version = upload(bucket, b"0123456789")
    sent: list[bytes] = []

    class Twice:
        get_object = bucket.s3.get_object

        def put_object(self, *, Body: Any, **_: object) -> dict[str, str]:
            while len(sent) < 2:
                into = bytearray(20)
                sent.append(bytes(into[: Body.readinto(into)]))
                Body.seek(0)
            assert Body.read() == sent[0]
            return {}

    again: Any = Twice()
    copying = MediaBucket(again, BUCKET)
    copying.put_spans("a", b"head", ((1, 3), (5, 0), (8, 2)), of=(KEY, version), content_type="a/b")
    assert sent == [b"head12389"] * 2


def test_a_store_that_fails_in_the_middle_of_a_video_is_not_the_videos_fault(
    bucket: MediaBucket,
) -> None:
    data = samples.video(
        [scene(640, 480).effect_spread(300)] * 12, rate=2, options={"g": "1", "crf": "1"}
    )
    assert len(data) > 3 * HEAD_BYTES
    version = upload(bucket, data)

    class Failing(MediaBucket):
        def read(
            self,
            key: str,
            version_id: str | None = None,
            *,
            offset: int = 0,
            length: int | None = None,
        ) -> bytes:
            if offset:
                raise Unavailable
            return super().read(key, version_id, offset=offset, length=length)

    with pytest.raises(Unavailable):
        make_thumbnails(bucket=Failing(bucket.s3, BUCKET), key=KEY, version_id=version)
    assert names(bucket) == []


def test_a_decoder_that_was_not_packaged_is_no_verdict(bucket: MediaBucket) -> None:
    version = upload(bucket, samples.heic())
    with environments("tests.broken") as broken, pytest.raises(Undecided):
        make_thumbnails(bucket=bucket, key=KEY, version_id=version, decoding=broken)
    assert names(bucket) == []
    manifest = make_thumbnails(bucket=bucket, key=KEY, version_id=version)
    assert manifest is not None
    assert manifest.state is MediaState.READY


def test_a_crash_of_the_decoder_is_a_verdict(bucket: MediaBucket) -> None:
    # crashes libheif's binding by a bad pointer, or is rejected
    version = upload(bucket, samples.mutate(samples.heic(quarter_turns=1), 718))
    manifest = make_thumbnails(bucket=bucket, key=KEY, version_id=version)
    assert manifest is not None
    assert manifest.reason in (RejectReason.UNPROCESSABLE, RejectReason.UNREADABLE)


# What ends its decoder, or outlasts it, may not be at fault


class Slow:
    """Opens what is in order. An original takes too long, each time that it is tried."""

    def __init__(self) -> None:
        self.is_broken = False

    def __call__(self, order: Order, file: File) -> str:
        if file.address or self.is_broken:
            return '{"unproved": "timed_out"}'
        return ENVIRONMENTS(order, file)


def try_slow(bucket: MediaBucket, slow: Slow, *hours: float) -> list[Manifest | None]:
    """Return what came of trying an original at these hours: None while there is no verdict."""
    made: list[Manifest | None] = []
    for hour in hours:
        at = NOW + timedelta(hours=hour)
        try:
            made.append(make_thumbnails(bucket=bucket, key=KEY, decoding=Decoding(slow), now=at))
        except Unproved:
            made.append(None)
    return made


def test_a_file_that_was_too_slow_three_times_an_hour_apart_is_rejected(
    bucket: MediaBucket,
) -> None:
    upload(bucket, samples.jpeg())
    *before, last = try_slow(bucket, Slow(), 0, 0.5, 0.9, 1.2, 1.5, 2.1, 2.3)
    assert before == [None] * 6
    assert last is not None
    assert last.reason is RejectReason.UNPROCESSABLE


def test_a_file_that_was_too_slow_a_few_times_in_an_hour_is_not_judged(bucket: MediaBucket) -> None:
    upload(bucket, samples.jpeg())
    assert try_slow(bucket, Slow(), 0, 0.1, 0.2, 0.3, 0.4, 1.9) == [None] * 6


def test_two_tries_at_once_count_once(bucket: MediaBucket) -> None:
    upload(bucket, samples.jpeg())
    for hour in (0, 1.5):
        assert try_slow(bucket, Slow(), hour) == [None]
        also = NOW + timedelta(hours=hour, seconds=1)  # began before the other was recorded
        bucket.put(f"{unproved_prefix(REPORT, 'M1')}{also.isoformat()}", b"", "text/plain")
    assert try_slow(bucket, Slow(), 1.6) == [None]


def test_a_time_at_which_nothing_was_opened_does_not_count_against_a_file(
    bucket: MediaBucket,
) -> None:
    upload(bucket, samples.jpeg())
    slow = Slow()
    slow.is_broken = True
    assert try_slow(bucket, slow, *range(10)) == [None] * 10
    slow.is_broken = False
    assert try_slow(bucket, slow, 10, 11) == [None] * 2
    manifest = make_thumbnails(bucket=bucket, key=KEY)
    assert manifest is not None
    assert manifest.state is MediaState.READY


# Refused with a reason


HOSTILE: dict[str, tuple[bytes, RejectReason]] = {
    "html named jpg": (b"<html><script>alert(1)</script>", RejectReason.UNSUPPORTED_FORMAT),
    "svg with script": (
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        RejectReason.UNSUPPORTED_FORMAT,
    ),
    "png of 60000 squared": (samples.png(60000, 60000, b""), RejectReason.TOO_MANY_PIXELS),
    "png of 9000 squared, all there": (
        samples.png(9000, 9000, bytes(9000 * 1126), depth=1, colour=0),
        RejectReason.TOO_MANY_PIXELS,
    ),
    "bmp": (samples.encode(scene(), "BMP"), RejectReason.UNSUPPORTED_FORMAT),
    "xpm": (b"/* XPM */ static char *x[] = {", RejectReason.UNSUPPORTED_FORMAT),
    "mvg": (b"push graphic-context\nfill 'url(https://x|id)'", RejectReason.UNSUPPORTED_FORMAT),
    "html after ftyp": (
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42<html>" + bytes(500),
        RejectReason.UNREADABLE,
    ),
    "sound alone in a mov": (samples.recording(container="mov"), RejectReason.NO_VIDEO),
    "sound of another codec": (samples.recording(codec="mp3"), RejectReason.UNSUPPORTED_CODEC),
    "amr without a frame": (b"#!AMR\n", RejectReason.UNREADABLE),
    "webp of a huge header": (
        b"RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\xff/\xff\xff\xff\xff" + bytes(100),
        RejectReason.TOO_MANY_PIXELS,
    ),
    "webp of a broken tree": (
        # the form of the libwebp overflow of 2023
        samples.encode(scene(), "WEBP", lossless=True)[:25] + b"\xff\x00" * 400,
        RejectReason.UNREADABLE,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_rejected_with_a_reason_and_leave_no_picture(
    bucket: MediaBucket, name: str
) -> None:
    data, reason = HOSTILE[name]
    manifest = verdict(bucket, data)
    assert (manifest.state, manifest.reason) == (MediaState.REJECTED, reason)
    assert manifest.size == len(data)
    assert names(bucket) == [derived_key(REPORT, "M1", "manifest.json")]


@pytest.mark.parametrize("kind", ["jpeg", "video"])
def test_more_bytes_than_its_real_type_allows_are_rejected_unread(
    bucket: MediaBucket, kind: str
) -> None:
    data = samples.jpeg() + bytes((25 << 20) + 1) if kind == "jpeg" else b"<html>" + bytes(30 << 20)
    version = upload(bucket, data, "video/mp4")
    with Calls(bucket.s3) as calls:
        manifest = make_thumbnails(bucket=bucket, key=KEY, version_id=version)
    assert manifest is not None
    assert manifest.reason is (
        RejectReason.TOO_LARGE if kind == "jpeg" else RejectReason.UNSUPPORTED_FORMAT
    )
    assert len([call for call in calls.made if call.startswith("GetObject")]) == 1
    assert manifest.checksum is not None
    assert manifest.checksum.algorithm != "sha256"


# Videos


def test_a_video_becomes_a_still_and_its_checksum_is_s3s_own(bucket: MediaBucket) -> None:
    data = samples.video(
        [scene(640, 480).effect_spread(300)] * 12,
        rate=2,
        options={"g": "1", "crf": "1"},
        sound=True,
    )
    begun = bucket.s3.create_multipart_upload(
        Bucket=BUCKET,
        Key=KEY,
        ContentType="video/mp4",
        ChecksumAlgorithm="CRC64NVME",
        ChecksumType="FULL_OBJECT",
    )["UploadId"]
    named: dict[str, Any] = {"Bucket": BUCKET, "Key": KEY, "UploadId": begun}
    part = bucket.s3.upload_part(**named, PartNumber=1, Body=data, ChecksumAlgorithm="CRC64NVME")
    bucket.s3.complete_multipart_upload(
        **named, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    manifest = make_thumbnails(bucket=bucket, key=KEY)
    assert manifest is not None
    assert (manifest.state, manifest.content_type, manifest.codec) == (
        MediaState.READY,
        "video/mp4",
        "h264",
    )
    assert manifest.duration_s == pytest.approx(6, abs=0.1)
    assert manifest.checksum is not None
    assert manifest.checksum.model_dump() == {
        "algorithm": "crc64nvme",
        "type": "full_object",
        "value": part["ChecksumCRC64NVME"],
    }
    assert jpeg_size(bucket.read(derived_key(REPORT, "M1", "preview.jpg")))


# Sounds


@pytest.mark.parametrize(
    ("data", "content_type", "codec"),
    [
        (samples.recording(named=True), "audio/mp4", "aac"),
        (samples.amr_in_3gp(), "audio/3gpp", "amrnb"),
        (samples.amr(), "audio/amr", "amrnb"),
        (samples.other_sound("mp3", cover=True), "audio/mpeg", "mp3"),
        (samples.other_sound("webm"), "audio/webm", "opus"),
    ],
)
def test_a_recording_becomes_a_clean_copy_and_nothing_else(
    bucket: MediaBucket, data: bytes, content_type: str, codec: str
) -> None:
    manifest = verdict(bucket, data, "video/mp4")
    assert (manifest.state, manifest.content_type) == (MediaState.READY, content_type)
    assert (manifest.codec, manifest.thumb_version, manifest.width) == (codec, None, None)
    assert manifest.duration_s == pytest.approx(1, abs=0.1)
    assert manifest.checksum is not None
    assert manifest.checksum.value == hashlib.sha256(data).hexdigest()
    playback = derived_key(REPORT, "M1", "playback.m4a")
    assert sorted(names(bucket)) == sorted([playback, derived_key(REPORT, "M1", "manifest.json")])
    assert is_bare_sound(bucket.read(playback, manifest.playback_version))


@pytest.mark.parametrize("declared", [True, False])
def test_a_sha256_is_hex_whoever_computed_it(bucket: MediaBucket, declared: bool) -> None:
    data = samples.video(
        [scene(640, 480).effect_spread(300)] * 6, rate=2, options={"g": "1", "crf": "1"}
    )
    assert len(data) > HEAD_BYTES  # so it is not read as a whole
    more = {"ChecksumAlgorithm": "SHA256"} if declared else {}
    bucket.s3.put_object(Bucket=BUCKET, Key=KEY, Body=data, **more)  # type: ignore[arg-type]
    manifest = make_thumbnails(bucket=bucket, key=KEY)
    assert manifest is not None
    assert manifest.checksum is not None
    if declared:
        assert manifest.checksum.model_dump() == {
            "algorithm": "sha256", "type": "full_object", "value": hashlib.sha256(data).hexdigest(),
        }  # fmt: skip
    else:
        assert manifest.checksum.algorithm != "sha256"


# The store


def test_deletion_takes_every_version_and_marker_under_a_prefix_only(bucket: MediaBucket) -> None:
    for key in (KEY, KEY, original_key(REPORT, "M2"), original_key(f"{REPORT}0", "M1")):
        upload(bucket, b"x", key=key)
    bucket.s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert bucket.delete_all(f"originals/{REPORT}/") == 4
    left = bucket.s3.list_object_versions(Bucket=BUCKET)
    assert [one["Key"] for one in left.get("Versions", [])] == [original_key(f"{REPORT}0", "M1")]
    assert "DeleteMarkers" not in left
    assert bucket.delete_all(f"originals/{REPORT}/") == 0


def test_the_first_of_many_pages_of_versions_is_found(bucket: MediaBucket) -> None:
    def by_twos(params: dict[str, Any], **_: object) -> None:
        params["MaxKeys"] = 2

    first = upload(bucket, b"0")
    for at in range(7):
        upload(bucket, b"later %d" % at)
        upload(bucket, b"a neighbour's", key=KEY + "2")
    bucket.s3.meta.events.register("provide-client-params.s3.ListObjectVersions", by_twos)
    try:
        version = bucket.first_version(KEY)
    finally:
        bucket.s3.meta.events.unregister("provide-client-params.s3.ListObjectVersions", by_twos)
    assert version is not None
    assert (version.version_id, version.size) == (first, 1)


def test_ranges_and_versions_are_read_exactly(bucket: MediaBucket) -> None:
    first = upload(bucket, b"0123456789")
    upload(bucket, b"later")
    assert bucket.read(KEY, first) == b"0123456789"
    assert bucket.read(KEY, first, offset=2, length=3) == b"234"
    assert bucket.read(KEY, first, offset=7) == b"789"
    assert bucket.read(KEY) == b"later"
    assert (bucket.head(KEY, first).size, bucket.head(KEY).size) == (10, 5)


def test_what_is_not_there_is_not_found_and_no_fault(bucket: MediaBucket) -> None:
    upload(bucket, b"x")
    bucket.s3.delete_object(Bucket=BUCKET, Key=KEY)
    for ask in (bucket.read, bucket.head):
        for key, version in ((KEY, None), (KEY, "nonsense"), ("originals/R9/M9", None)):
            with pytest.raises(NotFound):
                ask(key, version)
