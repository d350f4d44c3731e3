"""A Query finds what moto finds, without going through the whole table."""

import cProfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from infra.local.moto_patches import queries

TABLE = "queried"
INDEXES = (None, "by_group", "by_owner")
_HASHES = {None: "pk", "by_group": "group", "by_owner": "owner"}
_SORTS = {None: "sk", "by_group": "rank"}


@pytest.fixture(scope="module")
def created(aws: Mapping[str, str]) -> Iterator[Any]:
    """A table with an index that sorts by a number, and one without a sort key of its own."""
    dynamodb = boto3.client("dynamodb")
    _create(dynamodb, TABLE)
    yield dynamodb
    dynamodb.delete_table(TableName=TABLE)


@pytest.fixture
def table(created: Any) -> Any:
    _table().items.clear()
    return created


def _create(dynamodb: Any, name: str) -> None:
    types = {"pk": "S", "sk": "S", "group": "S", "rank": "N", "owner": "S"}
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in types.items()
        ],
        KeySchema=_schema("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": _schema(*names),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, names in {"by_group": ("group", "rank"), "by_owner": ("owner",)}.items()
        ],
    )


def _schema(partition: str, sort: str | None = None) -> list[dict[str, str]]:
    sorts = [{"AttributeName": sort, "KeyType": "RANGE"}] if sort else []
    return [{"AttributeName": partition, "KeyType": "HASH"}, *sorts]


_few = st.sampled_from(["a", "ab", "b", "ba"])
_keys = st.builds(lambda pk, sk: {"pk": {"S": pk}, "sk": {"S": sk}}, _few, _few)
_ranks = st.sampled_from(["-1", "0", "1.0", "1", "10", "9"])
_more = st.fixed_dictionaries(
    {},
    optional={
        "group": st.builds(lambda value: {"S": value}, _few),
        "owner": st.builds(lambda value: {"S": value}, _few),
        "rank": st.builds(lambda value: {"N": value}, _ranks),
    },
)
_changes = st.lists(
    st.tuples(st.sampled_from(["put", "set", "clear", "delete", "two", "failed"]), _keys, _more),
    max_size=12,
)


def _change(dynamodb: Any, how: str, key: dict[str, Any], more: dict[str, Any]) -> None:
    put = {"Put": {"TableName": TABLE, "Item": key | more}}
    match how:
        case "put":
            dynamodb.put_item(TableName=TABLE, Item=key | more)
        case "set" if more:
            dynamodb.update_item(TableName=TABLE, Key=key, **_setting(more))
        case "clear":
            dynamodb.update_item(
                TableName=TABLE,
                Key=key,
                UpdateExpression="REMOVE #group",
                ExpressionAttributeNames={"#group": "group"},
            )
        case "delete":
            dynamodb.delete_item(TableName=TABLE, Key=key)
        case "two":
            other = {"pk": {"S": "c"}, "sk": {"S": "c"}}
            dynamodb.transact_write_items(
                TransactItems=[put, {"Delete": {"TableName": TABLE, "Key": other}}]
            )
        case "failed":
            absent = {"pk": {"S": "never"}, "sk": {"S": "there"}}
            check = {
                "TableName": TABLE,
                "Key": absent,
                "ConditionExpression": "attribute_exists(pk)",
            }
            setting = _setting(more or {"owner": {"S": "b"}})
            update = {"Update": {"TableName": TABLE, "Key": key, **setting}}
            with pytest.raises(ClientError, match="TransactionCanceled"):
                dynamodb.transact_write_items(TransactItems=[update, {"ConditionCheck": check}])


def _setting(more: dict[str, Any]) -> dict[str, Any]:
    return {
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in more),
        "ExpressionAttributeNames": {f"#{name}": name for name in more},
        "ExpressionAttributeValues": {f":{name}": value for name, value in more.items()},
    }


@st.composite
def _asked(draw: st.DrawFn) -> dict[str, Any]:
    index = draw(st.sampled_from(INDEXES))
    names, values = {"#p": _HASHES[index]}, {":p": {"S": draw(_few)}}
    condition = "#p = :p"
    if sort := _SORTS.get(index):
        operators = ["", "=", "<", "<=", ">", ">=", "BETWEEN"]
        operators += ["begins_with"] if sort == "sk" else []
        operator = draw(st.sampled_from(operators))
        kind, some = ("S", _few) if sort == "sk" else ("N", _ranks)
        low, high = sorted([draw(some), draw(some)], key=float if kind == "N" else str)
        values |= {":low": {kind: low}} if operator else {}
        names |= {"#s": sort} if operator else {}
        match operator:
            case "BETWEEN":
                condition += " AND #s BETWEEN :low AND :high"
                values[":high"] = {kind: high}
            case "begins_with":
                condition += " AND begins_with(#s, :low)"
            case "":
                pass
            case _:
                condition += f" AND #s {operator} :low"
    return {
        "TableName": TABLE,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ScanIndexForward": draw(st.booleans()),
        **({"IndexName": index} if index else {}),
        **draw(st.sampled_from([{}, {"Limit": 1}, {"Limit": 2}])),
    }


