"""Functions run what they should, and wake on what they should."""

import importlib
import json
from typing import Any

import pytest
from chalice.utils import to_cfn_resource_name
from moto.events.models import EventPattern

from infra.packaging.aliases import alias_of
from infra.template import function_limits, unless_restored
from tests.template.conftest import of_type
from tests.template.deployed import deployed

FUNCTION_NAME_LIMIT, BUCKET_NAME_LIMIT = 64, 63
LONGEST_STACK = len("tipline-") + 19
CLOUDFORMATIONS_OWN = 14  # "-", twelve characters, and room


def test_every_function_has_a_handler_that_is_there(functions: dict[str, Any]) -> None:
    for function in functions.values():
        module, _, name = function["Handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_all_run_on_arm64_and_python_313(functions: dict[str, Any]) -> None:
    assert {
        (function["Runtime"], *function["Architectures"]) for function in functions.values()
    } == {("python3.13", "arm64")}


def test_what_runs_locally_has_the_limits_of_what_is_deployed(functions: dict[str, Any]) -> None:
    names = {"residents": "APIHandler"}
    assert {
        names.get(name, to_cfn_resource_name(name)): (each.timeout_s, each.memory_mb)
        for name, each in function_limits().items()
    } == {
        name: (properties["Timeout"], properties["MemorySize"])
        for name, properties in functions.items()
    }


THUMBNAILERS = ("MakeThumbnails", "MakeCriticalThumbnails")


def test_critical_thumbnails_are_made_as_all_others_are(
    functions: dict[str, Any], expanded: dict[str, Any]
) -> None:
    own = {"Events", "LoggingConfig", "Role", "Handler", "Environment"}
    one, critical = (
        {key: value for key, value in functions[name].items() if key not in own}
        for name in THUMBNAILERS
    )
    assert one == critical
    one, critical = (functions[name]["Environment"]["Variables"] for name in THUMBNAILERS)
    assert critical == one | {"DECODE_FUNCTION": {"Ref": "DecodeCritical"}}
    one, critical = (mapping_of(expanded, name) for name in THUMBNAILERS)
    names = {key: critical[key] for key in ("EventSourceArn", "FunctionName")}
    assert critical == one | names


def test_the_api_responds_before_the_gateway_gives_up(functions: dict[str, Any]) -> None:
    assert functions["APIHandler"]["Timeout"] < 29
    assert functions["Officers"]["Timeout"] < 29


def test_concurrency_is_reserved_for_what_somebody_waits_for_and_only_by_parameter(
    template: dict[str, Any],
) -> None:
    name = "ReservedConcurrentExecutions"
    default = deployed(template)
    reserved = deployed(
        template,
        ReservedConcurrency="200",
        OfficerReservedConcurrency="20",
        AuthorizerReservedConcurrency="100",
        DecodeReservedConcurrency="30",
        DecodeCriticalReservedConcurrency="10",
    )
    assert not [one for one, each in default.items() if name in each["Properties"]]
    assert {
        one: each["Properties"][name]
        for one, each in reserved.items()
        if name in each["Properties"]
    } == {
        "APIHandler": "200",
        "Officers": "20",
        "AuthorizeOfficer": "100",
        "Decode": "30",
        "DecodeCritical": "10",
    }


SWEEPS = ("SweepCritical", "SweepNormal", "SweepUpkeep")
READERS = ("PublishCritical", "PublishNotices")


@pytest.mark.parametrize("function", SWEEPS)
def test_a_sweep_is_over_when_the_next_begins(functions: dict[str, Any], function: str) -> None:
    assert functions[function]["Timeout"] < 60


@pytest.mark.parametrize(
    ("function", "rate"),
    [
        *((sweep, "rate(1 minute)") for sweep in SWEEPS),
        ("SuggestIncidents", "rate(1 minute)"),
        ("PushToPhones", "rate(30 minutes)"),
        ("DigestAudit", "rate(1 hour)"),
        ("CompareOpenings", "rate(1 hour)"),
    ],
)
def test_what_runs_by_the_clock_is_not_tried_again_because_its_next_run_is_near(
    functions: dict[str, Any], function: str, rate: str
) -> None:
    properties = functions[function]
    (event,) = properties["Events"].values()
    assert (event["Type"], event["Properties"]["Schedule"]) == ("Schedule", rate)
    retries = properties["EventInvokeConfig"]
    assert retries["MaximumRetryAttempts"] == 0
    assert retries["MaximumEventAgeInSeconds"] <= 300


@pytest.mark.parametrize(
    ("function", "queue"),
    [
        ("MakeThumbnails", "UploadsQueue"),
        ("MakeCriticalThumbnails", "CriticalUploadsQueue"),
        ("RecordMedia", "ManifestsQueue"),
        ("DoUpkeep", "UpkeepQueue"),
        ("DeliverEvents", "EventsQueue"),
    ],
)
def test_a_queue_gives_back_only_the_messages_that_failed(
    expanded: dict[str, Any], function: str, queue: str
) -> None:
    source = mapping_of(expanded, function)
    assert source["EventSourceArn"] == {"Fn::Sub": f"${{{queue}.Arn}}"}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_file_that_kills_its_decoder_is_alone_in_its_batch(expanded: dict[str, Any]) -> None:
    for name in THUMBNAILERS:
        assert mapping_of(expanded, name)["BatchSize"] == 1


def test_a_destination_that_does_not_answer_keeps_back_no_other(
    resources: dict[str, Any], expanded: dict[str, Any]
) -> None:
    """SQS gives out one message of a group at a time, and no batch has those of two."""
    assert resources["EventsQueue"]["Properties"]["FifoQueue"] is True
    source = mapping_of(expanded, "DeliverEvents")
    assert source["BatchSize"] == 1
    assert "ScalingConfig" not in source


def test_upkeep_takes_no_more_than_its_share(functions: dict[str, Any]) -> None:
    assert only_event(functions["DoUpkeep"])["ScalingConfig"] == {"MaximumConcurrency": 4}


@pytest.mark.parametrize("function", READERS)
def test_the_stream_is_read_from_its_beginning_and_a_bad_record_is_set_aside(
    functions: dict[str, Any], function: str
) -> None:
    source = only_event(functions[function])
    assert unless_restored(source["Stream"]) == {"Fn::Sub": "${ReportsTable.StreamArn}"}
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"] is True
    assert source["MaximumRetryAttempts"] <= 10
    assert source["MaximumRecordAgeInSeconds"] <= 24 * 3600
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": ["NoticesDeadLetters", "Arn"]
    }


