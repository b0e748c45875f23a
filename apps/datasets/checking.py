"""Judging one row with care: its cells in the order of the schema, or the reasons why it is skipped.

Only rows that are not plainly clean come here (see sifting.py). What two rows may not share is judged in twins.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.datasets.cells import FORMULA, clean, formula_error, looks_shortened
from apps.datasets.issues import Issue
from apps.datasets.layouts import Layout
from workers.inference.lookup.schema import Column, TableSchema

CELL_LENGTH_MAX = 500
_UNDECODABLE = "\ufffd"


@dataclass(frozen=True)
class CheckedRow:
    """`cells` is None where an error makes the row unusable; issues may be warnings only."""

    cells: list[str] | None
    issues: Sequence[Issue] = ()


class RowChecker:
    """Judges row after row by what the columns of the schema demand."""

    def __init__(self, schema: TableSchema, layout: Layout, *, numeric: frozenset[int] = frozenset()) -> None:
        """`numeric` are the columns of the file, from 0, that a spreadsheet kept as numbers."""
        self._width = layout.width
        self._numeric = numeric
        self._columns = list(zip(schema.columns, layout.positions, strict=True))

    def check(self, line: int, row: Sequence[str]) -> CheckedRow:
        """Judge the cells of a row, as they stand in the file."""
        if len(row) != self._width and (len(row) < self._width or any(map(str.strip, row[self._width :]))):
            counts = {"found": len(row), "expected": self._width}
            return CheckedRow(None, [Issue(line, "column_count", value=whole(row), params=counts)])
        cells, issues = [], []
        for column, position in self._columns:
            cell = clean(row[position], is_code=bool(column.pattern)) if position is not None else ""
            cells.append(cell)
            if issue := _issue(line, column, cell, is_number=position in self._numeric):
                # An issue that is about no single cell shows the whole row: the receipt must say what was skipped.
                issues.append(issue if issue.value else replace(issue, value=whole(row)))
        errors = [issue for issue in issues if not issue.is_warning]
        return CheckedRow(None, errors) if errors else CheckedRow(cells, issues)


def whole(row: Sequence[str]) -> str:
    """Return a row as the receipt shows it."""
    return " | ".join(row)


def _issue(line: int, column: Column, cell: str, *, is_number: bool) -> Issue | None:
    """The first thing that is wrong with a cell. Which rules only warn, the column says; a cell that cannot be read or
    kept is always an error."""
    if not cell:
        return Issue(line, "missing", column.label, is_warning="required" in column.warn) if column.required else None
    if _UNDECODABLE in cell:
        return Issue(line, "undecodable", column.label, cell)
    if "\n" in cell or "\r" in cell:
        return Issue(line, "line_break", column.label, cell)
    if len(cell) > CELL_LENGTH_MAX:
        return Issue(line, "too_long", column.label, cell, params={"length": len(cell), "limit": CELL_LENGTH_MAX})
    if code := formula_error(cell):
        return Issue(line, code, column.label, cell.removeprefix(FORMULA).strip())
    if not column.accepts(cell):
        return _wrong_form(line, column, cell, is_number=is_number)
    if not column.passes_check(cell):
        return Issue(line, "check_digit", column.label, cell, is_warning="check" in column.warn)
    return None


def _wrong_form(line: int, column: Column, cell: str, *, is_number: bool) -> Issue:
    is_warning = "pattern" in column.warn
    if looks_shortened(cell):
        return Issue(line, "shortened", column.label, cell, is_warning)
    if count := column.digits:
        if is_number and cell.isdecimal() and len(cell) < count:
            return Issue(line, "zeros_lost", column.label, cell, is_warning, {"count": count, "found": len(cell)})
        return Issue(line, "digits", column.label, cell, is_warning, {"count": count})
    return Issue(line, "pattern", column.label, cell, is_warning)
