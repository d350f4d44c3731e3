"""What is changed of moto's DynamoDB: turns, transactions, queries, conversions, streams."""

import cProfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.parsing import ast_nodes
from moto.dynamodb.parsing.tokens import ExpressionTokenizer
from moto.dynamodbstreams.models import DynamoDBStreamsBackend, dynamodbstreams_backends

from infra.local.moto_patches import dynamodb
from tests import cloud
from tests.local.moto_patches.conftest import fails_without

KEY = {"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}

type Call = Callable[[Mapping[str, str]], object]


def _put(aws: Mapping[str, str]) -> object:
    return cloud.client("dynamodb").put_item(TableName=aws["REPORTS_TABLE"], Item=KEY)


def _describe(aws: Mapping[str, str]) -> object:
    streams = cloud.client("dynamodbstreams")
    return streams.describe_stream(StreamArn=aws["REPORTS_STREAM_ARN"])


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], list[bool]]:
    """Make requests wait for each other inside moto, that long; give what became of each."""

    def arrange(patience_s: float) -> list[bool]:
        barrier, found = threading.Barrier(2), list[bool]()

        def waiting(original: Callable[..., Any]) -> Callable[..., Any]:
            def wait(*args: Any, **named: Any) -> Any:
                try:
                    barrier.wait(patience_s)
                    found.append(True)
                except threading.BrokenBarrierError:
                    found.append(False)
                return original(*args, **named)

            return wait

        for owner, name in (
            (DynamoDBBackend, "put_item"),
            (DynamoDBStreamsBackend, "describe_stream"),
        ):
            monkeypatch.setattr(owner, name, waiting(getattr(owner, name)))
        return found

    return arrange


def _call_at_once(aws: Mapping[str, str], *calls: Call) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        list(pool.map(lambda call: call(aws), calls))


@fails_without(dynamodb.ATOMICITY)
@pytest.mark.parametrize("other", [_put, _describe])
def test_two_threads_are_never_inside_at_once(
    aws: Mapping[str, str], clean: None, met: Callable[[float], list[bool]], other: Call
) -> None:
    found = met(1)
    _call_at_once(aws, _put, other)
    assert found == [False, False]


# Transactions ------------------------------------------------------------------------------------


def _row(sk: str, **attributes: str) -> dict[str, Any]:
    return {
        "pk": {"S": "REPORT#1"},
        "sk": {"S": sk},
        **{name: {"S": value} for name, value in attributes.items()},
    }


@pytest.fixture
def iterator(aws: Mapping[str, str]) -> str:
    return _iterator_from(aws, "LATEST")


def _fail(aws: Mapping[str, str]) -> None:
    """Put, change and delete, then a condition that does not hold."""
    table = aws["REPORTS_TABLE"]
    with pytest.raises(ClientError, match="TransactionCanceled"):
        cloud.client("dynamodb").transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": _row("NEW")}},
                {
                    "Update": {
                        "TableName": table,
                        "Key": _row("CHANGED"),
                        "UpdateExpression": "SET word = :word",
                        "ExpressionAttributeValues": {":word": {"S": "after"}},
                    }
                },
                {"Delete": {"TableName": table, "Key": _row("DELETED")}},
                {
                    "Put": {
                        "TableName": table,
                        "Item": _row("HEAD"),
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )


def test_a_failed_transaction_changes_nothing(aws: Mapping[str, str], clean: None) -> None:
    dynamodb = cloud.client("dynamodb")
    before = [_row("CHANGED", word="before"), _row("DELETED", word="before")]
    for row in before:
        dynamodb.put_item(TableName=aws["REPORTS_TABLE"], Item=row)
    _fail(aws)
    assert dynamodb.scan(TableName=aws["REPORTS_TABLE"])["Items"] == before


def test_the_stream_shows_what_succeeds_and_only_that_even_after_a_failure(
    aws: Mapping[str, str], clean: None, iterator: str
) -> None:
    _fail(aws)
    cloud.client("dynamodb").transact_write_items(
        TransactItems=[
            {"Put": {"TableName": aws["REPORTS_TABLE"], "Item": _row(sk)}}
            for sk in ("HEAD", "CONTACT")
        ]
    )
    assert _names(_read(iterator)) == ["HEAD", "CONTACT"]


def test_a_backup_is_still_a_copy(aws: Mapping[str, str], clean: None) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.put_item(TableName=aws["REPORTS_TABLE"], Item=_row("HEAD"))
    backup = dynamodb.create_backup(TableName=aws["REPORTS_TABLE"], BackupName="copy")[
        "BackupDetails"
    ]["BackupArn"]
    dynamodb.delete_item(TableName=aws["REPORTS_TABLE"], Key=_row("HEAD"))
    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup)
    assert dynamodb.scan(TableName="restored")["Count"] == 1


