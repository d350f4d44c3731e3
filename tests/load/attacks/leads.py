"""Leads on one bulletin, sixty a second."""

import time
import uuid
from collections import Counter

from chalicelib.domain.flood.sources import LIMITS
from chalicelib.domain.notices.bursts import ALONE_PER_CATEGORY
from tests.load import reports
from tests.load.attacks.critical_flood import A_MINUTE_S, A_SECOND
from tests.load.desk import Desk
from tests.load.inbox import Inbox, Received, per_minute
from tests.load.measures import Result, spread
from tests.load.reports import Sent, paced, send_report, varied_text
from tests.load.stack import Stack

CATEGORY = "suspected_offender"
# Four to a network, which is as many as its limit bears.
SOURCES, A_NETWORK = 20, 4
OPENED_WITHIN_S = 2
BULLETIN = {
    "channel": "key_cases",
    "title": {"en": "Wanted", "zh": "通缉"},
    "body": {"en": "A man in a grey coat.", "zh": "穿灰色外套的男子。"},
}


def play(seconds: int) -> Result:
    """Send leads for so long, from twenty sources, and open the list of them."""
    result = Result(f"{A_SECOND} leads a second on one bulletin for {seconds} s")
    with Stack(LIMITS="on") as stack:
        desk, inbox = Desk(stack), Inbox(stack)
        bulletin = _publish(stack, desk)

        def send(number: int) -> Sent:
            source = number % SOURCES
            address = f"127.90.{source // A_NETWORK}.{1 + source % A_NETWORK}"
            with stack.connect(address) as connection:
                return send_report(connection, CATEGORY, varied_text(number), bulletin_id=bulletin)

        sent = paced(send, A_SECOND, seconds)
        stored = [each for each in sent if each.is_stored]
        _check_answers(result, sent)
        inbox.settle()
        stack.advance(A_MINUTE_S)  # so that the digest is sent
        inbox.settle()
        _check_notices(result, inbox.of("report", "bulletin_lead", "digest"), len(stored))
        _check_list(result, desk, bulletin, {each.id for each in stored})
        reports.check_stored(result, stack, stored)
    return result


def _publish(stack: Stack, desk: Desk) -> str:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    drafted = desk.send("POST", "/v1/officer/bulletins", BULLETIN, key)
    path = f"/v1/officer/bulletins/{drafted.json.get('id')}"
    second = Desk(stack, "supervisor")
    tag = second.send("GET", path).headers.get("etag", "")
    approved = second.send("POST", f"{path}/approve", headers={"If-Match": tag})
    if approved.status != 200:
        raise RuntimeError(f"no bulletin: {drafted.body!r}, {approved.body!r}")
    return str(drafted.json["id"])


def _check_answers(result: Result, sent: list[Sent]) -> None:
    statuses = Counter(each.answer.status for each in sent)
    challenged = sum(
        each.answer.status == 429 and bool(each.answer.json.get("challenge")) for each in sent
    )
    # A flood may have begun in one window of ten minutes and ended in the next.
    most = 2 * SOURCES * LIMITS.address
    result.check(
        f"accepted up to the limit of {SOURCES} sources, or 429 with a challenge",
        f"{statuses[201]:,} accepted, {challenged:,} of {statuses[429]:,} × 429; "
        f"{spread(each.took_s for each in sent)}",
        0 < statuses[201] <= most and statuses[201] + challenged == len(sent),
    )


def _check_notices(result: Result, notices: list[Received], leads: int) -> None:
    """Count them by the minutes of the stack's clock, of which one may have two sweeps: that of the
    real minute, and that of the move of the clock.
    """
    alone = per_minute(each for each in notices if each.kind != "digest")
    digests = per_minute(each for each in notices if each.kind == "digest")
    most, most_digests = max(alone.values(), default=0), max(digests.values(), default=0)
    counted = sum(each.count for each in notices)
    result.check(
        f"≤ {ALONE_PER_CATEGORY} notices a minute, and one digest at each sweep, for all leads",
        f"{most} and {most_digests} in the fullest minute, for {counted:,} of {leads:,}",
        0 < most <= ALONE_PER_CATEGORY and most_digests <= 2 and counted == leads,
    )


def _check_list(result: Result, desk: Desk, bulletin: str, wanted: set[str]) -> None:
    path = f"/v1/officer/reports?bulletin_id={bulletin}&fold=none&limit=50"
    found, took, cursor = set[str](), [], ""
    while True:
        began = time.monotonic()
        answer = desk.send("GET", path + cursor)
        took.append(time.monotonic() - began)
        if answer.status != 200:
            break
        found |= {each["id"] for each in answer.json["items"]}
        if not answer.json["next_cursor"]:
            break
        cursor = f"&cursor={answer.json['next_cursor']}"
    result.check(
        f"its list opens to the last lead, each page in ≤ {OPENED_WITHIN_S} s",
        f"{answer.status}, {len(found & wanted):,} of {len(wanted):,}; {spread(took)}",
        answer.status == 200 and found >= wanted and max(took) <= OPENED_WITHIN_S,
    )
