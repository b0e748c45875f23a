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
import html
import json
import posixpath
import re
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

Seen = dict[int, dict[int, str]]
"""Row of a sheet, from 0 -> column, from 0 -> the text that people see in this cell."""
DAMAGED, TOO_LARGE = 3, 4
"""Exit statuses; a process that dies of a signal was too large as well."""
CELL_END, ROW_END = "\x1f", "\x1e"
"""Control characters, which no cell keeps."""
_BATCH = 5_000
_CPU_SECONDS_MAX = 300
"""A workbook of 150,000 rows takes 3; what takes a hundred times as long was made to."""
_NO_SEPARATORS = str.maketrans("", "", CELL_END + ROW_END)

FORMULA = "#FORMULA! ="
"""How a formula without a stored result begins; errors of formulas are the text that people see, #N/A."""
_TAG = rb"<%s\b[^<>]*>"
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_F = rb"<f\b[^<>]*(?:/>|>([^<]*)</f>)"
_ERROR = re.compile(rb'<c\b([^<>]*\bt="e"[^<>]*)>\s*(?:' + _F + rb")?\s*<v>([^<]*)</v>")
_BARE_FORMULA = re.compile(rb'<c\b((?:(?!\bt="str")[^<>])*)>\s*' + _F + rb"\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_NUMBER = re.compile(rb'<c\b([^<>]*\bs="([0-9]+)"[^<>]*)>\s*(?:' + _F + rb")?\s*<v>([0-9]{1,15})(?:\.0)?</v>")


def main(path: str, memory_bytes_max: int, cells_max: int, head_rows: int) -> int:
    """Write the head, then the sheet that is asked for; return the exit status."""
    _limit_costs(memory_bytes_max)
    try:
        book = CalamineWorkbook.from_path(path)
        shown, hidden = _filled_sheets(book, cells_max)
        seen = _texts_as_seen(path, shown)
        head = {"tables": [_head(sheet, seen[sheet.name], head_rows) for sheet in shown], "hidden": hidden}
        sys.stdout.write(json.dumps(head, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if wanted := sys.stdin.readline().strip():
            sheet = shown[int(wanted)]
            _write(_rows(sheet, seen[sheet.name]))
            sys.stdout.flush()
    except MemoryError:
        return TOO_LARGE
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile):
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


def _limit_costs(bytes_max: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS_MAX, _CPU_SECONDS_MAX))
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


def _head(sheet: CalamineSheet, seen: Seen, count: int) -> dict[str, Any]:
    rows = enumerate(_rows(sheet, seen), 1)
    filled = list(islice(((line, row) for line, row in rows if _is_filled(row)), count))
    return {
        "name": sheet.name,
        "rows_total": max(sheet.total_height, sheet.height),
        "lines": [line for line, _row in filled],
        "rows": [[as_text(cell) for cell in row] for _line, row in filled],
        "numeric": _numeric([row for _line, row in filled]),
    }


def _numeric(rows: list[list[Any]]) -> list[int]:
    """Return the columns, from 0, in which at least half of the cells that are filled are numbers."""
    columns = ([type(cell) in {int, float} for cell in cells if cell != ""] for cells in zip(*rows, strict=True))
    return [at for at, numbers in enumerate(columns) if any(numbers) and 2 * sum(numbers) >= len(numbers)]


def _texts_as_seen(path: str, sheets: list[CalamineSheet]) -> dict[str, Seen]:
    """For every sheet: what the library does not tell and people see: errors of formulas, formulas whose result was
    never stored, and numbers that a format of zeros shows with zeros in front. Only for .xlsx."""
    if not zipfile.is_zipfile(path):
        return {sheet.name: {} for sheet in sheets}
    with zipfile.ZipFile(path) as archive:
        parts = _parts_of_sheets(archive)
        zeros = _formats_of_zeros(archive)
        return {sheet.name: _seen(archive, parts.get(sheet.name, ""), zeros) for sheet in sheets}


def _seen(archive: zipfile.ZipFile, part: str, zeros: dict[bytes, int]) -> Seen:
    seen: Seen = {}
    data = _content(archive, part)
    if b't="e"' in data:
        for attributes, _formula, error in _ERROR.findall(data):
            _note(seen, attributes, html.unescape(error.decode(errors="replace")))
    if b"<f" in data:
        for attributes, formula in _BARE_FORMULA.findall(data):
            _note(seen, attributes, FORMULA + html.unescape(formula.decode(errors="replace")))
    if zeros:
        for attributes, style, _formula, digits in _NUMBER.findall(data):
            if style in zeros and b't="s"' not in attributes and len(digits) < zeros[style]:
                _note(seen, attributes, digits.decode().zfill(zeros[style]))
    return seen


def _note(seen: Seen, attributes: bytes, text: str) -> None:
    if found := _REFERENCE.search(attributes):
        column = 0
        for letter in found[1]:
            column = column * 26 + letter - ord("A") + 1
        seen.setdefault(int(found[2]) - 1, {})[column - 1] = text


def _parts_of_sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Name of a sheet -> its part in the archive."""
    targets = {
        _attribute(tag, b"Id"): _attribute(tag, b"Target")
        for tag in re.findall(_TAG % b"Relationship", _content(archive, "xl/_rels/workbook.xml.rels"))
    }
    sheets = re.findall(_TAG % b"sheet", _content(archive, "xl/workbook.xml"))
    return {
        _attribute(tag, b"name"): posixpath.join("/xl", targets.get(_attribute(tag, rb"\w+:id"), "")).lstrip("/")
        for tag in sheets
    }


def _formats_of_zeros(archive: zipfile.ZipFile) -> dict[bytes, int]:
    """Number of a cell's style -> how many digits its format shows at least, for formats of zeros alone."""
    styles = _content(archive, "xl/styles.xml")
    tags = re.findall(_TAG % b"numFmt", styles)
    codes = {_attribute(tag, b"numFmtId"): _attribute(tag, b"formatCode") for tag in tags}
    formats = styles.partition(b"<cellXfs")[2].partition(b"</cellXfs>")[0]
    shown = [codes.get(_attribute(tag, b"numFmtId"), "") for tag in re.findall(_TAG % b"xf", formats)]
    return {b"%d" % at: len(code) for at, code in enumerate(shown) if re.fullmatch("0{2,20}", code)}


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb'="([^"]*)"', tag)
    return html.unescape(found[1].decode(errors="replace")) if found else ""


def _content(archive: zipfile.ZipFile, part: str) -> bytes:
    return archive.read(part) if part in archive.NameToInfo else b""


def _is_filled(row: Sequence[Any]) -> bool:
    return any(not isinstance(cell, str) or cell.strip() for cell in row)


def _rows(sheet: CalamineSheet, seen: Seen) -> Iterator[list[Any]]:
    """The rows from the first line of the sheet, with the texts that people see in place of what is kept."""
    if not seen:
        return iter(sheet.iter_rows())
    left = sheet.start[1] if sheet.start else 0
    return (_with(row, seen.get(line, {}), left) for line, row in enumerate(sheet.iter_rows()))


def _with(row: list[Any], texts: dict[int, str], left: int) -> list[Any]:
    for column, text in texts.items():
        if 0 <= column - left < len(row):
            row[column - left] = text
    return row


def _write(rows: Iterator[list[Any]]) -> None:
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
