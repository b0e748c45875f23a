"""Workbooks (.xlsx), taken apart by a process of its own after a look at what unpacking them would cost."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from apps.datasets.readers import limits, sheet_process
from apps.datasets.readers.source import NumberedRow, Source

_REQUIRED_PARTS = ("[Content_Types].xml", "xl/workbook.xml")
_CHUNK = 2**20


class WorkbookRefused(Exception):
    """The workbook is damaged (code `workbook`) or too costly to open (`workbook_too_large`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_archive(path: Path) -> None:
    """Look at the archive's table of contents only; raises WorkbookRefused."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise WorkbookRefused("workbook") from error
    if not {*_REQUIRED_PARTS} <= {part.filename for part in parts}:
        raise WorkbookRefused("workbook")
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, path.stat().st_size)
    is_bomb = unpacked > limits.RATIO_MATTERS_FROM_BYTES and unpacked / packed > limits.COMPRESSION_RATIO_MAX
    if is_bomb or unpacked > limits.UNPACKED_BYTES_MAX:
        raise WorkbookRefused("workbook_too_large")


def check_parts(path: Path) -> None:
    """Unpack every part once, without keeping it, and so prove the sizes and checksums of the table of contents.

    Raises WorkbookRefused.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                with archive.open(part) as file:
                    while file.read(_CHUNK):
                        pass
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise WorkbookRefused("workbook") from error


def read_workbook(path: Path) -> Source:
    """Open the first visible sheet that holds anything. Lines count from 1.

    Raises WorkbookRefused here, or from the rows where the process that reads them dies.
    """
    check_archive(path)
    check_parts(path)
    output = _output(path)
    head = next(output, None)
    if head is None:
        return Source(rows_total=0, rows=iter(()))
    rows: Iterator[NumberedRow] = enumerate(chain.from_iterable(output), start=1)
    return Source(rows_total=head["rows"], rows=rows, details={"sheet": head["sheet"]})


def _output(path: Path) -> Iterator[Any]:
    """What sheet_process writes, value by value; ends the process where its reader stops early."""
    figures = (limits.WORKBOOK_MEMORY_BYTES_MAX, limits.CELLS_MAX)
    command = [sys.executable, "-I", sheet_process.__file__, str(path), *map(str, figures)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None  # noqa: S101  (a pipe, as asked for above)
        try:
            for line in process.stdout:
                if line.endswith("\n"):  # else it died while writing
                    yield json.loads(line)
            status = process.wait()
        finally:
            process.kill()
    if status:
        is_too_large = status < 0 or status == sheet_process.TOO_LARGE
        raise WorkbookRefused("workbook_too_large" if is_too_large else "workbook")
