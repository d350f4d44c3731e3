"""What is sent to a server of Open311, and what is read of its answers."""

import string

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.casework.open311 import Words, form_of, read_refusal
from chalicelib.domain.catalogue.model import Agency, Receives


def test_a_place_near_a_meridian_has_no_exponent() -> None:
    to = Agency(
        "c", Receives.OPEN311, endpoint="https://a.example", service_code="s", publishes=False
    )
    form = form_of(to, Words(words="Words.", district="d", lat=51.47, lon=-0.00004), "R", None)
    assert b"&lat=51.47000&long=-0.00004" in form


@given(st.binary() | st.text(string.printable + "<>&;#\u202e\u0301").map(str.encode))
def test_whatever_a_server_answers_is_bounded_and_can_be_read(body: bytes) -> None:
    said = read_refusal(403, body)
    assert 0 < len(said) <= 500
    assert said.replace("\n", "").isprintable()
