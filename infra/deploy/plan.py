"""The plan: a change set of CloudFormation, and what it means for a reader."""

import textwrap
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import uuid4

from infra.stage.console import Pause, Refused
from infra.stage.target import listed, parameters_of

WIDTH = 96
POLL_S = 2.0
PLANNING_LIMIT_S = 600.0
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
# In the order of what a reader would miss first.
DATA_TYPES = {
    "AWS::DynamoDB::Table": "rows",
    "AWS::S3::Bucket": "objects",
    "AWS::Cognito::UserPool": "accounts",
    "AWS::SecretsManager::Secret": "a secret",
    "AWS::KMS::Key": "the key of everything else",
    "AWS::Backup::BackupVault": "backups",
}
# What a change in place loses: by type, the properties, and what becomes of what is held.
#
# A key's policy is not among them: versions change it, and CloudFormation refuses one that would
# lock out whoever deploys.
_LOST_IN_PLACE: Mapping[str, tuple[frozenset[str], str]] = {
    "AWS::SecretsManager::Secret": (
        frozenset({"GenerateSecretString", "SecretString"}),
        "given a new value",
    ),
    "AWS::KMS::Key": (frozenset({"Enabled"}), "turned on or off"),
    "AWS::DynamoDB::Table": (frozenset({"TimeToLiveSpecification"}), "given another expiry"),
    "AWS::S3::Bucket": (
        frozenset({"LifecycleConfiguration", "ObjectLockConfiguration", "ObjectLockEnabled"}),
        "given other rules for the deletion of objects",
    ),
}
# What holds data by its logical id, where others of its type hold none.
_HELD_BY: Mapping[str, str] = {"NoticesTopic": "the subscriptions of all officers"}
# What every deployment makes anew.
_COPIES = ("WebBucket",)
_UNCHANGED = ("didn't contain changes", "No updates are to be performed", "no changes")


class Kind(StrEnum):
    """What happens to a resource."""

    ADD = "added"
    CHANGE = "changed"
    REPLACE = "replaced"
    MAY_REPLACE = "perhaps replaced"
    REMOVE = "removed"


_SIGNS = {
    Kind.ADD: "+",
    Kind.CHANGE: "~",
    Kind.REPLACE: "!",
    Kind.MAY_REPLACE: "?",
    Kind.REMOVE: "-",
}
_MEANINGS = {
    Kind.REPLACE: "a new one is made, and the present one is removed",
    Kind.MAY_REPLACE: "CloudFormation knows only when it gets there",
}


@dataclass(frozen=True)
class Change:
    """What happens to one resource, and by which of its properties."""

    kind: Kind
    logical_id: str
    type: str
    properties: tuple[str, ...] = ()

    @property
    def loses_data(self) -> bool:
        if self.kind is Kind.CHANGE:
            return self.type in _LOST_IN_PLACE and any(
                name in _LOST_IN_PLACE[self.type][0] for name in self.properties
            )
        return self.kind is not Kind.ADD and bool(self.held)

    @property
    def held(self) -> str:
        """What the resource holds that would be missed; "" when it holds nothing."""
        if self.logical_id in _COPIES:
            return ""
        return DATA_TYPES.get(self.type, "") or _HELD_BY.get(self.logical_id, "")

    @property
    def fate(self) -> str:
        """What becomes of a resource that loses data."""
        match self.kind:
            case Kind.CHANGE:
                return _LOST_IN_PLACE[self.type][1]
            case Kind.REMOVE:
                return "removed"
            case Kind.MAY_REPLACE:
                return "replaced by an empty one, perhaps"
        return "replaced by an empty one"


@dataclass(frozen=True)
class Request:
    """What CloudFormation is asked for. A parameter of the stack that is not `given` keeps its
    value.
    """

    stack: str
    template_url: str
    given: Mapping[str, str]
    declared: Collection[str]
    present: Mapping[str, Any] | None  # the stack as it is; None when there is none
    tags: Mapping[str, str]

    def parameters(self) -> list[dict[str, Any]]:
        known = parameters_of(self.present).keys() & set(self.declared)
        kept = [
            {"ParameterKey": name, "UsePreviousValue": True}
            for name in sorted(known - set(self.given))
        ]
        return [
            {"ParameterKey": name, "ParameterValue": value} for name, value in self.given.items()
        ] + kept


