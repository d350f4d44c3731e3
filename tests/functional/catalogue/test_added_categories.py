"""An admin adds a category without a release: everybody reads its labels, nobody loses a report."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.catalogue import learnt
from chalicelib.domain.catalogue.additions import MOST_ADDED, MOST_FIELDS, MOST_OPTIONS
from chalicelib.domain.catalogue.overrides import Overrides
from chalicelib.domain.officers.model import Role
from chalicelib.kernel.geo import districts
from chalicelib.store.catalogue import Kept, LiveCatalogue
from tests import cloud
from tests.client import Reply, call, change_report, new_key, report
from tests.faults import inject
from tests.steps import by_reporter

pytestmark = pytest.mark.usefixtures("aws", "clean")

CODE = "illegal_dumping"


def labels(english: str, chinese: str) -> dict[str, str]:
    return {"en": english, "zh": chinese}


WHAT: dict[str, Any] = {
    "name": "what",
    "type": "choice",
    "labels": labels("What was dumped?", "倾倒了什么？"),
    "options": [
        {"code": "chemicals", "labels": labels("Chemicals", "化学品")},
        {"code": "rubble", "labels": labels("Rubble", "建筑垃圾")},
    ],
    "raises": {"urgency": "high", "answers": ["chemicals"]},
}
PLATE: dict[str, Any] = {
    "name": "plate",
    "type": "text",
    "labels": labels("Number plate", "车牌号"),
}
PLATE |= {"max_length": 20}
FIELDS = [WHAT, PLATE]


@pytest.fixture(autouse=True)
def _officers(clean: None, fresh: None) -> Iterator[None]:
    cloud.officer("wang")
    cloud.officer("chen", roles=(Role.ADMIN,))
    yield
    learnt.learn(())


def new(**more: Any) -> dict[str, Any]:
    names = labels("Illegal dumping", "非法倾倒")
    return {"code": CODE, "labels": names, "urgency": "low", "details": FIELDS} | more


def add(*categories: Mapping[str, Any], by: str = "chen") -> Reply:
    return call("PATCH", "/v1/admin/catalogue", {"added": categories}, officer=by)


def set_state(state: str) -> Reply:
    change = {"categories": [{"code": CODE, "state": state}]}
    return call("PATCH", "/v1/admin/catalogue", change, officer="chen")


def shown(language: str = "en") -> Any:
    header = {"Accept-Language": language}
    items = call("GET", "/v1/catalogue", headers=header).json["categories"]
    return next((each for each in items if each["code"] == CODE), None)


def file(**details: Any) -> Reply:
    return call("POST", "/v1/reports", report(CODE, details=details), key=new_key())


def opened(created: Mapping[str, Any], language: str = "en") -> Any:
    path, header = f"/v1/officer/reports/{created['id']}", {"Accept-Language": language}
    return call("GET", path, officer="wang", headers=header).json


def test_a_category_is_added_as_a_trial_with_its_labels_in_each_language() -> None:
    assert shown() is None
    assert add(new()).status == 200
    assert (shown()["label"], shown("zh")["label"]) == ("Illegal dumping", "非法倾倒")
    assert (shown()["state"], shown()["urgency"], shown()["details_version"]) == (
        "shadow", "low", 1,
    )  # fmt: skip
    assert shown("zh")["details"][0]["options"][0] == {"code": "chemicals", "label": "化学品"}
    assert set_state("active").status == 200
    assert shown()["state"] == "active"


def test_its_reports_are_filed_listed_opened_and_changed_like_any_other() -> None:
    add(new())
    created = file(what="chemicals", plate="京A12345").expect(201)
    assert (created["urgency"], created["category"]) == ("high", CODE)
    listed = call("GET", f"/v1/officer/reports?category={CODE}", officer="wang").json["items"]
    assert [each["id"] for each in listed] == [created["id"]]
    [what, plate] = opened(created, "zh")["answers"]
    assert (what["label"], what["value_label"]) == ("倾倒了什么？", "化学品")
    assert plate["label"] == "车牌号"
    change_report(created["id"], 1, category="other")
    change_report(created["id"], 2, category=CODE)
    assert opened(created)["category"] == CODE
    mine = call("GET", "/v1/reports/mine", receipt=created["receipt"]).json
    assert mine["category"] == CODE
    assert by_reporter("DELETE", created).status == 204


@pytest.mark.parametrize("details", [{"what": "gold"}, {"when": "now"}, {"plate": "x" * 21}])
def test_its_fields_are_checked_as_declared(details: dict[str, Any]) -> None:
    add(new())
    assert file(**details).status == 422


def test_notices_name_it_in_each_language_though_their_sender_has_no_catalogue() -> None:
    add(new())
    set_state("active")
    filed = [file().json for _ in range(12)]
    moved = call("POST", "/v1/reports", report("other"), key=new_key()).json
    change_report(moved["id"], 1, category=CODE)
    learnt.learn(())  # as in the function that publishes
    cloud.go_on(timedelta(minutes=2))
    sent = cloud.sent()
    assert {each["kind"] for each in sent} == {"report", "digest"}
    assert all("Illegal dumping" in each["subject"] for each in sent)
    assert all("非法倾倒" in each["forms"]["email"] for each in sent)
    named = {name for each in sent for name in each.get("report_ids") or [each["report_id"]]}
    assert named == {each["id"] for each in (*filed, moved)}


def test_other_fields_are_a_new_version_and_the_earlier_form_stays() -> None:
    add(new())
    old = file(what="rubble").json
    assert add(new(details=[PLATE], urgency="high")).status == 200
    assert (shown()["details_version"], [each["name"] for each in shown()["details"]]) == (
        2, ["plate"],
    )  # fmt: skip
    assert file(what="rubble").status == 201, "an app with the old catalogue loses no report"
    assert opened(old)["details_version"] == 1
    assert opened(old)["answers"][0]["value_label"] == "Rubble"
    path = f"/v1/officer/forms?category={CODE}&version=1"
    form = call("GET", path, officer="wang").json
    assert form["versions"] == [2, 1]
    assert form["details"][0]["label"] == "What was dumped?"


def test_the_same_call_again_changes_nothing_and_other_labels_make_no_new_form() -> None:
    assert [add(new()).json["version"] for _ in range(2)] == [1, 1]
    add(new(labels=labels("Fly-tipping", "乱倒垃圾")))
    assert (shown()["label"], shown()["details_version"]) == ("Fly-tipping", 1)


def test_the_state_stays_when_the_form_changes() -> None:
    add(new())
    set_state("active")
    add(new(details=[]))
    assert shown()["state"] == "active"


def forget() -> LiveCatalogue:
    """Make this function one that read the catalogue 30 seconds ago, before anything was added."""
    wiring.reset()
    live = wiring.live_catalogue()
    live.learn(Kept(Overrides(), 0), wiring.clock.wall_clock() - timedelta(seconds=30))
    return live


def test_a_function_that_does_not_know_it_yet_looks_again_before_it_refuses() -> None:
    """A phone with a newer catalogue than the function must not lose its report."""
    add(new())
    forget()
    assert CODE not in learnt.codes()
    assert file(what="rubble").status == 201


def test_it_looks_again_only_some_seconds_after_it_looked() -> None:
    add(new())
    reads: list[int] = []

    def read() -> Any:
        reads.append(1)
        return wiring.catalogue_changes().read_live()

    live, now = LiveCatalogue(read), wiring.clock.wall_clock()
    assert live.has_changed(now)
    assert not live.has_changed(now + timedelta(seconds=4))
    assert len(reads) == 1
    assert not live.has_changed(now + timedelta(seconds=6)), "nothing is new"
    assert len(reads) == 2


def test_while_the_catalogue_cannot_be_read_an_unknown_category_is_to_be_tried_again() -> None:
    """After a 422 no phone would send its report again."""
    add(new())
    wiring.reset()
    learnt.learn(())
    broken = inject.error_response(500, "InternalServerError")
    wiring.pause_by(lambda seconds: None)
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", broken):
        assert file().status == 503
    assert file().status == 201


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"code": "other"}, "added.0.code"),
        ({"code": "Dumping"}, "added.0.code"),
        ({"labels": {"en": "Dumping"}}, "added.0.labels"),
        ({"labels": labels("Dumping", " ")}, "added.0.labels.zh"),
        ({"labels": labels("x" * 41, "倾倒")}, "added.0.labels.en"),
        ({"urgency": "extreme"}, "added.0.urgency"),
        ({"details": [WHAT, WHAT]}, "added.0.details.1.name"),
        ({"details": [PLATE] * (MOST_FIELDS + 1)}, "added.0.details"),
        ({"details": [PLATE | {"type": "number"}]}, "added.0.details.0"),
        ({"details": [PLATE | {"type": None}, 5]}, "added.0.details.0"),
        ({"details": [PLATE | {"max_length": 0}]}, "added.0.details.0.max_length"),
        ({"details": [WHAT | {"options": []}]}, "added.0.details.0.options"),
        (
            {"details": [WHAT | {"raises": {"urgency": "high", "answers": ["gold"]}}]},
            "added.0.details.0.raises.answers",
        ),
        ({"details_version": 7}, "added.0.details_version"),
        ({"state": "active"}, "added.0.state"),
    ],
)
def test_what_is_wrong_is_named(more: dict[str, Any], field: str) -> None:
    reply = add(new(**more))
    assert set(reply.wrong_fields) - {"added.0.details.1"} == {field}
    assert shown() is None


def test_no_more_are_added_than_each_function_can_read() -> None:
    many = [new(code=f"c{number}", details=[]) for number in range(MOST_ADDED)]
    assert add(*many).status == 200
    assert add(new()).json["errors"][0]["code"] == "too_many"

    def option(number: int) -> dict[str, Any]:
        return {"code": f"o{number}", "labels": labels("x" * 200, "人" * 200)}

    options = [option(number) for number in range(MOST_OPTIONS)]
    plain = {"type": "choice", "labels": labels("What?", "什么？"), "options": options}
    large = [plain | {"name": f"f{number}"} for number in range(5)]
    assert add(new(code="c1", details=large)).status == 200
    assert add(new(code="c2", details=large)).wrong[0][1] == "too_large_together"


def test_more_combinations_than_sns_takes_are_no_subscription() -> None:
    add(new(code="c1"), new(code="c2"))
    cloud.officer("wide", email="w@police.example")
    codes = [each["code"] for each in call("GET", "/v1/catalogue").json["categories"]]
    wide = {"protocol": "email", "categories": codes, "districts": [*districts()]}

    def subscribe(**more: Any) -> Reply:
        return call("POST", "/v1/officer/subscriptions", wide | more, officer="wide")

    # 81 addressees, and as many again with an urgency or none: SNS takes 150.
    assert subscribe(min_urgency="normal").wrong == [("districts", "too_many_combinations")]
    assert subscribe().status == 201


def test_a_label_with_braces_is_shown_as_it_is() -> None:
    add(new(labels=labels("Dumping {x}", "倾倒{x}")))
    assert shown()["label"] == "Dumping {x}"
    assert file().status == 201


def test_a_scope_can_name_it() -> None:
    add(new())
    cloud.officer("zhao", categories=(CODE,))
    created = file().json
    listed = call("GET", "/v1/officer/reports", officer="zhao").json["items"]
    assert [each["id"] for each in listed] == [created["id"]]
    row = {"name": "Wu", "roles": ["officer"], "categories": [CODE], "districts": ["*"]}
    call("PUT", "/v1/admin/officers/wu", row, officer="chen").expect(202)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/officer/reports",
        "/v1/officer/reports?sort=attention",
        "/v1/officer/pulse",
        "/v1/officer/handover",
        "/v1/officer/stats",
    ],
)
def test_a_function_that_cannot_read_it_lists_nothing_rather_than_leave_it_out(path: str) -> None:
    add(new())
    file(what="rubble")
    wiring.reset()
    with inject.without("CATALOGUE", "dynamodb.Query"):
        assert call("GET", path, officer="wang").status == 503
        # What residents send is in the seed, and must get through.
        assert call("POST", "/v1/reports", report(), key=new_key()).status == 201
    assert call("GET", path, officer="wang").status == 200
