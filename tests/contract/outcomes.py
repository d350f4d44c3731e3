"""What a run of generated cases is asked for, and what it found."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from tests.contract.exceptions import Finding


class Role(StrEnum):
    RESIDENT = "resident"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Share:
    """Operations that one process sends cases to, as a role. Thoroughly means with the document's
    examples and at the edges of its schemas too."""

    role: Role
    names: tuple[str, ...]
    thorough: bool


@dataclass(slots=True)
class Tally:
    """What came of one operation's cases."""

    cases: int = 0
    valid: int = 0
    succeeded: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Outcome:
    """What a share's run found. `examples` has one case of each finding."""

    role: Role
    tallies: dict[str, Tally] = field(default_factory=dict)
    findings: Counter[Finding] = field(default_factory=Counter)
    examples: dict[Finding, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
