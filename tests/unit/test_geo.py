"""Places: districts, datums and cells, each beside another implementation."""

import math
import random
import warnings
from itertools import pairwise
from typing import Any

import eviltransform
import pygeohash
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.kernel import city, geo
from chalicelib.kernel.geo import Datum, district_of, read_areas, station_of, to_wgs84

BEIJING = st.tuples(st.floats(39.4, 41.1), st.floats(115.4, 117.6))
ANYWHERE = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
FEATURES = city.read("areas.geojson")["features"]

type Place = tuple[float, float]


def metres(one: Place, other: Place) -> float:
    north = math.radians(one[0] - other[0])
    east = math.radians(one[1] - other[1]) * math.cos(math.radians(one[0]))
    return 6_371_000 * math.hypot(north, east)


@given(BEIJING)
def test_gcj_02_in_beijing_lands_within_a_metre_of_a_second_implementation(place: Place) -> None:
    assert metres(to_wgs84(*place, Datum.GCJ02), eviltransform.gcj2wgs_exact(*place)) < 1


@given(BEIJING)
def test_bd_09_in_beijing_lands_within_a_metre_of_a_second_implementation(place: Place) -> None:
    assert (
        metres(
            to_wgs84(*place, Datum.BD09), eviltransform.gcj2wgs_exact(*eviltransform.bd2gcj(*place))
        )
        < 1
    )


@given(
    BEIJING,
    st.sampled_from([(Datum.GCJ02, eviltransform.wgs2gcj), (Datum.BD09, eviltransform.wgs2bd)]),
)
def test_what_a_second_implementation_shifts_comes_back(
    place: Place, shift: tuple[Datum, Any]
) -> None:
    datum, shifted = shift
    lat, lon = shifted(*place)
    assert metres(to_wgs84(lat, lon, datum), place) < 0.05


