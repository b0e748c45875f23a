"""Taking physical lines apart into rows, so that a quotation mark that is never closed costs its own line only."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator

import polars as pl

from apps.datasets.readers.source import CELL_END, BrokenLine, NumberedRow, Unreadable

LINES_IN_A_ROW_MAX = 100
"""A quoted cell may go on over line breaks, but not for ever: beyond this its quotation mark counts as never closed."""


class _Tape:
    """Physical lines for the csv module: remembers what one row has taken, and takes back what was not of it."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.ran_out = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            if len(self.taken) == LINES_IN_A_ROW_MAX:
                raise StopIteration
            line = self._returned.popleft() if self._returned else next(self._lines)
        except StopIteration:
            self.ran_out = True  # in the middle of a row: only inside a quoted cell does the csv module ask for more
            raise
        self.taken.append(line)
        return line

    @property
    def text(self) -> str:
        return "".join(self.taken).rstrip("\r\n")

    def begin_row(self) -> None:
        self.taken = []
        self.ran_out = False

    def keep_first(self) -> None:
        """Give back all lines of this row but its first."""
        self._returned.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def rows_in(lines: Iterable[str], *, delimiter: str, width: int | None = None) -> Iterator[NumberedRow]:
    """Take lines (with their ends) apart. A row over several lines must be well formed and `width` cells wide, where
    the width is known; otherwise its first line is an open quotation mark, and reading goes on with the next line."""
    tape = _Tape(lines)
    reader = csv.reader(tape, delimiter=delimiter)
    number = 1
    while True:
        tape.begin_row()
        cells: list[str] | BrokenLine
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = BrokenLine(Unreadable.LINE, tape.text)
        if tape.ran_out or (len(tape.taken) > 1 and not _is_one_row(tape.taken, delimiter=delimiter, width=width)):
            tape.keep_first()
            cells = BrokenLine(Unreadable.OPEN_QUOTE, tape.text)
        yield number, cells
        number += len(tape.taken)


def without_marks(lines: pl.Series, *, delimiter: str) -> pl.Series | None:
    """Return lines with CELL_END between their cells instead of delimiters and quotation marks; None where the marks of
    some line are not such that it surely is a row of its own: each cell bare, or between two marks and without others.
    """
    between = re.escape(delimiter)
    if not lines.str.contains(_row_of(rf'"[^"]*"|[^"{between}]*', between)).all():
        return None
    lines = lines.str.replace_all(CELL_END, "", literal=True)
    plain = lines.str.replace_all('"', "", literal=True).str.replace_all(delimiter, CELL_END, literal=True)
    holds_delimiters = ~lines.str.contains(_row_of(rf'"[^"{between}]*"|[^"{between}]*', between))
    if not holds_delimiters.any():
        return plain
    try:
        taken_apart = [CELL_END.join(row) for row in csv.reader(lines.filter(holds_delimiters), delimiter=delimiter)]
    except csv.Error:  # a cell that is too long for it
        return None
    return plain.scatter(holds_delimiters.arg_true(), taken_apart)


def _row_of(cell: str, between: str) -> str:
    return rf"\A(?:{cell})(?:{between}(?:{cell}))*\z"


def usual_width(lines: Iterable[str], *, delimiter: str) -> int | None:
    """Return how many cells most rows have; None without rows."""
    rows = (cells for _number, cells in rows_in(lines, delimiter=delimiter))
    widths = Counter(len(cells) for cells in rows if cells and not isinstance(cells, BrokenLine))
    return widths.most_common(1)[0][0] if widths else None


def _is_one_row(lines: list[str], *, delimiter: str, width: int | None) -> bool:
    """Whether these lines are one row with line breaks in its cells, and not rows that a stray mark has swallowed."""
    try:
        cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    if width is None:
        return True
    is_whole = [line.count(delimiter) == width - 1 for line in lines]
    has_swallowed = any(is_whole[1:-1]) or (is_whole[0] and is_whole[-1] and width > 1)
    return not has_swallowed and len(cells) >= width and not any(cell.strip() for cell in cells[width:])
