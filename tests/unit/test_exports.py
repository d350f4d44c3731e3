"""The files of an export: no cell is a formula, and a zip has what was put in."""

import csv
import io
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.statistics.exports import COLUMNS, csv_of, safe_cell, zip_of

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
DANGEROUS = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " ="])


def cells(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@given(sign=DANGEROUS, rest=st.text(max_size=20))
def test_what_begins_like_a_formula_begins_with_an_apostrophe(sign: str, rest: str) -> None:
    assert safe_cell(sign + rest) == f"'{sign}{rest}"


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), (3, "3"), (-23.5, "-23.5"), ("白色面包车", "白色面包车")]
)
def test_anything_else_stays_as_it_is(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), max_size=5))
def test_a_table_has_a_row_for_each_report_whatever_it_says(texts: list[str]) -> None:
    rows = cells(csv_of({"reference": "R", "text": text} for text in texts))
    assert [row["text"] for row in rows] == [safe_cell(text) for text in texts]
    assert all(tuple(row) == COLUMNS for row in rows)


def test_excel_reads_it_as_unicode() -> None:
    assert csv_of([]).startswith(b"\xef\xbb\xbf")


def test_a_zip_has_the_files_by_their_names() -> None:
    archive = zip_of([("a.json", b"{}" * 1000), ("b.jpg", b"\xff" * 1000)], NOW)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert {each.filename: each.file_size for each in opened.infolist()} == {
            "a.json": 2000,
            "b.jpg": 1000,
        }
        assert opened.getinfo("a.json").compress_size < 100
