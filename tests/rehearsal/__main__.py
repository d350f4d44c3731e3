"""`make rehearse`: package for this machine, then deploy to an emulated cloud and try it all out.

    python -m tests.rehearsal [--boto3 VERSION] [what pytest takes]

Without `--boto3` the scenario runs twice: functions with the oldest boto3 that they support, and
with that of requirements.txt.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from chalicelib.domain import city
from infra.packaging import bundle, package
from infra.rehearsal import environments
from infra.web import build as web

ROOT = Path(__file__).parents[2]
# What does not depend on the functions' boto3 is asked once: the emulators, and CloudFront.
WITHOUT_EMULATORS = [
    f"--ignore={Path(__file__).parent / name}"
    for name in ("grants", "test_gaps.py", "test_web_clients.py")
]


def main() -> int:
    arguments, for_pytest = read_arguments(sys.argv[1:])
    build = ROOT / "build" / "rehearsal"
    started = time.monotonic()
    try:
        package.package(ROOT, build, bundle.this_machine())
        shutil.copytree(web.build(city=city.FOLDER, say=print), build / "web", dirs_exist_ok=True)
        versions = arguments.boto3 or [environments.FLOOR, environments.pinned_boto3()]
        for version in versions:
            environments.function(version)
        environments.ministack()
        environments.seaweedfs()
    except (bundle.Incomplete, environments.NotInstalled, web.NotBuilt) as error:
        sys.exit(f"Not rehearsed: {error}")
    print(f"Packaged in {time.monotonic() - started:.0f} s.", flush=True)
    statuses = [rehearse(versions[0], for_pytest)]
    statuses += [rehearse(version, [*WITHOUT_EMULATORS, *for_pytest]) for version in versions[1:]]
    return max(statuses)


def read_arguments(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m tests.rehearsal",
        description="Rehearse the deployed system on an emulated cloud.",
    )
    parser.add_argument(
        "--boto3", action="append", help="the version that functions run with; may be repeated"
    )
    return parser.parse_known_args(arguments)


def rehearse(boto3: str, for_pytest: list[str]) -> int:
    """Run the scenario with functions that have this boto3, and return pytest's exit status."""
    print(f"Functions run with boto3 {boto3}.", flush=True)
    # pyproject.toml keeps `make test` out of this folder.
    command = [sys.executable, "-m", "pytest", str(Path(__file__).parent), "-o", "norecursedirs=.*"]
    return subprocess.run(
        [*command, *for_pytest], check=False, cwd=ROOT, env={**os.environ, "BOTO3": boto3}
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
