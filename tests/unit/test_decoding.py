"""Only a file that is proved to be at fault is rejected: it makes its decoder crash, or use too
much memory or processor time. Nothing that a decoder says is trusted, no other file is harmed.
"""

import base64
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from threading import Barrier, Thread
from time import sleep
from typing import Any

import pytest
from PIL import Image

from chalicelib.domain.media import sniff
from chalicelib.domain.reports.media import Area
from chalicelib.kernel.derived import MAX_PIXELS, Clip, NoClip, Rejected, RejectReason
from chalicelib.kernel.errors import Unavailable
from chalicelib.media_decoding import images, sounds, videos
from chalicelib.media_decoding.supervisor import MAX_ANSWER, Limits
from chalicelib.store.media.decoding import Decoding, Undecided, Unproved, jpeg_size
from chalicelib.store.media.environments import Environments
from infra.rehearsal import lambda_filter
from tests import media_samples as samples
from tests.bench.rows import ROOT
from tests.decoding import DECODING, derive, environments, file_of, processes_below
from tests.mutated import KINDS
from tests.under_filter import ATTACKS

# A wall time that no test reaches, even on a busy machine.
MINUTES = 300.0


@pytest.fixture(scope="module")
def hostile() -> Iterator[Decoding]:
    with environments("tests.hostile", limits=Limits(seconds=1, wall=MINUTES), most=1) as made:
        yield made


def outcome(decoding: Decoding, content_type: str, data: bytes = b"x") -> str:
    """Return why the file was rejected, or what it is not decided for; else `decoded`."""
    try:
        derive(content_type, data, decoding)
    except Rejected as rejected:
        return rejected.reason.value
    except Undecided as undecided:
        return f"{type(undecided).__name__}: {undecided}"
    return "decoded"


def assert_unharmed(decoding: Decoding) -> None:
    assert samples.is_upright(derive("image/jpeg", samples.jpeg(), decoding).thumb)


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_comes_out_as_it_would_in_one_process(kind: str) -> None:
    """So a decoder has imported all that it needs before it can no longer open files."""
    data = KINDS[kind]()
    content_type = sniff(data) or ""
    alone = (
        videos.derive(lambda at, n: data[at : at + n], len(data))
        if content_type.startswith("video")
        else images.derive(data, content_type)
    )
    assert derive(content_type, data) == alone


def test_a_sound_comes_out_as_it_would_in_one_process() -> None:
    data = samples.recording()
    assert DECODING.hear("audio/mp4", file_of(data)) == sounds.derive(data, "audio/mp4")


def test_a_reason_found_inside_comes_out() -> None:
    assert outcome(DECODING, "image/png", samples.png(60000, 60000, b"")) == "too_many_pixels"
    assert outcome(DECODING, "video/mp4", samples.recording()) == "no_video"


VERDICTS = ["crash", "abort", "leave", "take_memory", "work_for_ever", "ignore_the_pipe"]
VERDICTS += ["ask_for_ever", "ask_beyond", "answer_too_much"]


@pytest.mark.parametrize("attack", VERDICTS)
def test_what_only_a_file_can_do_rejects_it_alone(hostile: Decoding, attack: str) -> None:
    assert outcome(hostile, attack) == RejectReason.UNPROCESSABLE
    assert_unharmed(hostile)


@pytest.mark.parametrize("attack", ["be_killed", "be_told_to_end"])
def test_a_child_that_something_ended_is_no_proof(hostile: Decoding, attack: str) -> None:
    assert outcome(hostile, attack) == "Unproved: the decoder failed: killed"
    assert_unharmed(hostile)


def test_a_child_that_takes_too_long_is_no_proof() -> None:
    with environments("tests.hostile", limits=Limits(wall=0.5), most=1) as impatient:
        said = outcome(impatient, "sleep_for_ever")
        assert said == "Unproved: the decoder failed: timed_out"
        said = outcome(impatient, "never_ready")
        assert said == "Undecided: the decoder failed: NotStarted"


def test_a_process_that_a_child_has_hidden_holds_nothing_up() -> None:
    with environments("tests.hostile", limits=Limits(wall=0.5), most=1, margin_s=20) as own:
        assert outcome(own, "hide_a_process") == "Unproved: the decoder failed: timed_out"


