"""An approved referral reaches the server of its agency once, and its reporter what came of it."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.services.casework.errands import key_name
from chalicelib.services.notices.destinations import seal_secret
from chalicelib.store.notices.receivers import Answer
from tests import cloud
from tests.client import Reply, call, change_report, read_and_approve
from tests.open311 import API_KEY, CODE, JURISDICTION, SERVICE, XML_ERROR, Server, use_open311
from tests.steps import by_officer, by_reporter, file, mine, opened

WANG, LI = "wang", "li"
pytestmark = pytest.mark.officers(WANG, LI, "zhao")

WORDS = "A dead tree leans over the pavement."
PLACE = {"lat": 39.92, "lon": 116.46}
NOBODY = Answer(None, "no_answer")
LOST = Answer(None, "timeout", arrived=True)
NO_ID = Answer(200, body=b'[{"service_notice": "Thank you."}]')
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    wiring.clock.advance(wiring.clock.wall_clock() - wiring.clock.now())
    yield of_agency(monkeypatch, tmp_path)
    catalogue.cache_clear()
    wiring.reset()


def of_agency(monkeypatch: pytest.MonkeyPatch, folder: Path, **more: Any) -> Server:
    use_open311(monkeypatch, folder, **more)
    found = Server(lambda: wiring.clock.now())
    wiring.send_events_by(found)
    return found


def propose(created: Mapping[str, Any], **more: Any) -> Reply:
    body = {"agency": CODE, "reason": "Theirs.", "words": WORDS} | more
    return call("POST", path(created), body, officer=WANG)


def path(created: Mapping[str, Any], below: str = "") -> str:
    return f"/v1/officer/reports/{created['id']}/referral{below}"


def hand_over(created: Mapping[str, Any]) -> Reply:
    tag = {"If-Match": '"1"'}
    return call("POST", path(created, "/handed-over"), officer="zhao", headers=tag)


def referred(**more: Any) -> dict[str, Any]:
    created = file("traffic_violation", location=PLACE)
    assert propose(created, **more).status == 201
    assert read_and_approve(path(created, "/approve"), LI).status == 200
    return created


def go_out(after: timedelta = MINUTE) -> dict[str, int]:
    """Let time pass, go out with what is due, and let upkeep write what came of it."""
    wiring.clock.advance(after)
    done = cloud.deliver_events()
    wiring.clock.advance(timedelta(seconds=1))
    assert cloud.sweep()["failed"] == 0
    return done


def sent(created: Mapping[str, Any]) -> Any:
    [referral] = opened(created, "zhao")["referrals"]
    return referral["sent"]


def reads(created: Mapping[str, Any]) -> str:
    [shown] = mine(created)["passed_on"]
    return str(shown["state"])


def left() -> int:
    return len([pk for pk, _ in cloud.all_keys() if pk == keys.agency(CODE)])


def test_an_approved_referral_arrives_once_and_its_reporter_reads_what_came_of_it(
    server: Server,
) -> None:
    created = referred()
    assert (sent(created)["state"], reads(created)) == ("waiting", "passed_on")
    assert go_out() == {"accepted": 1}
    [request] = server.requests.values()
    assert request["description"].startswith(WORDS)
    assert sent(created)["reference"] in request["description"]
    assert sent(created)["request_id"] == request["service_request_id"]
    assert reads(created) == "accepted"

    assert go_out() == {}  # it is asked for after an hour
    server.close("Cut down.\u202e\x00" + "x" * 900)
    assert go_out(HOUR) == {"done": 1}
    assert sent(created)["state"] == "done"
    assert sent(created)["notes"].startswith("Cut down.xxx")
    assert len(sent(created)["notes"]) == 500
    assert reads(created) == "done"
    assert "Cut down" not in str(mine(created))
    assert (len(server.posted), left()) == (1, 0)


def test_only_an_officers_words_and_the_district_leave(server: Server) -> None:
    created = file(
        "traffic_violation",
        text="canary-text",
        location=PLACE | {"address": "canary-address"},
        details={"what": "other", "plate": "canary"},
        contact={"name": "canary-name"},
    )
    propose(created, reason="canary-reason")
    read_and_approve(path(created, "/approve"), LI)
    reference = sent(created)["reference"]
    go_out()
    [said] = server.posted
    assert said == {
        "jurisdiction_id": "chaoyang.example",
        "service_code": "other",
        "description": f"{WORDS}\n\nRef. {reference}",
        "address_string": "朝阳区" if "朝" in said["address_string"] else "Chaoyang",
    }
    for ours in (created["id"], created["reference"], created["receipt"]):
        assert ours not in str(server.posted) + str(server.asked)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"words": None}, "words"),
        ({"include": ["text"]}, "include"),
        ({"include": ["place"]}, "include"),
        ({"media_ids": ["0" * 16]}, "include"),
        ({"agency": "municipal_police", "include": ["text"]}, "words"),
        ({"agency": "municipal_police", "words": None}, "include"),
    ],
)
def test_what_an_agency_does_not_receive_cannot_be_proposed(
    body: dict[str, Any], field: str
) -> None:
    reply = propose(file("traffic_violation"), **body)
    assert (reply.status, [each["field"] for each in reply.json["errors"]]) == (422, [field])


def test_the_receipt_does_not_leave_with_the_words() -> None:
    created = file("traffic_violation")
    said = propose(created, words=f"Ask for {created['receipt']}.").json["errors"]
    assert [(each["field"], each["code"]) for each in said] == [("words", "holds_receipt")]


def test_a_drill_is_sent_to_nobody() -> None:
    created = file("traffic_violation", source="drill")
    assert propose(created).json["errors"][0]["field"] == "agency"


def test_one_that_does_not_publish_gets_the_place_but_no_address(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "private").mkdir()
    server = of_agency(monkeypatch, tmp_path / "private", publishes=False)
    created = file("traffic_violation", location=PLACE | {"address": "canary-address"})
    propose(created, include=["place"])
    document = read_and_approve(path(created, "/approve"), LI).json["document"]
    go_out()
    [said] = server.posted
    assert (said["lat"], said["long"]) == ("39.92000", "116.46000")
    assert document["place"] == PLACE
    assert "canary" not in str(said) + str(document["place"])


def test_other_words_are_another_proposal() -> None:
    created = file("traffic_violation")
    first = propose(created)
    assert (first.json["words"], propose(created).json) == (WORDS, first.json)
    assert propose(created, words="Other words.").json["code"] == "referral_pending"


@pytest.mark.parametrize(
    "down",
    [NOBODY, LOST, XML_ERROR, Answer(503), Answer(429), Answer(200, body=b"<html>"), Answer(408)],
)
def test_after_a_day_down_each_arrives_once(server: Server, down: Answer) -> None:
    server.down = down
    both = [referred(), referred(words="Another one.")]
    for _ in range(6):
        assert set(go_out(4 * HOUR)) <= {"waiting"}
        if down.accepts:  # whatever else is wrong, it can list
            break
    server.down = None
    for _ in range(2):
        go_out(HOUR)
    assert [reads(each) for each in both] == ["accepted"] * 2
    assert len({each["description"] for each in server.posted}) == len(server.posted) == 2


def test_an_answer_that_was_lost_is_looked_for_and_not_sent_again(server: Server) -> None:
    server.loses = True
    created = referred()
    assert go_out() == {"waiting": 1}
    server.loses = False
    assert go_out(3 * MINUTE) == {"accepted": 1}
    assert (len(server.posted), reads(created)) == (1, "accepted")


def test_a_crash_before_the_answer_was_kept_sends_nothing_twice(server: Server) -> None:
    created = referred()
    server.crashes = True
    assert go_out() == {"failed": 1}
    server.crashes = False
    wiring.clock.advance(5 * MINUTE)
    assert go_out() == {"accepted": 1}
    assert (len(server.posted), reads(created)) == (1, "accepted")


def test_a_run_that_always_ends_while_it_looks_is_tried_less_and_less_and_not_for_ever(
    server: Server,
) -> None:
    server.loses = True
    created = referred()
    go_out()
    server.crashes, before = True, len(server.asked)
    for _ in range(10):
        wiring.clock.advance(MINUTE)
        cloud.deliver_events()
    assert len(server.asked) - before == 3  # after one, two and four minutes
    for after in (7 * DAY, HOUR, HOUR):
        wiring.clock.advance(after)
        cloud.deliver_events()
    go_out(HOUR)
    assert (sent(created)["state"], len(server.posted), left()) == ("unclear", 1, 0)


@pytest.mark.parametrize("lists", [Answer(404), Answer(200, body=b"<requests/>")])
def test_where_nobody_can_tell_officers_decide(server: Server, lists: Answer) -> None:
    server.loses, server.lists = True, lists
    created = referred()
    go_out()
    server.loses = False
    go_out(3 * MINUTE)
    assert (sent(created)["state"], len(server.posted)) == ("unclear", 1)
    assert "hand_over" in opened(created, "zhao")["flags"]
    assert reads(created) == "passed_on"


@pytest.mark.parametrize(("down", "days"), [(NOBODY, 7), (Answer(400), 1)])
def test_what_is_not_taken_in_time_is_handed_over_by_hand(
    server: Server, down: Answer, days: int
) -> None:
    server.down = down
    created = referred()
    for after in (HOUR, days * DAY - 2 * HOUR):
        go_out(after)
        assert sent(created)["state"] == "waiting"
    go_out(2 * HOUR)
    assert (sent(created)["state"], left()) == ("by_hand", 0)
    end = {"status": "closed", "disposition": "not_police", "reason": "Passed on."}
    change_report(created["id"], 1, **end)
    items = call("GET", "/v1/officer/reports?sort=attention", officer="zhao").json["items"]
    [shown] = [each for each in items if each["id"] == created["id"]]
    assert "hand_over" in shown["flags"]

    assert [hand_over(created).status for _ in range(2)] == [204, 204]
    assert (sent(created)["state"], reads(created)) == ("handed_over", "passed_on")
    assert "hand_over" not in opened(created, "zhao")["flags"]
    assert call("GET", "/v1/officer/reports?sort=attention", officer="zhao").json["items"] == []


def test_what_left_is_not_handed_over() -> None:
    created = referred()
    assert hand_over(created).refusal == (409, "passed_on")
    assert go_out() == {"accepted": 1}
    assert hand_over(created).refusal == (409, "passed_on")
    assert hand_over(file("traffic_violation")).refusal == (409, "no_referral")


def test_a_token_leads_to_the_number_later(server: Server) -> None:
    server.gives_tokens = True
    created = referred()
    assert go_out() == {"waiting": 1}
    assert go_out(3 * MINUTE) == {"accepted": 1}
    assert (len(server.posted), sent(created)["request_id"]) == (1, "293944")


def test_what_was_withdrawn_or_moved_to_oversight_does_not_leave(server: Server) -> None:
    cloud.oversight("ombud", "ombud2")
    server.down = NOBODY
    gone, moved = referred(), referred()
    go_out()
    by_reporter("DELETE", gone)
    body = {"reason": "About an officer."}
    opened(moved, "zhao")
    reply = by_officer("POST", moved, "/oversight", body, officer="zhao")
    assert reply.status == 204, reply.text
    server.down = None
    go_out(HOUR)
    assert (server.posted, left()) == ([], 0)


def test_nothing_is_written_to_what_was_withdrawn_after_it_left(server: Server) -> None:
    created = referred()
    wiring.clock.advance(MINUTE)
    assert cloud.deliver_events() == {"accepted": 1}
    by_reporter("DELETE", created)
    assert go_out() == {}
    assert (len(server.posted), left()) == (1, 0)


def test_the_status_is_asked_for_each_hour_then_each_day_and_not_after_ninety(
    server: Server,
) -> None:
    referred()
    go_out()
    asked = []
    for after in (*[HOUR / 2] * 4, *[DAY] * 2, *[DAY / 2] * 4, 80 * DAY, 5 * DAY, 5 * DAY):
        before = len(server.asked)
        go_out(after)
        asked.append(len(server.asked) - before)
    assert asked == [*[0, 1] * 2, 1, 1, *[0, 1] * 2, 1, 1, 0]
    assert left() == 0


def test_the_key_of_the_server_is_sent_and_stands_nowhere_else(server: Server) -> None:
    server.api_key = API_KEY
    name = key_name(CODE)
    secret = seal_secret(name, API_KEY, wiring.events_keys())
    rows = wiring.destinations()
    rows.table.transact([rows.secrets_item(name, [secret])])
    created = referred()
    assert go_out() == {"accepted": 1}
    assert API_KEY not in str(server.asked) + str(opened(created, "zhao"))


def test_a_dead_agency_is_asked_once_for_all_that_waits(server: Server) -> None:
    server.down = NOBODY
    for number in range(3):
        referred(words=f"{number}")
    wiring.clock.advance(MINUTE)
    cloud.deliver_events()
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [302, 303, 304])
def test_a_redirect_after_a_request_was_taken_sends_none_again(server: Server, status: int) -> None:
    server.answers = Answer(status)
    created = referred()
    assert go_out() == {"waiting": 1}
    assert go_out(3 * MINUTE) == {"accepted": 1}
    assert (len(server.posted), reads(created)) == (1, "accepted")


@pytest.mark.parametrize(
    "listed",
    [
        [{"service_request_id": "1", "description": None}],
        [{"service_request_id": "1"}],
        [{"code": 400, "description": "jurisdiction_id was not provided"}],
        *(
            [{"service_request_id": f"{number}", "description": "A hole."}] * number
            for number in (10, 25, 50)
        ),
    ],
)
def test_a_list_that_may_not_show_ours_sends_none_again(server: Server, listed: Any) -> None:
    server.loses, server.lists = True, Answer(200, body=json.dumps(listed).encode())
    created = referred()
    go_out()
    go_out(3 * MINUTE)
    assert (sent(created)["state"], len(server.posted)) == ("unclear", 1)


@pytest.mark.parametrize(("first", "posts"), [(NO_ID, 1), (LOST, 2)])
def test_what_seems_taken_and_is_in_no_list_is_not_sent_on_and_on(
    server: Server, first: Answer, posts: int
) -> None:
    server.lists, server.answers = Answer(200, body=b"[]"), first
    created = referred()
    for _ in range(4):
        go_out(HOUR)
    assert (sent(created)["state"], len(server.posted)) == ("unclear", posts)


def test_what_was_taken_without_an_id_is_found_by_its_reference(server: Server) -> None:
    server.answers = NO_ID
    referred()
    assert [go_out(), go_out(3 * MINUTE)] == [{"waiting": 1}, {"accepted": 1}]


def test_a_second_one_that_is_refused_does_not_say_that_the_first_is_not_there(
    server: Server,
) -> None:
    server.lists, server.answers = Answer(200, body=b"[]"), LOST
    created = referred()
    go_out()
    server.answers = Answer(400, body=b'[{"code": 400, "description": "base is a duplicate"}]')
    for after in (HOUR, DAY, HOUR):
        go_out(after)
    assert sent(created)["state"] == "unclear"


def test_a_server_that_names_its_lists_and_writes_loosely_is_read(server: Server) -> None:
    server.wraps = server.loses = True
    created = referred()
    go_out()
    [request] = server.requests.values()
    request["service_request_id"] = " 293944\n"
    local = wiring.clock.now() + 14 * HOUR
    request["requested_datetime"] = local.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert go_out(3 * MINUTE) == {"accepted": 1}
    request["status"] = " Closed "
    assert go_out(HOUR) == {"done": 1}
    assert (sent(created)["request_id"], len(server.posted)) == ("293944", 1)


@pytest.mark.parametrize("more", ["lat=1&long=0.00001&attribute%5Ba%5D=1", "address_id=%23N"])
def test_the_server_of_these_tests_takes_what_fixmystreet_posts(server: Server, more: str) -> None:
    form = "first_name=&last_name=Wei&phone=1&email=w%40e.example&account_id=a&description=A+tree"
    said = f"{form}&jurisdiction_id={JURISDICTION}&service_code={SERVICE}&{more}"
    assert server.post_request("/requests.json", said).accepts
    assert not server.post_request("/request.json", said).accepts


def test_one_that_publishes_by_now_gets_no_place(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("private", "public"):
        (tmp_path / name).mkdir()
    of_agency(monkeypatch, tmp_path / "private", publishes=False)
    referred(include=["place"])
    server = of_agency(monkeypatch, tmp_path / "public", publishes=True)
    go_out()
    [said] = server.posted
    assert not {"lat", "long"} & set(said)


def test_notes_that_change_each_hour_wake_no_reporter(server: Server) -> None:
    created = file("traffic_violation", location=PLACE)
    token = {"platform": "apns", "token": "a1" * 32}
    assert by_reporter("PUT", created, "/push", token).status == 204
    assert propose(created).status == 201
    assert read_and_approve(path(created, "/approve"), LI).status == 200
    go_out()
    assert cloud.push_round()["pushed"] == 1
    for number in range(3):
        for each in server.requests.values():
            each["status_notes"] = f"{number}"
        go_out(HOUR)
        assert sent(created)["notes"] == f"{number}"
        assert cloud.push_round()["pushed"] == 0
    server.close()
    go_out(HOUR)
    assert cloud.push_round()["pushed"] == 1


REASONS = "400: jurisdiction_id was not provided\n403: The key is wrong."
_ERRORS = (
    b'[{"code": 400, "description": "jurisdiction_id was not provided"},'
    b' {"code": "403", "description": "The key is wrong."}]'
)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (_ERRORS, REASONS),
        (b'{"errors": %b}' % _ERRORS, REASONS),
        (
            b"<?xml version='1.0'?>\n<errors><error>\n <code>403</code>\n"
            b" <description><![CDATA[A key &amp; a name]]></description></error>"
            b"<error><code>404</code></error></errors>",
            "403 A key & a name\n404",
        ),
        (
            b"<html><head><title>403</title><style>p {}</style></head><script>a < b</script>"
            b"<p>No <b>access&#x202e;</b> for you.</p>",
            "403\nNo access for you.",
        ),
        (b"", "HTTP 403"),
        (b" \x00\r\n", "HTTP 403"),
        (
            b'[{"code": 1, "description": "' + b"x" * 70_000,
            ('[{"code": 1, "description": "' + "x" * 500)[:500],
        ),
        (b'[{"description": "n\xe3o\\u202e\\u0000"}]', "n\ufffdo"),
        (b'\xef\xbb\xbf[{"description": "<b>No</b>"}]', "<b>No</b>"),
        (b'{"message": "Forbidden"}', '{"message": "Forbidden"}'),
        (b"Not here.\nAsk us.", "Not here.\nAsk us."),
        (b"[" * 60_000, "[" * 500),
    ],
)
def test_officers_read_why_an_agency_does_not_take_it(
    server: Server, body: bytes, says: str
) -> None:
    server.down = Answer(403, body=body)
    created = referred()
    go_out()
    assert (sent(created)["state"], sent(created)["notes"]) == ("waiting", says)
    server.down = NOBODY  # what it has said before stays
    for after in (HOUR, DAY, 6 * DAY, HOUR):
        go_out(after)
    assert (sent(created)["state"], sent(created)["notes"]) == ("by_hand", says)
    assert hand_over(created).status == 204
    assert sent(created)["notes"] == says


def test_why_an_agency_does_not_take_it_stands_in_the_opened_report_alone(server: Server) -> None:
    server.down = Answer(400, body=b'[{"code": 400, "description": "canary"}]')
    created = referred()
    cloud.forget_sent()
    for after in (HOUR, DAY, HOUR):
        go_out(after)
    assert sent(created)["notes"] == "400: canary"
    listed = call("GET", "/v1/officer/reports?sort=attention", officer="zhao")
    history = by_officer("GET", created, "/history", officer="zhao")
    for shown in (mine(created), listed.text, history.text, cloud.sent()):
        assert "canary" not in str(shown)
    for table in ("REPORTS_TABLE", "AUDIT_TABLE"):
        assert "canary" not in str(cloud.scan(os.environ[table]))


def test_the_reason_is_gone_once_the_agency_takes_it(server: Server) -> None:
    server.down = Answer(403, body=_ERRORS)
    created = referred()
    assert go_out() == {"waiting": 1}
    assert sent(created)["notes"] == REASONS
    server.down = None
    assert go_out(3 * MINUTE) == {"accepted": 1}
    assert (sent(created)["state"], sent(created)["notes"]) == ("accepted", None)
    assert (len(server.posted), left()) == (1, 1)


def test_a_reason_that_is_repeated_is_written_once_and_another_takes_its_place(
    server: Server,
) -> None:
    server.down = Answer(403, body=_ERRORS)
    created = referred()
    for _ in range(3):
        go_out(HOUR)
    assert len(refusals(created)) == 1
    server.down = Answer(404, body=b"No such code.")
    go_out(HOUR)
    assert (sent(created)["notes"], len(refusals(created))) == ("No such code.", 2)


@pytest.mark.parametrize("before", [[b"First.", b"Second."], [None, None]])
def test_the_last_words_of_an_agency_stand_when_officers_take_over(
    server: Server, before: list[bytes | None]
) -> None:
    created = referred()
    for said, after in zip((*before, b"Last."), (HOUR, HOUR, DAY), strict=True):
        server.down = Answer(400, body=said) if said else NOBODY
        go_out(after)
        assert sent(created)["notes"] == (said.decode() if said else None)
    assert (sent(created)["state"], left()) == ("by_hand", 0)


def test_a_token_at_the_last_try_leaves_it_unclear(server: Server) -> None:
    server.down = NOBODY
    created = referred()
    go_out(6 * DAY)
    server.down, server.gives_tokens = None, True
    go_out(DAY)
    assert (sent(created)["state"], len(server.posted)) == ("unclear", 1)


def refusals(created: Mapping[str, Any]) -> list[Any]:
    items = by_officer("GET", created, "/history", officer="zhao").json["items"]
    return [each for each in items if (each["detail"] or {}).get("referral") == "waiting"]


def test_an_answer_without_a_number_is_read_by_whoever_has_to_ask(server: Server) -> None:
    server.lists, server.answers = Answer(200, body=b"[]"), NO_ID
    created = referred()
    for _ in range(4):
        go_out(HOUR)
    assert sent(created)["state"] == "unclear"
    assert "Thank you." in sent(created)["notes"]


def test_what_an_agency_lists_of_others_is_nobodys_reason(server: Server) -> None:
    server.loses, server.lists = True, Answer(400, body=b"canary")
    created = referred()
    go_out()
    go_out(3 * MINUTE)
    assert (sent(created)["state"], sent(created)["notes"]) == ("unclear", None)
