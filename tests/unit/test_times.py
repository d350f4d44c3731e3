from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.kernel import times

FIRST, LAST = datetime(1970, 1, 2), datetime(9998, 12, 30)  # noqa: DTZ001 (hypothesis adds the zone)
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)


@pytest.mark.parametrize(
    ("given_as", "meant"),
    [
        ("2026-11-24T08:30:00Z", "2026-11-24T08:30:00.000Z"),
        ("2026-11-24T08:30:00+08:00", "2026-11-24T00:30:00.000Z"),
        ("2026-11-24T23:59:59.999-12:00", "2026-11-25T11:59:59.999Z"),
        ("2026-11-24t08:30:00z", "2026-11-24T08:30:00.000Z"),
        ("2026-11-24T08:30:00-00:00", "2026-11-24T08:30:00.000Z"),
        ("2024-02-29T00:00:00.123456789Z", "2024-02-29T00:00:00.123Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("9998-12-31T23:59:59Z", "9998-12-31T23:59:59.000Z"),
    ],
)
def test_a_time_of_any_zone_is_read_as_utc(given_as: str, meant: str) -> None:
    assert times.render(times.parse(given_as)) == meant
    assert times.parse(given_as).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-24T08:30:00",  # no zone
        "2026-11-24",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2016-12-31T23:59:60Z",  # a leap second, and a real one
        "2026-11-24T24:00:00Z",
        "2026-11-24T08:30:00+24:00",
        "2026-11-24T08:30:00+08:60",
        "2026-11-24T08:30:00+0800",
        "2026-11-24T08:30Z",
        "2026-11-24 08:30:00Z",
        "2026-11-2408:30:00Z",
        "20261124T083000Z",
        "2026-W48-2T08:30:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+08:00",  # still 1969 in UTC
        "9999-01-01T00:00:00Z",
        "9998-12-31T23:59:59-01:00",  # already 9999 in UTC
        "9999-12-31T23:59:59-23:59",  # beyond what a datetime can hold
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "٢٠٢٦-11-24T08:30:00Z",
        "2026-11-24T08:30:00.Z",
        "2026-11-24T08:30:00,5Z",
        " 2026-11-24T08:30:00Z",
        "2026-11-24T08:30:00Z\n",
        "1764000000",
        "now",
        "",
    ],
)
def test_what_is_not_a_time_is_refused(value: str) -> None:
    with pytest.raises(ValueError):
        times.parse(value)


@given(st.datetimes(FIRST, LAST, timezones=ZONES))
def test_a_time_survives_its_own_rendering_to_the_millisecond(moment: datetime) -> None:
    again = times.parse(times.render(moment))
    assert timedelta() <= moment - again < timedelta(milliseconds=1)
    assert times.render(again) == times.render(moment)


@given(st.datetimes(FIRST, LAST, timezones=ZONES))
def test_a_time_is_read_as_python_reads_it(moment: datetime) -> None:
    assert times.parse(moment.isoformat()) == moment


@given(st.lists(st.datetimes(FIRST, LAST, timezones=ZONES), max_size=5))
def test_rendered_times_sort_as_the_times_do(moments: list[datetime]) -> None:
    in_order = [times.render(moment) for moment in sorted(moments)]
    assert in_order == sorted(in_order)


@given(
    st.text()
    | st.from_regex(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T "
        r"][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,12})?(Z|[+-][0-9]{2}:[0-9]{2})?"
    )
)
def test_whatever_comes_is_a_time_or_a_value_error(value: str) -> None:
    try:
        moment = times.parse(value)
    except ValueError:
        return
    assert 1970 <= moment.year <= 9998


def test_a_time_without_a_zone_is_not_rendered() -> None:
    with pytest.raises(ValueError):
        times.render(datetime(2026, 11, 24))  # noqa: DTZ001


class Happening(BaseModel):
    model_config = ConfigDict(strict=True)

    at: times.Moment


def test_a_field_of_a_strict_model_holds_utc() -> None:
    assert Happening.model_validate_json('{"at": "2026-11-24T08:30:00+08:00"}').at == datetime(
        2026, 11, 24, 0, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ('"2026-02-30T00:00:00Z"', "not_a_time"),
        ("1764000000", "wrong_type"),
        ("null", "wrong_type"),
    ],
)
def test_a_field_of_a_strict_model_names_what_is_wrong(sent: str, code: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        Happening.model_validate_json(f'{{"at": {sent}}}')
    assert [each["type"] for each in invalid.value.errors()] == [code]


@pytest.mark.parametrize(
    ("hours", "name"),
    [
        (0, "UTC"), (8, "UTC+8"), (-1, "UTC-1"), (5.75, "UTC+5:45"), (-3.5, "UTC-3:30"),
        (-0.5, "UTC-0:30"), (14, "UTC+14"),
    ],
)  # fmt: skip
def test_an_offset_is_named_as_people_write_it(hours: float, name: str) -> None:
    assert times.offset_name(timedelta(hours=hours)) == name
