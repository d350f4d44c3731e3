import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import errors
from chalicelib.kernel.paging import CURSOR_LIFE, Cursors

NOW = datetime(2026, 11, 25, 9, 30, 12, 345000, tzinfo=UTC)
POSITION = "2026-11-25T08:29:11.123Z#7M3XK9QZ4TB8N2VW6YH0RDCEFG"
CURSORS = Cursors([b"newest", b"older"])


def issue(position: str = POSITION, cursors: Cursors = CURSORS) -> str:
    return cursors.issue(position, reader="wang", filters={"status": "new"}, now=NOW)


def read(cursor: str, now: datetime = NOW, **other: object) -> str | None:
    bound: dict[str, object] = {"reader": "wang", "filters": {"status": "new"}, **other}
    return CURSORS.read(cursor, now=now, **bound)  # type: ignore[arg-type]


def is_refused(cursor: str, now: datetime = NOW, **other: object) -> bool:
    with pytest.raises(errors.Malformed) as refused:
        read(cursor, now, **other)
    return refused.value.code == "bad_cursor"


def raw(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


@given(st.text())
def test_a_position_comes_back(position: str) -> None:
    cursor = issue(position[:200])
    assert CURSORS.read(None, reader="wang", filters={}, now=NOW) is None
    assert len(cursor) > 512 or read(cursor) == position[:200]


def test_a_cursor_of_a_report_is_short() -> None:
    assert len(issue()) < 200


def test_no_part_of_a_position_can_be_read_in_a_cursor() -> None:
    expires = str(int((NOW + CURSOR_LIFE).timestamp()))
    content = json.dumps([POSITION, expires])
    # Long enough that none is there by chance: 64^8 against some hundred thousand places.
    parts = {content[at : at + 8] for at in range(len(content) - 7)}
    for _ in range(50):
        cursor = issue()
        shown = (raw(cursor), cursor.encode(), raw(cursor)[::-1])
        assert not [part for part in parts for form in shown if part.encode() in form]


def test_cursors_of_one_position_and_of_near_ones_have_nothing_in_common() -> None:
    """Bytes that depend on the position alone would be equal in all of them."""
    again = [raw(issue()) for _ in range(40)]
    near = [raw(issue(POSITION.replace("123Z", f"{ms:03}Z"))) for ms in range(40)]
    assert {len(each) for each in again + near} == {len(again[0])}
    for cursors in (again, near):
        assert not [column for column in zip(*cursors, strict=True) if len(set(column)) < 20]


def test_a_cursor_is_good_for_its_reader_and_filters_and_for_a_day() -> None:
    cursor = issue()
    assert read(cursor, NOW + CURSOR_LIFE - timedelta(seconds=1)) == POSITION
    assert is_refused(cursor, reader="li")
    assert is_refused(cursor, filters={})
    assert is_refused(cursor, filters={"status": "new", "category": "other"})
    assert is_refused(cursor, NOW + CURSOR_LIFE + timedelta(seconds=1))


@given(st.data())
def test_a_cursor_in_which_one_letter_changed_is_refused(data: st.DataObject) -> None:
    cursor = issue()
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda each: each != cursor[at]))
    assert is_refused(cursor[:at] + letter + cursor[at + 1 :])


@given(st.binary(max_size=100))
def test_bytes_that_nobody_encrypted_are_refused(content: bytes) -> None:
    assert is_refused(base64.urlsafe_b64encode(content).rstrip(b"=").decode())


def test_every_secret_of_the_ring_opens_and_only_these() -> None:
    assert read(issue(cursors=Cursors([b"older"]))) == POSITION
    assert is_refused(issue(cursors=Cursors([b"oldest"])))


def test_a_first_page_does_not_load_the_cipher() -> None:
    program = (
        "import sys; from datetime import datetime, UTC\n"
        "from chalicelib.kernel.paging import Cursors\n"
        "Cursors([b'x']).read(None, reader='r', filters={}, now=datetime.now(UTC))\n"
        "print('cryptography' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert run.stdout.strip() == "False"
