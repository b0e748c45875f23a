"""What an import has found, gathered block by block and written beside the version at the end."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from apps.datasets.issues import ISSUE_COLUMNS, Issue, issue_table
from apps.datasets.listings import write_listing
from apps.datasets.models import DatasetVersion
from apps.datasets.readers import LINE
from apps.datasets.twins import part_twins
from workers.inference.lookup.schema import TableSchema


@dataclass
class Findings:
    """The rows that were read so far: those that can be taken as tables of LINE and the schema's keys, and issues."""

    schema: TableSchema
    read: int = 0
    skipped: int = 0
    _tables: list[pl.DataFrame] = field(default_factory=list)
    _issues: list[pl.DataFrame] = field(default_factory=list)

    def add(self, table: pl.DataFrame, issues: Iterable[Issue], *, read: int) -> None:
        self.read += read
        self.skipped += read - table.height
        self._tables.append(table)
        self._issues.append(issue_table(list(issues)))

    @property
    def accepted(self) -> int:
        return self.read - self.skipped

    def settle(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Part the twins among all rows; return the accepted rows and all issues, both in the order of lines."""
        columns = {LINE: pl.UInt32, **dict.fromkeys(self.schema.keys, pl.String)}
        table = pl.concat([pl.DataFrame(schema=columns), *self._tables])
        self._tables.clear()
        rows, twins = part_twins(table, self.schema)
        self.skipped = self.read - rows.height
        issues = pl.concat([pl.DataFrame(schema=ISSUE_COLUMNS), *self._issues, twins])
        skipped = twins.filter(~pl.col("is_warning"))["line"]
        of_no_row = pl.col("is_warning") & pl.col("line").is_in(skipped.implode())  # a warning says: the row was taken
        return rows, issues.filter(~of_no_row).sort("line", maintain_order=True)

    def as_fields(self, issues: pl.DataFrame) -> dict[str, int]:
        """Return the counts as fields of the version; `issues` are those that `settle` gave."""
        return {
            "rows_read": self.read,
            "rows_accepted": self.accepted,
            "rows_skipped": self.skipped,
            "warning_count": int(issues["is_warning"].sum()),
        }

    def receipt(self, issues: pl.DataFrame) -> dict[str, Any]:
        """Return the counts as a receipt tells them; `codes` has the most frequent first."""
        return {
            "read": self.read,
            "accepted": self.accepted,
            "skipped": self.skipped,
            "warnings": int(issues["is_warning"].sum()),
            "codes": dict(Counter(issues["code"].to_list()).most_common()),
        }


class VersionFiles:
    """Writes the files of a version under names of this attempt's own; `put_in_place` gives them theirs.

    Left without it, nothing remains.
    """

    def __init__(self, version: DatasetVersion) -> None:
        self._version = version
        self._written: dict[Path, Path] = {}

    def write_rows(self, rows: pl.DataFrame) -> str:
        """Write the accepted rows, as text and by column; return the SHA-256 of the text."""
        text = self._temporary(self._version.rows_file)
        write_csv(rows.drop(LINE), text)
        write_listing(rows, self._temporary(self._version.columns_file))
        with text.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def write_issues(self, issues: pl.DataFrame) -> None:
        write_listing(issues, self._temporary(self._version.issues_file))

    def put_in_place(self) -> None:
        for temporary, path in self._written.items():
            temporary.replace(path)
        self._written.clear()

    def __enter__(self) -> VersionFiles:
        return self

    def __exit__(self, *exception: object) -> None:
        for temporary in self._written:
            temporary.unlink(missing_ok=True)

    def _temporary(self, path: Path) -> Path:
        temporary = path.with_name(f".{path.name}.{self._version.attempt}.part")
        self._written[temporary] = path
        return temporary


def write_csv(table: pl.DataFrame, path: Path) -> None:
    """Write a canonical file: UTF-8, LF, a header of column keys, quotation marks only where they are needed."""
    # What is blank is written as nothing; but a row of one blank cell as "", else it would be a blank line.
    blank_is_null = pl.all().replace("", None) if table.width > 1 else pl.all()
    table.select(blank_is_null).write_csv(path)


def read_rows(path: Path) -> Iterator[list[str]]:
    """Return the rows of a canonical file, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        yield from reader
