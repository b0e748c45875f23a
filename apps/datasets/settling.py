"""Which layout a file is read by, from its first rows; people are asked where that is uncertain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from apps.datasets.columns import find_layout
from apps.datasets.failures import ImportFailed, LayoutUncertain
from apps.datasets.layouts import BY_HEADER, CONFIRMED, Layout, LayoutError, recall, refit
from apps.datasets.readers.head import Head, TableHead
from workers.inference.lookup.schema import TableSchema


def settle_layout(
    head: Head, schema: TableSchema, *, given: Mapping[str, Any], remembered: Mapping[str, Any], asks: bool
) -> Layout:
    """Return the layout to read a file by: the `given` one where people confirmed it, else a `remembered` one
    that fits, else the one that is recognised.

    Raises LayoutUncertain with the proposal where a required column was not found, or where people want to be asked
    (`asks`) and nothing is remembered; ImportFailed("empty") where the file has no rows.
    """
    if not any(any(table.rows) for table in head.tables):
        raise ImportFailed("empty")
    if given.get("decided_by") == CONFIRMED and (layout := _given(head, schema, given)):
        return layout
    if layout := _remembered(head, schema, remembered):
        return layout
    proposal = propose_layout(head, schema)
    if asks or proposal.missing(schema):
        raise LayoutUncertain(proposal)
    return proposal


def propose_layout(head: Head, schema: TableSchema, *, sheet: str = "") -> Layout:
    """Return what is recognised in one sheet, or in the sheet that fits best: most columns found, then most rows."""
    tables = [table for table in head.tables if not sheet or table.name == sheet]
    proposals = [(_of_table(find_layout(table.rows, schema), head, table), table.rows_total) for table in tables]
    layout, _rows = max(proposals, key=lambda proposal: (*_quality(proposal[0], schema), proposal[1]))
    return layout


def _given(head: Head, schema: TableSchema, given: Mapping[str, Any]) -> Layout | None:
    try:
        layout = Layout.from_dict(refit(given, schema), schema)
    except LayoutError:
        return None
    table = head.table(layout.sheet)
    if table is None:
        return None
    layout = _completed(layout, given, find_layout(table.rows, schema))
    return None if layout.missing(schema) else layout


def _completed(layout: Layout, given: Mapping[str, Any], recognised: Layout) -> Layout:
    """Columns that are new in the schema since the layout was confirmed go where the header names them."""
    positions, reasons = list(layout.positions), list(layout.found_by or [""] * len(layout.keys))
    for at, key in enumerate(layout.keys):
        place, reason = recognised.positions[at], recognised.found_by[at]
        if key not in given["columns"] and reason == BY_HEADER and place not in positions:
            positions[at], reasons[at] = place, reason
    return replace(layout, positions=tuple(positions), found_by=tuple(reasons))


def _remembered(head: Head, schema: TableSchema, remembered: Mapping[str, Any]) -> Layout | None:
    def found() -> Iterator[tuple[Layout, int]]:
        for table in head.tables:
            if layout := recall(table.rows, kind=head.kind, remembered=remembered, schema=schema):
                yield _of_table(layout, head, table), table.rows_total

    return max(found(), key=lambda one: one[1], default=(None, 0))[0]


def _of_table(layout: Layout, head: Head, table: TableHead) -> Layout:
    details = head.details
    return replace(
        layout,
        sheet=table.name,
        encoding=details.get("encoding", ""),
        delimiter=details.get("delimiter", ""),
    )


def _quality(layout: Layout, schema: TableSchema) -> tuple[int, int]:
    return -len(layout.missing(schema)), sum(place is not None for place in layout.positions)
