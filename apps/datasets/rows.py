"""The accepted rows of a version, as pages, the API, comparisons and exports read them.

They lie in two files of the same content: `rows.csv`, which is hashed and which training and the index read, and
`rows.arrow`, the same columns by their schema keys with the source line of every row, made for looking into.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.datasets.listings import Listing, holds
from apps.datasets.models import DatasetVersion


@dataclass(frozen=True)
class Row:
    """`line` is counted from 1 in the source; `cells` are in the order of the schema."""

    line: int
    cells: tuple[str, ...]


def rows_of(version: DatasetVersion, *, search: str = "") -> Listing[Row]:
    """Return the rows of a version in the order of the source, those only that hold `search` in some cell.

    `len(rows)` counts, `rows[100:150]` is a page, iterating goes through all in bounded memory; `rows.frame` is a lazy
    polars table (LINE and one text column per schema key) for whole-column work. Empty before the import is done.
    """
    return Listing(version.columns_file, _row, where=holds(search, version.table_schema.keys))


def _row(values: Sequence[Any]) -> Row:
    return Row(line=values[0], cells=tuple(values[1:]))
