"""Judging one row: its cells in the order of the schema, or the reasons why it is skipped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps.datasets.cells import clean, looks_shortened
from apps.datasets.columns import Layout
from apps.datasets.models import CELL_LENGTH_MAX
from apps.datasets.readers import Unreadable
from workers.inference.lookup.schema import Column, TableSchema

DIGITS = re.compile(r"\[0-9\]\{([0-9]+)\}")
_UNDECODABLE = "\ufffd"


@dataclass(frozen=True)
class Issue:
    """What is wrong with a row; `column` is the label people know."""

    code: str
    column: str = ""
    value: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def is_warning(self) -> bool:
        return self.code == "check_digit"


@dataclass(frozen=True)
class CheckedRow:
    """`cells` is None where an error makes the row unusable; issues may be warnings only."""

    cells: list[str] | None
    issues: Sequence[Issue] = ()


class RowChecker:
    """Judges row after row and remembers which identifiers it has seen (about 200 bytes each)."""

    def __init__(self, schema: TableSchema, layout: Layout) -> None:
        self._layout = layout
        self._columns = [
            (column, position, re.compile(column.pattern).fullmatch if column.pattern else None)
            for column, position in zip(schema.columns, layout.positions, strict=True)
        ]
        identifier = schema.identifier_column
        self._key_at = schema.position(identifier.key) if identifier else None
        self._key_label = identifier.label if identifier else ""
        self._seen: dict[str, tuple[int, int]] = {}

    def check(self, line: int, row: Sequence[str] | Unreadable) -> CheckedRow:
        """Judge a row; an accepted one counts as seen from now on."""
        if isinstance(row, Unreadable):
            return CheckedRow(None, [Issue(row.value)])
        width = self._layout.width
        if len(row) != width and (len(row) < width or any(cell.strip() for cell in row[width:])):
            return _skipped(row, [Issue("column_count", params={"found": len(row), "expected": width})])
        cells, errors, warnings = [], [], []
        for column, position, matches in self._columns:
            cell = clean(row[position], is_code=matches is not None) if position is not None else ""
            cells.append(cell)
            if error := _error(column, cell, matches):
                errors.append(error)
            elif column.check and not column.passes_check(cell):
                warnings.append(Issue("check_digit", column.label, cell))
        if not errors and (twin := self._twin(line, cells)):
            errors.append(twin)
        return _skipped(row, errors) if errors else CheckedRow(cells, warnings)

    def _twin(self, line: int, cells: list[str]) -> Issue | None:
        whole = "\x1f".join(cells)
        key = cells[self._key_at] if self._key_at is not None else whole
        first = self._seen.setdefault(key or whole, (line, hash(whole)))
        if first[0] == line:
            return None
        if first[1] == hash(whole):
            return Issue("duplicate_row", params={"first": first[0]})
        return Issue("duplicate_identifier", self._key_label, key, {"first": first[0]})


def _skipped(row: Sequence[str], issues: list[Issue]) -> CheckedRow:
    """An issue that is about no single cell shows the whole row: the receipt must say what was skipped."""
    whole = " | ".join(row)
    return CheckedRow(None, [issue if issue.value else replace(issue, value=whole) for issue in issues])


def _error(column: Column, cell: str, matches: Any) -> Issue | None:
    if not cell:
        return Issue("missing", column.label) if column.required else None
    if _UNDECODABLE in cell:
        return Issue("undecodable", column.label, cell)
    if "\n" in cell or "\r" in cell:
        return Issue("line_break", column.label, cell)
    if len(cell) > CELL_LENGTH_MAX:
        return Issue("too_long", column.label, cell, {"length": len(cell), "limit": CELL_LENGTH_MAX})
    return _wrong_form(column, cell) if matches and not matches(cell) else None


def _wrong_form(column: Column, cell: str) -> Issue:
    if looks_shortened(cell):
        return Issue("shortened", column.label, cell)
    digits = DIGITS.fullmatch(column.pattern)
    return (
        Issue("digits", column.label, cell, {"count": int(digits[1])})
        if digits
        else Issue("pattern", column.label, cell)
    )
