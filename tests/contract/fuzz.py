"""Sends generated cases to every operation, as a resident and as an officer: `make contract-fuzz`.

schemathesis makes the cases from the OpenAPI documents and checks the responses. Whose operation it
is (`Owner`) sends it all cases; the other one sends a few, none of which may succeed where the
document asks for the owner's credential. Cases get real ids from `scenario`.

The run is the same each time: the seed is fixed, and what the app returned does not steer what is
generated next. It fails when an operation cannot be generated, when a check fails that
`exceptions.toml` does not accept, when an entry there is unused, when there are fewer than
`LEAST_CASES`, or when fewer than `LEAST_SHARE` of an operation's valid cases succeed.
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from chalicelib.http import index
from chalicelib.http.openapi import document
from tests.contract import exceptions, session
from tests.contract.exceptions import Accepted, Finding
from tests.contract.outcomes import Outcome, Role, Share, Tally

LEAST_CASES = 5_000
LEAST_SHARE = 0.3
PROCESSES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="operations whose name has this in it: 'POST /v1/reports'")
    parser.add_argument("--examples", action="store_true", help="show a case of each finding")
    arguments = parser.parse_args()
    whole = document(index.operations())
    owners = {
        name: owner for name, owner in owners_of(whole).items() if (arguments.only or "") in name
    }
    began = time.monotonic()
    outcomes = run(whole, owners)
    print_table(owners, outcomes)
    problems = problems_of(
        owners, public(whole), outcomes, exceptions.read(), complete=not arguments.only
    )
    if arguments.examples:
        for outcome in outcomes:
            for finding, example in sorted(outcome.examples.items()):
                print(f"\n{finding} ({outcome.findings[finding]} times)\n{example}")
    cases = sum(tally.cases for outcome in outcomes for tally in outcome.tallies.values())
    print(f"\n{cases} cases of {len(owners)} operations in {time.monotonic() - began:.0f} s")
    if problems:
        sys.exit("\n".join(problems))


def owners_of(document: Mapping[str, Any]) -> dict[str, Role]:
    """Return who each operation is for. What everybody may call is a resident's."""
    return {
        f"{method.upper()} {path}": Role.OFFICER
        if {"officer": []} in operation["security"]
        else Role.RESIDENT
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def public(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the operations that ask for no credential."""
    return frozenset(
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not operation["security"]
    )


def run(document: Mapping[str, Any], owners: Mapping[str, Role]) -> list[Outcome]:
    """Run every operation as both roles, shared out among processes with a cloud each."""
    shares: list[Share] = []
    for number in range(PROCESSES):
        share = sorted(owners)[number::PROCESSES]
        for role in Role:
            for owner in Role:
                names = tuple(name for name in share if owners[name] is owner)
                if names:
                    shares.append(Share(role, names, thorough=role is owner))
    # Spawned, so that no process starts with another's clients and threads. The longest go first.
    shares.sort(key=lambda share: not share.thorough)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        return list(pool.map(session.run, [document] * len(shares), shares))


def print_table(owners: Mapping[str, Role], outcomes: Iterable[Outcome]) -> None:
    """Print a line for each operation: its cases by role, and what its owner's valid ones gave."""
    print(
        f"{'operation':58} {'owner':9} {'cases':>6} {'other':>6} {'valid':>6} {'2xx':>5}  statuses"
    )
    for name, owner in owners.items():
        mine, other = Tally(), Tally()
        for outcome in outcomes:
            if name in outcome.tallies:
                if outcome.role is owner:
                    mine = outcome.tallies[name]
                else:
                    other = outcome.tallies[name]
        share = f"{100 * mine.succeeded // mine.valid}%" if mine.valid else "-"
        statuses = " ".join(f"{status}:{count}" for status, count in sorted(mine.statuses.items()))
        print(
            f"{name:58} {owner:9} {mine.cases:6} {other.cases:6} {mine.valid:6} {share:>5}"
            f"  {statuses}"
        )


def problems_of(
    owners: Mapping[str, Role],
    public: frozenset[str],
    outcomes: Sequence[Outcome],
    accepted: Sequence[Accepted],
    *,
    complete: bool,
) -> list[str]:
    """Return what makes the run fail. A run of some operations cannot say what is unused."""
    problems = [error for outcome in outcomes for error in outcome.errors]
    findings: Counter[Finding] = Counter()
    examples: dict[Finding, str] = {}
    for outcome in outcomes:
        findings += outcome.findings
        examples |= outcome.examples
        for name, tally in outcome.tallies.items():
            if outcome.role is owners[name]:
                problems += _too_few_successes(name, tally)
            elif name not in public and any(status < 400 for status in tally.statuses):
                problems.append(f"{name}: lets in a {outcome.role}")
    sent = {(name, outcome.role) for outcome in outcomes for name in outcome.tallies}
    problems += [
        f"{name}: no case as {role} (owner: {owner})"
        for name, owner in owners.items()
        for role in Role
        if (name, role) not in sent
    ]
    refused, unused = exceptions.judge(findings.keys(), accepted)
    problems += [
        f"{each} ({findings[each]} times): {examples[each].splitlines()[0]}" for each in refused
    ]
    if complete:
        problems += [f"unused in {exceptions.EXCEPTIONS.name}: {one}" for one in unused]
        cases = sum(tally.cases for outcome in outcomes for tally in outcome.tallies.values())
        if cases < LEAST_CASES:
            problems.append(f"{cases} cases are fewer than {LEAST_CASES}")
    return problems


def _too_few_successes(name: str, tally: Tally) -> list[str]:
    if tally.succeeded >= LEAST_SHARE * tally.valid:
        return []
    return [
        f"{name}: {tally.succeeded} of {tally.valid} valid cases succeed, which is less than"
        f" {LEAST_SHARE:.0%}: give them what they need in scenario.py"
    ]


if __name__ == "__main__":
    main()
