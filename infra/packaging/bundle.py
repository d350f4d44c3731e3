"""What Lambda loads: the zip of all functions and that of the media layer, for Python 3.13 and one
processor. Equal content gives a zip of equal bytes.
"""

import ast
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PYTHON = (3, 13)
BUILD = Path(__file__).parents[2] / "build"
WAITING = "{folder} is in use by another `make package` or `make deploy`. Waiting until it ends ..."
# What packaging keeps beside a tree for itself, and what was installed there.
MARK, RECORD = ".requirements", ".installed.json"

FUNCTIONS_MB, LAYER_MB = 12, 45
# Of a function's code and its layers, 250 MB
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
UNZIPPED_LIMIT = 262_144_000

PROVIDED = {"boto3", "botocore"}
# What cffi compiles with: nothing does that on Lambda, where only its backend is loaded. The first
# version of Pydantic, which the second loads for models of the first alone, and its plugin of mypy.
# Of the time zones what their compiler reads, and which countries they are of.
NEEDLESS = (
    *("cffi", "pycparser", "pydantic/v1", "pydantic/mypy.py"),
    *(f"tzdata/zoneinfo/{name}" for name in ("tzdata.zi", "zone.tab", "zone1970.tab")),
)
LAYERED = {"PIL", "_pi_heif", "pi_heif", "av"}
REQUIRED = (
    "app.py",
    "chalice/app.py",
    "chalicelib/kernel/config.py",
    "pydantic_core/_pydantic_core.cpython-313-*.so",
    "cryptography/hazmat/bindings/_rust*.so",
    "_cffi_backend.cpython-313-*.so",
    "jwt/__init__.py",
    "openapi_ui_bundles/rapidoc/vendor/rapidoc-min.js",
    # Only packages import these.
    "annotated_types/__init__.py",
    "typing_extensions.py",
    "typing_inspection/__init__.py",
)
# The native part of each decoder: a layer without one of them would reject every upload.
DECODERS = ("PIL/_imaging.cpython-313-*.so", "_pi_heif.cpython-313-*.so", "av/_core*.so")


