"""What ships is the file whose hash is locked. The index is a folder of this machine."""

import re
from pathlib import Path

import pytest

from infra import lock as lock_command
from infra.packaging import bundle, installation, package
from infra.packaging.installation import SOURCES, WHEELS, Lock, parse, pinned, pins, read_lock
from tests.template import wheels

NOTHING = "0" * 64
LOCKS = [
    package.ROOT / folder / name
    for folder, name in (("", WHEELS), ("", SOURCES), ("infra/scan", WHEELS))
]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, and from nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def install(requirements: list[str], tree: Path, lock: Lock) -> None:
    installation.install(requirements, tree, bundle.ARM64, lock)


def test_what_is_locked_is_installed(index: Path, tmp_path: Path) -> None:
    lock = wheels.lock(
        {
            "outer": wheels.wheel(index, "outer", {"outer.py": "x = 1"}, ("inner",)),
            "inner": wheels.wheel(index, "inner", {"inner/__init__.py": ""}),
        }
    )
    install(["outer==1.0", "inner==1.0"], tmp_path / "tree", lock)
    names = [name for _, name in bundle.files(tmp_path / "tree")]
    assert [name for name in names if ".dist-info" not in name] == ["inner/__init__.py", "outer.py"]


def test_a_file_with_another_hash_is_refused(index: Path, tmp_path: Path) -> None:
    lock = wheels.lock({"outer": wheels.wheel(index, "outer", {"outer.py": "x = 1"})})
    wheels.wheel(index, "outer", {"outer.py": "import os"})
    with pytest.raises(
        bundle.Incomplete, match=r"(?s)not the file whose hash is locked.*outer==1\.0"
    ):
        install(["outer==1.0"], tmp_path / "tree", lock)


def test_a_missing_hash_is_refused_before_anything_is_installed(tmp_path: Path) -> None:
    lock = Lock(pins("outer==1.0\n"), {})
    with pytest.raises(bundle.Incomplete, match=r"no hash of outer==1\.0: run `make lock`"):
        install(["outer==1.0"], tmp_path / "tree", lock)


def test_what_is_not_locked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(bundle.Incomplete, match=r"needs outer==1\.0, which it does not have"):
        install(["outer==1.0"], tmp_path / "tree", wheels.lock({}))


def test_another_version_than_the_locked_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(bundle.Incomplete, match=r"needs outer==2\.0, not 1\.0, which it has"):
        install(["outer==2.0"], tmp_path / "tree", wheels.lock({"outer": NOTHING}))


@pytest.mark.parametrize(
    ("need", "said"), [("inner", "that is not pinned"), ("inner==1.0", "that has no hash")]
)
def test_what_is_needed_in_turn_must_be_pinned_with_a_hash(
    index: Path, tmp_path: Path, need: str, said: str
) -> None:
    wheels.wheel(index, "inner", {"inner.py": ""})
    lock = wheels.lock({"outer": wheels.wheel(index, "outer", {"outer.py": ""}, (need,))})
    with pytest.raises(bundle.Incomplete, match=f"(?s){said}.*inner"):
        install(["outer==1.0"], tmp_path / "tree", lock)


def test_a_requirement_without_a_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(bundle.Incomplete, match="write name==version"):
        install(["outer"], tmp_path / "tree", wheels.lock({"outer": NOTHING}))


def test_source_is_never_built_in_the_place_of_a_wheel(index: Path, tmp_path: Path) -> None:
    lock = wheels.lock({"outer": wheels.source(index, "outer", "x = 1")})
    with pytest.raises(bundle.Incomplete, match=r"no wheel for Python 3\.13"):
        install(["outer==1.0"], tmp_path / "tree", lock)


