"""Only the file that makes its decoder crash, hang or use too much memory is rejected.

A fault that does not come from the file does not reject it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from chalicelib.domain.media import Pictures, Rejected, RejectReason
from chalicelib.domain.sniffing import sniff
from chalicelib.errors import Unavailable
from chalicelib.media import images, sandbox, videos
from chalicelib.media.sandbox import Limits, Sandbox
from tests import media_samples as samples
from tests.mutated import KINDS
from tests.processes import decoders, processor_seconds

# A wall time that no test reaches, even on a busy machine.
MINUTES = 300.0


def derive(data: bytes, limits: Limits | None = None, box: Sandbox = sandbox.SANDBOX) -> Pictures:
    content_type = sniff(data)
    assert content_type
    return box.derive(
        content_type, len(data), lambda offset, length: data[offset : offset + length], limits
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_comes_out_as_it_would_without_a_sandbox(kind: str) -> None:
    """So a decoder has imported everything that it needs before it can no longer open files."""
    data = KINDS[kind]()
    content_type = sniff(data) or ""
    alone = (
        videos.derive(lambda at, n: data[at : at + n], len(data))
        if content_type.startswith("video")
        else images.derive(data, content_type)
    )
    assert derive(data) == alone


def test_no_child_outlives_its_file() -> None:
    derive(samples.jpeg())
    with pytest.raises(Rejected):
        derive(samples.jpeg()[:200])
    assert decoders() == []


def test_a_reason_found_inside_comes_out() -> None:
    with pytest.raises(Rejected) as rejected:
        derive(samples.png(60000, 60000, b""))
    assert rejected.value.reason is RejectReason.TOO_MANY_PIXELS
    with pytest.raises(Rejected) as rejected:
        derive(samples.sound())
    assert rejected.value.reason is RejectReason.NO_VIDEO


def test_a_decoder_that_crashes_rejects_its_file_alone() -> None:
    data = samples.jpeg()

    def crash(offset: int, length: int) -> bytes:
        for pid in decoders():
            os.kill(pid, signal.SIGSEGV)
        return data[offset : offset + length]

    with pytest.raises(Rejected) as rejected:
        sandbox.derive("image/jpeg", len(data), crash)
    assert rejected.value.reason is RejectReason.UNPROCESSABLE
    assert samples.is_upright(derive(data).thumb)


def test_a_decoder_that_hangs_is_stopped() -> None:
    data = samples.jpeg()

    def hang(offset: int, length: int) -> bytes:
        for pid in decoders():
            os.kill(pid, signal.SIGSTOP)
        return data[offset : offset + length]

    with pytest.raises(Rejected) as rejected:  # if `wall` had passed, it would be a RuntimeError
        sandbox.derive("image/jpeg", len(data), hang, Limits(idle=1, wall=MINUTES))
    assert rejected.value.reason is RejectReason.UNPROCESSABLE


def test_a_decoder_that_hangs_is_ended_before_a_busy_one() -> None:
    # The function has 30 seconds; the rest is for S3.
    assert 1 + Limits().idle < 10 < 2 * Limits().seconds < Limits().wall < 30 - 5


def test_a_decoder_that_gets_little_of_a_busy_host_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The decoder is stopped most of the time, in total for longer than a file may work.

    The test waits for its processor time and not for wall time, so that a busy machine makes no
    difference.
    """
    data = samples.png(6000, 6000, bytes(6000 * (1 + 750)), depth=1, colour=0)
    limits, stopped = Limits(seconds=1, idle=1, wall=MINUTES), 0.0

    def crowd() -> None:
        nonlocal stopped
        (pid,) = decoders()
        while stopped <= limits.seconds:
            worked = processor_seconds(pid)
            while processor_seconds(pid) < worked + 0.01:  # twice the least work within `idle`
                ended.wait(0.001)
            os.kill(pid, signal.SIGSTOP)
            ended.wait(0.15)
            stopped += 0.15
            os.kill(pid, signal.SIGCONT)

    def read(offset: int, length: int) -> bytes:
        crowding.start()
        return data[offset : offset + length]

    ended = Event()
    crowding = Thread(target=crowd)
    assert sandbox.derive("image/png", len(data), read, limits).looked.width == 6000
    ended.set()
    crowding.join()
    assert stopped > limits.seconds


