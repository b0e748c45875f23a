"""Long lists that lie beside a version as columnar files (Arrow IPC): memory-mapped, read a page at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

import polars as pl

BATCH_ROWS = 20_000
"""Rows that lie together in a file: a page of 100 is found without reading the others."""

Entry_co = TypeVar("Entry_co", covariant=True)


class MakeEntry(Protocol[Entry_co]):
    def __call__(self, values: Sequence[Any], /) -> Entry_co: ...


class Listing(Sequence[Entry_co]):
    """The entries of a columnar file, in its order; an empty list where there is no such file.

    `listing[100:150]` reads these fifty only, so that every paginator of Django and of the API can turn its pages.
    """

    def __init__(self, path: Path, make: MakeEntry[Entry_co], *, where: pl.Expr | None = None) -> None:
        self._path, self._make, self._where = path, make, where

    @property
    def frame(self) -> pl.LazyFrame:
        """All columns, lazily; without columns where there is no file."""
        if not self._path.is_file():
            return pl.LazyFrame()
        found = pl.scan_ipc(self._path)
        return found if self._where is None else found.filter(self._where)

    @cached_property
    def _length(self) -> int:
        return int(self.frame.select(pl.len()).collect().item())

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Entry_co: ...

    @overload
    def __getitem__(self, at: slice) -> list[Entry_co]: ...

    def __getitem__(self, at: int | slice) -> Entry_co | list[Entry_co]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            return self.page(start, max(0, stop - start))[::step]
        (entry,) = self.page(range(len(self))[at], 1)
        return entry

    def __iter__(self) -> Iterator[Entry_co]:
        for start in range(0, len(self), BATCH_ROWS):
            yield from self.page(start, BATCH_ROWS)

    def page(self, offset: int, limit: int) -> list[Entry_co]:
        """Return at most `limit` entries from `offset` (0 = the first)."""
        return [self._make(values) for values in self.frame.slice(offset, limit).collect().iter_rows()]


def write_listing(table: pl.DataFrame | pl.LazyFrame, path: Path) -> None:
    """Write a table to `path`, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        table.lazy().sink_ipc(temporary, record_batch_size=BATCH_ROWS)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def holds(text: str, columns: Sequence[str]) -> pl.Expr | None:
    """Return the condition that some cell of `columns` holds `text`, whatever its case; None without a text."""
    if not text.strip():
        return None
    pattern = f"(?i){pl.escape_regex(text.strip())}"
    return pl.any_horizontal(pl.col(*columns).str.contains(pattern))
