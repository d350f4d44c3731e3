"""A month of a district: an example of all parts together."""

from collections.abc import Mapping, Sequence

from tests.cost.extras import Extra
from tests.cost.life import Step, Who, used
from tests.cost.usage import Usage, added, times

REPORTS = 3_000
# Of a hundred reports, so many photos and videos.
PHOTOS, VIDEOS = 60, 2
# Officers who get an e-mail about a notice; consoles that are shown, and for how many hours.
READERS = 3
CONSOLES, HOURS_A_DAY, DAYS = 6, 8, 30


def month(
    steps: Sequence[Step], fixed: Mapping[str, Usage], extras: Mapping[str, Extra]
) -> dict[str, Usage]:
    """Return what a month uses, by the line of the page that shows it. What is kept is counted with
    the month that it comes in.
    """
    lives = used(steps)
    kept = added(step.used for step in steps if step.who is Who.KEPT)
    notices = lives["sns_requests"] * REPORTS

    def some(name: str, count: float) -> dict[str, float]:
        return times(extras[name].used, count / extras[name].amount)

    hours = CONSOLES * HOURS_A_DAY * DAYS
    asked = lives["gateway_requests"] * REPORTS + some("console", hours)["gateway_requests"]
    return {
        "an empty stage": added(fixed.values()),
        f"{REPORTS:,} reports, each with 25 calls": times(lives, REPORTS),
        "their rows and backups, for as long as they are kept": times(kept, REPORTS),
        f"{REPORTS * PHOTOS // 100:,} photos": some("photo", REPORTS * PHOTOS / 100),
        f"{REPORTS * VIDEOS // 100} videos": some("video", REPORTS * VIDEOS / 100),
        f"e-mails: each notice to {READERS} officers": some("email", notices * READERS),
        f"{CONSOLES} consoles shown for {HOURS_A_DAY} hours a day": some("console", hours),
        # With CloudFront it has one rule more.
        "what the firewall looks at": {"firewall_rule_months": 1, "firewall_requests": asked},
        "the web clients: all calls through CloudFront": some("cloudfront", asked),
    }
