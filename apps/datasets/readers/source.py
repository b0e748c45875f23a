"""What every reader offers: the head of a file, then its rows in blocks that whole-column work can take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import polars as pl

from apps.datasets.readers.head import Head

LINE, TEXT, FLAW = "#line", "#text", "#flaw"
BLOCK: dict[str, Any] = {LINE: pl.UInt32, TEXT: pl.String, FLAW: pl.String}
"""A block of rows: the line a row begins on (from 1), its cells with the source's separator between them, and where it
could not be taken apart the code of the issue (then the text is the line as it stands). Blank lines are among them."""


CELL_END = "\x1f"
"""Between the cells of a row that is no longer as it stood in a text file; a control character, which no cell keeps."""


class Unreadable(StrEnum):
    """Why a line could not be taken apart; the values are codes of import issues."""

    LINE = "unreadable"
    OPEN_QUOTE = "open_quote"


@dataclass(frozen=True)
class BrokenLine:
    """A line that could not be taken apart, as it stands."""

    reason: Unreadable
    text: str


NumberedRow = tuple[int, list[str] | BrokenLine]
"""The line a row begins on, counted from 1, and its cells or why there are none."""


class Source(Protocol):
    """An opened file. Close it by leaving its `with` block."""

    @property
    def head(self) -> Head:
        """The first rows of every sheet; `details` say how the file is read (encoding, delimiter), for the receipt."""

    def blocks(self, sheet: str = "") -> Iterator[tuple[pl.DataFrame, str]]:
        """Yield the rows of a sheet ("" = the first, or the text) as tables of BLOCK, each with the separator of its
        cells. May be asked for once. Raises WorkbookRefused where the process that reads them dies, and OSError."""

    def __enter__(self) -> Source: ...

    def __exit__(self, *exception: object) -> None: ...


def block_of(text: bytes, *, row_end: str, first: int) -> pl.DataFrame:
    """Return a block of the rows in `text` (UTF-8), which `row_end` stands between; the first is on line `first`.

    Bytes that cannot be decoded become U+FFFD.
    """
    try:
        decoded = pl.Series([text], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        decoded = pl.Series([text.decode(errors="replace")])
    rows = decoded.str.split(row_end).explode()
    lines = pl.int_range(first, first + len(rows), dtype=BLOCK[LINE], eager=True)
    return pl.DataFrame({LINE: lines, TEXT: rows}).with_columns(pl.lit(None, BLOCK[FLAW]).alias(FLAW))
