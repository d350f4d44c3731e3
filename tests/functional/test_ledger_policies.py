"""Who may take leaves of the ledger away, or change them, before their hour is closed: nobody."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

_LEADING = "dynamodb:LeadingKeys"
_TAKES_AWAY = {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"}
# A single leaf can be read only by who knows it.
_READS = {"dynamodb:Query", "dynamodb:Scan"}
_POLICIES = sorted(Path(".chalice").glob("policy-*.json"))
_LEAF = "LEDGER#2026-03-01T08#0"


def _reaches_leaves(statement: dict[str, Any]) -> bool:
    if statement["Resource"] != {"Fn::GetAtt": ["ReportsTable", "Arn"]}:
        return False
    conditions = statement.get("Condition", {})
    barred = conditions.get("ForAllValues:StringNotLike", {}).get(_LEADING, ())
    patterns = conditions.get("ForAllValues:StringLike", {}).get(_LEADING, ("*",))
    matches = [any(fnmatchcase(_LEAF, each) for each in some) for some in (patterns, barred)]
    return matches == [True, False]


@pytest.mark.parametrize("path", _POLICIES, ids=lambda path: path.stem)
def test_no_role_changes_a_leaf_and_only_the_digest_reads_them(path: Path) -> None:
    forbidden = _TAKES_AWAY if path.stem == "policy-digest_audit" else _TAKES_AWAY | _READS
    statements = json.loads(path.read_text())["Statement"]
    found = [
        (each["Sid"], action)
        for each in statements
        for action in each["Action"]
        if action in forbidden and _reaches_leaves(each)
    ]
    assert not found
