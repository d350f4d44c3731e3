"""`make rehearse`: package for this machine, then deploy to an emulated cloud and try it all out.

    python -m tests.rehearsal [--boto3 VERSION] [what pytest takes]

Without `--boto3` the scenario runs twice: functions with the oldest boto3 that they support, and
with that of requirements.txt. Both run at once, each on a cloud of its own: half of a scenario is
waiting. The output of the second follows that of the first.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from chalicelib.kernel import city
from infra.packaging import bundle, package
from infra.rehearsal import environments
from infra.web import build as web

ROOT = Path(__file__).parents[2]
# What does not depend on the functions' boto3 is asked once: grants, CloudFront, an upgrade.
WITHOUT_EMULATORS = [
    f"--ignore={Path(__file__).parent / name}"
    for name in ("grants", "test_web_clients.py", "test_upgrade.py")
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
    first, *others = versions
    with tempfile.TemporaryFile("w+") as output:
        running = [start(first, build, for_pytest)]
        running += [
            start(version, build, [*WITHOUT_EMULATORS, *for_pytest], output) for version in others
        ]
        statuses = [each.wait() for each in running]
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout)
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


def start(
    boto3: str, build: Path, for_pytest: list[str], output: IO[str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the scenario with functions that have this boto3."""
    # A deployment has its folder for itself while it lasts.
    own = build.with_name(f"{build.name}-{boto3}")
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(build, own, ignore=shutil.ignore_patterns(".lock", "project"))
    print(f"Functions run with boto3 {boto3}.", file=output, flush=True)
    # pyproject.toml keeps `make test` out of this folder. What is skipped says why.
    command = [sys.executable, "-m", "pytest", str(Path(__file__).parent), "-rs"]
    command += ["-o", "norecursedirs=.*"]
    return subprocess.Popen(
        [*command, *for_pytest],
        cwd=ROOT,
        env={**os.environ, "BOTO3": boto3, "BUILD": str(own)},
        stdout=output,
        stderr=subprocess.STDOUT,
    )


if __name__ == "__main__":
    sys.exit(main())