class Incomplete(Exception):
    """A bundle would not run, or is too large. The message says why."""


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor that Lambda has.

    `lambda_name` is its name there, `wheel_name` its name in the tags of wheels, and `elf_machine`
    its number in the header of a library.
    """

    lambda_name: str
    wheel_name: str
    elf_machine: int

    @property
    def platforms(self) -> list[str]:
        """The platform tags of the wheels that run there.

        Lambda's python3.13 runs on Amazon Linux 2023 with glibc 2.34. pip compares tags literally,
        so every tag that runs there is listed.
        """
        tags = [f"manylinux_2_{minor}_{self.wheel_name}" for minor in range(17, 35)]
        return [*tags, f"manylinux2014_{self.wheel_name}"]

    def loads(self, library: Path) -> bool:
        """Whether a shared library is for this processor."""
        with library.open("rb") as file:
            header = file.read(20)
        return (
            header[:4] == b"\x7fELF" and int.from_bytes(header[18:], "little") == self.elf_machine
        )


ARM64 = Processor("arm64", "aarch64", 183)
PROCESSORS = {
    processor.lambda_name: processor for processor in (ARM64, Processor("x86_64", "x86_64", 62))
}


def this_machine() -> Processor:
    """Return the processor of this machine. Raises Incomplete when Lambda's libraries would not
    load here.
    """
    machine = platform.machine()
    for processor in PROCESSORS.values():
        if sys.platform == "linux" and machine in (processor.lambda_name, processor.wheel_name):
            return processor
    raise Incomplete(
        f"what is built for Lambda runs on Linux, and this is {sys.platform} {machine}"
    )


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep the folder for this process. Wait, with a word, while another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(WAITING.format(folder=folder), file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_functions(project: Path, build: Path, processor: Processor) -> str:
    """Compile, check and zip what Chalice packaged, and return the SHA-256 of functions.zip."""
    tree = build / "functions"
    shutil.rmtree(tree, ignore_errors=True)
    with zipfile.ZipFile(build / "chalice" / "deployment.zip") as archive:
        archive.extractall(tree)
    for name in NEEDLESS:
        needless = tree / name
        shutil.rmtree(needless) if needless.is_dir() else needless.unlink(missing_ok=True)
    # Beside chalicelib, as in the source. Chalice takes nothing along from there.
    shutil.copytree(project / "city", tree / "city")
    refuse_incomplete(tree, project, processor)
    compile_modules(tree, "/var/task")
    return _zip(tree, build / "functions.zip", FUNCTIONS_MB)


def build_layer(build: Path, processor: Processor) -> str:
    """Compile, check and zip the decoders that were installed into `media`, for the one function
    that opens pictures and videos. Return the SHA-256 of media.zip.
    """
    tree = build / "media"
    compile_modules(tree, "/opt/python")
    _refuse_missing("the media layer", [name for name in DECODERS if not any(tree.glob(name))])
    _refuse_foreign("the media layer", tree, processor)
    return _zip(tree, build / "media.zip", LAYER_MB, prefix="python/")


def refuse_incomplete(tree: Path, project: Path, processor: Processor) -> None:
    """Raise Incomplete when `tree` lacks a file of the project, a native module or anything that is
    imported, or holds what does not belong there.
    """
    required = (*REQUIRED, _time_zone(project))
    missing = [pattern for pattern in required if not any(tree.glob(pattern))]
    missing += [
        f"{folder}/{name}"
        for folder in ("chalicelib", "city")
        for _, name in files(project / folder)
        if not (tree / folder / name).is_file()
    ]
    present = {path.name.split(".")[0] for path in tree.iterdir()}
    present |= set(sys.stdlib_module_names) | PROVIDED | LAYERED
    _refuse_missing("the functions' zip", missing + sorted(imported_modules(tree) - present))
    _refuse_foreign("the functions' zip", tree, processor)
    if stowaways := [name for name in (*PROVIDED, *LAYERED) if (tree / name).exists()]:
        raise Incomplete(
            f"the functions' zip holds what comes from elsewhere: {', '.join(stowaways)}"
        )


def _refuse_missing(where: str, missing: Sequence[str]) -> None:
    if missing:
        raise Incomplete(f"{where} lacks {', '.join(missing)}")


def _refuse_foreign(where: str, tree: Path, processor: Processor) -> None:
    """Raise Incomplete when `tree` has a shared library that `processor` would not load."""
    foreign = [
        name for path, name in files(tree) if ".so" in path.suffixes and not processor.loads(path)
    ]
    if foreign:
        raise Incomplete(
            f"{where} holds libraries not for {processor.lambda_name}: {', '.join(foreign)}"
        )


def _time_zone(project: Path) -> str:
    """Return the file of the city's time zone. `zoneinfo` finds it by its name: nothing imports it.

    Lambda's system has no time zones.
    """
    city = json.loads((project / "city" / "city.json").read_bytes())
    return f"tzdata/zoneinfo/{city['time_zone']}"


def imported_modules(tree: Path) -> set[str]:
    """Return the top-level names of all modules that the app's code imports, anywhere in a file but
    under TYPE_CHECKING.
    """
    names: set[str] = set()
    pending: list[ast.AST] = [
        ast.parse(path.read_bytes())
        for path in [tree / "app.py", *(tree / "chalicelib").rglob("*.py")]
    ]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
        elif not (
            isinstance(node, ast.If)
            and isinstance(node.test, ast.Name)
            and node.test.id == "TYPE_CHECKING"
        ):
            pending += ast.iter_child_nodes(node)
    return names


def compile_modules(tree: Path, mounted_at: str) -> None:
    """Add .pyc files that Lambda loads without a check.

    The folder is read-only there, so every cold start would compile every module again.
    """
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(tree), "-p", mounted_at, str(tree)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})


def files(tree: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file with its name in the bundle, in the same order on every machine."""
    for path in sorted(tree.rglob("*")):
        if path.is_file() and path.name not in (MARK, RECORD):
            yield path, path.relative_to(tree).as_posix()


def write_zip(tree: Path, target: Path, prefix: str = "") -> str:
    """Zip `tree` without times and owners, and return the SHA-256 of the zip in hex."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, name in files(tree):
            entry = zipfile.ZipInfo(prefix + name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    return sha256(target)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _zip(tree: Path, target: Path, limit_mb: int, prefix: str = "") -> str:
    digest = write_zip(tree, target, prefix)
    refuse_over(limit_mb, target)
    return digest


def refuse_over(limit_mb: int, target: Path) -> None:
    """Raise Incomplete when the zip at `target` is over `limit_mb` megabytes (of 10^6 bytes)."""
    if target.stat().st_size > limit_mb * 1_000_000:
        raise Incomplete(f"{target.name} is {megabytes(target)}, over {limit_mb} MB")


def refuse_unzipped_over(limit: int, *targets: Path) -> None:
    """Raise Incomplete when the zips at `targets`, a function's code and layer, are unzipped over
    `limit` bytes.
    """
    sizes = (entry.file_size for each in targets for entry in zipfile.ZipFile(each).infolist())
    if (size := sum(sizes)) > limit:
        names = " and ".join(each.name for each in targets)
        raise Incomplete(f"{names} unzipped are {size:,} bytes, over {limit:,}")


def megabytes(target: Path) -> str:
    return f"{target.stat().st_size / 1_000_000:.1f} MB"
