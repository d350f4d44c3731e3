"""What the templates say of a stage, as far as it matters for its cost."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from chalicelib.http import auth
from infra import template
from infra.local.gateway import api_server
from infra.local.triggers.streams import Filter, read_filters
from tests.cost import lines
from tests.limits import published

# What cannot be counted, and is assumed: the processor's time of a request without its calls of
# AWS, and that of one call, on the machine of docs/benchmarks.md (`tests.bench.requests`: a create
# 2.2, an opening 4.3, a reporter's read 1.0 ms).
PROCESSOR_MS = 1.7
CALL_PROCESSOR_MS = 0.5
# A whole core of Lambda's arm64 takes so much longer. Functions have a core at so many MB.
SLOWER = 1.5
CORE_MB = 1769
# How long a call of AWS is waited for.
CALL_MS = 1000 * published.CALL_S


class Stage(NamedTuple):
    """`lambda_lines`: Lambda writes its own lines about calls that succeed. `kept_s`: how long the
    gateway keeps an answer of the authorizer. `access_log`: the form of its lines. `memory_mb`: of
    each function.
    """

    lambda_lines: bool
    kept_s: int
    access_log: str
    compress_from: int
    memory_mb: Mapping[str, int]

    def run(
        self, function: str, calls: int, rounds: int, log_bytes: int = 0, more_ms: float = 0
    ) -> dict[str, float]:
        """Return what one call of a function uses: `calls` of AWS, waited for `rounds` times, and
        `more_ms` beside.
        """
        memory = self.memory_mb[function]
        processor = PROCESSOR_MS + CALL_PROCESSOR_MS * calls
        took_ms = processor * SLOWER * max(1, CORE_MB / memory) + CALL_MS * rounds + more_ms
        own = lines.of_lambda() if self.lambda_lines else 0
        return {
            "functions_requests": 1,
            "functions_gb_s": memory / 1024 * took_ms / 1000,
            "log_bytes": own + log_bytes,
            "log_byte_months": own + log_bytes,
        }


def deployed() -> Stage:
    """Return a stage with default parameters."""
    app = template.load("app.yaml")
    resources = app["Resources"]
    levels = {
        each["Properties"]["LoggingConfig"]["SystemLogLevel"]
        for each in resources.values()
        if each["Type"] == "AWS::Serverless::Function"
    }
    return Stage(
        lambda_lines=levels != {"WARN"},
        kept_s=auth.KEPT_S,
        access_log=resources["RestAPI"]["Properties"]["AccessLogSetting"]["Format"],
        compress_from=api_server.minimum_size(),
        memory_mb={name: each.memory_mb for name, each in template.function_limits().items()},
    )


@cache
def readers() -> dict[str, tuple[str, Filter]]:
    """Return the functions that read streams: by name, the table and what they want of it."""
    found = {}
    for logical_id, resource in template.load("app.yaml")["Resources"].items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "DynamoDB":
                name = "_".join(template.words(logical_id)).lower()
                found[name] = (_table(event["Properties"]), _filter(event["Properties"]))
    return found


def _table(mapping: Mapping[str, Any]) -> str:
    return "REPORTS_TABLE" if "ReportsTable" in str(mapping["Stream"]) else "AUDIT_TABLE"


def _filter(mapping: Mapping[str, Any]) -> Filter:
    return read_filters(each["Pattern"] for each in mapping["FilterCriteria"]["Filters"])