def test_moto_alone_replaces_the_table_of_a_failed_transaction(
    aws: Mapping[str, str], clean: None, iterator: str
) -> None:
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    before = tables[aws["REPORTS_TABLE"]]
    try:
        with dynamodb.TRANSACTIONS.removed():
            _fail(aws)
        assert tables[aws["REPORTS_TABLE"]] is not before
    finally:
        tables[aws["REPORTS_TABLE"]] = before


# Queries -----------------------------------------------------------------------------------------


TABLE = "queried"
INDEXES = (None, "by_group", "by_owner")
_HASHES = {None: "pk", "by_group": "group", "by_owner": "owner"}
_SORTS = {None: "sk", "by_group": "rank"}


@pytest.fixture(scope="module")
def created(aws: Mapping[str, str]) -> Iterator[Any]:
    """A table with an index that sorts by a number, and one without a sort key of its own."""
    client = cloud.client("dynamodb")
    _create(client, TABLE)
    yield client
    client.delete_table(TableName=TABLE)


@pytest.fixture
def table(created: Any) -> Any:
    _empty()
    return created


def _create(client: Any, name: str) -> None:
    types = {"pk": "S", "sk": "S", "group": "S", "rank": "N", "owner": "S"}
    client.create_table(
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


def _change(client: Any, how: str, key: dict[str, Any], more: dict[str, Any]) -> None:
    put = {"Put": {"TableName": TABLE, "Item": key | more}}
    match how:
        case "put":
            client.put_item(TableName=TABLE, Item=key | more)
        case "set" if more:
            client.update_item(TableName=TABLE, Key=key, **_setting(more))
        case "clear":
            client.update_item(
                TableName=TABLE,
                Key=key,
                UpdateExpression="REMOVE #group",
                ExpressionAttributeNames={"#group": "group"},
            )
        case "delete":
            client.delete_item(TableName=TABLE, Key=key)
        case "two":
            other = {"pk": {"S": "c"}, "sk": {"S": "c"}}
            client.transact_write_items(
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
                client.transact_write_items(TransactItems=[update, {"ConditionCheck": check}])


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


def _pages(client: Any, asked: dict[str, Any]) -> list[Any]:
    pages: list[Any] = []
    start: dict[str, Any] = {}
    while len(pages) < 20:
        page = client.query(**asked, **start)
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
    _empty()
    for writes, asked in changes:
        for write in writes:
            _change(created, *write)
        ours = _pages(created, asked)
        with dynamodb.QUERIES.removed():
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


@fails_without(dynamodb.QUERIES)
def test_a_query_sorts_its_partition_alone(table: Any) -> None:
    assert _compared(table, 400, DynamoType.__lt__) <= 3 * _compared(table, 20, DynamoType.__lt__)


@fails_without(dynamodb.QUERIES)
def test_a_query_of_an_index_looks_at_its_partition_alone(table: Any) -> None:
    assert _compared(table, 400, DynamoType.__eq__) <= 3 * _compared(table, 20, DynamoType.__eq__)


@fails_without(dynamodb.QUERIES)
@pytest.mark.parametrize("forward", [True, False])
def test_a_page_sorts_its_own_items_alone(table: Any, forward: bool) -> None:
    for number in range(100):
        item = {"pk": {"S": "a"}, "sk": {"S": f"{number:03}"}}
        table.put_item(TableName=TABLE, Item=item)
    start = {"pk": {"S": "a"}, "sk": {"S": "050"}}
    asked = _of_partition("a") | {"Limit": 2, "ScanIndexForward": forward}
    asked |= {"ExclusiveStartKey": start}
    assert _sorts(table.query(**asked)) == (["051", "052"] if forward else ["049", "048"])
    assert _calls(DynamoType.__lt__, lambda: table.query(**asked)) <= 6


def _compared(client: Any, count: int, compare: Any) -> int:
    """Return how often a second Query compares two keys, in a table with as many items. It is not
    always the same: they come from a set.
    """
    _empty()
    for number in range(count):
        group = {"S": f"{number // 5}"}
        item = {"pk": {"S": f"{number}"}, "sk": {"S": "a"}, "rank": {"N": "1"}, "group": group}
        client.put_item(TableName=TABLE, Item=item)
    asked = {"IndexName": "by_group", "ExpressionAttributeNames": {"#p": "group"}}
    client.query(**_of_partition("1") | asked)
    return _calls(compare, lambda: client.query(**_of_partition("1") | asked))


def _of_partition(name: str) -> dict[str, Any]:
    return {
        "TableName": TABLE,
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": "pk"},
        "ExpressionAttributeValues": {":p": {"S": name}},
    }


def _sorts(page: Any) -> list[str]:
    return [item["sk"]["S"] for item in page["Items"]]


def _empty() -> None:
    _table().items.clear()
    dynamodb.PARTITIONS.pop(_table(), None)


def _table() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables[TABLE]


# Expressions --------------------------------------------------------------------------------------


def _update(aws: Mapping[str, str], word: str) -> Any:
    return cloud.client("dynamodb").update_item(
        TableName=aws["REPORTS_TABLE"],
        Key=KEY,
        UpdateExpression="SET word = :word, begun = if_not_exists(begun, :word)",
        ExpressionAttributeValues={":word": {"S": word}},
        ReturnValues="ALL_NEW",
    )["Attributes"]


def test_an_expression_that_was_parsed_before_has_the_values_of_now(
    aws: Mapping[str, str], clean: None
) -> None:
    assert _update(aws, "a") == KEY | {"word": {"S": "a"}, "begun": {"S": "a"}}
    assert _update(aws, "b") == KEY | {"word": {"S": "b"}, "begun": {"S": "a"}}


def test_moto_alone_parses_an_expression_twice_and_lists_types_at_each_node(
    aws: Mapping[str, str], clean: None
) -> None:
    parses: Any = ExpressionTokenizer.make_list.__func__  # type: ignore[attr-defined]
    lists: Any = vars(ast_nodes)["DepthFirstTraverser"].nodes_to_be_processed
    _update(aws, "a")
    ours = _calls(parses, lambda: _update(aws, "a")), _calls(lists, lambda: _update(aws, "a"))
    assert ours[0] == 0
    with dynamodb.EXPRESSIONS.removed():
        assert _calls(parses, lambda: _update(aws, "a")) == 2
        assert _calls(lists, lambda: _update(aws, "a")) > 10 * ours[1]


# Conversions -------------------------------------------------------------------------------------


_texts = st.text(max_size=3)
_scalars = (
    st.builds(lambda value: {"S": value}, _texts)
    | st.builds(lambda value: {"N": str(value)}, st.integers(-99, 99))
    | st.builds(lambda value: {"B": value}, st.binary(max_size=3))
    | st.builds(lambda value: {"BOOL": value}, st.booleans())
    | st.just({"NULL": True})
    | st.builds(lambda value: {"SS": [value]}, _texts)
    | st.builds(lambda value: {"BS": [value]}, st.binary(min_size=1, max_size=3))
)
item_values = st.recursive(
    _scalars,
    lambda inner: (
        st.builds(lambda values: {"L": values}, st.lists(inner, max_size=2))
        | st.builds(lambda value: {"M": value}, st.dictionaries(st.sampled_from("ab"), inner))
    ),
    max_leaves=4,
)


@settings(max_examples=60)
@given(a=item_values, b=item_values)
def test_what_is_read_is_what_was_written_whole_and_in_part(
    aws: Mapping[str, str], a: dict[str, Any], b: dict[str, Any]
) -> None:
    table, client = aws["REPORTS_TABLE"], cloud.client("dynamodb")
    item = KEY | {"a": a, "b": b, "c": {"S": "c"}}
    client.put_item(TableName=table, Item=item)
    assert client.get_item(TableName=table, Key=KEY)["Item"] == item
    asked: dict[str, Any] = {
        "TableName": table,
        "Key": KEY,
        "ProjectionExpression": "#a, b, absent",
        "ExpressionAttributeNames": {"#a": "a"},
    }
    assert client.get_item(**asked)["Item"] == {"a": a, "b": b}


def test_a_part_of_a_value_is_read_as_before(aws: Mapping[str, str], clean: None) -> None:
    table, client = aws["REPORTS_TABLE"], cloud.client("dynamodb")
    nested = {"M": {"inner": {"S": "x"}, "other": {"S": "y"}}}
    client.put_item(TableName=table, Item=KEY | {"outer": nested})
    found = client.get_item(TableName=table, Key=KEY, ProjectionExpression="outer.inner")
    assert found["Item"] == {"outer": {"M": {"inner": {"S": "x"}}}}


def test_what_was_read_does_not_change_with_the_item(aws: Mapping[str, str], clean: None) -> None:
    table, client = aws["REPORTS_TABLE"], cloud.client("dynamodb")
    client.put_item(TableName=table, Item=KEY | {"a": {"L": [{"S": "x"}]}})
    client.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET a = list_append(a, :more)",
        ExpressionAttributeValues={":more": {"L": [{"S": "y"}]}},
    )
    found = client.get_item(TableName=table, Key=KEY, ProjectionExpression="a")["Item"]
    assert found == {"a": {"L": [{"S": "x"}, {"S": "y"}]}}


def test_moto_alone_converts_the_whole_item_for_each_attribute(
    aws: Mapping[str, str], clean: None
) -> None:
    table, client = aws["REPORTS_TABLE"], cloud.client("dynamodb")
    client.put_item(TableName=table, Item=KEY)

    def read() -> None:
        client.get_item(TableName=table, Key=KEY, ProjectionExpression="pk, sk")

    whole: Any = Item.to_regular_json
    assert _calls(whole, read) == 0
    with dynamodb.CONVERSIONS.removed():
        assert _calls(whole, read) == 2


def test_moto_alone_asks_each_value_for_all_its_types(aws: Mapping[str, str], clean: None) -> None:
    table, client = aws["REPORTS_TABLE"], cloud.client("dynamodb")
    client.put_item(TableName=table, Item=KEY)
    picks: Any = ResponseSerializer.get_value

    def read() -> None:
        client.get_item(TableName=table, Key=KEY)

    assert _calls(picks, read) == 0
    with dynamodb.CONVERSIONS.removed():
        assert _calls(picks, read) > 5


def _calls(function: Any, call: Callable[[], Any]) -> int:
    profile = cProfile.Profile()
    profile.runcall(call)
    return sum(e.callcount for e in profile.getstats() if e.code is function.__code__)


# Streams -----------------------------------------------------------------------------------------


def _write_rows(aws: Mapping[str, str], *names: str) -> None:
    for name in names:
        item = {"pk": {"S": "REPORT#1"}, "sk": {"S": name}}
        cloud.client("dynamodb").put_item(TableName=aws["REPORTS_TABLE"], Item=item)


def _iterator_from(aws: Mapping[str, str], begin: str) -> str:
    client, arn = cloud.client("dynamodbstreams"), aws["REPORTS_STREAM_ARN"]
    [shard] = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    response = client.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=begin
    )
    return str(response["ShardIterator"])


