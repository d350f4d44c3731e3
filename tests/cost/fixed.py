"""What an empty stage costs in a month: its keys, alarms and firewall, and the functions that run
by the clock though nothing has come.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from chalicelib import wiring
from chalicelib.handlers import watch
from chalicelib.handlers.service import scheduled
from infra import template
from tests import cloud
from tests.cost.bill import Bill
from tests.cost.usage import Usage, added, times

HOURS = 730
MINUTES = 60 * HOURS
# Lambda asks each queue by five requests at once, which wait for 20 seconds
# (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).
_POLLS = 5 * 3
# An own metric costs in the hours in which something is counted. Those of faults cost nothing: of a
# message, of what is more than nothing or slow, and of files that could not be opened.
_OF_FAULTS = ("$.message", "$.record.status", "> 0", "$.delayed", "$.not_decoded", "$.latency_ms >")

FIREWALL = "the firewall (`WAF=0`: none)"

# Runs in a month of each, by its name.
_BY_THE_CLOCK: Mapping[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "sweep_critical": (MINUTES, scheduled.sweep_critical),
    "sweep_normal": (MINUTES, scheduled.sweep_normal),
    "sweep_upkeep": (MINUTES, scheduled.sweep_upkeep),
    "suggest_incidents": (MINUTES, scheduled.suggest_incidents),
    "push_to_phones": (2 * HOURS, scheduled.push_to_phones),
    "digest_audit": (HOURS, watch.digest_audit),
    "compare_openings": (HOURS, watch.compare_openings),
}


def fixed(bill: Bill) -> dict[str, Usage]:
    """Return what is used in a month, by the line of the page that shows it."""
    queues = [
        event
        for each in _all("AWS::Serverless::Function")
        for event in each.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]
    return {
        "keys": {"key_months": _count("AWS::KMS::Key")},
        "secrets": {"secret_months": _count("AWS::SecretsManager::Secret")},
        "alarms and own metrics": _watched(),
        "functions that run by the clock": _scheduled(bill),
        "asking the queues": {"sqs_requests": _POLLS * MINUTES * len(queues)},
        FIREWALL: _firewall(),
    }


def bare(fixed: Mapping[str, Usage]) -> dict[str, float]:
    """Return what a stage uses without its firewall."""
    return added(used for line, used in fixed.items() if line != FIREWALL)


def _scheduled(bill: Bill) -> dict[str, float]:
    """Return what the functions use that run by the clock. Each is run twice: the first run learns
    what is kept, and makes up for the time before.
    """

    def runs() -> list[dict[str, float]]:
        return [
            times(bill.function(name, lambda: function(cloud.SCHEDULE, None)), count)  # noqa: B023  called at once
            for name, (count, function) in _BY_THE_CLOCK.items()
        ]

    runs()
    wiring.clock.advance(timedelta(hours=1))
    return added(runs())


def _watched() -> dict[str, float]:
    """Return what watches: an alarm costs by its metrics."""
    watched = sum(
        max(1, str(alarm.get("Metrics", ())).count("MetricStat"))
        for alarm in _all("AWS::CloudWatch::Alarm")
    )
    own = {
        each["MetricTransformations"][0]["MetricName"]
        for each in _all("AWS::Logs::MetricFilter")
        if not any(field in each["FilterPattern"] for field in _OF_FAULTS)
    }
    return {"alarm_metric_months": watched, "metric_months": len(own)}


def _firewall() -> dict[str, float]:
    """Return the firewall's lists, and the rules that no parameter adds."""
    resources = template.load("edge.yaml")["Resources"].values()
    lists = [each["Properties"] for each in resources if each["Type"] == "AWS::WAFv2::WebACL"]
    rules = [rule for each in lists for rule in each["Rules"] if "Fn::If" not in rule]
    return {"firewall_months": len(lists), "firewall_rule_months": len(rules)}


def _count(kind: str) -> int:
    return len(_all(kind))


def _all(kind: str) -> list[Any]:
    """Return the properties of all resources of a type that every stage has."""
    files = ("resources.yaml", "app.yaml", "alarms.yaml", "backups.yaml")
    found = [each for name in files for each in template.load(name)["Resources"].values()]
    return [each["Properties"] for each in found if each["Type"] == kind]
