"""A table as an .xlsx file of text cells: what looks like a formula stays text, long numbers keep their digits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

ROWS_MAX = 1_048_575
"""What a sheet holds below its header."""
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(title: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """Return an open temporary file, at its beginning, with one sheet; rows beyond ROWS_MAX are left out."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for row in chain([header], islice(rows, ROWS_MAX)):
        sheet.append([_cell(sheet, value) for value in row])
    file = tempfile.TemporaryFile()
    book.save(file)
    file.seek(0)
    return file


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    if not text.startswith("="):
        return text
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
