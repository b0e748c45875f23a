"""Workbooks (.xlsx, .xls), taken apart by a process of its own after a look at what unpacking them would cost."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import polars as pl

from apps.datasets.readers import limits, sheet_process
from apps.datasets.readers.head import HEAD_ROWS, WORKBOOK, Head
from apps.datasets.readers.source import CELL_END, block_of

_REQUIRED_PARTS = ("[Content_Types].xml", "xl/workbook.xml")
_CHUNK = 2**20
_BLOCK_BYTES = 2**24


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


class Workbook:
    """An opened workbook; the process that reads it ends with the `with` block. Lines count from 1."""

    def __init__(self, path: Path) -> None:
        """Raises WorkbookRefused."""
        is_archive = path.suffix == ".xlsx"
        if is_archive:
            check_archive(path)
        figures = (limits.WORKBOOK_MEMORY_BYTES_MAX, limits.CELLS_MAX, HEAD_ROWS)
        command = [sys.executable, "-I", sheet_process.__file__, str(path), *map(str, figures)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None  # noqa: S101  (pipes, as asked for above)
        assert self._process.stdout is not None  # noqa: S101
        self._orders, self._output = self._process.stdin, self._process.stdout
        try:
            if is_archive:
                check_parts(path)  # while the process parses: on two cores the proof costs no time
            self._head = self._read_head()
        except BaseException:
            self._end()
            raise

    @property
    def head(self) -> Head:
        return self._head

    def blocks(self, sheet: str = "") -> Iterator[tuple[pl.DataFrame, str]]:
        """See Source."""
        names = [table.name for table in self._head.tables]
        if not names:
            return
        with suppress(BrokenPipeError):  # a process that died is told by its status, below
            self._orders.write(b"%d\n" % (names.index(sheet) if sheet else 0))
            self._orders.flush()
        line = 1
        for rows in self._whole_rows():
            block = block_of(rows, row_end=sheet_process.ROW_END, first=line)
            yield block, CELL_END
            line += block.height
        self._demand_success()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def _read_head(self) -> Head:
        line = self._output.readline()
        if not line.endswith(b"\n"):  # it died before or while it wrote
            self._demand_success()
        return Head.from_dict({"kind": WORKBOOK, "details": {}, **json.loads(line)})

    def _whole_rows(self) -> Iterator[bytes]:
        """What the process writes, in parts that end with a row; a rest without an end is of a process that died.

        A NUL, which no database keeps, counts as a character that cannot be read.
        """
        row_end, rest = sheet_process.ROW_END.encode(), b""
        while data := self._output.read(_BLOCK_BYTES):
            rows, end, rest = (rest + data).rpartition(row_end)
            if end:
                yield rows.replace(b"\0", "\ufffd".encode())

    def _demand_success(self) -> None:
        with suppress(BrokenPipeError):
            self._orders.close()
        status = self._process.wait()
        if status:
            is_too_large = status < 0 or status == sheet_process.TOO_LARGE
            raise WorkbookRefused("workbook_too_large" if is_too_large else "workbook")

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            self._orders.close()
        self._output.close()
