"""A month of a district: all parts together, for a usual one or for figures that are given."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from tests.cost.extras import Extra
from tests.cost.fixed import FIREWALL, bare
from tests.cost.life import PULSE, Step, Who, used
from tests.cost.usage import Usage, added, times

DAYS = 30
# So often a report changes what lists show, and a console that shows one reads it again: it comes,
# its reporter writes, and officers turn to it four times.
CHANGES = 6
EXAMPLE = '"reports=500 consoles=2"'
MOST, MOST_OF_ALL = {"hours": 24}, 1_000_000_000


class District(NamedTuple):
    """`reports`, `photos` and `videos` of a month; `readers`: officers who get an e-mail about a
    notice; `consoles`, each shown for `hours` a day.
    """

    reports: int = 3_000
    photos: int = 1_800
    videos: int = 60
    readers: int = 3
    consoles: int = 6
    hours: int = 8

    @classmethod
    def read(cls, words: Iterable[str]) -> Self:
        """Return the district of `reports=500 consoles=2`. Photos and videos that are not given
        come with as many reports as usual. Raises ValueError for another word.
        """
        usual, given = cls(), dict[str, int]()
        for word in words:
            name, _, value = word.partition("=")
            if name not in cls._fields:
                raise ValueError(f"{word}: give some of {', '.join(cls._fields)}, as in {EXAMPLE}")
            if name in given:
                raise ValueError(f"{word}: {name} is given twice")
            most = MOST.get(name, MOST_OF_ALL)
            if not re.fullmatch("[0-9]{1,12}", value) or int(value) > most:
                raise ValueError(
                    f"{word}: {name} takes a whole number up to {most}, in digits alone, as in "
                    f"{name}={getattr(usual, name)}"
                )
            given[name] = int(value)
        if not given:
            raise ValueError(f"No figures: give some of {', '.join(cls._fields)}, as in {EXAMPLE}")
        share = given.get("reports", usual.reports) / usual.reports
        media = {"photos": round(usual.photos * share), "videos": round(usual.videos * share)}
        return cls(**media | given)


def month(
    district: District,
    steps: Sequence[Step],
    fixed: Mapping[str, Usage],
    extras: Mapping[str, Extra],
) -> dict[str, Usage]:
    """Return what a month uses, by the line of the page that shows it. What is kept is counted with
    the month that it comes in.
    """
    # The hours of the consoles have all their pulses.
    worked = [step for step in steps if step.what != PULSE]
    lives = used(worked)
    kept = added(step.used for step in steps if step.who is Who.KEPT)
    notices = lives["sns_requests"] * district.reports

    def some(name: str, count: float) -> dict[str, float]:
        return times(extras[name].used, count / extras[name].amount)

    hours = district.consoles * district.hours * DAYS
    # A change comes at any hour.
    again = district.reports * CHANGES * district.consoles * district.hours / 24
    shown = added(
        [some("console", hours), some("list", again), some("session", district.consoles * DAYS)]
    )
    asked = lives["gateway_requests"] * district.reports + shown["gateway_requests"]
    consoles = f"{district.consoles} consoles shown for {district.hours} hours a day"
    return {
        "an empty stage, without the firewall": bare(fixed),
        f"{district.reports:,} reports, each with {calls(worked)} calls": times(
            lives, district.reports
        ),
        "their rows and backups, for as long as they are kept": times(kept, district.reports),
        f"{district.photos:,} photos": some("photo", district.photos),
        f"{district.videos:,} videos": some("video", district.videos),
        f"e-mails: each notice to {district.readers} officers": some(
            "email", notices * district.readers
        ),
        consoles: shown,
        # With CloudFront it has one rule more.
        FIREWALL: added([fixed[FIREWALL], {"firewall_rule_months": 1, "firewall_requests": asked}]),
        "the web clients: all calls through CloudFront": some("cloudfront", asked),
    }


def calls(steps: Sequence[Step]) -> int:
    """Return how many calls of the API a life has."""
    return sum(step.calls for step in steps)
