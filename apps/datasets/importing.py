"""The import of a version: read, check, record, index, and end in a receipt or in one plain sentence."""

from __future__ import annotations

import errno
import logging
import shutil
import time
import uuid
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from django.db import transaction
from django.utils.module_loading import import_string

from apps.datasets.checking import RowChecker
from apps.datasets.failures import ImportFailed, LayoutUncertain, Superseded
from apps.datasets.heads import save_head, settle_layout
from apps.datasets.layouts import Layout
from apps.datasets.lease import Heart, claim, hold
from apps.datasets.leftovers import remove_leftovers
from apps.datasets.models import KINDS, DatasetVersion, ImportIssue
from apps.datasets.readers import NumberedRow, Source, Unreadable, WorkbookRefused, limits, open_source
from apps.datasets.readers.head import HEAD_ROWS, TEXT, WORKBOOK, Head, TableHead
from apps.datasets.recording import ISSUES_STORED_PER_CODE, Line, RowsFile, Tally, insert_records, read_rows
from workers.inference.lookup.building import IndexSummary, build_index
from workers.inference.lookup.schema import TableSchema

logger = logging.getLogger(__name__)

BATCH = 5_000
READING_SHARE = 70
"""Percent of the progress bar for reading; the rest is the index, which takes about half as long."""


def import_version(version_id: str) -> None:
    """Import an uploaded version to the end: afterwards it is a draft, or failed with a reason.

    Does nothing where another worker has it. The outer edge of the worker: whatever goes wrong lands in the row.
    """
    version = claim(version_id)
    if version is None:
        return
    with Heart(version):
        try:
            _sweep(version)
            hold(version, **_outcome(version))
        except Superseded:
            _let_go(version)
        except Exception as error:  # noqa: BLE001  (the edge of the process)
            _fail(version, _as_failure(error))


def _outcome(version: DatasetVersion) -> dict[str, Any]:
    """Run the importer; return the fields of the draft, or of a version whose columns people must confirm."""
    try:
        fields = import_string(KINDS[version.dataset.kind])(version)
    except LayoutUncertain as doubt:
        return {"status": DatasetVersion.Status.CONFIRMING, "layout": doubt.layout.to_dict()}
    return {"status": DatasetVersion.Status.DRAFT, "progress": 100, "stage": "", **fields}


def _let_go(version: DatasetVersion) -> None:
    """The version was cancelled or deleted, or another worker has it: only then there is nothing to clean up."""
    logger.warning("Import %s was cancelled, deleted or taken over by another worker", version.pk)
    remove_leftovers(version)


def import_record_table(version: DatasetVersion) -> dict[str, Any]:
    """Import a record table; return the fields of the draft.

    Raises ImportFailed, WorkbookRefused, OSError or Superseded.
    """
    started = time.monotonic()
    schema = version.table_schema
    source = open_source(version.source_file)
    version.rows_total = min(source.rows_total, limits.ROWS_MAX)
    hold(version, rows_total=version.rows_total)
    layout, rows = _lay_out(version, source)
    with RowsFile(version.rows_file, attempt=version.attempt, header=schema.keys) as file:
        tally = _record(version, rows, RowChecker(schema, layout), schema=schema, file=file)
        receipt = _receipt(tally, source, layout, schema)
        hold(version, rows_total=tally.read, receipt=receipt, **tally.as_fields())
        if not tally.accepted:
            raise ImportFailed("no_rows" if tally.read else "empty", read=tally.read)
        content_sha256 = file.finish()
    hold(version, stage=DatasetVersion.Stage.INDEXING, progress=READING_SHARE)
    index = _index(version, schema)
    receipt["index"] = {"rows": index.rows, "sha256": index.sha256, "seconds": round(index.seconds, 2)}
    receipt["seconds"] = round(time.monotonic() - started, 2)
    return {"receipt": receipt, "content_sha256": content_sha256}


def _index(version: DatasetVersion, schema: TableSchema) -> IndexSummary:
    """Build the index in a folder of this attempt's own; put it in place only where the attempt still holds the row."""
    folder = version.index_directory.with_name(f".index.{version.attempt}")
    try:
        index = build_index(read_rows(version.rows_file), schema=schema, directory=folder)
        hold(version)
        folder.rename(version.index_directory)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return index


