"""Statistics: the counters of a report, and their sums by day in the city."""

from bisect import bisect_left
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.domain.reports.closing import FEWEST_ANSWERS
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import OPEN_STATUSES, Status
from chalicelib.kernel import times

# Upper ends of the buckets of times to first acknowledgement, in seconds: each a quarter above the
# last, from 1 s to 30 days. So a quantile is right to within a quarter, and a row stays small.
BUCKETS_S: tuple[float, ...] = tuple(1.25**n for n in range(67))


# Counters of stations, by the kind of their names.
_OF_STATIONS = {"station": "count", "open": "open"}


@dataclass(frozen=True, slots=True)
class StationCount:
    """How many reports are in the area of a station, and how many are open."""

    station: str
    count: int
    open: int


@dataclass(frozen=True, slots=True)
class DistrictCount:
    """How many reports are of a district, and how many of them are open. A place outside of the
    areas of stations is of no station.
    """

    district: str
    count: int
    open: int
    stations: tuple[StationCount, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """The counters of one report in the row of its day, category and district: one to
    `total` and to each of `counters`.
    """

    day: str
    category: str
    district: str
    counters: tuple[str, ...]

    @property
    def place(self) -> str:
        return f"{self.day}#{self.category}#{self.district}"


def tally_of(report: ReportOutline) -> Tally:
    """Return the counters of a report. A drill adds to no counter."""
    day = str(times.day_in_city(report.received_at))
    if report.is_drill:
        return Tally(day, report.category, report.district, ())
    counters = ["total", f"status_{report.status}"]
    if report.station:
        counters.append(f"station_{report.station}")
        if report.status in OPEN_STATUSES:
            counters.append(f"open_{report.station}")
    if report.disposition and report.status is Status.CLOSED:
        counters.append(f"disposition_{report.disposition}")
    if report.reopened_at:
        counters.append("reopened")
    if report.acknowledged_at:
        waited = report.acknowledged_at - report.received_at
        counters.append(f"ack_{bucket_of(waited.total_seconds())}")
    return Tally(day, report.category, report.district, tuple(counters))


def bucket_of(seconds: float) -> int:
    return min(bisect_left(BUCKETS_S, seconds), len(BUCKETS_S) - 1)


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the time in seconds within which `share` of all counted were done.

    It is the upper end of a bucket; None when nothing was counted.
    """
    total = sum(counts.values())
    if total <= 0:
        return None
    reached = 0
    for bucket in sorted(counts):
        reached += counts[bucket]
        if reached >= share * total:
            return round(BUCKETS_S[bucket], 1)
    return None


def summarize(
    rows: Iterable[Mapping[str, Any]], since: date, until: date, today: date
) -> dict[str, Any]:
    """Return the counts of the dashboard.

    They are by category, status, day and disposition, of open reports by age, of reopened ones and
    of feedback, with the time to first acknowledgement.

    `rows` are those from `since` to `until`. Answers are counted by whole calendar months that have
    passed, each with at least FEWEST_ANSWERS of a category. So no two calls differ by fewer.
    """
    by_category: dict[str, dict[str, int]] = {}
    by_status: dict[str, int] = {}
    by_day: dict[str, int] = {}
    dispositions: dict[str, int] = {}
    open_by_age: dict[str, dict[str, int]] = {}
    reopened: dict[str, int] = {}
    answers: dict[tuple[str, str], Counter[str]] = {}
    waits: dict[int, int] = {}
    for row in rows:
        day, category, _ = row["sk"].split("#", 2)
        age = _age(day, today)
        for name, count in row.items():
            kind, _, value = name.partition("_")
            if not isinstance(count, int) or count == 0:
                continue
            if name == "total":
                by_day[day] = by_day.get(day, 0) + count
            elif kind == "status":
                by_status[value] = by_status.get(value, 0) + count
                statuses = by_category.setdefault(category, {})
                statuses[value] = statuses.get(value, 0) + count
                if value in ("new", "acknowledged", "in_progress"):
                    ages = open_by_age.setdefault(category, {})
                    ages[age] = ages.get(age, 0) + count
            elif kind == "disposition":
                dispositions[value] = dispositions.get(value, 0) + count
            elif kind == "helped":
                answers.setdefault((category, day[:7]), Counter())[value] += count
            elif name == "reopened":
                reopened[category] = reopened.get(category, 0) + count
            elif kind == "ack":
                waits[int(value)] = waits.get(int(value), 0) + count
    return {
        "by_category": by_category,
        "by_status": by_status,
        "by_day": [{"day": day, "count": by_day[day]} for day in sorted(by_day)],
        "by_disposition": dispositions,
        "open_by_age": open_by_age,
        "reopened": reopened,
        "helped": _helped(answers, since, min(until, today - timedelta(days=1))),
        "first_acknowledgement": {
            "count": sum(waits.values()),
            "median_s": quantile(waits, 0.5),
            "p90_s": quantile(waits, 0.9),
        },
    }


def _helped(
    answers: Mapping[tuple[str, str], Counter[str]], since: date, until: date
) -> dict[str, dict[str, int]]:
    """Return the answers by category, of the months that lie wholly between these days."""
    helped: dict[str, Counter[str]] = {}
    for (category, month), given in answers.items():
        first = date.fromisoformat(f"{month}-01")
        last = first.replace(day=monthrange(first.year, first.month)[1])
        if since <= first and last <= until and given.total() >= FEWEST_ANSWERS:
            helped.setdefault(category, Counter()).update(given)
    return {category: {"yes": each["yes"], "no": each["no"]} for category, each in helped.items()}


def count_areas(rows: Iterable[Mapping[str, Any]]) -> tuple[DistrictCount, ...]:
    """Return counts by district and station, the most reports first. Empty areas are left out."""
    districts: dict[str, Counter[str]] = {}
    stations: dict[str, dict[str, Counter[str]]] = {}
    for row in rows:
        district = row["sk"].split("#", 2)[2]
        whole, parts = districts.setdefault(district, Counter()), stations.setdefault(district, {})
        for name, count in row.items():
            if not isinstance(count, int):
                continue
            kind, _, value = name.partition("_")
            if name == "total":
                whole["count"] += count
            elif kind == "status" and value in OPEN_STATUSES:
                whole["open"] += count
            elif kind in _OF_STATIONS:
                parts.setdefault(value, Counter())[_OF_STATIONS[kind]] += count
    found = (
        DistrictCount(district, counts["count"], counts["open"], _stations(stations[district]))
        for district, counts in districts.items()
        if counts["count"] > 0
    )
    return tuple(sorted(found, key=lambda each: (-each.count, each.district)))


def _stations(parts: Mapping[str, Counter[str]]) -> tuple[StationCount, ...]:
    found = (
        StationCount(station, counts["count"], counts["open"])
        for station, counts in parts.items()
        if counts["count"] > 0
    )
    return tuple(sorted(found, key=lambda each: (-each.count, each.station)))


def _age(day: str, today: date) -> str:
    days = (today - datetime.fromisoformat(day).date()).days
    return "today" if days < 1 else "this_week" if days < 7 else "older"