def test_every_audit_row_is_sealed_or_an_alarm_goes_off(functions: dict[str, Any]) -> None:
    source = only_event(functions["SealAudit"])
    assert unless_restored(source["Stream"]) == {"Fn::Sub": "${AuditTable.StreamArn}"}
    assert source["StartingPosition"] == "TRIM_HORIZON"
    (pattern,) = (json.loads(one["Pattern"]) for one in source["FilterCriteria"]["Filters"])
    assert pattern == {"eventName": ["INSERT", "MODIFY"]}
    assert source["MaximumRecordAgeInSeconds"] == 24 * 3600
    assert source["MaximumRetryAttempts"] == 10_000
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": ["AuditDeadLetters", "Arn"]
    }


NOTIFY = {"task": {"S": "notify"}}
ESCALATE = {"task": {"S": "escalate"}, "lane": {"S": "critical"}}
CRITICAL, NORMAL = NOTIFY | {"lane": {"S": "critical"}}, NOTIFY | {"lane": {"S": "normal"}}
UPKEEP = {"task": {"S": "reconcile"}, "lane": {"S": "upkeep"}}
EVENT, MESSAGE = "EVENT#2026-11-24T08:30:00.000Z#01", "MESSAGE#2026-11-24T08:30:00.000Z#01"


