"""Scan what `make package` built: `make scan`.

python -m infra.scan --tools .venv-scan/bin

Prints what is wrong, and exits with 1. A finding is repaired, or gets a line with its reason in
`exceptions.toml`; a line that is not needed any more is wrong, too.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from infra.scan import findings
from infra.scan.policies import Unresolved, policies

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
EXCEPTIONS = Path(__file__).with_name("exceptions.toml")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m infra.scan", description="Scan what `make package` built."
    )
    parser.add_argument(
        "--tools", type=Path, default=ROOT / ".venv-scan/bin", help="where the scanners are"
    )
    tools: Path = parser.parse_args().tools
    try:
        wrong = scan(BUILD, tools.absolute())
    except (findings.Unreadable, Unresolved) as error:
        sys.exit(f"Not scanned: {error}")
    if wrong:
        sys.exit("\n".join(wrong))
    print("The policies and the template hold.")


def scan(build: Path, tools: Path) -> list[str]:
    """Return what is wrong with the packaged template. Raises Unreadable, Unresolved."""
    template = build / "translated.json"
    if not template.is_file():
        raise findings.Unreadable("nothing is packaged: run `make package` first")
    folder = write_policies(template, build / "policies")
    return findings.problems(
        [*run_parliament(folder, tools), *run_checkov(template, tools)],
        findings.exemptions(EXCEPTIONS),
    )


def write_policies(template: Path, folder: Path) -> Path:
    """Write each policy of the template into a file of its own, and return their folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, policy in policies(json.loads(template.read_text(encoding="utf-8"))).items():
        (folder / f"{name}.json").write_text(json.dumps(policy, indent=1), encoding="utf-8")
    return folder


def run_parliament(folder: Path, tools: Path) -> list[findings.Finding]:
    options = ["--include_policy_extension", "json", "--include-community-auditors", "--json"]
    return findings.of_parliament(run(tools / "parliament", "--directory", str(folder), *options))


def run_checkov(template: Path, tools: Path) -> list[findings.Finding]:
    """Run checkov without its downloads."""
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet"]
    return findings.of_checkov(
        run(tools / "checkov", "--file", str(template), *options, "--output", "json")
    )


def run(tool: Path, *arguments: str) -> str:
    """Run a scanner and return what it prints. Raises Unreadable when it ends with an error: 0 and
    1 say whether it found something.
    """
    if not tool.is_file():
        raise findings.Unreadable(f"{tool} is missing: run `make scan`, which installs it")
    done = subprocess.run([str(tool), *arguments], check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise findings.Unreadable(f"{tool.name} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
