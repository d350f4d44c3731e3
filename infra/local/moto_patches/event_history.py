"""Record the calls of KMS, as CloudTrail does, and find them again (LookupEvents).

moto's CloudTrail knows trails, and no event. Here each call of KMS that names a key is an event in
the form of CloudTrail's, as much of it as anybody reads. Who called is the role whose session
signed the call. Else it is that of the one function that may: SIGNER_ROLE for Sign, OFFICERS_ROLE
for the rest. Locally all functions are one process.
"""

import json
import os
import uuid
from collections import deque
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import BaseResponse
from moto.kms.responses import KmsResponse
from moto.sts.models import sts_backends

from infra.local.moto_patches.patch import Patch

# As CloudTrail: so many in a page.
IN_PAGE = 50
# A stack that runs for days must not grow with every request.
_KEPT = 100_000

_READS = ("Get", "List", "Describe", "Decrypt", "Encrypt", "Sign", "Verify")
_call = BaseResponse.call_action


def _call_action(self: KmsResponse) -> Any:
    asked = json.loads(self.body or "{}")
    # Before the call: it may remove the alias.
    key = _key_of(self, asked)
    status, headers, body = _call(self)
    if key:
        _history(self).append(_event(self, asked, key, str(body) if int(status) >= 400 else ""))
    return status, headers, body


def _key_of(call: KmsResponse, asked: dict[str, Any]) -> str | None:
    """Return the ARN of the key that a call names, itself or by an alias; None if there is none."""
    backend = call.kms_backend
    named = backend.get_alias_name(
        asked.get("KeyId") or asked.get("TargetKeyId") or asked.get("AliasName") or ""
    )
    if named.startswith("alias/"):
        named = backend.get_key_id_from_alias(named) or ""
    key = backend.keys.get(backend.get_key_id(named))
    return str(key.arn) if key else None


def _event(call: KmsResponse, asked: dict[str, Any], key: str, fault: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/ct-decrypt.html"""
    name = call._get_action()
    named = {
        parameter[0].lower() + parameter[1:]: value
        for parameter, value in asked.items()
        if parameter not in ("CiphertextBlob", "Plaintext", "Message")
    }
    return {
        "eventVersion": "1.11",
        "userIdentity": _identity(call),
        "eventTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "awsRegion": call.region,
        "sourceIPAddress": "192.0.2.1",
        "userAgent": call.headers.get("User-Agent", ""),
        **({"errorCode": json.loads(fault).get("__type", "")} if fault else {}),
        "requestParameters": named,
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": name.startswith(_READS),
        "resources": [{"accountId": call.current_account, "type": "AWS::KMS::Key", "ARN": key}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.current_account,
        "eventCategory": "Management",
    }


def _identity(call: KmsResponse) -> dict[str, Any]:
    sessions = sts_backends[call.current_account]["aws"]
    session = sessions.get_assumed_role_from_access_key(call.get_access_key())
    own = "SIGNER_ROLE" if call._get_action() == "Sign" else "OFFICERS_ROLE"
    role = session.role_arn if session else os.environ.get(own, "")
    name = role.rpartition("/")[2]
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{call.current_account}:assumed-role/{name}/"
        f"{session.session_name if session else name}",
        "accountId": call.current_account,
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role, "userName": name}},
    }


def _history(call: BaseResponse) -> deque[dict[str, Any]]:
    """Return the events of a region, the oldest first. They go with moto's other state."""
    backend: CloudTrailBackend = cloudtrail_backends[call.current_account][call.region]
    events: deque[dict[str, Any]] = vars(backend).setdefault("history", deque(maxlen=_KEPT))
    return events


def _lookup_events(self: CloudTrailResponse) -> str:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"""
    asked = json.loads(self.body)
    begin, end = float(asked.get("StartTime", 0)), float(asked.get("EndTime", "inf"))
    found = [
        event
        for event in reversed(_history(self))
        if begin <= _seconds(event) <= end
        and all(_has(event, each) for each in asked.get("LookupAttributes", ()))
    ]
    start = int(asked.get("NextToken") or 0)
    most = min(asked.get("MaxResults") or IN_PAGE, IN_PAGE)
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return json.dumps({"Events": [_found(event) for event in found[start : start + most]]} | more)


def _has(event: dict[str, Any], attribute: dict[str, str]) -> bool:
    match attribute["AttributeKey"]:
        case "ResourceName":
            return attribute["AttributeValue"] in [each["ARN"] for each in event["resources"]]
        case "EventName":
            return str(event["eventName"]) == attribute["AttributeValue"]
    raise NotImplementedError(f"lookups by {attribute['AttributeKey']}")


def _seconds(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["eventTime"]).timestamp()


def _found(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "EventTime": _seconds(event),
        "EventSource": event["eventSource"],
        "ReadOnly": str(event["readOnly"]).lower(),
        "Resources": [
            {"ResourceType": each["type"], "ResourceName": each["ARN"]}
            for each in event["resources"]
        ],
        "CloudTrailEvent": json.dumps(event),
    }


PATCH = Patch(
    (KmsResponse, "call_action", _call_action),
    (CloudTrailResponse, "lookup_events", _lookup_events),
)
