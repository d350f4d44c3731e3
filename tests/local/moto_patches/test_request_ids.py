"""A response has an id of its own, in its headers and in its XML."""

import cProfile
from collections.abc import Mapping
from typing import Any

import boto3
from moto.core.responses import BaseResponse

from infra.local.moto_patches import request_ids


def test_each_response_has_an_id_and_its_xml_has_the_same(aws: Mapping[str, str]) -> None:
    ids = set()
    for _ in range(2):
        headers, body = BaseResponse._enrich_response(
            {}, "<a>\n<RequestId>request-id</RequestId>\n</a>"
        )
        ids.add(headers["x-amzn-requestid"])
        assert body == f"<a>\n<RequestId>{headers['x-amzn-requestid']}</RequestId>\n</a>"
    assert [len(each) for each in ids] == [52, 52]


def test_a_body_without_an_id_stays_as_it_is(aws: Mapping[str, str]) -> None:
    headers: Any = {"status": 404}
    for body in ('{"Records": []}', b"\x00<RequestId>", None):
        assert BaseResponse._enrich_response(headers, body)[1] is body
    assert headers["status"] == "404"


def test_moto_alone_chooses_each_letter_of_an_id(aws: Mapping[str, str]) -> None:
    assert _choices(aws) == 0
    with request_ids.PATCH.removed():
        assert _choices(aws) == 52


def _choices(aws: Mapping[str, str]) -> int:
    dynamodb, profile = boto3.client("dynamodb"), cProfile.Profile()
    profile.runcall(lambda: dynamodb.describe_table(TableName=aws["REPORTS_TABLE"]))
    return sum(
        each.callcount
        for each in profile.getstats()
        if getattr(each.code, "co_qualname", "") == "Random.choice"
    )
