"""What can go wrong raises an alarm, which also says when all is well again."""

import json
import re
from typing import Any

import pytest
from moto.events.models import EventPattern

from chalicelib.http import index
from infra.packaging import bundle, package, templates
from tests import events
from tests.template.conftest import of_type
from tests.template.deployed import deployed

ALARM = "AWS::CloudWatch::Alarm"


@pytest.fixture
def alarms(resources: dict[str, Any]) -> dict[str, Any]:
    return of_type(resources, ALARM)


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an alarm watches: namespace, name and dimensions of each metric."""
    return [
        query["MetricStat"]["Metric"]
        for query in alarm.get("Metrics", [{"MetricStat": {"Metric": alarm}}])
        if "MetricStat" in query
    ]


def watched(alarms: dict[str, Any], namespace: str, metric: str) -> list[Any]:
    """Return the values of the first dimension under which any alarm watches a metric."""
    return [
        each["Dimensions"][0]["Value"]
        for alarm in alarms.values()
        for each in metrics(alarm)
        if (each["Namespace"], each["MetricName"]) == (namespace, metric)
    ]


def test_every_alarm_notifies_and_says_when_all_is_well_again(alarms: dict[str, Any]) -> None:
    topic = [{"Ref": "AlarmsTopic"}]
    for name, alarm in alarms.items():
        assert (alarm["AlarmActions"], alarm.get("OKActions")) == (topic, topic), name


def test_every_alarm_says_what_it_means_and_what_to_do(alarms: dict[str, Any]) -> None:
    for name, alarm in alarms.items():
        meaning, _, advice = alarm["AlarmDescription"].partition(". ")
        assert meaning, name
        assert len(alarm["AlarmDescription"]) <= 1024, name
        assert advice.endswith("."), name


def test_everything_that_is_set_aside_raises_an_alarm(
    resources: dict[str, Any], alarms: dict[str, Any]
) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    assert watched(alarms, "AWS/SQS", "ApproximateNumberOfMessagesVisible") == [
        {"Fn::GetAtt": [name, "QueueName"]}
        for name in (
            "UploadsDeadLetters",
            "CriticalUploadsDeadLetters",
            "ManifestsDeadLetters",
            "UpkeepDeadLetters",
            "EventsDeadLetters",
            "NoticesDeadLetters",
        )
    ] + [{"Fn::GetAtt": [name, "QueueName"]} for name in ("AuditDeadLetters", "KeyChanges")]
    assert sum(name.endswith("DeadLetters") for name in queues) == 7


def test_messages_that_wait_raise_an_alarm(
    resources: dict[str, Any], alarms: dict[str, Any]
) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    working = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}
    assert watched(alarms, "AWS/SQS", "ApproximateAgeOfOldestMessage") == [
        {"Fn::GetAtt": [name, "QueueName"]} for name in working
    ]
    for name, queue in working.items():
        alarm = alarms[name.replace("Queue", "AgeAlarm")]
        tries = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"]
        assert alarm["Threshold"] > tries  # a bad message alone goes to the dead letters before


def test_events_that_reach_no_queue_raise_an_alarm(
    resources: dict[str, Any], alarms: dict[str, Any]
) -> None:
    rules = of_type(resources, "AWS::Events::Rule")
    found = watched(alarms, "AWS/Events", "FailedInvocations")
    assert found == [{"Ref": name} for name in rules]


def test_a_change_of_a_key_rings_at_once_and_says_who_without_an_address(
    resources: dict[str, Any],
) -> None:
    rule = resources["KeyChangesRule"]["Properties"]
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["KeyChanges", "Arn"]}
    assert not [
        path for path in target["InputTransformer"]["InputPathsMap"].values() if "IP" in path
    ]
    watched = ("ContentKey", "ContactKey", "LedgerKey", "SearchKey", "CustodyKey")
    keys = [{"Fn::GetAtt": [name, "Arn"]} for name in watched]
    assert rule["EventPattern"]["detail"]["resources"]["ARN"] == keys
    pattern = json.dumps(rule["EventPattern"]).replace(json.dumps(keys[0]), '"key"')
    for other in keys[1:]:
        pattern = pattern.replace(json.dumps(other), '"other"')
    for name, matches in {"PutKeyPolicy": True, "Decrypt": False}.items():
        (event,) = (
            json.loads(each["CloudTrailEvent"])
            for each in events.load("lookup_events")["Events"]
            if each["EventName"] == name
        )
        sent: Any = {
            "source": "aws.kms",
            "detail-type": "AWS API Call via CloudTrail",
            "detail": event,
        }
        event["resources"] = {"ARN": "key"}  # EventBridge looks into lists, moto's pattern does not
        assert EventPattern.load(pattern).matches_event(sent) is matches


def test_a_sweep_that_does_not_run_raises_an_alarm(alarms: dict[str, Any]) -> None:
    for lane in ("Critical", "Normal", "Upkeep"):
        assert alarms[f"Oldest{lane}Alarm"]["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("name", ["DigestAlarm", "ComparisonsAlarm"])
def test_a_digest_or_a_comparison_that_does_not_run_raises_an_alarm(
    alarms: dict[str, Any], name: str
) -> None:
    alarm = alarms[name]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["Statistic"], alarm["Period"]) == ("Sum", 3600)


def test_a_task_that_fails_in_every_sweep_raises_an_alarm(alarms: dict[str, Any]) -> None:
    for name in ("FailedCriticalAlarm", "FailedNormalAlarm"):
        alarm = alarms[name]
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Minimum", 0)
        assert alarm["EvaluationPeriods"] == 5
    # Several messages a minute log a line each, most of them 0.
    assert alarms["FailedUpkeepAlarm"]["Statistic"] == "Maximum"


KEY_ALARMS = (
    "OpeningsAlarm",
    "KeyChangesAlarm",
    "OfficersCodeAlarm",
    "UnknownKeysAlarm",
    "WatchAlarm",
    "RefusedDecryptionsAlarm",
    "WatchFailuresAlarm",
)


def test_one_waiting_critical_report_unwritten_audit_row_or_finding_raises_an_alarm(
    alarms: dict[str, Any],
) -> None:
    for name in ("UnacknowledgedAlarm", "AuditFailuresAlarm", *KEY_ALARMS):
        alarm = alarms[name]
        assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Period"]) == (0, 1, 60)


@pytest.mark.parametrize(
    ("alarm", "metric", "log"),
    [
        ("OldestCriticalAlarm", "OldestCriticalMetric", "SweepCriticalLog"),
        ("OldestNormalAlarm", "OldestNormalMetric", "SweepNormalLog"),
        ("OldestUpkeepAlarm", "OldestUpkeepMetric", "SweepUpkeepLog"),
        ("FailedCriticalAlarm", "FailedCriticalMetric", "SweepCriticalLog"),
        ("FailedNormalAlarm", "FailedNormalMetric", "SweepNormalLog"),
        ("FailedUpkeepAlarm", "FailedUpkeepMetric", "DoUpkeepLog"),
        ("UnacknowledgedAlarm", "UnacknowledgedMetric", "SweepCriticalLog"),
        ("DeadEventsAlarm", "DeadEventsMetric", "DeliverEventsLog"),
        ("SubscriptionsAlarm", "SubscriptionsMetric", "DoUpkeepLog"),
        ("LoadLevelAlarm", "LoadLevelMetric", "SweepUpkeepLog"),
        ("AuditFailuresAlarm", "AuditFailuresMetric", "OfficersLog"),
        ("DigestAlarm", "DigestsMetric", "DigestAuditLog"),
        ("LedgerRowsAlarm", "LedgerRowsMetric", "DigestAuditLog"),
        ("OpeningsAlarm", "OpeningsMetric", "CompareOpeningsLog"),
        ("KeyChangesAlarm", "KeyChangesMetric", "CompareOpeningsLog"),
        ("OfficersCodeAlarm", "OfficersCodeMetric", "CompareOpeningsLog"),
        ("ComparisonsAlarm", "ComparisonsMetric", "CompareOpeningsLog"),
        ("UnknownKeysAlarm", "UnknownKeysMetric", "OfficersLog"),
        ("UnknownKeysAlarm", "ResidentsAlteredKeysMetric", "ResidentsLog"),
        ("UnknownKeysAlarm", "ThumbnailsAlteredKeysMetric", "MakeThumbnailsLog"),
        ("UnknownKeysAlarm", "CriticalThumbnailsAlteredKeysMetric", "MakeCriticalThumbnailsLog"),
        ("DecodingAlarm", "CriticalDecodingMetric", "MakeCriticalThumbnailsLog"),
        ("WatchAlarm", "WatchMetric", "SealAuditLog"),
        ("RefusedDecryptionsAlarm", "RefusedDecryptionsMetric", "OfficersLog"),
        ("RefusedDecryptionsAlarm", "RefusedOpeningsMetric", "CompareOpeningsLog"),
        ("WatchFailuresAlarm", "WatchFailuresMetric", "SealAuditLog"),
        ("WatchFailuresAlarm", "RefusalWatchFailuresMetric", "CompareOpeningsLog"),
        ("OfficersFailuresAlarm", "OfficersFailuresMetric", "OfficersLog"),
        ("AuthorizerFailuresAlarm", "AuthorizerFailuresMetric", "AuthorizeOfficerLog"),
        ("SlowReportsAlarm", "SlowReportsMetric", "AccessLog"),
        ("SlowOpeningsAlarm", "SlowOpeningsMetric", "AccessLog"),
    ],
)
def test_an_alarm_watches_the_metric_that_is_read_from_the_log(
    resources: dict[str, Any], alarms: dict[str, Any], alarm: str, metric: str, log: str
) -> None:
    filter_ = resources[metric]["Properties"]
    (transformation,) = filter_["MetricTransformations"]
    assert transformation["MetricName"] == alarms[alarm]["MetricName"]
    assert transformation["MetricNamespace"] == alarms[alarm]["Namespace"]
    assert filter_["LogGroupName"] == {"Ref": log}


@pytest.mark.parametrize(
    ("name", "method", "route"),
    [
        ("SlowReportsMetric", "POST", "/v1/reports"),
        ("SlowOpeningsMetric", "GET", "/v1/officer/reports/{report_id}"),
    ],
)
def test_slow_requests_are_counted_in_the_access_log(
    resources: dict[str, Any], name: str, method: str, route: str
) -> None:
    filter_ = resources[name]["Properties"]
    equal = f'($.method = "{method}") && ($.route = "{route}")'
    assert filter_["FilterPattern"] == f"{{ {equal} && ($.latency_ms > 3000) }}"
    assert any(each.path == route and each.method == method for each in index.routes())
    written = resources["RestAPI"]["Properties"]["AccessLogSetting"]["Format"]
    for field, value in (
        ("method", '"$context.httpMethod"'),
        ("route", '"$context.resourcePath"'),
        ("latency_ms", "$context.responseLatency"),  # CloudWatch compares numbers alone
    ):
        assert f'"{field}":{value}' in written


def test_few_slow_requests_raise_no_alarm(alarms: dict[str, Any]) -> None:
    for name in ("SlowReportsAlarm", "SlowOpeningsAlarm"):
        alarm = alarms[name]
        assert (alarm["Statistic"], alarm["Period"]) == ("Sum", 300)
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (4, 3)
        assert alarm["TreatMissingData"] == "notBreaching"


def test_every_metric_of_the_log_has_an_alarm(
    resources: dict[str, Any], alarms: dict[str, Any]
) -> None:
    read = {
        filter_["MetricTransformations"][0]["MetricName"]
        for filter_ in of_type(resources, "AWS::Logs::MetricFilter").values()
    }
    assert read <= {alarm.get("MetricName") for alarm in alarms.values()}


def test_errors_of_every_function_but_the_authorizer_raise_an_alarm(
    resources: dict[str, Any], alarms: dict[str, Any], functions: dict[str, Any]
) -> None:
    """A bad token is an error of the authorizer, and anybody can send one."""
    alarm = alarms["FunctionErrorsAlarm"]
    logs = [
        each["LogGroupName"]
        for each in of_type(resources, "AWS::Logs::MetricFilter").values()
        if each["MetricTransformations"][0]["MetricName"] == alarm["MetricName"]
        and each["FilterPattern"] == resources["ResidentsErrors"]["Properties"]["FilterPattern"]
    ]
    others = {name: each for name, each in functions.items() if name != "AuthorizeOfficer"}
    for name, function in others.items():
        assert function["LoggingConfig"]["LogGroup"] in logs, f"no filter counts errors of {name}"
    assert len(logs) == len(others)


@pytest.mark.parametrize("status", ["success", "error", "failure", "timeout"])
def test_a_run_that_failed_counts_and_no_other(resources: dict[str, Any], status: str) -> None:
    """The statuses of Lambda's own lines:
    https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#Status
    """
    pattern = resources["ResidentsErrors"]["Properties"]["FilterPattern"]
    counted = re.findall(r'\$\.record\.status = "(\w+)"', pattern)
    assert (status in counted) == (status != "success")


def test_lambda_writes_its_line_about_a_run_that_failed(functions: dict[str, Any]) -> None:
    for function in functions.values():
        logging = function["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert logging["SystemLogLevel"] in ("WARN", "INFO", "DEBUG")


def test_throttles_of_every_function_raise_an_alarm(alarms: dict[str, Any]) -> None:
    alarm = alarms["FunctionThrottlesAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Throttles")
    assert "Dimensions" not in alarm  # of all functions of the account


@pytest.mark.parametrize(
    "metric",
    [
        "NumberOfNotificationsFailed",
        "NumberOfNotificationsFilteredOut-InvalidAttributes",
        "NumberOfNotificationsFilteredOut-NoMessageAttributes",
    ],
)
def test_notices_that_reach_nobody_raise_an_alarm(alarms: dict[str, Any], metric: str) -> None:
    assert watched(alarms, "AWS/SNS", metric) == [{"Fn::GetAtt": ["NoticesTopic", "TopicName"]}]


def test_only_alarms_and_the_budget_of_this_account_publish_to_the_topic(
    resources: dict[str, Any],
) -> None:
    policy = resources["AlarmsTopicPolicy"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Topics"] == [{"Ref": "AlarmsTopic"}]
    assert statement["Principal"] == {
        "Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    }
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_a_budget_warns_of_spending_when_a_limit_is_set(template: dict[str, Any]) -> None:
    assert "SpendBudget" not in deployed(template)
    budget = deployed(template, SpendLimit="300")["SpendBudget"]["Properties"]
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "300", "Unit": "USD"}
    warnings = [each["Notification"] for each in budget["NotificationsWithSubscribers"]]
    assert [(each["NotificationType"], each["Threshold"]) for each in warnings] == [
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
    for each in budget["NotificationsWithSubscribers"]:
        assert each["Subscribers"] == [
            {"SubscriptionType": "SNS", "Address": {"Ref": "AlarmsTopic"}}
        ]


def test_the_dashboard_is_there_by_parameter(template: dict[str, Any]) -> None:
    assert "Dashboard" not in deployed(template)
    assert "Dashboard" in deployed(template, ShowDashboard="1")


def test_the_dashboard_is_valid_json(resources: dict[str, Any]) -> None:
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    places = [(widget["x"], widget["y"]) for widget in json.loads(body)["widgets"]]
    assert len(places) == len(set(places))


def test_an_alarm_without_a_line_in_the_operators_guide_is_not_packaged() -> None:
    guide = package.ROOT / "docs" / "operations.md"
    with pytest.raises(bundle.Incomplete, match="no line for NewAlarm"):
        templates.describe_alarms({"NewAlarm": {"Type": ALARM, "Properties": {}}}, guide)
