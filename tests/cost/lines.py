"""How long the lines are that a request leaves in logs, in bytes."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime

# CloudWatch counts so many bytes more for each event of a batch, and is taken to bill them
# (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html).
EVENT = 26
_ID = "5c1d7a34-9f02-4d68-8f3e-2b7a60c4e911"
# What the runtime does not write: the attributes that every record has.
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
# A value of a usual length for each that the gateway writes into its access log.
_GATEWAY = {
    "requestId": _ID,
    "requestTime": "24/Nov/2026:08:30:00 +0000",
    "responseLatency": "38",
    "integrationLatency": "35",
    "error.responseType": "-",
}
# Lambda's own lines about a call that succeeds: level INFO
# (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).
_START = {
    "time": "2026-11-24T08:30:00.000Z",
    "type": "platform.start",
    "record": {"requestId": _ID, "version": "$LATEST"},
}
_REPORT = {
    "time": "2026-11-24T08:30:00.000Z",
    "type": "platform.report",
    "record": {
        "requestId": _ID,
        "metrics": {
            "durationMs": 31.415,
            "billedDurationMs": 32,
            "memorySizeMB": 1024,
            "maxMemoryUsedMB": 151,
        },
        "status": "success",
    },
}


def of_lambda() -> int:
    """Return the bytes of Lambda's own lines about one call."""
    return sum(EVENT + len(json.dumps(line, separators=(",", ":"))) for line in (_START, _REPORT))


def of_gateway(form: str, method: str, route: str, status: int, size: int) -> int:
    """Return the bytes of a line of the access log, in the form of `AccessLogSetting`."""
    values = _GATEWAY | {
        "httpMethod": method,
        "resourcePath": route,
        "status": str(status),
        "responseLength": str(size),
    }
    return EVENT + len(re.sub(r"\$context\.([\w.]*\w)", lambda found: values[found[1]], form))


def of_app(record: logging.LogRecord) -> int:
    """Return the bytes of a line of the app, as Lambda's runtime writes it
    (`lambda_runtime_log_utils.py` of aws-lambda-python-runtime-interface-client).
    """
    at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    line: dict[str, object] = {
        "timestamp": at,
        "level": record.levelname,
        "message": record.getMessage(),
        "logger": record.name,
        "requestId": _ID,
    }
    more: Mapping[str, object] = vars(record)
    line |= {name: value for name, value in more.items() if name not in _STANDARD}
    return EVENT + len(json.dumps(line)) + 1
