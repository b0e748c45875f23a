"""Opening a source file as rows of text cells: one reader for text, one for workbooks."""

from __future__ import annotations

from pathlib import Path

from apps.datasets.readers.source import NumberedRow, Source, Unreadable
from apps.datasets.readers.text import read_text
from apps.datasets.readers.workbook import WorkbookRefused, read_workbook

__all__ = ["NumberedRow", "Source", "Unreadable", "WorkbookRefused", "open_source"]


def open_source(path: Path) -> Source:
    """Open a .csv, .txt or .xlsx; raises WorkbookRefused or OSError."""
    return read_workbook(path) if path.suffix == ".xlsx" else read_text(path)