def test_a_file_that_a_busy_host_had_no_time_for_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        heif_library(tmp_path, monkeypatch, "while True: pass") as box,
        pytest.raises(RuntimeError, match="too little of the processor"),
    ):
        # shorter than its eight seconds of processor time
        derive(samples.heic(), Limits(wall=1), box)
    assert decoders() == []


def test_a_decoder_that_works_without_end_is_ended_by_the_processors_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        heif_library(tmp_path, monkeypatch, "while True: pass") as box,
        pytest.raises(Rejected) as rejected,  # if `wall` had passed, it would be a RuntimeError
    ):
        derive(samples.heic(), Limits(seconds=1, wall=MINUTES, idle=MINUTES), box)
    assert rejected.value.reason is RejectReason.UNPROCESSABLE


@contextmanager
def heif_library(folder: Path, monkeypatch: pytest.MonkeyPatch, on_load: str) -> Iterator[Sandbox]:
    """Yield a sandbox in which libheif's binding does this when it loads a file."""
    (folder / "_pi_heif.py").write_text(
        "def __getattr__(name):\n    return ''\n"
        "def get_lib_info():\n    return {}\n"
        f"def load_file(*_):\n    {on_load}\n"
    )
    monkeypatch.syspath_prepend(folder)
    box = Sandbox()
    try:
        yield box
    finally:
        box.close()


def test_a_library_that_was_not_packaged_is_our_fault_and_not_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "_pi_heif.py").write_text(
        "raise ImportError('libheif.so.1: cannot open shared object file')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    box = Sandbox()
    with pytest.raises(RuntimeError, match="did not start"):
        derive(samples.heic(), box=box)
    assert samples.is_upright(derive(samples.jpeg(), box=box).thumb)  # other types are unharmed
    box.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("import nowhere", "ModuleNotFoundError"),
        ("open('/dev/null')", "SyntaxError"),  # no file may be opened; the library wraps the error
        ("None.size", "AttributeError"),
        ("nothing_of_the_name", "NameError"),
    ],
)
def test_a_fault_of_ours_while_decoding_names_its_kind_and_is_no_verdict(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    kind: str,
) -> None:
    with (
        heif_library(tmp_path, monkeypatch, fault) as box,
        pytest.raises(RuntimeError, match=kind),
    ):
        derive(samples.heic(), box=box)
    [logged] = caplog.records
    assert vars(logged)["error"] == kind
    assert decoders() == []


def test_a_decoder_that_wants_too_much_memory_rejects_its_file() -> None:
    large = samples.png(6000, 6000, bytes(6000 * (1 + 750)), depth=1, colour=0)
    assert derive(large).looked.width == 6000
    with pytest.raises(Rejected) as rejected:
        derive(large, Limits(memory=200 << 20))
    assert rejected.value.reason is RejectReason.UNPROCESSABLE


def test_a_video_that_asks_without_end_is_stopped() -> None:
    data = KINDS["mp4"]()
    with pytest.raises(Rejected) as rejected:
        sandbox.derive(
            "video/mp4", 400 << 20, lambda _, length: (data[:40] + bytes(length))[:length]
        )
    assert rejected.value.reason in (RejectReason.UNPROCESSABLE, RejectReason.UNREADABLE)


def test_a_fault_of_the_store_is_not_the_files() -> None:
    def unreachable(_offset: int, _length: int) -> bytes:
        raise Unavailable

    with pytest.raises(Unavailable):
        sandbox.derive("image/jpeg", 1000, unreachable)
    assert decoders() == []


def test_time_spent_waiting_for_the_store_is_not_the_files() -> None:
    data = samples.jpeg()
    waited = []

    def slow(offset: int, length: int) -> bytes:
        Event().wait(1.2)  # longer than the file may work or be idle
        waited.append(length)
        return data[offset : offset + length]

    sandbox.derive("image/jpeg", len(data), slow, Limits(seconds=1, idle=1))
    assert waited


def test_a_decoder_that_cannot_start_is_not_the_files_fault() -> None:
    with pytest.raises(RuntimeError):
        derive(samples.jpeg(), Limits(memory=20 << 20))


def test_no_decoder_is_imported_where_files_are_only_sent_on() -> None:
    decoders = "{'PIL', 'av', 'pi_heif'}"
    code = (
        f"import sys, chalicelib.services.processing; print(sorted({decoders} & set(sys.modules)))"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "[]\n"
    )
