"""Hundreds of child abductions that never happened, within ten minutes.

The minutes are those of the stack's clock: the hoaxes of one minute are sent at once, and when the
stream has delivered them the clock is moved to the next.
"""

from datetime import datetime

from chalicelib.domain.notices.subscriptions import NewSubscription, filter_policy
from chalicelib.domain.officers.model import ALL, Officer, Role
from tests.load import reports
from tests.load.attacks.flood import CRITICAL
from tests.load.inbox import Inbox, Received, first_times, per_minute
from tests.load.measures import Result
from tests.load.reports import Sent
from tests.load.stack import Stack

MINUTES = 10
A_MINUTE_S = 60
# Then the escalations: the first of all reports are due after 5 and 15 minutes.
MINUTES_AFTER = 16
ALONE = 10
MOST_NOTICES = 110
SEND_S = 30


def play(count: int) -> Result:
    """Send `count` hoaxes, evenly over ten minutes, and count what one supervisor gets."""
    result = Result(f"{count:,} hoaxes of child abduction in {MINUTES} minutes")
    with Stack() as stack:
        inbox = Inbox(stack, _policy())
        sent: list[Sent] = []
        for minute in range(MINUTES):
            more = reports.flood(
                stack, [CRITICAL], count * (minute + 1) // MINUTES - len(sent), limit_s=SEND_S
            )
            sent += more
            inbox.settle()
            stack.advance(A_MINUTE_S)
        inbox.settle()
        of_reports = [each for each in inbox.all if not is_of_escalations(each)]
        for _ in range(MINUTES_AFTER):
            stack.advance(A_MINUTE_S)
            inbox.settle(quiet_s=1)
        stored = [each.id for each in sent if each.is_stored]
        named = first_times((each for each in inbox.all if not is_of_escalations(each)), stored)
        result.check(
            f"≤ {MOST_NOTICES} notices of reports and digests for one subscriber",
            f"{len(of_reports):,} of {len(stored):,} hoaxes",
            len(of_reports) <= MOST_NOTICES,
        )
        result.check(
            "each report is named in one",
            f"{len(named):,} of {len(stored):,}",
            len(named) == len(stored) == count,
        )
        _check_escalations(result, inbox.look())
        reports.check_stored(result, stack, sent)
    return result


def is_of_escalations(notice: Received) -> bool:
    """Return whether a notice is an escalation, or a digest of escalations."""
    return notice.kind == "escalation"


def _policy() -> dict[str, object] | None:
    """Return the filter of a supervisor who wants everything, as the API gives it to SNS."""
    supervisor = Officer(
        username="zhao",
        name="Zhao",
        roles=(Role.OFFICER, Role.SUPERVISOR),
        categories=(ALL,),
        districts=(ALL,),
    )
    return filter_policy(supervisor, NewSubscription(protocol="email"))


def _check_escalations(result: Result, notices: list[Received]) -> None:
    """Count by the minutes of the stack's clock. Beside the sweep that each move of it runs there
    is the one of the real minute, so that a minute may have two.
    """
    escalations = [each for each in notices if is_of_escalations(each)]
    digests = [each for each in escalations if "report_ids" in each.body]
    alone = per_minute(each for each in escalations if "report_ids" not in each.body)
    most, most_digests = (
        max(alone.values(), default=0),
        max(per_minute(digests).values(), default=0),
    )
    times = sorted(datetime.fromisoformat(each.body["at"]) for each in escalations)
    minutes = int((times[-1] - times[0]).total_seconds()) // A_MINUTE_S + 1 if times else 0
    result.check(
        f"≤ {ALONE} escalations a minute, and one digest",
        f"{most:,} in the fullest minute; {len(digests):,} digests in {minutes} minutes",
        0 < most <= ALONE and len(digests) <= minutes and most_digests <= 2,
    )
