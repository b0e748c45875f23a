"""Whole columns at once: which rows of a block are plainly clean. Only the others are looked at one by one.

A cell is plain where cleaning would leave it as it is and its column's rules hold. To be plain is a promise, so what
is not known for certain is not plain: an unusual character costs its row a few microseconds, never its correctness.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from apps.datasets.checking import CELL_LENGTH_MAX
from apps.datasets.layouts import Layout
from apps.datasets.readers import FLAW, LINE, TEXT
from workers.inference.lookup.checks import CHECKS, NEXT_PRODUCT
from workers.inference.lookup.schema import Column, TableSchema

_UNUSUAL = (
    r"[^ -~\x{B7}\x{D7}\x{2014}\x{2018}-\x{201D}\x{2026}\x{2160}-\x{216B}\x{2460}-\x{2473}"
    r"\x{3001}-\x{3011}\x{3014}-\x{3015}\x{3400}-\x{4DB5}\x{4E00}-\x{9FD5}\x{FF01}-\x{FF5E}]"
)
"""Any character but ASCII's and the Chinese ones that every version of Unicode since 8.0 calls visible."""
_NEXT_PRODUCT = np.array([row[str(digit)] for row in NEXT_PRODUCT for digit in range(10)])
"""checks.NEXT_PRODUCT, laid flat: the step from a product by a digit stands at ten times the product plus the digit."""


def drop_blank(block: pl.DataFrame, separator: str) -> pl.DataFrame:
    """Return the rows in which something stands besides blanks and separators."""
    something = rf"[^\s\x1c-\x1f{re.escape(separator)}]"
    return block.filter(pl.col(FLAW).is_not_null() | pl.col(TEXT).str.contains(something))


def sift(
    block: pl.DataFrame, separator: str, *, layout: Layout, schema: TableSchema
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part a block into rows that are plainly clean, as a table of LINE and one column per schema key, and the rest
    as it stands. Both keep their order."""
    separators = pl.col(TEXT).str.count_matches(separator, literal=True)
    is_whole = block.select(pl.col(FLAW).is_null() & (separators == layout.width - 1)).to_series()
    table = _cut(block if is_whole.all() else block.filter(is_whole), separator, layout=layout)
    is_plain = plain(table, schema)
    others = np.ones(block.height, dtype=np.bool_)
    others[is_whole.to_numpy()] = ~is_plain
    return table if is_plain.all() else table.filter(is_plain), block.filter(others)


def plain(table: pl.DataFrame, schema: TableSchema) -> NDArray[np.bool_]:
    """Return for every row whether all of its cells are plain in their columns."""
    rows: NDArray[np.bool_] = table.select(pl.all_horizontal(map(_plain, schema.columns))).to_series().to_numpy()
    for column in schema.columns:
        cells = table[column.key]
        if column.check:
            rows = rows & _unless_blank(cells, passes(cells, column.check))
    return rows


def passes(cells: pl.Series, check: str) -> NDArray[np.bool_]:
    """Return for every cell whether it satisfies a rule of CHECKS."""
    judge = _WHOLE_COLUMN_CHECKS.get(check)
    return judge(cells) if judge else _among(cells, CHECKS[check])


def _cut(block: pl.DataFrame, separator: str, *, layout: Layout) -> pl.DataFrame:
    """The used cells of rows that are all `layout.width` wide."""
    texts = block[TEXT]
    fields = (
        texts.str.split_exact(separator, layout.width - 1).struct.unnest() if layout.width > 1 else texts.to_frame()
    )
    missing = pl.repeat("", block.height, dtype=pl.String, eager=True)
    cells = [missing if at is None else fields.to_series(at) for at in layout.positions]
    return pl.DataFrame([block[LINE], *(cells.alias(key) for key, cells in zip(layout.keys, cells, strict=True))])


def _plain(column: Column) -> pl.Expr:
    """What can be said of a column's cells at once: characters, length, pattern."""
    cell = pl.col(column.key)
    size = cell.str.len_bytes()
    if column.digits:
        fine = cell.str.contains(r"\A[0-9]*\z") & (size == column.digits) & (size <= CELL_LENGTH_MAX)
    elif column.pattern:
        matches = cell.str.contains(rf"\A(?:{column.pattern})\z")  # a safe pattern: read as Python reads it
        fine = cell.str.contains(r"\A[0-9A-Za-z]*\z") & matches & (size <= CELL_LENGTH_MAX)
    else:
        is_odd = cell.str.starts_with(" ") | cell.str.ends_with(" ") | cell.str.starts_with("#")  # #N/A and the like
        fine = ~cell.str.contains(_UNUSUAL) & ~is_odd & (size <= CELL_LENGTH_MAX)
    return fine & (size > 0) if column.required else fine | (size == 0)


def _unless_blank(cells: pl.Series, fine: NDArray[np.bool_]) -> NDArray[np.bool_]:
    blank: NDArray[np.bool_] = (cells == "").to_numpy()
    return fine | blank


def _among(cells: pl.Series, accepts: Callable[[str], object]) -> NDArray[np.bool_]:
    """Judge every distinct cell once, in Python: for what only the definition itself can say."""
    distinct = cells.unique()
    return cells.is_in(distinct.filter([bool(accepts(cell)) for cell in distinct]).implode()).to_numpy()


def _mod11_10(cells: pl.Series) -> NDArray[np.bool_]:
    """checks.is_iso7064_mod11_10 for a column: digit by digit, for all cells of one length at once."""
    fine = np.zeros(len(cells), dtype=np.bool_)
    lengths = np.where(cells.str.contains(r"\A[0-9]{2,}\z").to_numpy(), cells.str.len_bytes().to_numpy(), 0)
    for length in np.unique(lengths[lengths > 0]):
        are = lengths == length
        digits = np.frombuffer("".join(cells.filter(are).to_list()).encode(), dtype=np.uint8).reshape(-1, length) - ord(
            "0"
        )
        product = np.full(len(digits), 10)
        for digit in digits[:, :-1].T:
            product = _NEXT_PRODUCT.take(product * 10 + digit)
        fine[are] = (11 - product) % 10 == digits[:, -1]
    return fine


_WHOLE_COLUMN_CHECKS: dict[str, Callable[[pl.Series], NDArray[np.bool_]]] = {"iso7064_mod11_10": _mod11_10}
"""CHECKS that are worth a definition of their own; the others are judged cell by cell."""
