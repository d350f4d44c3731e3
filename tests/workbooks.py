"""Reads a workbook of Excel by its XML alone: no library that might take what another one means."""

import io
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells_of(content: bytes) -> list[list[Any]]:
    """Return the rows of a workbook, as far as each has cells; None for one that is empty.

    Fails at a cell that is neither a text nor a number, and at a formula or an address anywhere.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        names = opened.namelist()
        sheet, shared = (
            ElementTree.fromstring(opened.read(f"xl/{name}.xml"))  # noqa: S314 - ours
            for name in ("worksheets/sheet1", "sharedStrings")
        )
    assert not [each for each in names if "_rels/sheet" in each or "calcChain" in each]
    assert not {"f", "hyperlinks", "hyperlink"} & {
        each.tag.removeprefix(_MAIN) for each in sheet.iter()
    }
    texts = [_text_in(each) for each in shared.iter(f"{_MAIN}si")]
    return [_cells(row, texts) for row in sheet.iter(f"{_MAIN}row")]


def _cells(row: ElementTree.Element, texts: list[str]) -> list[Any]:
    found = {_column(cell): _value(cell, texts) for cell in row}
    return [found.get(number) for number in range(1 + max(found))]


def _column(cell: ElementTree.Element) -> int:
    letter = cell.attrib["r"].rstrip("0123456789")
    return ord(letter) - ord("A")


def _text_in(shared: ElementTree.Element) -> str:
    [text] = shared
    assert text.tag == f"{_MAIN}t"
    # ISO/IEC 29500-1, 22.4.2.4: how a character stands there that XML has not.
    return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text.text or "")


def _value(cell: ElementTree.Element, texts: list[str]) -> Any:
    [value] = cell
    assert value.tag == f"{_MAIN}v"
    assert value.text is not None
    if cell.get("t") is None:
        return float(value.text)
    assert cell.get("t") == "s"
    return texts[int(value.text)]
