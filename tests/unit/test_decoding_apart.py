"""Code that has taken a decoder over finds nothing. Each attack is refused, and harms no file.

The attacks are in tests/hostile.py. They run where a decoder runs.
"""

import errno
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.domain.media import Heard, Looked, Rejected, RejectReason
from chalicelib.media.sandbox import Limits, Sandbox
from tests import hostile
from tests import media_samples as samples
from tests.processes import decoders, parent_of, zygotes

MINUTES = 300.0  # a wall time that no test reaches

# What libraries try, and Python's late imports: these fail. All else ends the process.
FAIL = {
    "fork": errno.EPERM,
    "clone a process": errno.EPERM,
    "clone3": errno.ENOSYS,
    "fork with threads": errno.EPERM,
    "clone with threads": errno.EPERM,
    **dict.fromkeys(
        (
            "open", "open own environ", "open function's memory", "open zygote's memory",
            "create a file", "stat", "list", "readlink",
        ),
        errno.EACCES,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    box = Sandbox("tests.hostile", files=1000)
    yield box
    box.close()


def attack(box: Sandbox, name: str, data: bytes = b"x", limits: Limits | None = None) -> str:
    """Return what the attack says, or why the file was rejected."""
    try:
        box.derive(name, len(data), lambda at, length: data[at : at + length], limits)
    except Rejected as rejected:
        return rejected.reason.value
    except RuntimeError as fault:
        return str(fault)
    return "decoded"


def assert_unharmed(box: Sandbox) -> None:
    data = samples.jpeg()
    pictures = box.derive("image/jpeg", len(data), lambda at, length: data[at : at + length])
    assert samples.is_upright(pictures.thumb)


@pytest.mark.parametrize("name", sorted(hostile.CALLS.keys() - FAIL.keys()))
def test_a_call_that_no_decoder_makes_ends_it(
    box: Sandbox, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    zygote = _zygote_of(box)
    assert attack(box, name) == RejectReason.UNPROCESSABLE
    [line] = caplog.records
    assert vars(line)["forbidden_call"] == 1
    assert _zygote_of(box) == zygote


@pytest.mark.parametrize("name", sorted(FAIL))
def test_a_call_that_a_library_can_do_without_fails(box: Sandbox, name: str) -> None:
    expected = f"the decoder failed: Refused_{errno.errorcode[FAIL[name]]}"
    assert attack(box, name) == expected
    assert_unharmed(box)


def _zygote_of(box: Sandbox) -> int:
    """Return the zygote that opens the files of the sandbox."""
    found: list[int] = []
    data = samples.jpeg()

    def look(at: int, length: int) -> bytes:
        found.extend(parent_of(pid) for pid in decoders())
        return data[at : at + length]

    box.derive("image/jpeg", len(data), look)
    [zygote] = found
    return zygote


# Credentials


CANARY = "canary-" + "0123456789abcdef"


def search(box: Sandbox) -> str:
    """Return how often the canary is in a child's memory. The child gets it in another form."""
    return attack(box, "search_memory", b"".join(b"\\x%02x" % byte for byte in CANARY.encode()))


def test_no_credential_of_the_function_is_in_a_childs_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", CANARY)
    box = Sandbox("tests.hostile")
    assert search(box) == "the decoder failed: Found_0"
    box.close()


def test_the_search_finds_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/{CANARY}")  # which a zygote does get
    box = Sandbox("tests.hostile")
    said = search(box)
    assert said.startswith("the decoder failed: Found_")
    assert not said.endswith("_0")
    box.close()


def test_the_environment_has_the_path_of_the_libraries_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    box = Sandbox("tests.hostile")
    zygote = _zygote_of(box)
    try:
        environment = Path(f"/proc/{zygote}/environ").read_bytes()
    except PermissionError:
        assert os.geteuid() != 0  # A user may not read it at all.
        return
    finally:
        box.close()
    names = {line.split(b"=")[0] for line in environment.split(b"\0") if line}
    assert names <= {b"LD_LIBRARY_PATH"}


# What a child is


def test_a_child_is_confined(box: Sandbox) -> None:
    seen: dict[str, str] = {}
    data = samples.jpeg()

    def look(at: int, length: int) -> bytes:
        [pid] = decoders()
        for name, process in (("child", pid), ("zygote", parent_of(pid))):
            seen[name] = Path(f"/proc/{process}/status").read_text()
        seen["limits"] = Path(f"/proc/{pid}/limits").read_text()
        seen["group"] = str(os.getpgid(pid) == pid)
        return data[at : at + length]

    box.derive("image/jpeg", len(data), look)
    filters = {"zygote": 1, "child": 2}
    for name, count in filters.items():
        assert "NoNewPrivs:\t1\n" in seen[name]
        assert "Seccomp:\t2\n" in seen[name]
        assert f"Seccomp_filters:\t{count}\n" in seen[name]
        assert "Threads:\t1\n" in seen[name]
    for limit in ("processes", "open files", "file size", "core file size"):
        assert f"Max {limit} 0 0" in " ".join(seen["limits"].split())
    assert seen["group"] == "True"


def test_neither_can_be_dumped_or_traced(box: Sandbox) -> None:
    assert attack(box, "tell_dumpable") == "the decoder failed: Dumpable_0"


def test_neither_holds_a_file(box: Sandbox) -> None:
    seen: dict[str, list[str]] = {}
    data = samples.jpeg()

    def look(at: int, length: int) -> bytes:
        [pid] = decoders()
        for name, process in (("child", pid), ("zygote", parent_of(pid))):
            folder = Path(f"/proc/{process}/fd")
            seen[name] = sorted(os.readlink(link).split(":")[0] for link in folder.iterdir())
        return data[at : at + length]

    try:
        box.derive("image/jpeg", len(data), look)
    except PermissionError:
        assert os.geteuid() != 0  # A user may not read it at all.
        return
    # Its channel, or its pipe.
    assert seen == {name: [*["/dev/null"] * 3, "socket"] for name in ("child", "zygote")}


# The time and the memory of others


@pytest.mark.parametrize("name", ["exit_early", "crash", "abort"])
def test_a_decoder_that_ends_early_rejects_its_file(
    box: Sandbox, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert attack(box, name) == RejectReason.UNPROCESSABLE
    assert all("forbidden_call" not in vars(line) for line in caplog.records)
    assert_unharmed(box)


def test_waiting_without_end_is_ended(box: Sandbox) -> None:
    limits = Limits(idle=0.5, wall=MINUTES)
    assert attack(box, "wait_without_end", limits=limits) == RejectReason.UNPROCESSABLE
    assert decoders() == []


def test_computing_without_end_is_ended(box: Sandbox) -> None:
    limits = Limits(seconds=1, idle=MINUTES, wall=MINUTES)
    assert attack(box, "compute_without_end", limits=limits) == RejectReason.UNPROCESSABLE
    assert decoders() == []


@pytest.mark.parametrize("name", ["take_memory", "ask_without_end", "write_without_end"])
def test_taking_without_end_is_ended(box: Sandbox, name: str) -> None:
    assert attack(box, name) == RejectReason.UNPROCESSABLE
    assert_unharmed(box)


# Lies


def message(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4) + part for part in parts)


BARE = samples.encode(samples.scene(32, 32), "JPEG")
WITH_EXIF = samples.encode(samples.scene(32, 32), "JPEG", exif=samples.exif())
LOOKED = b"D" + Looked(width=1, height=1).model_dump_json().encode()
LIES: dict[str, bytes] = {
    "nothing": message(b""),
    "no such kind": message(b"Z"),
    "a range that is too long": message(b"R" + (0).to_bytes(8) + (1 << 40).to_bytes(8)),
    "a range before the start": message(b"R" + b"\xff" * 8 + (1).to_bytes(8)),
    "an empty range": message(b"R" + bytes(16)),
    "half a range": message(b"R" + bytes(8)),
    "no JSON": message(b"D{", BARE, BARE),
    "a pickle": message(b"D" + pickle.dumps(Looked(width=1, height=1)), BARE, BARE),
    "a field too many": message(b'D{"width":1,"height":1,"key":"x"}', BARE, BARE),
    "a picture with metadata": message(LOOKED, WITH_EXIF, BARE),
    "a preview that is no picture": message(LOOKED, BARE, b"<script>"),
    "a picture with a tail": message(LOOKED, BARE, BARE + b"tail"),
    "a picture too few": message(LOOKED, BARE),
    "an unknown reason": message(b"Xbecause"),
    "a fault with a line in it": message(b"FError\nsecret"),
    "a fault without an end": message(b"F" + b"a" * 65),
}


@pytest.mark.parametrize("name", sorted(LIES))
def test_a_message_that_is_not_allowed_rejects_the_file(box: Sandbox, name: str) -> None:
    assert attack(box, "lie", LIES[name]) == RejectReason.UNPROCESSABLE
    assert_unharmed(box)


HEARD = b"S" + Heard(duration_s=1, codec="aac").model_dump_json().encode()
LIES_OF_SOUND: dict[str, bytes] = {
    "a sound with names": message(HEARD, samples.recording(named=True)),
    "a sound that is none": message(HEARD, b"<script>"),
    "a sound too few": message(HEARD),
    "a length below zero": message(b'S{"duration_s":-1,"codec":"aac"}', b""),
    "pictures": message(LOOKED, BARE, BARE),
}


@pytest.mark.parametrize("name", sorted(LIES_OF_SOUND))
def test_a_message_about_a_sound_that_is_not_allowed_rejects_it(box: Sandbox, name: str) -> None:
    data = LIES_OF_SOUND[name]
    with pytest.raises(Rejected) as rejected:
        box.hear("lie", len(data), lambda at, length: data[at : at + length])
    assert rejected.value.reason is RejectReason.UNPROCESSABLE
    assert_unharmed(box)


@pytest.mark.parametrize(
    "header", [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff" + b"\x7f" + b"\xff" * 7, b"\x00"]
)
def test_a_length_that_is_a_lie_rejects_the_file(box: Sandbox, header: bytes) -> None:
    assert attack(box, "send_raw", header + b"x") == RejectReason.UNPROCESSABLE
    assert_unharmed(box)


def test_a_child_speaks_to_nobody_but_through_its_pipe(box: Sandbox) -> None:
    """While it writes verdicts to all descriptors, and after it, another file gets its own."""
    others = []

    def read(_at: int, _length: int) -> bytes:
        others.append(attack(box, "tell_dumpable"))
        assert_unharmed(box)
        return b"x"

    with pytest.raises(RuntimeError, match=r": Wrote_0_1_2$"):  # the null device
        box.derive("scribble", 1, read)
    assert others == ["the decoder failed: Dumpable_0"]


def test_no_process_is_left(box: Sandbox) -> None:
    zygote = _zygote_of(box)
    for name in ("exit_early", "fork", "sleep", "lie"):
        attack(box, name)
    assert decoders() == []
    assert zygote in zygotes()
