"""What the fuzzing finds and we accept: one file, each entry with a reason, none unused."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.http import index
from chalicelib.http.requests import IF_MATCH

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
EVERY_OPERATION = "*"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A check that failed: on which operation ("GET /v1/health"), with which status code."""

    check: str
    operation: str
    code: int

    def __str__(self) -> str:
        return f"{self.check} · {self.operation} · {self.code}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """An exception. `operation` is `*` where the gateway does the same on every route."""

    check: str
    operation: str
    code: int
    reason: str

    def covers(self, finding: Finding) -> bool:
        return (
            self.check == finding.check
            and self.operation in (EVERY_OPERATION, finding.operation)
            and self.code == finding.code
        )

    def __str__(self) -> str:
        return f"{self.check} · {self.operation} · {self.code}"


def read(path: Path = EXCEPTIONS) -> list[Accepted]:
    """Return what the file accepts: one for each operation that an entry names.

    Raises TypeError for an unknown or missing key, ValueError for an entry without a reason or one
    that is there twice.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("exception", [])
    accepted = [each for entry in entries for each in _for_each_operation(**entry)]
    for number, entry in enumerate(accepted):
        if not entry.reason.strip():
            raise ValueError(f"{path.name}: {entry} has no reason")
        if any(str(entry) == str(other) for other in accepted[:number]):
            raise ValueError(f"{path.name}: {entry} is there twice")
    return accepted


def _for_each_operation(*, operations: Collection[str], **rest: Any) -> list[Accepted]:
    with_version = [
        f"{each.method} {each.path}" for each in index.operations() if each.headers & IF_MATCH
    ]
    names = with_version if operations == ["If-Match"] else operations
    return [Accepted(operation=name, **rest) for name in names]


def judge(
    findings: Collection[Finding], accepted: Collection[Accepted]
) -> tuple[list[Finding], list[Accepted]]:
    """Return the findings that no exception covers, and the exceptions that cover nothing."""
    open_findings = [each for each in findings if not any(one.covers(each) for one in accepted)]
    unused = [one for one in accepted if not any(one.covers(each) for each in findings)]
    return sorted(open_findings), unused
