"""The import of a version: read, check, record, and end in a receipt or in one plain sentence.

The search index is built right behind, by a task of its own (indexing.py): a draft can be looked at and finalised
before it is there.
"""

from __future__ import annotations

import errno
import logging
import shutil
import time
import uuid
from functools import partial
from typing import Any

import polars as pl
from django.db import transaction
from django.utils.module_loading import import_string

from apps.core.queue import enqueue
from apps.datasets.checking import RowChecker
from apps.datasets.failures import ImportFailed, LayoutUncertain, Superseded
from apps.datasets.indexing import INDEX_TASK
from apps.datasets.issues import Issue
from apps.datasets.layouts import Layout
from apps.datasets.lease import NEW_ATTEMPTS, Heart, claim, hold
from apps.datasets.leftovers import remove_leftovers
from apps.datasets.models import KINDS, DatasetVersion
from apps.datasets.readers import LINE, Source, WorkbookRefused, limits, open_source
from apps.datasets.recording import Findings, VersionFiles
from apps.datasets.settling import settle_layout
from apps.datasets.sifting import drop_blank, sift
from workers.inference.lookup.schema import TableSchema

logger = logging.getLogger(__name__)

READING_SHARE = 90
"""Percent of the progress bar for reading; the rest is comparing the rows with each other, and writing."""


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
            _run(version)
        except Superseded:
            _let_go(version)
        except Exception as error:  # noqa: BLE001  (the edge of the process)
            _fail(version, _as_failure(error))


def _run(version: DatasetVersion) -> None:
    try:
        import_string(KINDS[version.dataset.kind])(version)
    except LayoutUncertain as doubt:
        hold(version, status=DatasetVersion.Status.CONFIRMING, layout=doubt.layout.to_dict())


def import_record_table(version: DatasetVersion) -> None:
    """Import a record table; afterwards the version is a draft.

    Raises ImportFailed, LayoutUncertain, WorkbookRefused, OSError or Superseded.
    """
    started = time.monotonic()
    schema = version.table_schema
    with open_source(version.source_file) as source, VersionFiles(version) as files:
        layout = _lay_out(version, source)
        findings = _read(version, source, layout, Findings(schema, files.waiting))
        rows, issues = findings.settle(partial(hold, version))
        files.write_issues(issues)
        receipt = {**findings.receipt(issues), **_how_it_was_read(source, layout, schema)}
        fields = {"rows_total": findings.read, "receipt": receipt, **findings.as_fields(issues)}
        if not findings.accepted:
            hold(version, **fields)
            files.put_in_place()
            raise ImportFailed("no_rows" if findings.read else "empty", read=findings.read)
        fields["content_sha256"] = files.write_rows(rows)
        receipt["seconds"] = round(time.monotonic() - started, 2)
        with transaction.atomic():  # the lease first: a worker that lost it must not put a file in place
            _become_draft(version, **fields)
            files.put_in_place()


def _lay_out(version: DatasetVersion, source: Source) -> Layout:
    """Find the columns from the first rows; raises LayoutUncertain where people must say, ImportFailed("empty")."""
    source.head.save(version.head_file)
    layout = settle_layout(
        source.head,
        version.table_schema,
        given=version.layout,
        remembered=version.dataset.layouts,
        asks=version.asks_layout,
    )
    table = source.head.table(layout.sheet)
    version.rows_total = min(table.rows_total if table else 0, limits.ROWS_MAX)
    hold(version, rows_total=version.rows_total, layout=layout.to_dict())
    return layout


def _read(version: DatasetVersion, source: Source, layout: Layout, findings: Findings) -> Findings:
    """Judge all rows one by one, block by block. Blank lines are no rows."""
    table = source.head.table(layout.sheet)
    schema = findings.schema
    checker = RowChecker(schema, layout, numeric=table.numeric if table else frozenset())
    above = layout.rows_above
    for block, separator in source.blocks(layout.sheet):
        filled = drop_blank(block, separator)
        rows, above = filled.slice(above), max(0, above - filled.height)
        if findings.read + rows.height > limits.ROWS_MAX:
            raise ImportFailed("too_many_rows", limit=f"{limits.ROWS_MAX:,}")
        clean, others = sift(rows, separator, layout=layout, schema=schema)
        corrected, issues = _check(others, separator, checker)
        if corrected:
            more = pl.DataFrame(corrected, schema=clean.schema, orient="row")
            clean = pl.concat([clean, more]).sort(LINE)
        findings.add(clean, issues, read=rows.height)
        share = min(1.0, findings.read / max(1, version.rows_total))
        hold(version, progress=int(READING_SHARE * share), rows_read=findings.read)
    return findings


def _check(rows: pl.DataFrame, separator: str, checker: RowChecker) -> tuple[list[tuple[Any, ...]], list[Issue]]:
    """Look at rows one by one; return those that can be taken after all, with their line, and the issues."""
    taken, issues = [], []
    for line, text, flaw in rows.iter_rows():
        if flaw:
            issues.append(Issue(line, flaw, value=text))
            continue
        row = checker.check(line, text.split(separator))
        issues += row.issues
        if row.cells is not None:
            taken.append((line, *row.cells))
    return taken, issues


def _how_it_was_read(source: Source, layout: Layout, schema: TableSchema) -> dict[str, Any]:
    places = zip(schema.columns, layout.positions, strict=True)
    return {
        "source": {**source.head.details, **({"sheet": layout.sheet} if layout.sheet else {})},
        "has_header": layout.has_header,
        "columns": [{"label": column.label, "at": None if at is None else at + 1} for column, at in places],
        "ignored_columns": list(layout.ignored),
    }


def _become_draft(version: DatasetVersion, **fields: Any) -> None:
    """The index, which comes next, has as many attempts as an import."""
    hold(
        version,
        status=DatasetVersion.Status.DRAFT,
        progress=100,
        stage="",
        **NEW_ATTEMPTS,
        **fields,
    )
    enqueue(INDEX_TASK, str(version.pk))


def _sweep(version: DatasetVersion, *, keep_issues: bool = False) -> None:
    """Remove what an earlier or failed attempt has left: everything but the source, and the reasons of a failure."""
    keep = {version.source_file, *([version.issues_file] if keep_issues else ())}
    for path in version.directory.iterdir() if version.directory.exists() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=path != version.index_directory)  # a lost worker may still write there
        elif path not in keep:
            path.unlink(missing_ok=True)


def _let_go(version: DatasetVersion) -> None:
    """The version was cancelled or deleted, or another worker has it: only then there is nothing to clean up."""
    logger.warning("Import %s was cancelled, deleted or taken over by another worker", version.pk)
    remove_leftovers(version)


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
