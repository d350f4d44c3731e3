"""Which records a mapping wants: the filters of Lambda
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html).

Read once, so that a record costs a few comparisons. What no mapping of ours uses is refused.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

type Filter = Callable[[Any], bool]
# Says whether a value fits, `_ABSENT` for one that is not there.
type _Test = Callable[[Any], bool]

_ABSENT = object()


def read_filters(patterns: Iterable[str]) -> Filter:
    """Return whether a record fits one of the patterns, in JSON. Raises ValueError for one that is
    not known here.
    """
    tests = [_pattern(json.loads(pattern)) for pattern in patterns]
    return lambda record: any(test(record) for test in tests)


def _pattern(pattern: Mapping[str, Any]) -> _Test:
    tests = [
        (name, _pattern(below) if isinstance(below, dict) else _any_of(below))
        for name, below in pattern.items()
    ]

    def fits(record: Any) -> bool:
        known = record if isinstance(record, dict) else {}
        return all(test(known.get(name, _ABSENT)) for name, test in tests)

    return fits


def _any_of(rules: Iterable[Any]) -> _Test:
    tests = [_rule(rule) for rule in rules]
    return lambda value: any(test(value) for test in tests)


def _rule(rule: Any) -> _Test:
    match rule:
        case {"prefix": str(prefix)}:
            return lambda value: isinstance(value, str) and value.startswith(prefix)
        case {"suffix": str(suffix)}:
            return lambda value: isinstance(value, str) and value.endswith(suffix)
        case {"exists": bool(exists)}:
            # What has parts of its own is no value.
            return lambda value: (value is not _ABSENT and not isinstance(value, dict)) is exists
        case {"anything-but": str() | list() as refused}:
            values = [refused] if isinstance(refused, str) else refused
            return lambda value: isinstance(value, str) and value not in values
        case str() | None:
            return lambda value: value == rule
    raise ValueError(f"a filter that is not known here: {rule}")
