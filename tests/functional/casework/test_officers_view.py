"""Officers list and open reports only inside their scope, and always with an audit record."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib import wiring
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import call, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")


def file(**more: object) -> dict[str, str]:
    return call("POST", "/v1/reports", report(**more), key=new_key()).json  # type: ignore[no-any-return, arg-type]


def test_an_officer_lists_newest_first_and_opens_with_the_picture(aws: Mapping[str, str]) -> None:
    cloud.officer("wang")
    first = file(media=[{"content_type": "image/jpeg", "size": 10_000}])
    second = file()
    media_id = first["uploads"][0]["media_id"]  # type: ignore[index]
    version = cloud.upload(aws, first["id"], media_id, cloud.photo())
    cloud.process(aws, f"originals/{first['id']}/{media_id}", version)
    cloud.record(aws, first["id"], media_id)

    page = call("GET", "/v1/officer/reports", officer="wang").json
    assert [item["id"] for item in page["items"]] == [second["id"], first["id"]]
    assert page["next_cursor"] is None
    assert page["items"][1]["media"] == {"total": 1, "ready": 1}

    opened = call("GET", f"/v1/officer/reports/{first['id']}", officer="wang")
    assert opened.headers["etag"] == '"1"'
    [medium] = opened.json["media"]
    assert medium["state"] == "ready"
    assert medium["preview_url"]
    assert medium["evidence"]["version"] == version
    assert medium["hint"]["lat"] == pytest.approx(39.9167, abs=1e-3)
    for url in (page["items"][1]["thumbnail_url"], medium["thumbnail_url"], medium["preview_url"]):
        signed = dict(parse_qsl(urlsplit(url).query))
        assert signed["X-Amz-Date"].endswith("00Z")  # the same for the whole minute
        assert signed["X-Amz-Expires"] == "360"
        assert signed["response-cache-control"] == "private, max-age=60"


def test_pages_follow_each_other_without_gap_or_duplicate() -> None:
    cloud.officer("wang")
    made = [file()["id"] for _ in range(7)]
    seen, cursor = [], ""
    while cursor is not None:
        page = call(
            "GET", f"/v1/officer/reports?limit=2{cursor and '&cursor=' + cursor}", officer="wang"
        ).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert seen == made[::-1]


def test_another_officers_cursor_is_refused() -> None:
    cloud.officer("wang")
    cloud.officer("li")
    for _ in range(3):
        file()
    cursor = call("GET", "/v1/officer/reports?limit=1", officer="wang").json["next_cursor"]

    reply = call("GET", f"/v1/officer/reports?limit=1&cursor={cursor}", officer="li")
    assert (reply.status, reply.json["code"]) == (400, "bad_cursor")


def test_a_report_out_of_scope_looks_like_an_unknown_one_and_is_on_record() -> None:
    cloud.officer("narrow", categories=("traffic_violation",))
    created = file()
    replies = [
        call("GET", f"/v1/officer/reports/{each}", officer="narrow")
        for each in (created["id"], "0" * 26)
    ]

    assert [reply.status for reply in replies] == [404, 404]
    assert replies[0].json["detail"] == replies[1].json["detail"]
    assert call("GET", "/v1/officer/reports", officer="narrow").json["items"] == []
    assert [row["action"] for row in wiring.audit().rows(of_report(created["id"]))] == ["denied"]


def test_a_deactivated_officer_is_out_at_the_next_request() -> None:
    cloud.officer("wang")
    assert call("GET", "/v1/officer/me", officer="wang").json["scope"] == {
        "categories": ["*"],
        "districts": ["*"],
    }
    cloud.officer("wang", active=False)

    assert call("GET", "/v1/officer/me", officer="wang").status == 403
    assert call("GET", "/v1/officer/me", officer="nobody").status == 403
    assert call("GET", "/v1/officer/me").status == 401


def test_an_opening_is_on_record_and_the_record_is_verified() -> None:
    cloud.officer("wang")
    created = file()
    call("GET", f"/v1/officer/reports/{created['id']}", officer="wang")

    [row] = wiring.audit().rows(of_report(created["id"]))
    assert (row["by"], row["action"]) == ("wang", "open")
    assert wiring.audit().is_verified(row)
    assert not wiring.audit().is_verified(row | {"by": "li"})
