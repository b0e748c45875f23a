"""A program of its own that reads one workbook: `sheet_process.py PATH MEMORY_BYTES_MAX CELLS_MAX`.

A sheet is held as a full rectangle of cells, so two cells at opposite corners of a file of 2 kB claim all the memory
there is, and the library then aborts its process. This one may: it has a limit of its own, and the import lives on.

Standard output is JSON, one value a line: {"sheet", "rows"}, then lists of rows; nothing when all sheets are empty.
It imports neither Django nor the package it lies in, so it starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

DAMAGED, TOO_LARGE = 3, 4
"""Exit statuses; a process that dies of a signal was too large as well."""
_BATCH = 1_000


def main(path: str, memory_bytes_max: int, cells_max: int) -> int:
    """Write the first visible sheet that holds anything to standard output; return the exit status."""
    _limit_memory(memory_bytes_max)
    try:
        sheet = _first_filled(path)
        if sheet is None:
            return 0
        if sheet.total_height * sheet.total_width > cells_max:
            return TOO_LARGE
        _write(sheet)
    except MemoryError:
        return TOO_LARGE
    except (CalamineError, OSError, ValueError):
        return DAMAGED
    return 0


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


def _limit_memory(bytes_max: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError):  # macOS knows no such limit; there the system ends the process
        resource.setrlimit(resource.RLIMIT_AS, (bytes_max, bytes_max))


def _first_filled(path: str) -> CalamineSheet | None:
    book = CalamineWorkbook.from_path(path)
    for sheet in book.sheets_metadata:
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet:
            opened = book.get_sheet_by_name(sheet.name)
            if opened.height:
                return opened
    return None


def _write(sheet: CalamineSheet) -> None:
    _put({"sheet": sheet.name, "rows": sheet.total_height})
    rows = iter(sheet.iter_rows())
    while batch := list(islice(rows, _BATCH)):
        _put([[as_text(cell) for cell in row] for row in batch])


def _put(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