def _pages(dynamodb: Any, asked: dict[str, Any]) -> list[Any]:
    pages: list[Any] = []
    start: dict[str, Any] = {}
    while len(pages) < 20:
        page = dynamodb.query(**asked, **start)
        pages.append([page[name] for name in ("Items", "Count", "ScannedCount")])
        if "LastEvaluatedKey" not in page:
            return pages
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        pages.append(start)
    raise AssertionError("no end")


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(st.tuples(_changes, _asked()), min_size=1, max_size=3))
def test_whatever_was_written_each_page_is_the_one_that_moto_finds(
    created: Any, changes: list[tuple[list[Any], dict[str, Any]]]
) -> None:
    _table().items.clear()
    for writes, asked in changes:
        for write in writes:
            _change(created, *write)
        ours = _pages(created, asked)
        with queries.PATCH.removed():
            assert ours == _pages(created, asked)


def test_a_page_goes_on_where_the_last_one_ended_though_its_last_item_is_gone(table: Any) -> None:
    for sk in "abcde":
        table.put_item(TableName=TABLE, Item={"pk": {"S": "a"}, "sk": {"S": sk}})
    asked = _of_partition("a")
    last = table.query(**asked, Limit=2)["LastEvaluatedKey"]
    table.delete_item(TableName=TABLE, Key=last)
    assert _sorts(table.query(**asked, ExclusiveStartKey=last)) == ["c", "d", "e"]
    back = table.query(**asked, ExclusiveStartKey=last, ScanIndexForward=False)
    assert _sorts(back) == ["a"]


def test_a_table_that_was_restored_is_queried_as_it_is_now(table: Any) -> None:
    table.put_item(TableName=TABLE, Item={"pk": {"S": "a"}, "sk": {"S": "a"}})
    assert table.query(**_of_partition("a"))["Count"] == 1
    backup = table.create_backup(TableName=TABLE, BackupName="copy")["BackupDetails"]["BackupArn"]
    table.restore_table_from_backup(TargetTableName="queried-again", BackupArn=backup)
    restored = _of_partition("a") | {"TableName": "queried-again"}
    assert table.query(**restored)["Count"] == 1
    table.put_item(TableName="queried-again", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert table.query(**restored)["Count"] == 2
    table.delete_table(TableName="queried-again")


def test_what_is_asked_in_the_old_form_is_found_too(table: Any) -> None:
    for sk in "ab":
        item = {"pk": {"S": "a"}, "sk": {"S": sk}, "word": {"S": sk}}
        table.put_item(TableName=TABLE, Item=item)
    equals = {"AttributeValueList": [{"S": "a"}], "ComparisonOperator": "EQ"}
    assert table.query(TableName=TABLE, KeyConditions={"pk": equals})["Count"] == 2
    filtered = table.query(
        TableName=TABLE, KeyConditions={"pk": equals}, QueryFilter={"word": equals}
    )
    assert filtered["Count"] == 1


def test_a_query_compares_no_more_keys_in_a_large_table_than_in_a_small_one(table: Any) -> None:
    assert _comparisons(table, 400) <= _comparisons(table, 20)


def test_moto_alone_compares_the_keys_of_the_whole_table(table: Any) -> None:
    def alone(count: int) -> int:
        with queries.PATCH.removed():
            return _comparisons(table, count)

    assert alone(400) > 5 * alone(20)


def _comparisons(dynamodb: Any, count: int) -> int:
    """Return how often a Query of a page looks at a value, in a table with as many partitions."""
    _table().items.clear()
    for number in range(count):
        item = {"pk": {"S": f"{number}"}, "sk": {"S": "a"}, "group": {"S": "a"}}
        dynamodb.put_item(TableName=TABLE, Item=item | {"rank": {"N": f"{number}"}})
    asked = {"IndexName": "by_group", "ExpressionAttributeNames": {"#p": "group"}}
    dynamodb.query(**_of_partition("a") | asked, Limit=5)
    return _counted(lambda: dynamodb.query(**_of_partition("a") | asked, Limit=5))


def _counted(call: Callable[[], Any]) -> int:
    profile = cProfile.Profile()
    profile.runcall(call)
    return sum(entry.callcount for entry in profile.getstats() if entry.code is _CAST)


_CAST = vars(DynamoType)["cast_value"].fget.__code__


def _of_partition(name: str) -> dict[str, Any]:
    return {
        "TableName": TABLE,
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": "pk"},
        "ExpressionAttributeValues": {":p": {"S": name}},
    }


def _sorts(page: Any) -> list[str]:
    return [item["sk"]["S"] for item in page["Items"]]


def _table() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables[TABLE]