def create_change_set(
    request: Request, cloudformation: Any, pause: Pause = time.sleep
) -> tuple[str, list[Change]] | None:
    """Return the id of a change set and its changes; None when nothing changes.

    Raises Refused when CloudFormation rejects the template.
    """
    change_set: str = cloudformation.create_change_set(
        StackName=request.stack,
        ChangeSetName=f"deploy-{uuid4().hex}",
        ChangeSetType="UPDATE" if request.present else "CREATE",
        TemplateURL=request.template_url,
        Parameters=request.parameters(),
        Capabilities=CAPABILITIES,
        Tags=[{"Key": key, "Value": value} for key, value in request.tags.items()],
    )["Id"]
    waited = 0.0
    while True:
        found = cloudformation.describe_change_set(ChangeSetName=change_set)
        if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
            break
        if waited >= PLANNING_LIMIT_S:
            raise Refused("CloudFormation does not finish the plan. Try again in a few minutes.")
        pause(POLL_S)
        waited += POLL_S
    if found["Status"] == "CREATE_COMPLETE":
        return change_set, list(read_changes(change_set, cloudformation))
    reason = found.get("StatusReason", "no reason given")
    cloudformation.delete_change_set(ChangeSetName=change_set)
    if any(phrase in reason for phrase in _UNCHANGED):
        return None
    raise Refused(f"CloudFormation rejects the template: {reason}")


def read_changes(change_set: str, cloudformation: Any) -> Iterator[Change]:
    """Yield the changes of a change set, of all its pages."""
    for change in listed(
        cloudformation, "describe_change_set", "Changes", ChangeSetName=change_set
    ):
        yield read_change(change["ResourceChange"])


def read_change(change: Mapping[str, Any]) -> Change:
    """Return one change as CloudFormation describes it."""
    names = {
        target.get("Name") or target["Attribute"].lower()
        for detail in change.get("Details", [])
        if (target := detail.get("Target", {})) and target.get("Attribute")
    }
    return Change(
        kind=_kind(change["Action"], change.get("Replacement"), change.get("PolicyAction", "")),
        logical_id=change["LogicalResourceId"],
        type=change["ResourceType"],
        properties=tuple(sorted(names)),
    )


def _kind(action: str, replacement: str | None, policy: str) -> Kind:
    if action in ("Add", "Import"):
        return Kind.ADD
    if action == "Remove":
        return Kind.REMOVE
    if replacement == "True" or policy.startswith("ReplaceAnd"):
        return Kind.REPLACE
    if replacement == "Conditional" or action == "Dynamic":
        return Kind.MAY_REPLACE
    return Kind.CHANGE


def describe(changes: Sequence[Change]) -> str:
    """Return the plan for a reader: counts, names by type, and in plain words what is replaced."""
    return "\n".join(_lines(changes))


def refuse_data_loss(changes: Iterable[Change], allowed: Collection[str]) -> None:
    """Raise Refused when a change would replace or remove what holds data, or lose some of it in
    place, unless its logical id is among those `allowed`.
    """
    lost = [change for change in changes if change.loses_data and change.logical_id not in allowed]
    if not lost:
        return
    named = "\n".join(
        f"  {change.logical_id} ({type_name(change.type)}) would be {change.fate}"
        f"{_because(change)}. It holds {change.held}."
        for change in lost
    )
    names = ",".join(change.logical_id for change in lost)
    raise Refused(
        f"Nothing was changed, because data would be lost or out of service:\n{named}\n"
        "Undo the change in infra/resources.yaml. If it is meant, and the data are moved or not "
        f"needed, name what may go: REPLACE={names}"
    )


def type_name(kind: str) -> str:
    """Return a resource's type as a reader calls it: `DynamoDB Table`."""
    return " ".join(kind.split("::")[1:])


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    for kind in Kind:
        found = [change for change in changes if change.kind is kind]
        if not found:
            continue
        meaning = f": {_MEANINGS[kind]}" if kind in _MEANINGS else ""
        yield f"  {_SIGNS[kind]} {len(found)} {kind}{meaning}"
        by_type: dict[str, list[str]] = defaultdict(list)
        for change in found:
            detail = _because(change) if kind is not Kind.ADD else ""
            by_type[type_name(change.type)].append(change.logical_id + detail)
        for name, ids in sorted(by_type.items()):
            text = f"{name} ({len(ids)}): {', '.join(sorted(ids))}"
            yield from textwrap.wrap(
                text,
                WIDTH,
                initial_indent="      ",
                subsequent_indent="        ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def _because(change: Change) -> str:
    return f" [{', '.join(change.properties)}]" if change.properties else ""
