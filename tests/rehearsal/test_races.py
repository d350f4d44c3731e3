"""What happens at once, in functions that do not know of each other."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from tests.rehearsal.notices import Notices
from tests.rehearsal.people import Person
from tests.rehearsal.stage import Reply, Stage

AT_ONCE = 20
WRITERS = 8


def test_the_same_key_twenty_times_at_once_is_one_report(stage: Stage, notices: Notices) -> None:
    # Of this category none is refused, however many came from one address before.
    key, body = str(uuid.uuid4()), {"category": "missing_elderly", "text": "once"}

    def create(_: int) -> Reply:
        return stage.call("POST", "/v1/reports", body, key=key)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(create, range(AT_ONCE)))
    assert sorted(reply.status for reply in replies) == [200] * (AT_ONCE - 1) + [201]
    ((report_id, _),) = {(reply.json["id"], reply.json["receipt"]) for reply in replies}
    notices.of(report_id, "report")


def test_of_eight_officers_who_change_the_same_version_one_succeeds(
    stage: Stage, officer: Person
) -> None:
    report = stage.report("other")
    path = f"/v1/officer/reports/{report['id']}"
    version = officer.call("GET", path).headers["etag"]

    def change(number: int) -> Reply:
        return officer.call(
            "PATCH",
            path,
            {"status": "closed", "disposition": "resolved", "reason": f"Closed by {number}."},
            headers={"If-Match": version},
        )

    with ThreadPoolExecutor(WRITERS) as pool:
        replies = list(pool.map(change, range(WRITERS)))
    statuses = sorted(reply.status for reply in replies)
    assert statuses == [200] + [412] * (WRITERS - 1), [reply.text for reply in replies]
    (winner,) = (number for number, reply in enumerate(replies) if reply.status == 200)
    assert officer.get(path)["reason"] == f"Closed by {winner}."


def test_messages_of_eight_threads_are_all_kept(stage: Stage) -> None:
    report = stage.report("other")
    path = f"/v1/reports/{report['id']}"

    def write(number: int) -> Reply:
        return stage.call(
            "POST", f"{path}/messages", {"text": f"line {number}"}, receipt=report["receipt"]
        )

    with ThreadPoolExecutor(WRITERS) as pool:
        assert {reply.status for reply in pool.map(write, range(WRITERS))} == {201}
    own = stage.call("GET", path, receipt=report["receipt"]).json
    assert {message["text"] for message in own["messages"]} == {
        f"line {number}" for number in range(WRITERS)
    }