def test_what_is_installed_stays_until_a_hash_changes(index: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    first = wheels.lock({"outer": wheels.wheel(index, "outer", {"outer.py": "x = 1"})})
    install(["outer==1.0"], tree, first)
    (tree / "left").touch()
    install(["outer==1.0"], tree, first)
    assert (tree / "left").exists()
    again = wheels.lock({"outer": wheels.wheel(index, "outer", {"outer.py": "x = 2"})})
    install(["outer==1.0"], tree, again)
    assert not (tree / "left").exists()
    assert (tree / "outer.py").read_text() == "x = 2"


def test_a_source_with_another_hash_is_not_built(index: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    wheels.source(index, "prcoords", "", setup=f"open({str(ran)!r}, 'w')")
    lock = wheels.lock({}, {"prcoords": NOTHING})
    (line,) = lock.lines(["prcoords==1.0"])[1]
    with pytest.raises(bundle.Incomplete, match="not the file whose hash is locked"):
        installation.build_wheels([line], tmp_path / "built")
    assert not ran.exists()


def test_a_source_that_builds_other_files_than_were_reviewed_is_refused(
    index: Path, tmp_path: Path
) -> None:
    lock = wheels.lock({}, {"prcoords": wheels.source(index, "prcoords", "x = 1")})
    (line,) = lock.lines(["prcoords==1.0"])[1]
    with pytest.raises(bundle.Incomplete, match=r"prcoords 1\.0 are not those that were reviewed"):
        installation.build_wheels([line], tmp_path / "built")


def test_the_digest_of_built_files_is_of_their_names_and_contents(tmp_path: Path) -> None:
    digests = []
    for number, files in enumerate(({"a.py": "x"}, {"a.py": "y"}, {"b.py": "x"})):
        folder = tmp_path / str(number)
        folder.mkdir()
        wheels.wheel(folder, "outer", files, requires=(f"inner=={number}",))
        digests.append(installation.digest(folder / "outer-1.0-py3-none-any.whl"))
    assert len(set(digests)) == 3
    wheels.wheel(tmp_path, "outer", {"a.py": "x"}, requires=("another",))
    assert installation.digest(tmp_path / "outer-1.0-py3-none-any.whl") == digests[0]


def test_no_call_of_pip_goes_without_hashes(tmp_path: Path, index: Path) -> None:
    wheels.wheel(index, "outer", {"outer.py": ""})
    with pytest.raises(bundle.Incomplete, match="has no hash"):
        installation.run_pip(
            "install", *installation.INTO, str(tmp_path / "tree"), lines=["outer==1.0"]
        )


def test_every_requirement_is_locked_in_its_version() -> None:
    lock = read_lock(package.ROOT)
    for name in ("requirements.txt", "requirements-media.txt", "requirements-dev.txt"):
        for line in pinned(package.ROOT / name):
            pin = lock.sources.get(parse(line)[0]) or lock.wheels[parse(line)[0]]
            assert (pin.name, pin.version) == parse(line)


def test_every_locked_package_has_hashes() -> None:
    for path in LOCKS:
        locked = pins(path.read_text(encoding="utf-8"))
        assert locked
        assert [pin.name for pin in locked.values() if not pin.hashes] == []


def test_only_what_has_no_wheel_is_built_from_source() -> None:
    assert set(read_lock(package.ROOT).sources) == installation.SOURCE_ONLY
    assert not read_lock(package.ROOT).wheels.keys() & installation.SOURCE_ONLY


def test_no_lock_file_says_where_packages_come_from() -> None:
    for path in LOCKS:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"://|--(?:extra-)?index|--find-links", text) == []


def test_what_is_installed_for_development_has_hashes_too() -> None:
    script = (package.ROOT / "infra" / "install.sh").read_text(encoding="utf-8")
    makefile = (package.ROOT / "Makefile").read_text(encoding="utf-8")
    for text in (script, makefile):
        calls = re.findall(r"-m pip install(?:\\\n|.)*", text)
        assert calls
        assert [call for call in calls if "--require-hashes" not in call] == []


def test_an_entry_of_a_lock_file_stays_whole() -> None:
    text = wheels.lock_text({"a": "1" * 64, "b": "2" * 64})
    entries = lock_command.read_entries(lock_command.HEADER + text)
    assert "".join(entries) == text
    assert [lock_command.name_of(entry) for entry in entries] == ["a", "b"]


def test_only_the_hashes_of_what_can_be_installed_are_locked() -> None:
    names = {
        "many": [
            "py3-none-any",
            "cp313-cp313-manylinux_2_28_aarch64",
            "cp312-abi3-macosx_11_0_arm64",
        ],
        "none": ["cp313-cp313t-manylinux_2_28_x86_64", "pp311-pypy311_pp73-manylinux_2_28_x86_64"],
        "else": ["cp313-cp313-win_amd64", "cp313-cp313-musllinux_1_2_x86_64"],
    }
    listed = "".join(
        f"[[packages]]\nsdist = {_file('a-1.0.tar.gz', 'sdist')}\n"
        f"wheels = [{', '.join(_file(f'a-1.0-{tag}.whl', tag) for tag in tags)}]\n"
        for tags in names.values()
    )
    assert lock_command.usable(listed) == set(names["many"])
    built = f"[[packages]]\nsdist = {_file('old-1.0.tar.gz', 'archive')}\n"
    assert lock_command.usable(built) == {"archive"}


def _file(name: str, digest: str) -> str:
    return f"{{url = 'https://a/{name}', hashes = {{sha256 = '{digest}'}}}}"


def test_an_entry_keeps_the_hashes_that_are_wanted() -> None:
    lines = ["a==1 \\", *(f"    --hash=sha256:{each} \\" for each in "xy"), "    --hash=sha256:z"]
    kept = lock_command.with_hashes("\n".join(lines), {"x", "y"})
    assert kept.splitlines() == [*lines[:2], lines[2].removesuffix(" \\")]
