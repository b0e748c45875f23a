"""How well the first rows of a file fit a layout, column by column: what people see before they say yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.datasets.cells import clean
from apps.datasets.layouts import Layout
from workers.inference.lookup.schema import Column, TableSchema


@dataclass(frozen=True)
class Verdict:
    """What one column of the schema meets in the first rows.

    `place` is its column in the file, from 0, or None; `found_by` what told so. Of `rows` rows `filled` have a cell
    there, of these `fitting` keep its rules; `misfit` is the first that does not, with its check digit in mind too.
    """

    column: Column
    place: int | None
    found_by: str
    rows: int
    filled: int = 0
    fitting: int = 0
    misfit: str = ""

    @property
    def is_missing(self) -> bool:
        return self.place is None and self.column.required

    @property
    def is_doubtful(self) -> bool:
        """Whether rows of the sample would be skipped, or a check warns of them."""
        lacking = self.rows - self.filled if self.column.required and self.place is not None else 0
        return self.fitting < self.filled or lacking > 0


def judge_layout(rows: Sequence[Sequence[str]], layout: Layout, schema: TableSchema) -> list[Verdict]:
    """Return a verdict for every column of the schema, in its order; `rows` are the first ones of the file."""
    data = rows[layout.rows_above :]
    reasons = layout.found_by or ("",) * len(layout.keys)
    places = zip(schema.columns, layout.positions, reasons, strict=True)
    return [_judge(data, column, place, found_by) for column, place, found_by in places]


def _judge(data: Sequence[Sequence[str]], column: Column, place: int | None, found_by: str) -> Verdict:
    if place is None:
        return Verdict(column, None, "", len(data))
    cells = [clean(row[place], is_code=bool(column.pattern)) if place < len(row) else "" for row in data]
    filled = [cell for cell in cells if cell]
    misfits = [cell for cell in filled if not (column.accepts(cell) and column.passes_check(cell))]
    return Verdict(
        column=column,
        place=place,
        found_by=found_by,
        rows=len(data),
        filled=len(filled),
        fitting=len(filled) - len(misfits),
        misfit=misfits[0] if misfits else "",
    )
