"""What Lambda loads: a tree of files for Python 3.13 and one processor. Equal content gives a zip
of equal bytes.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
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


# Not used in Lambda: stubs, sources of what is compiled, tests, commands, pip's records of this
# installation, and the pages of openapi-ui-bundles that are not served.
CHAFF = (
    *(
        "*.pyi",
        "*.pyx",
        "*.pxd",
        "*.c",
        "*.h",
        "py.typed",
        "RECORD",
        "INSTALLER",
        "REQUESTED",
        "direct_url.json",
    ),
    *("swagger-ui*", "redoc.standalone.js", "highlight.min.js"),
)
CHAFF_DIRECTORIES = ("__pycache__", "tests", "bin", "sboms")


class Incomplete(Exception):
    """A bundle would not run, or is too large. The message says why."""


def install(
    requirements: Iterable[str], target: Path, processor: Processor, built: Iterable[str] = ()
) -> None:
    """Install `requirements` (exact versions) and what they need into `target`, as wheels for
    `processor`.

    `built` are published as source only. They are built here, so they must be pure Python (see
    `foreign_libraries`). If `target` was filled for the same requirements, nothing is done. Raises
    Incomplete when a wheel does not exist.
    """
    from_wheels, from_source = sorted(requirements), sorted(built)
    mark = target / ".requirements"
    content = "\n".join([processor.lambda_name, *from_wheels, "", *from_source])
    if mark.is_file() and mark.read_text() == content:
        return
    shutil.rmtree(target, ignore_errors=True)
    for_lambda = ["--only-binary=:all:", "--python-version", "3.13", "--implementation", "cp"]
    for_lambda += [argument for abi in ("cp313", "abi3", "none") for argument in ("--abi", abi)]
    for_lambda += [
        argument for platform in processor.platforms for argument in ("--platform", platform)
    ]
    _pip_install(target, processor, *for_lambda, *from_wheels)
    if from_source:
        _pip_install(target, processor, "--no-deps", *from_source)
    refuse_unpinned(target, [*from_wheels, *from_source])
    for pattern in CHAFF:
        for path in target.rglob(pattern):
            path.unlink()
    for path in [path for name in CHAFF_DIRECTORIES for path in target.rglob(name)]:
        shutil.rmtree(path, ignore_errors=True)
    mark.write_text(content)


def refuse_unpinned(target: Path, requirements: Iterable[str]) -> None:
    """Raise Incomplete unless every distribution in `target` is in `requirements`, in the same
    version.
    """
    names = (path.name.removesuffix(".dist-info").split("-") for path in target.glob("*.dist-info"))
    if unpinned := {_pin(f"{name}=={version}") for name, version in names} - set(
        map(_pin, requirements)
    ):
        raise Incomplete(f"these would ship without being pinned: {', '.join(sorted(unpinned))}")


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
        if path.is_file() and path.name != ".requirements":
            yield path, path.relative_to(tree).as_posix()


def write_zip(tree: Path, target: Path, prefix: str = "") -> str:
    """Zip `tree` without times and owners, and return the SHA-256 of the zip in hex."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, name in files(tree):
            entry = zipfile.ZipInfo(prefix + name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def refuse_over(limit_mb: int, target: Path) -> None:
    """Raise Incomplete when the zip at `target` is over `limit_mb` megabytes (of 10^6 bytes)."""
    if target.stat().st_size > limit_mb * 1_000_000:
        raise Incomplete(f"{target.name} is {megabytes(target)}, over {limit_mb} MB")


def megabytes(target: Path) -> str:
    return f"{target.stat().st_size / 1_000_000:.1f} MB"


def _pin(requirement: str) -> str:
    name, _, version = re.sub(r"\[.*\]", "", requirement).partition("==")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def _pip_install(target: Path, processor: Processor, *arguments: str) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
        "--target",
        str(target),
    ]
    done = subprocess.run([*command, *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Incomplete(
            f"no wheels for Python 3.13 on {processor.lambda_name}:\n{done.stderr.strip()}"
        )
