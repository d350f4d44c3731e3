"""The tables of an export, as CSV for programs and as XLSX for people.

A spreadsheet may take a comma, a semicolon or a tab for what separates cells, whatever was meant.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

type Rows = Iterable[Mapping[str, Any]]

# What a spreadsheet takes for the beginning of a formula, in any width: at the beginning of a cell,
# or after a comma, where a program that knows no quotes begins another one.
_FORMULA = re.compile(r'((?:\A|,)[\s"]*)(?=[=+\-@＝＋－＠﹦﹢﹣﹫])')
# A cell with these becomes two, or two rows, where a comma does not separate.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SEMICOLON, _NO_SEPARATOR = ";", "；"

# UTF-16 units that a cell holds:
# https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
_CELL_MAX = 32_767
# A text that the library would take for XML of its own.
_AS_MARKUP = re.compile(r"<r>.*</r>", re.DOTALL)


def tables_of(
    name: str, rows: Rows, columns: Sequence[str], at: datetime
) -> list[tuple[str, bytes]]:
    """Return a table with these columns as two files: `<name>.csv` and `<name>.xlsx`."""
    kept = list(rows)
    return [(f"{name}.csv", csv_of(kept, columns)), (f"{name}.xlsx", xlsx_of(kept, columns, at))]


def csv_of(rows: Rows, columns: Sequence[str]) -> bytes:
    """Return a table as CSV, in which no cell is a formula or becomes two.

    With a byte order mark, or Excel would not read Chinese.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell(row.get(name)) for name in columns])
    return table.getvalue().encode("utf-8-sig")


def safe_cell(value: Any) -> str:
    """Return a value as the text of a cell of CSV: of one line, without tabs, with full-width
    semicolons. What would begin a formula has an apostrophe first.
    """
    if not isinstance(value, str):
        return "" if value is None else str(value)
    line = _BREAKS.sub(" ", value).replace(_SEMICOLON, _NO_SEPARATOR)
    return _FORMULA.sub(r"\1'", line)


def xlsx_of(rows: Rows, columns: Sequence[str], at: datetime) -> bytes:
    """Return a table as a workbook of Excel, made at `at`: each text is a text, letter by letter.

    One that is longer than a cell holds ends with an ellipsis.
    """
    from xlsxwriter import Workbook

    content = io.BytesIO()
    with Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"created": at})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for number, cells in enumerate(
            [columns, *([row.get(each) for each in columns] for row in rows)]
        ):
            for column, value in enumerate(cells):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, _text_cell(str(value)))
    return content.getvalue()


def _text_cell(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) > 2 * _CELL_MAX:
        return units[: 2 * (_CELL_MAX - 1)].decode("utf-16-le", "ignore") + "…"
    return f" {text}" if _AS_MARKUP.fullmatch(text) else text
