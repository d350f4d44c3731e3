"""The limits that AWS publishes, by default and in the account of a new customer.

Looked up from 26 to 29 November 2026. Quotas that can be raised are marked so; partitions cannot.
"""

from dataclasses import dataclass

_DOCS = "https://docs.aws.amazon.com"
_DYNAMODB = f"{_DOCS}/amazondynamodb/latest/developerguide"


@dataclass(frozen=True, slots=True)
class Published:
    """So many a second, and in a burst; where AWS says so."""

    what: str
    per_second: float
    burst: float
    source: str
    can_be_raised: bool = True


GATEWAY = Published(
    "requests to all APIs of an account",
    10_000,
    5_000,
    f"{_DOCS}/apigateway/latest/developerguide/limits.html",
)
# Functions of an account that run at the same time; a function may add as many in 10 s.
# https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
CONCURRENCY = 1_000
REQUESTS_PER_ENVIRONMENT = Published(
    "requests to one execution environment",
    10,
    10,
    f"{_DOCS}/lambda/latest/dg/scaling-behavior.html",
    can_be_raised=False,
)
# A partition may use what it saved in five minutes, but AWS promises nothing: none is counted on.
PARTITION_WRITES = Published(
    "write units of a partition",
    1_000,
    1_000,
    f"{_DYNAMODB}/throttling-key-range-limit-exceeded-mitigation.html",
    can_be_raised=False,
)
# A partition, and a new table, bear three times as many read units, or a linear combination:
# https://repost.aws/knowledge-center/on-demand-table-throttling-dynamodb
READ = 1 / 3
# It doubles with the traffic, but not within 30 minutes.
NEW_TABLE_WRITES = Published(
    "write units of a new table or index on demand",
    4_000,
    4_000,
    f"{_DYNAMODB}/on-demand-capacity-mode.html",
    can_be_raised=False,
)
TABLE_WRITES = Published(
    "write units of any table or index on demand",
    40_000,
    40_000,
    f"{_DYNAMODB}/on-demand-capacity-mode.html",
)
TABLE_READS = Published(
    "read units of any table or index on demand",
    40_000,
    40_000,
    f"{_DYNAMODB}/on-demand-capacity-mode.html",
)
# A new table has as many partitions as its 4,000 write units need, and its stream a shard for each.
NEW_TABLE_PARTITIONS = int(NEW_TABLE_WRITES.per_second / PARTITION_WRITES.per_second)
# Beyond it SNS disables the subscription: it must be confirmed again.
SNS_EMAILS = Published(
    "e-mails to one subscription",
    10,
    10,
    "https://repost.aws/knowledge-center/sns-email-subscription-disabled",
    can_be_raised=False,
)
KMS_RSA = Published(
    "operations with all RSA keys of an account",
    1_000,
    1_000,
    f"{_DOCS}/kms/latest/developerguide/requests-per-second.html",
)
# By topic; an account may have 10,000.
SNS_FILTERS = Published(
    "filter policies of a topic",
    200,
    200,
    f"{_DOCS}/sns/latest/dg/subscription-filter-policy-constraints.html",
)
# Active or idle, for a function that has the account's whole concurrency. How long Lambda keeps an
# idle one is not published.
TENANTS = Published(
    "environments of tenants, for 1,000 functions at the same time",
    2_500,
    2_500,
    f"{_DOCS}/lambda/latest/dg/tenant-isolation-troubleshooting.html",
)
# What is no limit but an assumption: the time of one call of DynamoDB or SNS from a function.
CALL_S = 0.01