def test_a_supervisor_that_was_taken_over_is_not_waited_for_for_ever() -> None:
    with environments("tests.hostile", limits=Limits(wall=0.5), most=1, margin_s=0.5) as own:
        assert outcome(own, "half_a_message").startswith("Undecided: the process")


@pytest.mark.parametrize(
    ("attack", "kind"),
    [
        ("open_a_file", "OSError"),
        ("write_a_file", "OSError"),
        ("open_a_socket", "OSError"),
        ("fail_by_itself", "AttributeError"),
        ("answer_nonsense", "AttributeError"),
        ("image/none", "ImportError"),
    ],
)
def test_a_fault_of_ours_names_its_kind_and_is_no_verdict(
    hostile: Decoding, caplog: pytest.LogCaptureFixture, attack: str, kind: str
) -> None:
    assert outcome(hostile, attack) == f"Undecided: the decoder failed: {kind}"
    [logged] = caplog.records
    assert vars(logged)["not_decoded"] == kind
    assert_unharmed(hostile)


@pytest.mark.skipif(os.geteuid() == 0, reason="no limit of processes holds for root")
def test_a_child_starts_no_process(hostile: Decoding) -> None:
    assert "BlockingIOError" in outcome(hostile, "start_a_process")


def test_a_child_has_one_pipe_and_an_empty_environment(
    hostile: Decoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    # Standard input, output and error lead nowhere. LC_CTYPE is set by Python itself.
    assert outcome(hostile, "tell_descriptors") == "Undecided: the decoder failed: Found_4_1"


def test_no_process_outlives_its_file() -> None:
    with environments("tests.hostile", limits=Limits(seconds=1, wall=MINUTES), most=1) as own:
        before = set(processes_below(os.getpid()))
        for attack in ("crash", "work_for_ever", "ignore_the_pipe", "image/jpeg"):
            outcome(own, attack, samples.jpeg())
        [environment] = set(processes_below(os.getpid())) - before
        assert processes_below(environment) == []
        outcome(own, "leave_a_process")
        for _ in range(500):  # what was killed may take a moment to end
            if (left := _session(environment)) == [environment]:
                break
            sleep(0.01)
        assert left == [environment]


def _session(leader: int) -> list[int]:
    """Return the processes that live of this one's session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, session, *_ = stat.read_text().rpartition(")")[2].split()
            found += [int(stat.parent.name)] if int(session) == leader and state != "Z" else []
    return found


def test_no_process_outlives_a_fault_of_the_store() -> None:
    alive: list[int] = []

    def unreachable(_offset: int, _length: int) -> bytes:
        alive.extend(processes_below(os.getpid()))
        raise Unavailable

    with environments("tests.hostile", limits=Limits(wall=MINUTES), most=1) as own:
        before = set(processes_below(os.getpid()))
        with pytest.raises(Unavailable):
            own.derive("ask_and_stay", file_of(b"x", unreachable))
        process, child = set(alive) - before
        assert not Path(f"/proc/{process}").exists()
        assert not Path(f"/proc/{child}").exists()


def test_all_processes_are_ended_together() -> None:
    made = Environments(most=2)
    before = set(processes_below(os.getpid()))
    both = Barrier(2)

    def read(at: int, length: int) -> bytes:
        both.wait()
        return samples.jpeg()[at : at + length]

    def run() -> None:
        Decoding(made).derive("image/jpeg", file_of(samples.jpeg(), read))

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(processes_below(os.getpid())) - before) == 2
    made.close()
    assert set(processes_below(os.getpid())) <= before


def test_without_a_thread_for_a_decoder_the_file_is_not_at_fault() -> None:
    with environments("tests.hostile", limits=Limits(wall=MINUTES), most=1) as own:
        said = outcome(own, "start_a_thread")
        assert said == "Undecided: the decoder failed: NotStarted"


def test_a_fault_of_the_system_in_the_pipe_is_no_verdict_and_nothing_is_kept() -> None:
    done = subprocess.run([sys.executable, "-c", _BROKEN_PIPE], capture_output=True, text=True)
    assert done.stdout == "OSError 0\n"


# The end of the pipe that the supervisor has can only be read, for a fault of the system.
_BROKEN_PIPE = """
import gc, os
from chalicelib.media_decoding.decoders import Decoder, Order
from chalicelib.media_decoding.supervisor import supervise

def read(at, length):
    [pipe] = [n for n in range(3, 64) if n not in before and is_open(n)]
    os.dup2(os.open(os.devnull, os.O_RDONLY), pipe)
    return bytes(length)

def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True

before = {number for number in range(64) if is_open(number)}
try:
    print(supervise(Order("x", 9), read, load=lambda _: Decoder(lambda _, read: read(0, 9))))
except OSError as error:
    print(type(error).__name__, gc.get_freeze_count())
"""


def test_more_than_a_decoder_needs_is_not_read_at_once(hostile: Decoding) -> None:
    asked: list[int] = []

    def read(_offset: int, length: int) -> bytes:
        asked.append(length)
        return bytes(length)

    with pytest.raises(Rejected):
        hostile.derive("ask_for_all", file_of(b"", read)._replace(size=400 << 20))
    assert asked == []


def test_too_little_memory_to_begin_with_is_not_the_files_fault() -> None:
    with environments("tests.hostile", limits=Limits(memory=0)) as poor:
        said = outcome(poor, "image/jpeg", samples.jpeg())
        assert said == "Undecided: the decoder failed: NotStarted"


def test_what_the_supervisor_has_mapped_is_not_the_files() -> None:
    code = (
        "import mmap; from tests.under_filter import _open; from tests import media_samples;"
        " held = mmap.mmap(-1, 2 << 30); print(_open('image/jpeg', media_samples.jpeg()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "['preview', 'thumb']\n"


@pytest.mark.parametrize(("depth", "colour", "row"), [(1, 0, 1 + 750), (8, 2, 1 + 3 * 6000)])
def test_a_decoder_that_wants_too_much_memory_rejects_its_file(
    depth: int, colour: int, row: int
) -> None:
    """Pillow wants it for the one, FFmpeg for the other."""
    large = samples.png(6000, 6000, bytes(6000 * row), depth=depth, colour=colour)
    assert derive("image/png", large).info.width == 6000
    with environments("tests.hostile", limits=Limits(memory=64 << 20, wall=MINUTES)) as small:
        assert outcome(small, "image/png", large) == RejectReason.UNPROCESSABLE


@pytest.mark.thorough
def test_the_largest_png_of_four_channels_fits_its_memory() -> None:
    side = 6300
    rows = bytes(side * (1 + 4 * side))
    assert side**2 > 0.99 * MAX_PIXELS
    assert derive("image/png", samples.png(side, side, rows, colour=6)).info.width == side


def test_a_video_that_asks_without_end_is_stopped() -> None:
    data = KINDS["mp4"]()
    endless = file_of(data, lambda _, length: (data[:40] + bytes(length))[:length])
    with pytest.raises(Rejected) as rejected:
        DECODING.derive("video/mp4", endless._replace(size=400 << 20))
    assert rejected.value.reason in (RejectReason.UNPROCESSABLE, RejectReason.UNREADABLE)


def test_a_fault_of_the_store_is_not_the_files() -> None:
    def unreachable(_offset: int, _length: int) -> bytes:
        raise Unavailable

    with pytest.raises(Unavailable):
        DECODING.derive("image/jpeg", file_of(bytes(1000), unreachable))
    assert_unharmed(DECODING)


@pytest.mark.parametrize("error", [ValueError, TypeError, UnicodeError, OSError])
def test_what_fails_before_a_file_is_opened_is_no_verdict(error: type[Exception]) -> None:
    def fail(_order: object, _file: object) -> str:
        raise error

    with pytest.raises(error):
        derive("image/jpeg", b"x", Decoding(fail))


def test_all_is_opened_and_judged_where_lambda_refuses_prctl_and_seccomp() -> None:
    command = lambda_filter.command(sys.executable, "-m", "tests.under_filter")
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    seen = json.loads(done.stdout)
    assert seen["refused"] == "EPERM"
    assert seen["m4a"] == ["playback"]
    assert seen["files"] == {key: ["preview", "thumb"] for key in KINDS}
    assert seen["truncated"] == {"rejected": "unreadable"}
    assert seen["bomb"] == {"rejected": "too_many_pixels"}
    assert seen["attacks"] == {key: {"rejected": "unprocessable"} for key in ATTACKS}
    assert seen["next"] == ["preview", "thumb"]


# What comes back


def said(hostile: Decoding, answer: object) -> str:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return outcome(hostile, json.dumps({"say": text}))


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


TINY, THUMB, PREVIEW = (samples.jpeg(side, side) for side in (8, 400, 1600))
SMALL = samples.jpeg(64, 48)
LARGE = samples.jpeg(2000, 1000)


def bare(data: bytes) -> bytes:
    return images.derive(data, "image/jpeg").preview


def pictures(**changed: object) -> dict[str, Any]:
    files = {"thumb": coded(bare(SMALL)), "preview": coded(bare(SMALL))}
    return {"found": {"width": 64, "height": 48}, "files": files} | changed


def test_an_answer_in_order_is_believed(hostile: Decoding) -> None:
    assert said(hostile, pictures()) == "decoded"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "no JSON",
        "[" * 100_000,
        [],
        {},
        {"rejected": "at_will"},
        {"rejected": "withdrawn"},
        {"rejected": ["unreadable"]},
        {"fault": "a b"},
        {"fault": "x" * 100},
        {"fault": None},
        {"unproved": 1},
        {"rejected": "unreadable", "fault": "x"},
        pictures(found={"width": 0, "height": 1}),
        pictures(found={"width": 1, "height": 1, "codec": "No Codec"}),
        pictures(found={"width": 1, "height": 1, "hint": {"lat": 91.0, "lon": 0.0}}),
        pictures(found={"width": 1, "height": 1, "more": 1}),
        pictures(found=None),
        pictures(found={"width": 10**400, "height": 1}),
        pictures(found={"width": 1, "height": 1, "duration_s": 1e308}),
        pictures(files={"thumb": coded(bare(SMALL))}),
        pictures(files={"thumb": "?", "preview": "?"}),
        pictures(files={"thumb": 1, "preview": 1}),
        pictures(files={"thumb": coded(SMALL + b"x"), "preview": coded(bare(SMALL))}),
        pictures(files={"thumb": coded(bare(LARGE)), "preview": coded(bare(LARGE))}),
        pictures(files={"playback": coded(bare(SMALL))}),
        pictures(more=1),
        pictures(found={"width": 48, "height": 64}),
        pictures(found={"width": 640, "height": 480}),
        pictures(files={"thumb": coded(bare(TINY)), "preview": coded(bare(SMALL))}),
        pictures(
            found={"width": 10**6, "height": 10**6},
            files={"thumb": coded(bare(THUMB)), "preview": coded(bare(PREVIEW))},
        ),
    ],
    ids=range(31),
)
def test_an_answer_out_of_order_rejects_the_file(hostile: Decoding, answer: object) -> None:
    assert said(hostile, answer) == RejectReason.UNPROCESSABLE


VIDEO = samples.video([samples.scene(160, 96)] * 2)


def with_clip(answer: dict[str, Any], head: bytes, *spans: int) -> dict[str, Any]:
    packed = b"".join(each.to_bytes(4) for each in spans)
    return {**answer, "files": {**answer["files"], "clip": coded(head), "spans": coded(packed)}}


def test_a_clip_out_of_order_rejects_the_file() -> None:
    def outcome_of(answer: dict[str, Any], *, clip: bool = True) -> Clip | NoClip | str | None:
        by = Decoding(lambda *_: json.dumps(answer))
        try:
            return by.derive("video/mp4", file_of(VIDEO), clip=clip).clip
        except Rejected as rejected:
            return rejected.reason.value

    made = DECODING.derive("video/mp4", file_of(VIDEO), clip=True).clip
    assert isinstance(made, Clip)
    spans = [number for span in made.spans for number in span]
    none, whole = pictures(no_clip="unsupported"), with_clip(pictures(), made.head, *spans)
    assert (outcome_of(none), outcome_of(whole)) == (NoClip.UNSUPPORTED, made)
    assert outcome_of(pictures(), clip=False) is None
    for answer in (
        pictures(),
        pictures(no_clip="because"),
        pictures(no_clip=["unsupported"]),
        {**whole, "no_clip": "unsupported"},
        with_clip(pictures(), made.head, *spans[:-1]),
        with_clip(pictures(), made.head.replace(b"vide", b"soun"), *spans),
        with_clip(pictures(), made.head, *spans, 0, 1),
        {**whole, "files": {"clip": "", "spans": ""}},
    ):
        assert outcome_of(answer) == RejectReason.UNPROCESSABLE
    assert outcome_of(none, clip=False) == outcome_of(whole, clip=False) == "unprocessable"


def test_an_answer_takes_little_more_memory_than_its_text() -> None:
    text = json.dumps(pictures(found=[])).replace("[]", "[" + '{"":0},' * 400_000 + "0]")
    tracemalloc.start()
    try:
        with pytest.raises(Rejected):
            derive("image/jpeg", b"x", Decoding(lambda *_: text))
        assert tracemalloc.get_traced_memory()[1] < len(text)
    finally:
        tracemalloc.stop()


def test_no_log_has_what_a_decoder_says(
    hostile: Decoding, caplog: pytest.LogCaptureFixture
) -> None:
    assert said(hostile, {"fault": "GPS_39_92_116_44"}).startswith("Undecided")
    [logged] = caplog.records
    assert vars(logged)["not_decoded"] == "other"
    assert "39_92" not in caplog.text


def test_a_jpeg_has_the_size_that_its_header_says() -> None:
    assert jpeg_size(bare(LARGE)) == (1600, 800)
    at = bare(SMALL).index(b"\xff\xc0") + 5
    assert jpeg_size(bare(SMALL)[:at] + bytes(4) + bare(SMALL)[at + 4 :]) is None


def test_a_jpeg_has_the_bytes_that_its_pixels_need() -> None:
    grey = Image.new("L", (8, 8), 128)
    small = bare(samples.jpeg(8, 8))
    at = small.index(b"\xff\xc0") + 5
    assert jpeg_size(small[:at] + b"\xff" * 4 + small[at + 4 :]) is None
    for plain in (grey.resize((1600, 1599)), Image.new("RGB", (1600, 1599))):
        file = BytesIO()
        plain.save(file, "JPEG", optimize=True)
        assert jpeg_size(file.getvalue()) == (1600, 1599)


def test_a_longer_answer_than_lambda_gives_is_not_read() -> None:
    assert MAX_ANSWER < 6 << 20  # AWS, "Lambda quotas": payload of a synchronous response


def test_a_redaction_has_the_size_of_its_preview() -> None:
    preview = bare(LARGE)
    redacted = DECODING.redact("owner", preview, (Area(0, 0, 500_000, 500_000),))
    assert jpeg_size(redacted) == jpeg_size(preview)
    with pytest.raises(Rejected):
        DECODING.redact("owner", LARGE, (Area(0, 0, 1, 1),))  # not made by us


def test_it_is_seen_whether_a_picture_in_order_is_opened(hostile: Decoding) -> None:
    assert DECODING.is_working("owner")
    with environments("tests.broken") as broken:
        assert not broken.is_working("owner")


# Where


def test_no_decoder_is_imported_where_files_are_only_sent_on() -> None:
    assert _imported("chalicelib.services.media.processing", "PIL", "av", "pi_heif") == "[]"


def test_what_opens_files_imports_neither_pydantic_nor_boto3() -> None:
    """For one file, it would load them for longer than it works."""
    heavy = ("pydantic", "boto3", "botocore", "PIL", "av")
    assert _imported("chalicelib.handlers.media.decoding", *heavy) == "[]"
    libraries = "chalicelib.media_decoding.images, chalicelib.media_decoding.sounds"
    assert _imported(libraries, "pydantic", "boto3", "botocore") == "[]"


def _imported(modules: str, *names: str) -> str:
    code = f"import sys, {modules}; print(sorted({set(names)} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_only_a_file_that_was_too_slow_or_killed_counts_against_it() -> None:
    assert issubclass(Unproved, Undecided)
    assert not issubclass(Unavailable, Undecided)
