"""The part of IAM's policy language that this project uses: statements, conditions, key policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

Values = str | tuple[str, ...]


class Need(NamedTuple):
    """One right that a call needs. `context` has the values that conditions compare: a text, or
    several of a key that AWS defines as having several.
    """

    action: str
    resource: str
    context: Mapping[str, Values] = {}

    def __str__(self) -> str:
        context = "".join(f", {key} {value}" for key, value in self.context.items())
        return f"{self.action} on {self.resource}{context}"


class Condition(NamedTuple):
    """One key of a statement's conditions. It holds if it holds for one of `values`; a negated
    operator must hold for all.
    """

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: Mapping[str, Values]) -> bool:
        quantifier, name, if_exists = _parsed(self.operator)
        actual = context.get(self.key)
        if name == "Null":
            return (actual is None) == (self.values == ("true",))
        compare, negated = _OPERATORS[name]
        if actual is None:
            return if_exists or quantifier == "ForAllValues" or (negated and not quantifier)

        def fits(value: str) -> bool:
            found = any(compare(each, value) for each in self.values)
            return found != negated

        several = (actual,) if isinstance(actual, str) else actual
        assert quantifier or len(several) == 1, f"{self.key} has several values"
        return all(map(fits, several)) if quantifier != "ForAnyValue" else any(map(fits, several))

    @property
    def alternatives(self) -> "list[Condition]":
        """The condition with each of its values alone, where any one of them is enough."""
        quantifier, name, if_exists = _parsed(self.operator)
        if quantifier or if_exists or name == "Null" or _OPERATORS[name][1]:
            return [self]
        return [self._replace(values=(value,)) for value in self.values]

    def __str__(self) -> str:
        return f"where {self.key} {self.operator} {' or '.join(self.values)}"


class Grant(NamedTuple):
    """One action on one resource (both may have wildcards), with its conditions.

    A statement becomes one grant for each combination of action, resource and value of a condition,
    so that a test sees which of them is used.
    """

    action: str
    resource: str
    conditions: tuple[Condition, ...]

    def covers(self, need: Need) -> bool:
        return (
            matches(self.action.lower(), need.action.lower())
            and matches(self.resource, need.resource)
            and all(condition.holds(need.context) for condition in self.conditions)
        )

    def __str__(self) -> str:
        return " ".join((self.action, "on", self.resource, *map(str, self.conditions)))


class Policy(NamedTuple):
    """What a policy grants, and what it denies whatever is granted."""

    grants: tuple[Grant, ...]
    denials: tuple[Grant, ...]

    @classmethod
    def of(cls, statements: list[Mapping[str, Any]]) -> "Policy":
        """Read statements without names of a template in them."""
        found: dict[str, list[Grant]] = {"Allow": [], "Deny": []}
        for statement in statements:
            found[statement["Effect"]] += _grants(statement)
        return cls(tuple(found["Allow"]), tuple(found["Deny"]))

    def grant(self, need: Need) -> Grant | None:
        """Return the grant that allows this; None when there is none, or when it is denied."""
        if any(each.covers(need) for each in self.denials):
            return None
        return next((each for each in self.grants if each.covers(need)), None)


class KeyPolicy:
    """The policy of a KMS key. `statements` have no names of a template in them.

    A principal of the account needs a grant in it; where it grants to the account itself, a grant
    in the principal's own policy too.
    https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
    """

    def __init__(self, statements: list[Mapping[str, Any]], account: str) -> None:
        self._statements, self._account = statements, account

    def with_statement(self, statement: Mapping[str, Any]) -> "KeyPolicy":
        """Return the policy with one more statement."""
        return KeyPolicy([*self._statements, statement], self._account)

    def allows(self, need: Need, principal: str, own: Grant | None) -> bool:
        """Return whether `principal`, with `own` in its own policy, has this right to the key."""
        # In a key's policy `*` is the key itself.
        need = need._replace(resource="*", context={**need.context, "aws:PrincipalArn": principal})
        root = f"arn:aws:iam::{self._account}:root"
        of_principal, of_account = self._of(principal), self._of(root)
        if any(denial.covers(need) for denial in of_principal.denials):
            return False
        if of_principal.grant(need):
            return True
        return own is not None and of_account.grant(need) is not None

    def _of(self, principal: str) -> Policy:
        """Return the part of the policy that is about a principal."""
        return Policy.of(
            [
                {name: value for name, value in statement.items() if name != "Principal"}
                for statement in self._statements
                if _names(statement["Principal"], principal)
            ]
        )


def _names(principal: Any, arn: str) -> bool:
    return principal == "*" or arn in listed(principal.get("AWS", []))


def matches(pattern: str, value: str) -> bool:
    """Return whether a value fits a pattern with `*` and `?`."""
    return _expression(pattern).fullmatch(value) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _grants(statement: Mapping[str, Any]) -> Iterator[Grant]:
    known = {"Sid", "Effect", "Action", "Resource", "Condition"}
    assert statement.keys() <= known, f"not known here: {statement.keys() - known}"
    combinations: list[tuple[Condition, ...]] = [()]
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            condition = Condition(operator, key, tuple(map(str, listed(values))))
            combinations = [
                (*before, each) for before in combinations for each in condition.alternatives
            ]
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            for each in combinations:
                yield Grant(action, resource, each)


def _parsed(operator: str) -> tuple[str, str, bool]:
    """Return an operator's quantifier or "", its name, and whether it ends with IfExists."""
    quantifier, _, name = operator.rpartition(":")
    assert quantifier in ("", "ForAllValues", "ForAnyValue"), operator
    return quantifier, name.removesuffix("IfExists"), name.endswith("IfExists")


_OPERATORS: Mapping[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (str.__eq__, False),
    "StringNotEquals": (str.__eq__, True),
    "StringLike": (matches, False),
    "StringNotLike": (matches, True),
    "ArnEquals": (matches, False),
    "ArnNotEquals": (matches, True),
    "Bool": (str.__eq__, False),
    "Null": (str.__eq__, False),
}
"""How each operator compares a value of the policy with one of the request, and whether it is
negated.
"""
