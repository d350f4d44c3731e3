"""What Lambda loads: a tree of files for Python 3.13 and one processor. Equal content gives a zip
of equal bytes.
"""

import hashlib
import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PYTHON = (3, 13)


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


# Of a function's code and its layers, 250 MB
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
UNZIPPED_LIMIT = 262_144_000

# What packaging keeps beside a tree for itself, and what was installed there.
MARK, RECORD = ".requirements", ".installed.json"


class Incomplete(Exception):
    """A bundle would not run, or is too large. The message says why."""


def compile_modules(tree: Path, mounted_at: str) -> None:
    """Add .pyc files that Lambda loads without a check.

    The folder is read-only there, so every cold start would compile every module again.
    """
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(tree), "-p", mounted_at, str(tree)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})


def foreign_libraries(tree: Path, processor: Processor) -> list[str]:
    """Return the shared libraries in `tree` that `processor` would not load."""
    return [
        name for path, name in files(tree) if ".so" in path.suffixes and not processor.loads(path)
    ]


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
