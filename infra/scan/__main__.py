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
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from infra.scan.policies import Unresolved, policies

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
EXCEPTIONS = Path(__file__).with_name("exceptions.toml")


class Finding(NamedTuple):
    """A rule that something breaks. `where` is the logical id of what has a policy, or
    `<type>.<logical id>` of a resource.
    """

    rule: str
    where: str
    detail: str


class Exemption(NamedTuple):
    """A rule that need not hold for what matches `where`, which may have wildcards."""

    rule: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return finding.rule == self.rule and fnmatchcase(finding.where, self.where)


class Unreadable(Exception):
    """A file or an output is not as it should be."""


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
    except (Unreadable, Unresolved) as error:
        sys.exit(f"Not scanned: {error}")
    if wrong:
        sys.exit("\n".join(wrong))
    print("The policies and the template hold.")


def scan(build: Path, tools: Path) -> list[str]:
    """Return what is wrong with the packaged template. Raises Unreadable, Unresolved."""
    template = build / "translated.json"
    if not template.is_file():
        raise Unreadable("nothing is packaged: run `make package` first")
    folder = write_policies(template, build / "policies")
    return problems(
        [*run_parliament(folder, tools), *run_checkov(template, tools)], exemptions(EXCEPTIONS)
    )


def write_policies(template: Path, folder: Path) -> Path:
    """Write each policy of the template into a file of its own, and return their folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, policy in policies(json.loads(template.read_text(encoding="utf-8"))).items():
        (folder / f"{name}.json").write_text(json.dumps(policy, indent=1), encoding="utf-8")
    return folder


def run_parliament(folder: Path, tools: Path) -> list[Finding]:
    options = ["--include_policy_extension", "json", "--include-community-auditors", "--json"]
    return of_parliament(run(tools / "parliament", "--directory", str(folder), *options))


def run_checkov(template: Path, tools: Path) -> list[Finding]:
    """Run checkov without its downloads."""
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet"]
    return of_checkov(run(tools / "checkov", "--file", str(template), *options, "--output", "json"))


def run(tool: Path, *arguments: str) -> str:
    """Run a scanner and return what it prints. Raises Unreadable when it ends with an error: 0 and
    1 say whether it found something.
    """
    if not tool.is_file():
        raise Unreadable(f"{tool} is missing: run `make scan`, which installs it")
    done = subprocess.run([str(tool), *arguments], check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise Unreadable(f"{tool.name} failed:\n{done.stderr}")
    return done.stdout


def of_parliament(output: str) -> list[Finding]:
    """Read what `parliament --json` prints: one object on each line."""
    findings = []
    for line in output.splitlines():
        found = json.loads(line)
        detail = f"{found['title']}: {json.dumps(found['detail'])}"
        findings.append(Finding(found["issue"], Path(found["location"]["filepath"]).stem, detail))
    return findings


def of_checkov(output: str) -> list[Finding]:
    """Read what `checkov -o json` prints. Raises Unreadable when it could not read the template, or
    checked nothing.
    """
    report: Any = json.loads(output)
    summary = report.get("summary", report)
    if not summary.get("passed") or summary.get("parsing_errors"):
        raise Unreadable(f"checkov could not check the template: {summary}")
    return [
        Finding(check["check_id"], check["resource"], check["check_name"])
        for check in report["results"]["failed_checks"]
    ]


def exemptions(path: Path) -> list[Exemption]:
    """Read the accepted  Raises Unreadable when an entry is incomplete."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("exceptions", [])
    for entry in entries:
        if set(entry) != set(Exemption._fields) or not all(entry.values()):
            raise Unreadable(f"{path.name}: {entry} must have a rule, where it need not hold, why")
    return [Exemption(**entry) for entry in entries]


def problems(findings: Iterable[Finding], accepted: Sequence[Exemption]) -> list[str]:
    """Return a line for each finding that is not accepted, and for each exemption without one."""
    found = list(findings)
    lines = [
        f"{finding.where}: {finding.rule} {finding.detail}"
        for finding in found
        if not any(each.covers(finding) for each in accepted)
    ]
    lines += [
        f"exceptions.toml: {each.rule} at {each.where} is not needed any more: remove it"
        for each in accepted
        if not any(each.covers(finding) for finding in found)
    ]
    return lines


if __name__ == "__main__":
    main()