@given(ANYWHERE, st.sampled_from(Datum))
@example((35.0, 72.006), Datum.BD09)  # inside China as BD-09, but outside as GCJ-02
def test_no_place_is_logged_or_moved_by_more_than_two_kilometres(
    place: Place, datum: Datum
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lat, lon = to_wgs84(*place, datum)
    assert metres(place, (lat, lon)) < 2_000


@pytest.mark.parametrize(
    "place", [(0.0, 0.0), (48.85, 2.35), (-33.9, 151.2), (90.0, 180.0), (-90.0, -180.0)]
)
@pytest.mark.parametrize("datum", Datum)
def test_outside_china_no_datum_shifts_anything(place: Place, datum: Datum) -> None:
    assert to_wgs84(*place, datum) == place


def test_wgs_84_stays_as_it_was() -> None:
    assert to_wgs84(39.92, 116.44, Datum.WGS84) == (39.92, 116.44)


@pytest.mark.parametrize(
    ("lat", "lon", "district", "station"),
    [
        (39.9337, 116.4479, "chaoyang", "sanlitun"),
        (39.9087, 116.4605, "chaoyang", "jianguomenwai"),
        (39.9960, 116.4700, "chaoyang", "wangjing"),
        (39.9930, 116.3910, "chaoyang", "aoyuncun"),
        (40.0800, 116.5900, "chaoyang", "capital_airport"),
        (39.9250, 116.5900, "chaoyang", "changying"),
        (39.8500, 116.4800, "chaoyang", "shibalidian"),
        (39.9055, 116.3913, "dongcheng", None),
        (39.9100, 116.3600, "xicheng", None),
        (39.9840, 116.3100, "haidian", None),
        (39.8600, 116.2900, "fengtai", None),
        (39.9060, 116.2200, "shijingshan", None),
        (39.9100, 116.6600, "tongzhou", None),
        (40.1300, 116.6500, "shunyi", None),
        (40.2200, 116.2300, "changping", None),
        (39.7300, 116.3400, "daxing", None),
        (31.2300, 121.4700, "outside", None),
        (51.5000, -0.1200, "outside", None),
        (90.0, 180.0, "outside", None),
        (-90.0, -180.0, "outside", None),
    ],
)
def test_a_place_lies_in_its_district_and_its_stations_area(
    lat: float, lon: float, district: str, station: str | None
) -> None:
    assert (district_of(lat, lon), station_of(lat, lon)) == (district, station)


def test_a_place_less_exact_than_a_stations_area_is_of_no_station() -> None:
    # Its farthest corner is some kilometres away.
    lat, lon = 39.9250, 116.5900
    (area,) = (each for each in read_areas({"features": FEATURES}) if each.code == "changying")
    reach = area.reach(lat, lon)
    assert 1_000 < reach < 20_000
    for accuracy in (None, 0, 20, reach):
        assert station_of(lat, lon, accuracy) == "changying"
    for accuracy in (reach * 1.1, 100_000):
        assert station_of(lat, lon, accuracy) is None


def test_a_district_alone_is_of_no_station() -> None:
    (district,) = (each for each in read_areas({"features": FEATURES}) if each.code == "chaoyang")
    for lat, lon in ((39.9250, 116.5900), (40.0800, 116.5900), (39.8500, 116.4800)):
        assert station_of(lat, lon) is not None
        assert station_of(lat, lon, district.reach(lat, lon)) is None


@pytest.mark.parametrize(("lat", "lon"), [(39.9, 116.4), (0.0, 179.0), (-60.0, 10.0)])
def test_the_reach_of_an_area_is_in_metres(lat: float, lon: float) -> None:
    ring = [(lon, lat), (lon + 0.01, lat), (lon, lat + 0.02), (lon, lat)]
    shape = {"type": "Polygon", "coordinates": [ring]}
    area = {"properties": {"code": "a", "kind": "station"}, "geometry": shape}
    (read,) = read_areas({"features": [area]})
    assert read.reach(lat, lon) == pytest.approx(0.02 * 111_320)


def test_a_phone_with_a_chinese_map_is_understood() -> None:
    assert district_of(*to_wgs84(39.92, 116.44, Datum.GCJ02)) == "chaoyang"


def test_areas_of_one_kind_do_not_overlap_and_stations_fill_chaoyang() -> None:
    areas = read_areas({"features": FEATURES})
    chance = random.Random(1)
    for _ in range(5_000):
        place = chance.uniform(39.4, 40.4), chance.uniform(115.9, 117.0)
        holders = {
            kind: [area.code for area in areas if area.kind == kind and area.holds(*place)]
            for kind in ("district", "station")
        }
        assert max(len(codes) for codes in holders.values()) <= 1
        assert bool(holders["station"]) == (holders["district"] == ["chaoyang"])


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature["properties"]["code"])
def test_an_area_is_as_rfc_7946_wants_it(feature: dict[str, Any]) -> None:
    (ring,) = feature["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    assert all(115 < lon < 118 and 39 < lat < 42 for lon, lat in ring)
    turned = sum(lon_a * lat_b - lon_b * lat_a for (lon_a, lat_a), (lon_b, lat_b) in pairwise(ring))
    assert turned > 0, "outer rings run counterclockwise"


def square(west: float, south: float, side: float) -> list[list[float]]:
    return [
        [west, south],
        [west + side, south],
        [west + side, south + side],
        [west, south + side],
        [west, south],
    ]


def test_official_areas_may_have_several_parts_and_holes() -> None:
    properties = {"code": "official", "kind": "district"}
    parts = {
        "type": "MultiPolygon",
        "coordinates": [[square(0, 0, 10), square(4, 4, 2)], [square(20, 0, 5)]],
    }
    (area,) = read_areas({"features": [{"properties": properties, "geometry": parts}]})
    assert area.holds(1, 1)
    assert area.holds(2, 22)
    assert not area.holds(5, 5)
    assert not area.holds(2, 15)
    assert not area.holds(11, 5)


@given(st.integers(0, 1), st.floats(0, 1))
def test_a_place_on_a_shared_border_has_one_holder(corner: int, along: float) -> None:
    halves = [
        {
            "properties": {"code": str(n), "kind": "district"},
            "geometry": {"type": "Polygon", "coordinates": [square(n, 0, 1)]},
        }
        for n in (0, 1)
    ]
    holders = [
        area.code for area in read_areas({"features": halves}) if area.holds(along * 0.999, 1.0)
    ]
    assert len(holders) == 1


@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
def test_a_cell_holds_what_it_was_made_of(lat: float, lon: float) -> None:
    cell = geo.bounds(geo.encode(lat, lon))
    assert cell.south <= lat < cell.north
    assert cell.west <= lon < cell.east
    assert ((cell.south + cell.north) / 2, (cell.west + cell.east) / 2) == pytest.approx(
        tuple(pygeohash.decode(geo.encode(lat, lon)))[:2], abs=0.05
    )


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_cell_is_that_of_a_second_implementation(lat: float, lon: float) -> None:
    assert geo.encode(lat, lon) == pygeohash.encode(lat, lon, precision=5)
