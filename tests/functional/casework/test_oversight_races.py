"""What an officer has begun on a report is not written once the report is moved to oversight."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests import cloud
from tests.client import Reply, change_report
from tests.faults import inject
from tests.functional.casework.test_oversight import addressed, policies
from tests.functional.casework.test_oversight_moves import WHY, people
from tests.functional.http.test_access_matrix import REPORT, use
from tests.functional.statistics.test_exports import with_photo
from tests.steps import by_officer, file, file_and_notify, head, opened

__all__ = ["people"]
pytestmark = pytest.mark.usefixtures("aws", "clean")


class Move:
    """The move of a report by a colleague. `left` is its HEAD then."""

    def __init__(self, created: Mapping[str, Any]) -> None:
        self._created = created
        self.left: dict[str, Any] = {}

    def __call__(self) -> None:
        assert by_officer("POST", self._created, "/oversight", WHY, officer="li").status == 204
        self.left = head(self._created)


@pytest.mark.parametrize(
    "below", ["messages", "notes", "mute", "follow", "hold", "referral", "masks", "media"]
)
def test_no_step_reaches_a_report_that_is_moved_in_this_moment(below: str) -> None:
    created = file_and_notify(text="An old man in a blue coat.")
    opened(created)
    opened(created, "li")
    move = Move(created)
    with inject.meanwhile(move):
        reply = use(("POST", f"{REPORT}/{below}"), "wang", created["id"])
    assert (reply.status, head(created)) == (404, move.left)


def test_no_picture_is_redacted_of_a_report_that_is_moved_in_this_moment() -> None:
    created = with_photo(cloud.photo())
    opened(created, "li")
    move = Move(created)
    region = {"x": 0.1, "y": 0.1, "width": 0.4, "height": 0.4}
    below = f"/media/{created['uploads'][0]['media_id']}/redaction"
    with inject.meanwhile(move):
        reply = by_officer("POST", created, below, {"regions": [region]})
    assert (reply.status, head(created)) == (404, move.left)


def test_an_opening_ends_no_wait_of_a_report_that_is_moved_in_this_moment() -> None:
    created = file()
    opened(created, "li")
    cloud.stream(cloud.all_keys())
    move = Move(created)
    with inject.meanwhile(move, "dynamodb.UpdateItem"):
        by_officer("GET", created)
    assert head(created) == move.left


def test_oversight_hears_of_a_report_that_is_moved_while_its_station_is_notified() -> None:
    created = file()
    opened(created, "li")
    with inject.meanwhile(Move(created), "sns.PublishBatch"):
        cloud.catch_up()
    cloud.stream(cloud.all_keys())
    assert addressed() & policies("ombud")


def link(duplicate: Mapping[str, Any], original: Mapping[str, Any]) -> Reply:
    change = {"duplicate_of": original["id"]}
    return by_officer("PATCH", duplicate, "", change, version=1)


def test_no_link_stays_that_comes_while_its_original_is_moved() -> None:
    original, duplicate = file(), file()
    opened(original, "li")
    with inject.meanwhile(lambda: link(duplicate, original)):
        Move(original)()
    cloud.sweep(timedelta(minutes=1))
    assert head(duplicate).get("duplicate_of") is None


def test_a_closed_report_that_is_moved_in_this_moment_gets_no_link() -> None:
    original, duplicate = file(), file()
    opened(original, "li")
    closing = {"status": "closed", "disposition": "resolved", "reason": "He is at home."}
    change_report(original["id"], 1, **closing)
    with inject.meanwhile(Move(original)):
        assert link(duplicate, original).wrong == [("duplicate_of", "unknown_value")]
    assert head(duplicate).get("duplicate_of") is None
