"""The other services behind the gate's port."""

import json
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.local.s3.running import Gate


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads that change places at nearly every step: what can interleave, will."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def table(gate: Gate) -> Iterator[str]:
    database = gate.client("dynamodb")
    database.create_table(
        TableName="gate-once",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield "gate-once"
    database.delete_table(TableName="gate-once")


@pytest.mark.usefixtures("eager_threads")
def test_of_transactions_at_once_exactly_one_is_accepted_and_none_is_lost(
    gate: Gate, table: str
) -> None:
    database = gate.client("dynamodb", max_pool_connections=6)
    # botocore makes a client's exceptions at their first use: two threads would make two of each.
    refused = database.exceptions.TransactionCanceledException
    accepted = []
    barrier = threading.Barrier(6)

    def claim(who: str) -> None:
        for row in range(15):
            barrier.wait(timeout=60)
            try:
                put = {"TableName": table, "ConditionExpression": "attribute_not_exists(id)"}
                database.transact_write_items(
                    TransactItems=[
                        {
                            "Put": {
                                **put,
                                "Item": {"id": {"S": f"audit-{row}-{who}"}, "who": {"S": who}},
                            }
                        },
                        {"Put": {**put, "Item": {"id": {"S": str(row)}, "who": {"S": who}}}},
                    ]
                )
                accepted.append((str(row), who))
            except refused:
                continue

    threads = [threading.Thread(target=claim, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [(item["id"]["S"], item["who"]["S"]) for item in database.scan(TableName=table)["Items"]]
    assert len(accepted) == 15
    assert sorted(kept) == sorted(
        [*accepted, *((f"audit-{row}-{who}", who) for row, who in accepted)]
    )


def test_tokens_can_be_verified_by_the_pools_published_keys(gate: Gate) -> None:
    pool = gate.client("cognito-idp").create_user_pool(PoolName="gate")["UserPool"]["Id"]
    status, _, body = gate.ask("GET", f"/{pool}/.well-known/jwks.json")
    assert status == 200
    assert json.loads(body)["keys"]


def test_one_port_serves_every_service(gate: Gate) -> None:
    topic = gate.client("sns").create_topic(Name="gate")["TopicArn"]
    secret = gate.client("secretsmanager").create_secret(Name="gate", SecretString="s")["ARN"]
    assert topic.endswith(":gate")
    assert gate.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "s"
