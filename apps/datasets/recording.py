"""Writing what an import found: rows in bulk, the canonical file beside them, the tally for the receipt."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.db import connection

from apps.datasets.checking import Issue
from apps.datasets.models import VALUE_LENGTH_MAX, DatasetVersion, ImportIssue, Record
from workers.inference.lookup.schema import TableSchema

ISSUES_STORED_PER_CODE = 200
_COLUMNS = ("version_id", "line", "name", "identifier", "cells")

Line = tuple[int, list[str]]
"""A source line and its cells in the order of the schema."""


@dataclass
class Tally:
    """Counts of a running import; `codes` counts every issue, also those beyond what is stored row by row."""

    read: int = 0
    accepted: int = 0
    skipped: int = 0
    warnings: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    def as_fields(self) -> dict[str, int]:
        return {
            "rows_read": self.read,
            "rows_accepted": self.accepted,
            "rows_skipped": self.skipped,
            "warning_count": self.warnings,
        }

    def note(self, issues: Iterable[Issue], *, line: int) -> list[ImportIssue]:
        """Count the issues of a line; return rows (without version) for those that are still to be stored."""
        stored = []
        for issue in issues:
            self.codes[issue.code] += 1
            self.warnings += issue.is_warning
            if self.codes[issue.code] <= ISSUES_STORED_PER_CODE:
                stored.append(_issue_row(issue, line))
        return stored


def insert_records(version: DatasetVersion, lines: Sequence[Line], *, schema: TableSchema) -> None:
    """Insert accepted rows: COPY on PostgreSQL, one prepared statement elsewhere."""
    name_at = schema.position(schema.name_column.key)
    identifier = schema.identifier_column
    identifier_at = schema.position(identifier.key) if identifier else None
    version_key = Record._meta.get_field("version").get_db_prep_value(version.pk, connection)
    rows = (
        (
            version_key,
            line,
            cells[name_at],
            cells[identifier_at] if identifier_at is not None else "",
            _as_json(cells),
        )
        for line, cells in lines
    )
    _insert(rows)


def _as_json(cells: Sequence[str]) -> str:
    """json.dumps(cells, ensure_ascii=False), which builds an encoder for every call: a second for 150,000 rows."""
    return f"[{', '.join(map(encode_basestring, cells))}]"


def _insert(rows: Iterable[tuple[Any, ...]]) -> None:
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, _COLUMNS))
    table = quote(Record._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(_COLUMNS))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(rows))  # noqa: S608


class RowsFile:
    """The canonical file: UTF-8, LF, column keys as header, rows in the order of the source.

    Written under a name of this attempt's own and put in place by `finish`; left without it, nothing remains.
    """

    def __init__(self, path: Path, *, attempt: int, header: Sequence[str]) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{attempt}.part")
        self._header = header

    def __enter__(self) -> Self:
        self._file = self._temporary.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(self._header)
        return self

    def write(self, lines: Iterable[Line]) -> None:
        self._writer.writerows(cells for _line, cells in lines)

    def finish(self) -> str:
        """Put the file in place; return its SHA-256."""
        self._file.close()
        with self._temporary.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._temporary.replace(self._path)
        return sha256

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def read_rows(path: Path) -> Iterable[list[str]]:
    """Return the rows of a canonical file, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        yield from reader


def _issue_row(issue: Issue, line: int) -> ImportIssue:
    severity = ImportIssue.Severity.WARNING if issue.is_warning else ImportIssue.Severity.ERROR
    return ImportIssue(
        line=line,
        severity=severity,
        code=issue.code,
        column=issue.column[:150],
        value=issue.value[:VALUE_LENGTH_MAX],
        params=issue.params,
    )
