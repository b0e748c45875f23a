"""Opening a source file as a head and blocks of rows: one reader for text, one for workbooks."""

from __future__ import annotations

from pathlib import Path

from apps.datasets.readers.source import CELL_END, FLAW, LINE, TEXT, Source
from apps.datasets.readers.text import TextTable
from apps.datasets.readers.workbook import Workbook, WorkbookRefused

__all__ = ["CELL_END", "FLAW", "LINE", "TEXT", "Source", "WorkbookRefused", "open_source"]


def open_source(path: Path) -> Source:
    """Open a workbook (.xls, .xlsx) or a text; raises WorkbookRefused or OSError."""
    return Workbook(path) if path.suffix in {".xls", ".xlsx"} else TextTable(path)
