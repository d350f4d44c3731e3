"""Shifts and the roster: by the clocks of a city, one begins when another ends."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.notice import FOR_SUPERVISORS, groups_of, officer_address
from chalicelib.domain.notices.roster import Member, Roster, Shift, Weekday
from chalicelib.domain.officers.model import DISTRICTLESS
from chalicelib.domain.reports.events import NoticeKind

LISBON = ZoneInfo("Europe/Lisbon")


def shift(starts: str, ends: str, *days: Weekday) -> Shift:
    return Shift(name="One", weekdays=days or tuple(Weekday), starts=starts, ends=ends)


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LISBON, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (local("2026-06-10T23:00"), 8),
        (local("2026-03-28T23:00"), 7),  # the clocks go forward in this night
        (local("2026-10-24T23:00"), 9),  # and back in this one
    ],
)
def test_a_night_is_as_long_as_its_clocks_say(now: datetime, hours: int) -> None:
    turn = shift("22:00", "06:00").period(now, LISBON)

    assert turn is not None
    assert turn.end - turn.start == timedelta(hours=hours)


def test_an_hour_that_comes_twice_belongs_to_the_shift_that_has_begun() -> None:
    before, after = shift("22:00", "01:30"), shift("01:30", "22:00")

    first, second = local("2026-10-25T01:29"), local("2026-10-25T01:29", fold=1)
    assert before.period(first, LISBON)
    assert not after.period(first, LISBON)
    assert after.period(second, LISBON)
    assert not before.period(second, LISBON)


def test_equal_times_are_a_whole_day() -> None:
    turn = shift("08:00", "08:00", Weekday.MONDAY).period(datetime(2026, 11, 23, 6, tzinfo=UTC))

    assert turn is not None
    assert turn.end - turn.start == timedelta(days=1)


TIMES = st.times().map(lambda each: f"{each:%H:%M}")
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(st.lists(TIMES, min_size=2, max_size=6, unique=True), MOMENTS)
def test_shifts_that_follow_each_other_leave_no_moment_out_and_share_none(
    times: list[str], now: datetime
) -> None:
    times.sort()
    around = [shift(one, other) for one, other in zip(times, [*times[1:], times[0]], strict=True)]

    assert sum(each.period(now, LISBON) is not None for each in around) == 1


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), TIMES, TIMES)
def test_a_turn_begins_on_a_day_of_the_shift(day: date, starts: str, ends: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")  # that of the city
    on = shift(starts, ends, Weekday.of(day))
    begin = datetime.combine(day, time.fromisoformat(starts), zone)

    turn = on.period(begin.astimezone(UTC))
    assert turn is not None
    assert turn.start == begin
    assert not on.period((begin - timedelta(minutes=1)).astimezone(UTC))


NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)
NAMES = ("wang", "li", "zhao")
CATEGORIES, DISTRICTS = ("other", "traffic_violation"), ("chaoyang", "haidian", "unknown")


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


def scope(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(("*",)) | some(values)


SHIFTS = st.builds(
    Shift,
    name=st.just("One"),
    weekdays=some(tuple(Weekday)),
    starts=st.sampled_from(["00:00", "08:00", "20:00"]),
    ends=st.sampled_from(["00:00", "08:00", "20:00"]),
    officers=some(NAMES),
    categories=some(CATEGORIES),
    districts=some(DISTRICTS[:2]),
)
MEMBERS = st.builds(
    Member,
    categories=scope(CATEGORIES),
    districts=scope(DISTRICTS[:2]),
    supervisor=st.booleans(),
    email_rank=st.none() | st.integers(0, 3),
    sms_rank=st.none() | st.integers(0, 3),
)
ROSTERS = st.builds(
    Roster,
    shifts=st.lists(SHIFTS, max_size=3).map(tuple),
    members=st.dictionaries(st.sampled_from(NAMES), MEMBERS),
)


@given(
    ROSTERS,
    st.sampled_from([each for each in NoticeKind if each is not NoticeKind.UNREVIEWED]),
    st.sampled_from(CATEGORIES),
    st.sampled_from(DISTRICTS),
    st.sampled_from(Urgency),
)
def test_a_notice_is_for_members_on_duty_who_may_see_it_or_for_everybody(
    roster: Roster, kind: NoticeKind, category: str, district: str, urgency: Urgency
) -> None:
    to = roster.addressees(kind, category, district, urgency, NOW)

    assert to
    if to == groups_of(category, district):
        return
    assert kind not in FOR_SUPERVISORS
    named = {name for name in NAMES if officer_address(name) in to}
    assert len(named) == len(to)
    about = category, district, urgency
    assert any(roster.members[name].is_notified_of(*about) for name in named)
    for name in named:
        member = roster.members[name]
        assert member.accepts(category, district, urgency)
        assert member.supervisor or any(
            name in shift.officers and shift.covers(category, district) and shift.period(NOW)
            for shift in roster.shifts
        )


def plan(*officers: str, **more: object) -> Shift:
    fields = {"name": "One", "weekdays": tuple(Weekday), "starts": "00:00", "ends": "00:00"}
    return Shift.model_validate(fields | {"officers": officers} | more)


EVERYWHERE = Member(categories=("*",), districts=("*",), email_rank=0)


@pytest.mark.parametrize("district", sorted(DISTRICTLESS))
def test_what_names_no_district_is_for_every_shift(district: str) -> None:
    roster = Roster(shifts=(plan("li", districts=("haidian",)),), members={"li": EVERYWHERE})

    to = roster.addressees(NoticeKind.REPORT, "other", district, Urgency.NORMAL, NOW)
    assert to == (officer_address("li"),)
