"""The tables of an export: in CSV no cell is a formula or becomes two, whatever separates cells; in
XLSX each text is a text.
"""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.statistics.exports import COLUMNS
from chalicelib.domain.statistics.tables import csv_of, safe_cell, tables_of, xlsx_of
from tests.workbooks import cells_of

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"
# What else separates, quotes or begins: more of it than chance would draw.
HOSTILE = st.sampled_from(
    [*SIGNS, ",", ";", "\t", "\r", "\n", "\r\n", '"', '""', "'", " ", "\u3000"]
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
CELLS = st.lists(HOSTILE | WORDS | st.sampled_from(["=HYPERLINK(A1)", "_x003D_", "<&>"]))
TEXTS = CELLS.map("".join)
TWO = ("reference", "text")


def parsed(content: bytes, separator: str, quoting: Any = csv.QUOTE_MINIMAL) -> list[list[str]]:
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting))


def is_formula(cell: str) -> bool:
    return cell.lstrip(' "\u3000').startswith(tuple(SIGNS + "\t\r\n"))


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
@example([("a;=HYPERLINK(A1)", "b\t=1+1")])
@example([('";=1;"', '",=1,"')])
@example([("a\r\n=1", "a\n；＝1")])
def test_no_cell_is_a_formula_or_two_whatever_separates_cells(rows: list[tuple[str, str]]) -> None:
    content = csv_of((dict(zip(TWO, row, strict=True)) for row in rows), TWO)
    found = parsed(content, ",")
    assert [len(row) for row in found] == [len(TWO)] * (1 + len(rows))
    for separator in ",;\t":
        read = parsed(content, separator)
        assert len(read) == 1 + len(rows)
        assert separator == "," or all(len(row) == 1 for row in read)
        for each in (read, parsed(content, separator, csv.QUOTE_NONE)):
            assert not any(is_formula(cell) for row in each for cell in row)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (3, "3"),
        (-23.5, "-23.5"),
        (True, "True"),
        ("白色面包车，京A12345", "白色面包车，京A12345"),
        ("Gate 3, by the tree", "Gate 3, by the tree"),
        ("=1+1", "'=1+1"),
        ("Call, +86 137", "Call, '+86 137"),
        ("one;\ttwo\r\nthree", "one； two three"),
    ],
)
def test_a_cell_says_what_the_report_says(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


def test_the_columns_are_those_that_programs_read_by_position() -> None:
    [header, row] = parsed(csv_of([{"reference": "R", "text": "T", "lat": -23.5}], COLUMNS), ",")
    assert tuple(header) == COLUMNS
    assert header[:3] == ["reference", "id", "category"]
    assert dict(zip(header, row, strict=True)) == dict.fromkeys(COLUMNS, "") | {
        "reference": "R",
        "text": "T",
        "lat": "-23.5",
    }


def test_excel_reads_it_as_unicode() -> None:
    assert csv_of([], COLUMNS).startswith(b"\xef\xbb\xbf")


@given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS.filter(bool)), max_size=4))
@example([("=HYPERLINK(A1)", "http://example.com/")])
@example([("{=1}", "12")])
@example([("mailto:a@example.com", "_x000A_")])
def test_in_xlsx_each_text_is_a_text(rows: list[tuple[str, str]]) -> None:
    content = xlsx_of([dict(zip(TWO, row, strict=True)) for row in rows], TWO, NOW)
    # XML reads each of these line ends as one line feed.
    plain = [[re.sub("\r\n?", "\n", cell) for cell in row] for row in rows]
    found = [[re.sub("\r\n?", "\n", cell) for cell in row] for row in cells_of(content)]
    assert found == [list(TWO), *plain]


def test_what_looks_like_markup_of_the_library_is_a_text() -> None:
    for text in ("<r>a & b</r>", "<r><t>=1</t></r>", "<r></si><si></r>"):
        [_, [_, cell]] = cells_of(xlsx_of([{"reference": "R", "text": text}], TWO, NOW))
        assert cell.strip() == text


def test_a_number_is_a_number_and_what_is_too_long_for_a_cell_says_so() -> None:
    row = {"lat": -23.5, "media": 2, "text": "😀" * 20_000, "details": "x" * 40_000}
    names = ("lat", "media", "text", "details")
    [_, [lat, media, text, details]] = cells_of(xlsx_of([row], names, NOW))
    assert (lat, media) == (-23.5, 2.0)
    assert (text, len(details), details[-2:]) == ("😀" * 16_383 + "…", 32_767, "x…")


def test_both_tables_are_of_the_same_rows_and_of_the_time_that_is_given() -> None:
    rows: list[dict[str, Any]] = [{"reference": "R", "text": "a;b"}, {"reference": "S"}]
    made = dict(tables_of("reports", iter(rows), TWO, NOW))
    assert parsed(made["reports.csv"], ",") == [list(TWO), ["R", "a；b"], ["S", ""]]
    assert cells_of(made["reports.xlsx"]) == [list(TWO), ["R", "a;b"], ["S"]]
    with zipfile.ZipFile(io.BytesIO(made["reports.xlsx"])) as opened:
        assert b"2026-11-26T08:00:00Z" in opened.read("docProps/core.xml")
