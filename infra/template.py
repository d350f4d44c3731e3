"""Read the CloudFormation templates that are deployed: they define what runs locally, too."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent
# The stack's own metrics.
_NAMESPACE = {"Fn::Sub": "Tipline/${AWS::StackName}"}


def load(name: str, folder: Path = _FOLDER) -> Any:
    """Return the template `infra/<name>`, with CloudFormation's short forms (`!Ref`, `!GetAtt`,
    `!Sub` …) as their long ones.
    """
    return yaml.load((folder / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  it is a SafeLoader


def condition_holds(
    condition: Any, conditions: Mapping[str, Any], values: Mapping[str, str]
) -> bool:
    """Return whether a condition of a template holds. `conditions` are all that it names, `values`
    those of parameters and pseudo parameters.
    """

    def holds(node: Any) -> bool:
        match node:
            case {"Condition": name}:
                return holds(conditions[name])
            case {"Fn::Not": [inner]}:
                return not holds(inner)
            case {"Fn::And": inner}:
                return all(map(holds, inner))
            case {"Fn::Or": inner}:
                return any(map(holds, inner))
            case {"Fn::Equals": [left, right]}:
                return bool(value(left) == value(right))
        raise ValueError(f"not a condition: {node}")

    def value(node: Any) -> Any:
        match node:
            case {"Ref": name}:
                return values[name]
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text)
        return node

    return holds(condition)


def environment_name(logical_id: str) -> str:
    """Return how the environment spells `UploadsQueue`: UPLOADS_QUEUE."""
    return "_".join(words(logical_id)).upper()


def environment_name_of(reference: str) -> str:
    """Return how the environment spells what `${UploadsQueue.Arn}` refers to: UPLOADS_QUEUE."""
    return environment_name(reference.strip("${}").partition(".")[0])


def unless_restored(node: Any) -> Any:
    """Return the stream that the stack created, of a node that has another one after a restore:
    `!If [HasReportsStream, …, !Sub "${ReportsTable.StreamArn}"]`.
    """
    return node["Fn::If"][2] if "Fn::If" in node else node


def words(logical_id: str) -> list[str]:
    """Return the words of `UploadsQueue`: Uploads and Queue."""
    return re.split(r"(?<!^)(?=[A-Z])", logical_id)


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    pass


def _function(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


def _app_function(loader: Any, node: yaml.Node) -> dict[str, Any]:
    """Return a function of the app: app.yaml says what it has of its own."""
    given: dict[str, Any] = loader.construct_mapping(node, deep=True)
    # There are no plugins, and the search for them takes a tenth of a cold start.
    variables = {"STAGE": {"Ref": "Stage"}, "PYDANTIC_DISABLE_PLUGINS": "__all__"}
    variables |= {_variable(name): {"Ref": name} for name in given.pop("Uses", ())}
    variables |= given.pop("Variables", {})
    log = {"LogGroup": {"Ref": given.pop("Log")}, "LogFormat": "JSON"}
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
    given |= {"LoggingConfig": log | levels, "Environment": {"Variables": variables}}
    return {"Type": "AWS::Serverless::Function", "Properties": given}


def _variable(logical_id: str) -> str:
    """Return the variable with the `Ref` of a resource or parameter: UPKEEP_QUEUE_URL."""
    *first, last = words(logical_id)
    ends = {"Alias": [], "Queue": ["Queue", "URL"], "Topic": ["Topic", "ARN"]}
    return "_".join([*first, *ends.get(last, [last])]).upper()


def _log_metric(loader: Any, node: yaml.Node) -> dict[str, Any]:
    """Return the filter that reads a metric of the stack from a log: alarms.yaml says its form."""
    given: list[str] = loader.construct_sequence(node)
    log, pattern, name, value, unit = given + ["1", "Count"][len(given) - 3 :]
    metric = {"MetricName": name, "MetricValue": value, "Unit": unit}
    properties: dict[str, Any] = {"LogGroupName": {"Ref": log}, "FilterPattern": pattern}
    properties["MetricTransformations"] = [{"MetricNamespace": _NAMESPACE, **metric}]
    return {"Type": "AWS::Logs::MetricFilter", "Properties": properties}


def _administration(loader: Any, node: yaml.Node) -> dict[str, Any]:
    """Return what the account may do with a key whose use no policy of a role can grant: the rights
    of every kind of key, and more.
    """
    every, *more = loader.construct_sequence(node, deep=True)
    return {
        "Sid": "TheAccountAdministers",
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": [f"kms:{right}" for right in sorted([*every, *more])],
        "Resource": "*",
    }


def _role_may(loader: Any, node: yaml.Node) -> dict[str, Any]:
    """Return what a role may do with a key."""
    sid, role, *actions = loader.construct_sequence(node)
    arn = {"Fn::GetAtt": [role, "Arn"]}
    principal: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": arn}}
    return {"Sid": sid, **principal, "Action": _one_or_more(actions), "Resource": "*"}


def _one_or_more(actions: list[str]) -> str | list[str]:
    return actions if len(actions) > 1 else actions[0]


def _nobody_else(loader: Any, node: yaml.Node) -> dict[str, Any]:
    """Return the refusal of a use of a key to all but one role."""
    does, role, *actions = loader.construct_sequence(node)
    arn = {"Fn::GetAtt": [role, "Arn"]}
    return {
        "Sid": f"NobodyElse{does}",
        "Effect": "Deny",
        "Principal": "*",
        "Action": _one_or_more(actions),
        "Resource": "*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": arn}},
    }


def _alarm(loader: Any, node: yaml.Node) -> dict[str, Any]:
    """Return the alarm with these properties, and those that all have."""
    given: dict[str, Any] = loader.construct_mapping(node, deep=True)
    notify = [{"Ref": "AlarmsTopic"}]
    shared: dict[str, Any] = {
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
        "TreatMissingData": "notBreaching",
        "AlarmActions": notify,
        "OKActions": notify,
    }
    if "Metrics" not in given:
        shared |= {"Namespace": _NAMESPACE, "Statistic": "Sum", "Period": 60}
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": shared | given}


_Loader.add_multi_constructor("!", _function)
_Loader.add_constructor("!LogMetric", _log_metric)
_Loader.add_constructor("!Function", _app_function)
_Loader.add_constructor("!Alarm", _alarm)
_Loader.add_constructor("!Administration", _administration)
_Loader.add_constructor("!RoleMay", _role_may)
_Loader.add_constructor("!NobodyElse", _nobody_else)
