"""Workbooks (.xlsx), read by calamine after a look at what unpacking them would cost."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from apps.datasets.readers import limits
from apps.datasets.readers.source import NumberedRow, Source

_REQUIRED_PARTS = ("[Content_Types].xml", "xl/workbook.xml")
_CELL_REFERENCE = re.compile(rb"""\sr=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_CHUNK = 2**20
_LONGEST_REFERENCE = 16


class WorkbookRefused(Exception):
    """The workbook is damaged (code `workbook`) or too costly to open (`workbook_too_large`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_archive(path: Path) -> None:
    """Look at the archive's table of contents only; raises WorkbookRefused."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise WorkbookRefused("workbook") from error
    if not {*_REQUIRED_PARTS} <= {part.filename for part in parts}:
        raise WorkbookRefused("workbook")
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, path.stat().st_size)
    is_bomb = unpacked > limits.RATIO_MATTERS_FROM_BYTES and unpacked / packed > limits.COMPRESSION_RATIO_MAX
    if is_bomb or unpacked > limits.UNPACKED_BYTES_MAX:
        raise WorkbookRefused("workbook_too_large")


def check_sheets(path: Path) -> None:
    """Unpack every part once, without keeping it; raises WorkbookRefused.

    This proves the sizes and checksums of the table of contents, and measures the rectangle each sheet would claim.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                rows, columns = _extent(archive, part)
                if rows * columns > limits.CELLS_MAX:
                    raise WorkbookRefused("workbook_too_large")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise WorkbookRefused("workbook") from error


def read_workbook(path: Path) -> Source:
    """Open the first visible sheet that holds anything; raises WorkbookRefused. Lines count from 1."""
    check_archive(path)
    check_sheets(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = [
            book.get_sheet_by_name(sheet.name)
            for sheet in book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
    except (CalamineError, OSError, ValueError) as error:
        raise WorkbookRefused("workbook") from error
    filled = [sheet for sheet in sheets if sheet.height]
    if not filled:
        return Source(rows_total=0, rows=iter(()))
    sheet = filled[0]
    return Source(rows_total=sheet.total_height, rows=_rows(sheet), details={"sheet": sheet.name})


def _rows(sheet: CalamineSheet) -> Iterator[NumberedRow]:
    for line, row in enumerate(sheet.iter_rows(), start=1):
        yield line, [as_text(cell) for cell in row]


def as_text(cell: Any) -> str:
    """Return a cell as people see it: 403539100200.0, as spreadsheets keep numbers, becomes "403539100200"."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _extent(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int]:
    """Read a part to its end; return the largest row and column that its cells name (0, 0 where it is no sheet)."""
    is_sheet = part.filename.startswith("xl/worksheets/")
    rows, columns, tail = 0, 0, b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            if not is_sheet:
                continue
            found = _CELL_REFERENCE.findall(tail + chunk)
            rows = max(rows, max((int(row) for _column, row in found), default=0))
            columns = max(columns, max((_column_number(name) for name in {name for name, _row in found}), default=0))
            tail = chunk[-_LONGEST_REFERENCE:]
    return rows, columns


def _column_number(letters: bytes) -> int:
    """Return 1 for A, 26 for Z, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
