"""The media of a report have 500 MiB together, unless an officer asks for more."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import Reply, call, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")

MIB = 1 << 20


def films(*sizes: int) -> list[dict[str, Any]]:
    return [{"content_type": "video/mp4", "size": size * MIB} for size in sizes]


def create(*sizes: int) -> Reply:
    return call("POST", "/v1/reports", report("other", media=films(*sizes)), key=new_key())


def add(created: Reply, *sizes: int) -> Reply:
    path = f"/v1/reports/{created.json['id']}/media"
    return call("POST", path, {"media": films(*sizes)}, receipt=created.json["receipt"])


def ask(created: Reply, **more: Any) -> Reply:
    cloud.officer("wang")
    path = f"/v1/officer/reports/{created.json['id']}/messages"
    return call("POST", path, {"text": "Please send the film."} | more, officer="wang")


def test_a_report_with_more_is_refused() -> None:
    assert create(500).status == 201
    assert create(250, 250).status == 201
    refused = create(250, 251)
    assert refused.status == 422
    assert refused.json["errors"][0]["code"] == "too_large_together"


def test_no_more_can_be_added_later() -> None:
    created = create(300)
    assert add(created, 200).status == 201
    refused = add(created, 1)
    assert (refused.status, refused.json["code"]) == (409, "too_many_bytes")


def test_an_officer_who_asks_makes_room() -> None:
    created = create(500)
    assert ask(created).status == 201
    assert add(created, 1).status == 409
    assert ask(created, asks_for_media=True).status == 201
    assert add(created, 500).status == 201
    assert add(created, 1).status == 409


def test_what_never_arrived_takes_no_room(aws: Mapping[str, str]) -> None:
    created = create(500)
    wiring.clock.advance(timedelta(hours=25))
    cloud.sweep()
    assert add(created, 500).status == 201
    wiring.reset()


def test_apps_can_read_the_limit() -> None:
    assert call("GET", "/v1/catalogue").json["limits"]["media_bytes_per_report"] == 500 * MIB
