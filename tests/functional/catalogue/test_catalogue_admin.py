"""Admins open, pause and retire categories and channels while reports arrive.

No report is lost, no other report is refused, and no restart is needed.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.officers.model import Role
from chalicelib.kernel import errors, times
from chalicelib.store.catalogue import PK, SK, CatalogueChanges, LiveCatalogue
from tests.client import Reply, call, new_key, report

pytestmark = [
    pytest.mark.officers("li", chen={"roles": (Role.OFFICER, Role.ADMIN)}),
    pytest.mark.usefixtures("fresh"),
]


def change_catalogue(by: str = "chen", **changes: Any) -> Reply:
    return call("PATCH", "/v1/admin/catalogue", changes, officer=by)


def category(code: str, state: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "state": state} | more


def file(code: str, key: str | None = None) -> Reply:
    return call("POST", "/v1/reports", report(code), key=key or new_key())


def states(kind: str = "categories") -> dict[str, str]:
    return {entry["code"]: entry["state"] for entry in call("GET", "/v1/catalogue").json[kind]}


def other_function() -> LiveCatalogue:
    """Return the copy of the catalogue of another function."""
    changes = CatalogueChanges(wiring.bulletins().table)
    return LiveCatalogue(changes.read_live)


def test_an_admin_has_the_pictures_of_a_category_covered_and_a_later_change_keeps_that() -> None:
    def covered() -> list[str]:
        return [
            each["code"] for each in call("GET", "/v1/catalogue").json["categories"] if each["blur"]
        ]

    assert covered() == []
    reply = change_catalogue(categories=[category("traffic_violation", "active", blur=True)])
    assert [each["code"] for each in reply.json["categories"] if each["blur"]] == covered()
    assert covered() == ["traffic_violation"]
    change_catalogue(categories=[category("traffic_violation", "active")])
    assert covered() == ["traffic_violation"]
    change_catalogue(categories=[category("traffic_violation", "active", blur=False)])
    assert covered() == []
    [error] = change_catalogue(channels=[category("key_cases", "active", blur=True)]).json["errors"]
    assert (error["field"], error["code"]) == ("channels.0.blur", "unknown_field")
    labels = {"zh": "噪音", "en": "Noise"}
    change_catalogue(added=[{"code": "noise", "labels": labels, "blur": True}])
    assert covered() == ["noise"]


def test_a_paused_category_refuses_in_the_reporters_language_and_reopens() -> None:
    key = new_key()
    assert file("traffic_violation", key).status == 201
    assert change_catalogue(categories=[category("traffic_violation", "paused")]).status == 200
    refused = call(
        "POST",
        "/v1/reports",
        report("traffic_violation"),
        key=new_key(),
        headers={"Accept-Language": "zh-Hans-CN"},
    )

    assert (refused.status, refused.json["code"], refused.headers["content-language"]) == (
        409,
        "category_not_active",
        "zh",
    )
    assert file("traffic_violation", key).status == 200, (
        "a phone that lost its 201 never hears that the category has closed"
    )
    assert states()["traffic_violation"] == "paused"
    assert (
        change_catalogue(categories=[category("traffic_violation", "active")]).json["version"] == 2
    )
    assert file("traffic_violation").status == 201


def test_while_it_changes_nothing_else_is_refused() -> None:
    def steady(n: int) -> int:
        if n % 8 == 0:
            return change_catalogue(
                channels=[category("lost_and_found", "active" if n % 16 else "planned")]
            ).status
        return file("other" if n % 2 else "missing_elderly").status

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(steady, range(48))) <= {200, 201}


def test_the_catalogue_changes_with_its_tag() -> None:
    before = call("GET", "/v1/catalogue")
    change_catalogue(channels=[category("lost_and_found", "active")])
    call("GET", "/v1/catalogue", headers={"If-None-Match": before.headers["etag"]}).expect(200)
    assert states("channels")["lost_and_found"] == "active"


def test_the_clock_activates_and_deactivates_nothing_else() -> None:
    due = times.render(wiring.clock.now() + timedelta(hours=1))
    assert (
        change_catalogue(channels=[category("traffic", "planned", activates_at=due)]).status == 200
    )
    assert states("channels")["traffic"] == "planned"
    wiring.clock.advance(timedelta(hours=1))

    assert states("channels") == {
        "key_cases": "active",
        "missing_persons": "active",
        "lost_and_found": "planned",
        "criminal_suspects": "planned",
        "traffic": "active",
    }


def test_other_functions_see_a_change_within_a_minute_or_keep_what_they_know() -> None:
    elsewhere, now = other_function(), wiring.clock.now()
    assert elsewhere.at(now).takes_reports("traffic_violation", now)
    change_catalogue(categories=[category("traffic_violation", "paused")])
    minute = timedelta(seconds=60)

    assert elsewhere.at(now + minute - timedelta(seconds=1)).takes_reports("traffic_violation", now)
    assert not elsewhere.at(now + minute).takes_reports("traffic_violation", now)

    def unreadable() -> Any:
        raise errors.Unavailable

    elsewhere._read = unreadable
    assert not elsewhere.at(now + 3 * minute).takes_reports("traffic_violation", now)
    assert LiveCatalogue(unreadable).at(now).takes_reports("traffic_violation", now), (
        "the seed, when nothing was ever read"
    )


def test_only_an_admin_may_and_it_is_on_record() -> None:
    assert change_catalogue(by="li", channels=[category("lost_and_found", "active")]).status == 403
    change_catalogue(channels=[category("lost_and_found", "active")])
    rows, _ = wiring.audit().table.query(keys.officer_day("chen", wiring.clock.now()))

    assert [row["action"] for row in rows] == ["change"]
    assert '"lost_and_found"' in rows[0]["detail"]
    assert wiring.audit().is_verified(rows[0])


def test_other_is_never_switched_off() -> None:
    off = change_catalogue(categories=[category("other", "paused")])
    assert off.wrong == [("categories.0.state", "always_open")]
    assert file("other").status == 201


def test_no_admin_changes_shards_and_those_of_an_earlier_release_are_read_and_written() -> None:
    refused = change_catalogue(categories=[category("other", "active", shards=8)])
    assert refused.wrong == [("categories.0.shards", "unknown_field")]
    stored = {"categories": [category("other", "active", shards=8)], "app": {"flags": {"x": True}}}
    row = {"pk": PK, "sk": SK, "version": 1, "overrides": json.dumps(stored), "settled": {}}
    wiring.catalogue_changes().table.put(row)
    wiring.reset()
    made = [file("other").json["id"] for _ in range(12)]
    heads = [wiring.reports().head(each) for each in made]
    assert len({head.row["category_shard"] for head in heads if head}) > 1
    listed = call("GET", "/v1/officer/reports?category=other", officer="li").json["items"]
    assert {each["id"] for each in listed} == set(made)
    unsaid = [category("other", "active", shards=1, deadlines={"low": 60})]
    assert change_catalogue(categories=unsaid).json["version"] == 2
    assert wiring.catalogue_changes().read().restored().category("other").shards == 8


def test_every_wrong_field_is_named_at_once() -> None:
    reply = change_catalogue(
        categories=[category("gossip", "active"), category("other", "open")],
        channels=[category("rumours", "shut")],
        app={"flags": {"video": True}, "minimum_version": "latest", "number": "119"},
    )
    assert {(error["field"], error["code"]) for error in reply.json["errors"]} == {
        ("categories.0.code", "unknown_value"),
        ("categories.1.state", "unknown_value"),
        ("channels.0.code", "unknown_value"),
        ("channels.0.state", "unknown_value"),
        ("app.flags", "unknown_field"),
        ("app.minimum_version", "unknown_value"),
        ("app.number", "unknown_field"),
    }


@pytest.mark.parametrize("state", ["active", "retired"])
def test_what_does_not_wait_takes_no_time_to_come(state: str) -> None:
    due = times.render(wiring.clock.now() + timedelta(hours=1))
    reply = change_catalogue(channels=[category("traffic", state, activates_at=due)])
    assert reply.wrong == [("channels.0.activates_at", "not_awaiting_activation")]


def test_a_call_that_changes_nothing_makes_no_version() -> None:
    assert (change_catalogue().status, change_catalogue().json["version"]) == (200, 0)
    change = [category("traffic", "active")]
    assert [change_catalogue(channels=change).json["version"] for _ in range(2)] == [1, 1]
    assert wiring.catalogue_changes().read().version == 1


def test_an_admin_changes_what_apps_get_and_no_version_is_refused() -> None:
    reply = change_catalogue(app={"minimum_version": "9.1", "flags": {}})
    notified = call("GET", "/v1/catalogue").json["app"]

    assert reply.json["app"] == {**notified, "flags": {}}
    assert notified == {"minimum_version": "9.1", "emergency_number": "110"}
    change_catalogue(channels=[category("traffic", "active")])
    assert call("GET", "/v1/catalogue").json["app"] == notified
    old = call(
        "POST",
        "/v1/reports",
        report(),
        key=new_key(),
        headers={"User-Agent": "app/1.0", "X-App-Version": "1.0"},
    )
    assert old.status == 201


def test_two_admins_at_once_lose_neither_change() -> None:
    changes = [
        {"channels": [category(code, "active")]}
        for code in ("lost_and_found", "traffic", "criminal_suspects")
    ]
    with ThreadPoolExecutor(3) as pool:
        assert [
            reply.status for reply in pool.map(lambda change: change_catalogue(**change), changes)
        ] == [200] * 3

    assert set(states("channels").values()) == {"active"}
    assert wiring.catalogue_changes().read().version == 3
