"""What the scanners find, and which findings are accepted for a reason (`exceptions.toml`)."""

import json
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple


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
    """Read the accepted findings. Raises Unreadable when an entry is incomplete."""
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