def _read(iterator: str) -> Any:
    return cloud.client("dynamodbstreams").get_records(ShardIterator=iterator)


def _names(response: Any) -> list[str]:
    return [record["dynamodb"]["Keys"]["sk"]["S"] for record in response["Records"]]


def _age(aws: Mapping[str, str], by: timedelta) -> Any:
    """Let all records be older."""
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables[aws["REPORTS_TABLE"]]
    assert table.stream_shard
    for item in table.stream_shard.items:
        item.record["dynamodb"]["ApproximateCreationDateTime"] -= by
    return table.stream_shard


def test_records_of_the_last_day_are_read_in_order_and_older_ones_are_gone(
    aws: Mapping[str, str], clean: None
) -> None:
    _write_rows(aws, "a")
    early, late = _iterator_from(aws, "TRIM_HORIZON"), _iterator_from(aws, "LATEST")
    shard = _age(aws, dynamodb.KEPT)
    _write_rows(aws, "b", "c")
    response = _read(late)
    assert _names(response) == ["b", "c"]
    assert len(shard.items) == 2
    _write_rows(aws, "d")
    assert _names(_read(response["NextShardIterator"])) == ["d"]
    assert _names(_read(_iterator_from(aws, "TRIM_HORIZON"))) == ["b", "c", "d"]
    with pytest.raises(ClientError, match="TrimmedDataAccess"):
        _read(early)


@fails_without(dynamodb.STREAMS)
def test_the_latest_iterators_are_kept(aws: Mapping[str, str], clean: None) -> None:
    first = iterator = _iterator_from(aws, "LATEST")
    for _ in range(dynamodb.MOST_ITERATORS):
        iterator = _backend().get_records(iterator, 1)["NextShardIterator"]
    assert len(_backend().shard_iterators) == dynamodb.MOST_ITERATORS
    _write_rows(aws, "a")
    assert _names(_read(iterator)) == ["a"]
    with pytest.raises(ClientError, match="ExpiredIterator"):
        _read(first)


def _backend() -> Any:
    return dynamodbstreams_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
