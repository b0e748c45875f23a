"""What an import has found, gathered block by block and written beside the version at the end."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl

from apps.core.files import sha256_of
from apps.datasets.issues import ISSUE_COLUMNS, Issue, issue_table
from apps.datasets.listings import BATCH_ROWS, write_listing
from apps.datasets.models import DatasetVersion
from apps.datasets.readers import LINE
from apps.datasets.twins import marks_of, part_twins, suspects
from workers.inference.lookup.schema import TableSchema


@dataclass
class Findings:
    """What was read so far. Rows that can be taken, as tables of LINE and the schema's keys, wait in files of `folder`;
    of them only what is compared with others stays in memory."""

    schema: TableSchema
    folder: Path
    read: int = 0
    skipped: int = 0
    _marks: list[pl.DataFrame] = field(default_factory=list)
    _issues: list[pl.DataFrame] = field(default_factory=list)

    def add(self, table: pl.DataFrame, issues: Iterable[Issue], *, read: int) -> None:
        self.read += read
        self.skipped += read - table.height
        if table.height:
            write_listing(table, self.folder / f"{len(self._marks):06}.arrow")
            self._marks.append(marks_of(table, self.schema))
        self._issues.append(issue_table(list(issues)))

    @property
    def accepted(self) -> int:
        return self.read - self.skipped

    def settle(self, pulse: Callable[[], None]) -> tuple[pl.LazyFrame, pl.DataFrame]:
        """Part the twins among all rows; return the accepted rows and all issues, both in the order of lines.

        `pulse` is called between the long steps; what it raises ends them.
        """
        rows, twins = self._part_twins(pulse) if self._marks else (pl.LazyFrame(), pl.DataFrame(schema=ISSUE_COLUMNS))
        issues = pl.concat([pl.DataFrame(schema=ISSUE_COLUMNS), *self._issues, twins])
        skipped = twins.filter(~pl.col("is_warning"))["line"]
        of_no_row = pl.col("is_warning") & pl.col("line").is_in(skipped.implode())  # a warning says: the row was taken
        return rows, issues.filter(~of_no_row).sort("line", maintain_order=True)

    def _part_twins(self, pulse: Callable[[], None]) -> tuple[pl.LazyFrame, pl.DataFrame]:
        rows = pl.scan_ipc(sorted(self.folder.iterdir()))
        lines = suspects(pl.concat(self._marks))
        self._marks.clear()
        pulse()
        if lines.is_empty():
            return rows, pl.DataFrame(schema=ISSUE_COLUMNS)
        kept, twins = part_twins(rows.filter(pl.col(LINE).is_in(lines.implode())).collect(), self.schema)
        dropped = lines.filter(~lines.is_in(kept[LINE].implode()))
        self.skipped += len(dropped)
        pulse()
        return rows.filter(~pl.col(LINE).is_in(dropped.implode())), twins

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
        self.waiting = version.directory / f".waiting.{version.attempt}"
        """A folder for what is not judged to the end yet."""

    def write_rows(self, rows: pl.LazyFrame) -> str:
        """Write the accepted rows, as text and by column; return the SHA-256 of the text."""
        text, columns = self._temporary(self._version.rows_file), self._temporary(self._version.columns_file)
        write_listing(rows, columns)
        write_csv(pl.scan_ipc(columns).drop(LINE), text)
        return sha256_of(text)

    def write_issues(self, issues: pl.DataFrame) -> None:
        write_listing(issues, self._temporary(self._version.issues_file))

    def put_in_place(self) -> None:
        for temporary, path in self._written.items():
            temporary.replace(path)
        self._written.clear()

    def __enter__(self) -> VersionFiles:
        self.waiting.mkdir()
        return self

    def __exit__(self, *exception: object) -> None:
        shutil.rmtree(self.waiting, ignore_errors=True)
        for temporary in self._written:
            temporary.unlink(missing_ok=True)

    def _temporary(self, path: Path) -> Path:
        temporary = path.with_name(f".{path.name}.{self._version.attempt}.part")
        self._written[temporary] = path
        return temporary


def write_csv(table: pl.LazyFrame, path: Path) -> None:
    """Write a canonical file: UTF-8, LF, a header of column keys, quotation marks only where they are needed."""
    # What is blank is written as nothing; but a row of one blank cell as "", else it would be a blank line.
    keys = table.collect_schema().names()
    blank_is_null = pl.all().replace("", None) if len(keys) > 1 else pl.all()
    with path.open("wb") as file:
        pl.DataFrame(schema=keys).write_csv(file)
        for start in count(0, BATCH_ROWS):
            rows = table.slice(start, BATCH_ROWS).select(blank_is_null).collect()
            rows.write_csv(file, include_header=False)
            if rows.height < BATCH_ROWS:
                break


def read_rows(path: Path) -> Iterator[list[str]]:
    """Return the rows of a canonical file, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        yield from reader
