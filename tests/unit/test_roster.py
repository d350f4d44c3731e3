"""The roster decides whom a notice is for. It may tell too many, and never nobody."""

from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.notice import FOR_SUPERVISORS, groups_of, officer_address
from chalicelib.domain.notices.roster import Member, Roster, Shift, Weekday
from chalicelib.domain.officers.model import DISTRICTLESS
from chalicelib.domain.reports.events import NoticeKind

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
    st.sampled_from(NoticeKind),
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


@pytest.mark.parametrize(("kind", "expected"), [("overdue", ("chief", "li")), ("report", ("li",))])
def test_supervisors_hear_too_of_what_nobody_on_duty_has_acted_on(
    kind: str, expected: tuple[str, ...]
) -> None:
    chief = EVERYWHERE.model_copy(update={"supervisor": True})
    narrow = chief.model_copy(update={"categories": ("traffic_violation",)})
    members = {"li": EVERYWHERE, "wang": EVERYWHERE, "chief": chief, "narrow": narrow}
    roster = Roster(shifts=(plan("li"),), members=members)

    to = roster.addressees(cast("NoticeKind", kind), "other", "chaoyang", Urgency.HIGH, NOW)
    assert to == tuple(map(officer_address, expected))


@pytest.mark.parametrize("district", sorted(DISTRICTLESS))
def test_what_names_no_district_is_for_every_shift(district: str) -> None:
    roster = Roster(shifts=(plan("li", districts=("haidian",)),), members={"li": EVERYWHERE})

    to = roster.addressees(NoticeKind.REPORT, "other", district, Urgency.NORMAL, NOW)
    assert to == (officer_address("li"),)