@pytest.mark.parametrize(
    ("name", "sort_key", "image", "wakes"),
    [
        # A new report is published by its lane, and counted.
        ("INSERT", "HEAD", CRITICAL, READERS),
        ("INSERT", "HEAD", NORMAL, ("PublishNotices",)),
        ("MODIFY", "HEAD", {}, ("PublishNotices",)),
        # An escalation is for the sweep.
        ("MODIFY", "HEAD", ESCALATE, ("PublishNotices",)),
        ("INSERT", EVENT, CRITICAL, ("PublishCritical",)),
        ("INSERT", EVENT, NORMAL, ("PublishNotices",)),
        ("INSERT", MESSAGE, NORMAL, ("PublishNotices",)),
        ("INSERT", MESSAGE, {}, ()),
        # So is a digest, and all upkeep.
        ("MODIFY", "EVENT#digest", CRITICAL, ()),
        ("MODIFY", "EVENT#digest", NORMAL, ()),
        ("INSERT", "MEDIA#01", UPKEEP, ()),
        ("REMOVE", "HEAD", CRITICAL, ()),
        ("MODIFY", "MEDIA#01", {}, ()),
        ("INSERT", "NOTE#2026-11-24T08:30:00.000Z#01", {}, ()),
    ],
)
def test_a_reader_of_the_stream_wakes_for_its_lane_alone(
    functions: dict[str, Any], name: str, sort_key: str, image: Any, wakes: tuple[str, ...]
) -> None:
    keys = {"pk": {"S": "REPORT#01"}, "sk": {"S": sort_key}}
    record: Any = {"eventName": name, "dynamodb": {"Keys": keys, "NewImage": keys | image}}
    woken = {
        function
        for function in READERS
        for one in only_event(functions[function])["FilterCriteria"]["Filters"]
        if EventPattern.load(one["Pattern"]).matches_event(record)
    }
    assert woken == set(wakes)


def test_logs_are_json_and_end_after_a_month(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    for function in functions.values():
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        # Lambda's lines about calls that succeed would be most of the logs; an alarm needs the line
        # of a time-out, which is WARN.
        assert function["LoggingConfig"]["SystemLogLevel"] == "WARN"
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups
    assert {group["RetentionInDays"] for group in groups.values()} == {30}


def test_names_stay_within_their_limits_at_the_longest_stage(
    template: dict[str, Any], functions: dict[str, Any]
) -> None:
    assert template["Parameters"]["Stage"]["AllowedPattern"] == "[a-z][a-z0-9-]{0,18}"
    longest = max(map(len, functions))
    assert LONGEST_STACK + 1 + longest + CLOUDFORMATIONS_OWN <= FUNCTION_NAME_LIMIT
    buckets = of_type(template["Resources"], "AWS::S3::Bucket")
    assert LONGEST_STACK + 1 + max(map(len, buckets)) + CLOUDFORMATIONS_OWN <= BUCKET_NAME_LIMIT


def test_the_template_expands_offline_and_keeps_every_setting(
    expanded: dict[str, Any], functions: dict[str, Any]
) -> None:
    mappings = of_type(expanded, "AWS::Lambda::EventSourceMapping")
    assert {mapping["FunctionName"]["Ref"] for mapping in mappings.values()} == {
        *map(alias_of, THUMBNAILERS),
        "RecordMedia",
        *READERS,
        "DoUpkeep",
        "DeliverEvents",
        "SealAudit",
    }
    assert all(
        mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        for mapping in mappings.values()
    )
    assert of_type(expanded, "AWS::Lambda::Function").keys() == functions.keys()
    (stage,) = of_type(expanded, "AWS::ApiGateway::Stage").values()
    assert (stage["StageName"], stage["TracingEnabled"]) == ("api", False)


def mapping_of(expanded: dict[str, Any], function: str) -> dict[str, Any]:
    """Return the event source of a function, which may call it by its alias."""
    mappings = of_type(expanded, "AWS::Lambda::EventSourceMapping")
    (found,) = (
        dict(mapping)
        for mapping in mappings.values()
        if mapping["FunctionName"]["Ref"] in (function, alias_of(function))
    )
    return found


def only_event(function: dict[str, Any]) -> dict[str, Any]:
    (event,) = function["Events"].values()
    return dict(event["Properties"])
