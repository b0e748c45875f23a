"""A program of its own that reads one workbook: `sheet_process.py PATH MEMORY_BYTES_MAX CELLS_MAX HEAD_ROWS`.

A sheet is held as a full rectangle of cells, so two cells at opposite corners of a file of 2 kB claim all the memory
there is, and the library then aborts its process. This one may: it has a limit of its own, and the import lives on.

First it writes one line of JSON, {"tables": [{"name", "rows_total", "lines", "rows", "numeric"}], "hidden": [name]}:
the first rows that are not blank of every visible sheet that holds anything. Then it reads one line, the number of a
table (from 0), and writes all rows of that sheet, blank ones too: cells end in CELL_END, rows in ROW_END. Thus a
workbook is parsed once, although its layout is settled between its head and its rows.

It imports neither Django nor the package it lies in, so it starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

DAMAGED, TOO_LARGE = 3, 4
"""Exit statuses; a process that dies of a signal was too large as well."""
CELL_END, ROW_END = "\x1f", "\x1e"
"""Control characters, which no cell keeps."""
_BATCH = 5_000
_NO_SEPARATORS = str.maketrans("", "", CELL_END + ROW_END)


def main(path: str, memory_bytes_max: int, cells_max: int, head_rows: int) -> int:
    """Write the head, then the sheet that is asked for; return the exit status."""
    _limit_memory(memory_bytes_max)
    try:
        book = CalamineWorkbook.from_path(path)
        shown, hidden = _filled_sheets(book, cells_max)
        head = {"tables": [_head(sheet, head_rows) for sheet in shown], "hidden": hidden}
        sys.stdout.write(json.dumps(head, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if wanted := sys.stdin.readline().strip():
            _write(shown[int(wanted)])
            sys.stdout.flush()
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


def _filled_sheets(book: CalamineWorkbook, cells_max: int) -> tuple[list[CalamineSheet], list[str]]:
    """Return the visible sheets that hold anything, and the names of the hidden ones; raises MemoryError."""
    shown, hidden, cells = [], [], 0
    for sheet in book.sheets_metadata:
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != SheetVisibleEnum.Visible:
            hidden.append(sheet.name)
            continue
        opened = book.get_sheet_by_name(sheet.name)
        cells += opened.total_height * opened.total_width
        if cells > cells_max:
            raise MemoryError
        if opened.height:
            shown.append(opened)
    return shown, hidden


def _head(sheet: CalamineSheet, count: int) -> dict[str, Any]:
    filled = list(islice(((line, row) for line, row in enumerate(sheet.iter_rows(), 1) if _is_filled(row)), count))
    numbers = {at for _line, row in filled for at, cell in enumerate(row) if type(cell) in {int, float}}
    return {
        "name": sheet.name,
        "rows_total": sheet.total_height,
        "lines": [line for line, _row in filled],
        "rows": [[as_text(cell) for cell in row] for _line, row in filled],
        "numeric": sorted(numbers),
    }


def _is_filled(row: Sequence[Any]) -> bool:
    return any(not isinstance(cell, str) or cell.strip() for cell in row)


def _write(sheet: CalamineSheet) -> None:
    rows = iter(sheet.iter_rows())
    while batch := list(islice(rows, _BATCH)):
        sys.stdout.write("".join(_as_lines(batch)))


def _as_lines(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    for row in rows:
        try:
            line = CELL_END.join(row)
        except TypeError:  # not all of its cells are text
            line = CELL_END.join(map(as_text, row))
        if line.count(CELL_END) != len(row) - 1 or ROW_END in line:
            line = CELL_END.join(as_text(cell).translate(_NO_SEPARATORS) for cell in row)
        yield line + ROW_END


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="\n")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:5])))
