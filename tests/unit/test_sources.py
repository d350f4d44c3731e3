"""Sources: which address a request shows, what is counted of it, and that it is shown nowhere."""

import string
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.flood.sources import (
    UNKNOWN,
    Counts,
    Kind,
    Memory,
    Source,
    Tokens,
    read_source,
    read_viewer_address,
    text_token,
    tokens_of,
)

NOW = datetime(2026, 11, 24, 8, 31, tzinfo=UTC)
V4, V6 = st.ip_addresses(v=4), st.ip_addresses(v=6)
PORTS = st.integers(0, 65_535)


@given(st.one_of(V4, V6))
def test_an_address_has_one_network(address: IPv4Address | IPv6Address) -> None:
    source = read_source(str(address))
    assert source
    network = ip_network(source.network)
    assert ip_address(source.address) in network
    assert network.prefixlen == (24 if network.version == 4 else 48)


@given(V4)
def test_ipv4_written_as_ipv6_is_ipv4(address: IPv4Address) -> None:
    written = f"::ffff:{address}"
    assert read_source(written) == read_source(str(address))
    assert read_source(IPv6Address(written).exploded) == read_source(str(address))


@given(V6)
def test_every_spelling_of_an_address_is_one_source(address: IPv6Address) -> None:
    spellings = {address.compressed, address.exploded, address.exploded.upper()}
    assert {read_source(each) for each in spellings} == {read_source(str(address))}


@given(st.one_of(V4, V6), PORTS)
def test_cloudfront_names_an_address_and_a_port(
    address: IPv4Address | IPv6Address, port: int
) -> None:
    assert read_viewer_address(f"{address}:{port}") == read_source(str(address))
    assert read_viewer_address(f"[{address}]:{port}") == read_source(str(address))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ":",
        ":443",
        "198.51.100.7",
        "198.51.100.7:",
        "198.51.100.7:65536",
        "198.51.100.7:-1",
        "198.51.100.7:٤٤٣",
        "198.51.100.256:443",
        "198.51.100.7, 192.0.2.1:443",
        "2001:db8::g:443",
        "[198.51.100.7:443",
        "9" * 10_000 + ":443",
    ],
)
def test_what_names_no_address_is_none(header: str | None) -> None:
    assert read_viewer_address(header) is None


@given(st.text(string.printable + "٤:.[]%", max_size=80))
def test_any_text_is_a_source_or_none(text: str) -> None:
    for read in (read_source, read_viewer_address):
        found = read(text)
        assert found is None or ip_address(found.address)


def test_a_source_does_not_show_itself() -> None:
    source = read_source("198.51.100.7")
    assert source
    assert "198" not in f"{source} {source!r} {[source]}"
    assert "198" not in str(ValueError(source))


def test_tokens_of_two_windows_or_salts_have_nothing_in_common() -> None:
    source = read_source("198.51.100.7")
    assert source
    later = NOW + timedelta(minutes=10)
    seen = [
        tokens_of(source, Kind.OTHER, salt, at)
        for salt in (b"a" * 32, b"b" * 32)
        for at in (NOW, later)
    ]
    assert len({token for tokens in seen for token in tokens}) == 8
    assert tokens_of(source, Kind.OTHER, b"a" * 32, NOW + timedelta(minutes=8)) == seen[0]
    assert all(set(token) <= set(string.hexdigits) for tokens in seen for token in tokens)


def test_an_address_and_its_network_never_share_a_token() -> None:
    one = tokens_of(Source("192.0.2.0", "192.0.2.0"), Kind.OTHER, b"a" * 32, NOW)
    assert one.address != one.network
    assert len(set(tokens_of(UNKNOWN, Kind.OTHER, b"a" * 32, NOW))) == 2


def test_memory_counts_one_window() -> None:
    memory, tokens = Memory(), Tokens("a", "n")
    assert [memory.count(tokens, NOW) for _ in range(2)] == [Counts(1, 1), Counts(2, 2)]
    assert memory.count(Tokens("b", "n"), NOW) == Counts(1, 3)
    assert memory.count(tokens, NOW + timedelta(minutes=10)) == Counts(1, 1)


def test_memory_takes_over_what_all_have_counted() -> None:
    memory, tokens = Memory(), Tokens("a", "n")
    memory.count(tokens, NOW)
    memory.learn(tokens, Counts(30, 120), NOW)
    assert memory.count(tokens, NOW) == Counts(31, 121)
    memory.learn(tokens, Counts(2, 2), NOW)
    assert memory.count(tokens, NOW) == Counts(32, 122)


@given(st.lists(st.integers(0, 50), max_size=200))
def test_memory_is_bounded_and_keeps_whom_it_saw_last(sent: list[int]) -> None:
    memory = Memory(most=20)
    for each in sent:
        memory.count(Tokens(f"a{each}", f"n{each}"), NOW)
    assert len(memory._counts) <= 20
    for each in sent[-1:]:
        assert f"a{each}" in memory._counts


def test_a_limit_is_what_may_pass() -> None:
    counts = Counts(30, 120), Counts(31, 31), Counts(1, 122)
    assert [each.over(Kind.CRITICAL) for each in counts] == [0, 1, 2]
    assert Counts(3, 12).over(Kind.DRILL) == 0 < Counts(4, 4).over(Kind.DRILL)


def test_nobodys_second_report_has_the_turn_of_somebodys_first() -> None:
    assert [Counts(nth, nth).turn for nth in (1, 2, 4, 5, 30)] == [0, 1, 1, 2, 2]


def test_digits_and_signs_make_no_other_text() -> None:
    texts = "A man in a blue coat, 17 minutes ago.", "a man in a blue coat 3 minutes ago", "Help!"
    one, same, short = (text_token(text, Kind.CRITICAL, b"a" * 32, NOW) for text in texts)
    assert one == same is not None
    assert short is text_token(None, Kind.CRITICAL, b"a" * 32, NOW) is None


def test_one_line_of_ipv6_is_one_address() -> None:
    one, other = read_source("2001:db8:1:2::1"), read_source("2001:db8:1:2:ffff::9")
    assert one == other
    assert one != read_source("2001:db8:1:3::1")