def _lay_out(version: DatasetVersion, source: Source) -> tuple[Layout, Iterator[NumberedRow]]:
    """Find the columns from the first rows; return the layout and all rows of data. Blank lines are no rows.

    Raises LayoutUncertain where people must say which column is which, ImportFailed("empty").
    """
    rows = (row for row in source.rows if isinstance(row[1], Unreadable) or any(map(str.strip, row[1])))
    sample = list(islice(rows, HEAD_ROWS))
    head = _head(source, sample)
    save_head(version.directory, head)
    layout = settle_layout(
        head,
        version.table_schema,
        given=version.layout,
        remembered=version.dataset.layouts,
        asks=version.asks_layout,
    )
    hold(version, layout=layout.to_dict())
    return layout, islice(chain(sample, rows), layout.rows_above, None)


def _head(source: Source, sample: list[NumberedRow]) -> Head:
    """A line that cannot be read keeps its place: the layout counts the rows above the data."""
    cells = tuple(() if isinstance(row, Unreadable) else tuple(row) for _line, row in sample)
    lines = tuple(line for line, _row in sample)
    sheet = source.details.get("sheet", "")
    table = TableHead(name=sheet, rows_total=source.rows_total, lines=lines, rows=cells)
    return Head(kind=WORKBOOK if sheet else TEXT, tables=(table,), details=source.details)


def _record(
    version: DatasetVersion, rows: Iterator[NumberedRow], checker: RowChecker, *, schema: TableSchema, file: RowsFile
) -> Tally:
    tally = Tally()
    while batch := list(islice(rows, BATCH)):
        if tally.read + len(batch) > limits.ROWS_MAX:
            raise ImportFailed("too_many_rows", limit=f"{limits.ROWS_MAX:,}")
        accepted, issues = _check(batch, checker, tally)
        share = min(1.0, tally.read / max(1, version.rows_total))
        with transaction.atomic():  # the lease first: a worker that lost it must not insert another row
            hold(version, progress=int(READING_SHARE * share), **tally.as_fields())
            insert_records(version, accepted, schema=schema)
            for issue in issues:
                issue.version = version
            ImportIssue.objects.bulk_create(issues, batch_size=500)
        file.write(accepted)
    return tally


def _check(batch: list[NumberedRow], checker: RowChecker, tally: Tally) -> tuple[list[Line], list[ImportIssue]]:
    accepted, issues = [], []
    for line, cells in batch:
        row = checker.check(line, cells)
        tally.read += 1
        if row.cells is None:
            tally.skipped += 1
        else:
            tally.accepted += 1
            accepted.append((line, row.cells))
        if row.issues:
            issues += tally.note(row.issues, line=line)
    return accepted, issues


def _receipt(tally: Tally, source: Source, layout: Layout, schema: TableSchema) -> dict[str, Any]:
    places = zip(schema.columns, layout.positions, strict=True)
    return {
        "read": tally.read,
        "accepted": tally.accepted,
        "skipped": tally.skipped,
        "warnings": tally.warnings,
        "codes": dict(tally.codes.most_common()),
        "stored_per_code": ISSUES_STORED_PER_CODE,
        "source": source.details,
        "has_header": layout.has_header,
        "columns": [{"label": column.label, "at": None if at is None else at + 1} for column, at in places],
        "ignored_columns": list(layout.ignored),
    }


def _sweep(version: DatasetVersion, *, keep_issues: bool = False) -> None:
    """Remove what an earlier or failed attempt has left: everything but the source."""
    version.records.all().delete()
    if not keep_issues:
        version.issues.all().delete()
    for path in version.directory.iterdir() if version.directory.exists() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=path != version.index_directory)  # a lost worker may still write there
        elif path != version.source_file:
            path.unlink(missing_ok=True)


def _fail(version: DatasetVersion, failure: ImportFailed) -> None:
    details = {"code": failure.code, "params": failure.params}
    try:
        with transaction.atomic():
            hold(version, status=DatasetVersion.Status.FAILED, failure=details)
            _sweep(version, keep_issues=True)
    except Superseded:
        _let_go(version)


def _as_failure(error: Exception) -> ImportFailed:
    if isinstance(error, ImportFailed):
        return error
    if isinstance(error, WorkbookRefused):
        return ImportFailed(error.code)
    if isinstance(error, FileNotFoundError):
        return ImportFailed("files_missing")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return ImportFailed("disk_full")
    number = uuid.uuid4().hex[:12]
    logger.error("Error %s in an import", number, exc_info=error)
    return ImportFailed("internal", number=number)
