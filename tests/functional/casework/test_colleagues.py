"""Officers see to whom they may assign a report: exactly those whom an assignment accepts."""

from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.store.officers import rows as store
from tests.client import Reply, call
from tests.steps import by_officer, file

IN_CHAOYANG = {"lat": 39.92, "lon": 116.44}
COLLEAGUES: dict[str, dict[str, Any]] = {
    "li": {"name": "Li Na"},
    "chief": {"roles": (Role.SUPERVISOR,)},
    "local": {"categories": ("other",), "districts": ("chaoyang",)},
    "elsewhere": {"districts": ("haidian",)},
    "traffic": {"categories": ("traffic_violation",)},
    "gone": {"active": False},
    "admin": {"roles": (Role.ADMIN,)},
}
pytestmark = pytest.mark.officers("wang", **COLLEAGUES)


def colleagues(
    category: str = "other", district: str = "chaoyang", by: str = "wang", more: str = ""
) -> Reply:
    path = f"/v1/officer/colleagues?category={category}&district={district}{more}"
    return call("GET", path, officer=by)


def names(reply: Reply) -> list[str]:
    return [each["username"] for each in reply.json["items"]]


def test_only_active_officers_whose_scope_has_the_report_are_listed() -> None:
    reply = colleagues()
    assert names(reply) == ["chief", "li", "local", "wang"]
    assert {"username": "li", "name": "Li Na"} in reply.json["items"]
    assert reply.json["next_cursor"] is None


def test_an_assignment_accepts_exactly_those_who_are_listed() -> None:
    listed = set(names(colleagues()))
    for username in ("wang", "stranger", *COLLEAGUES):
        created = file("other", location=IN_CHAOYANG)
        reply = by_officer("PATCH", created, "", {"assignee": username}, version=1)
        assert (reply.status == 200) is (username in listed), username


@pytest.mark.parametrize("district", ["unknown", "outside"])
def test_without_a_district_everybody_of_the_category_is_listed(district: str) -> None:
    assert names(colleagues(district=district)) == ["chief", "elsewhere", "li", "local", "wang"]


def test_what_is_out_of_scope_shows_nobody_and_is_on_record() -> None:
    assert names(colleagues("traffic_violation", by="local")) == []
    assert names(colleagues(district="haidian", by="local")) == []
    items = wiring.dynamodb().scan(TableName=wiring.settings().audit_table)["Items"]
    assert [each["action"]["S"] for each in items if each["by"]["S"] == "local"] == ["denied"] * 2


def test_a_page_reads_so_many_rows_at_most_and_the_cursor_leads_on() -> None:
    wiring.officers().table.put_all(
        {"pk": "OFFICERS", "sk": f"x{number:04}", "username": f"x{number:04}"}
        | {"active": True, "roles": ["officer"], "categories": ["*"], "districts": ["*"]}
        for number in range(store._DIRECTORY_PAGE)
    )
    first = colleagues()
    second = colleagues(more=f"&cursor={first.json['next_cursor']}")
    assert second.json["next_cursor"] is None
    found = [*names(first), *names(second)]
    assert found == sorted(set(found))
    assert len(found) == store._DIRECTORY_PAGE + 4
    assert colleagues(more="&cursor=x").status == 400
    assert colleagues("theft", more=f"&cursor={first.json['next_cursor']}").status == 422


@pytest.mark.parametrize(
    "query", ["?category=other", "?district=outside", "?category=x&district=y"]
)
def test_both_filters_are_required(query: str) -> None:
    assert call("GET", f"/v1/officer/colleagues{query}", officer="wang").status == 422
