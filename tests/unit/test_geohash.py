"""Geohash cells are the same as those of another implementation."""

import pygeohash
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import geo


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
