from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Unreadable(StrEnum):
    """Why a line could not be taken apart; the values are codes of import issues."""

    LINE = "unreadable"
    OPEN_QUOTE = "open_quote"


NumberedRow = tuple[int, list[str] | Unreadable]
"""The line a row begins on, counted from 1, and its cells or why there are none."""


@dataclass(frozen=True)
class Source:
    """An opened file: an estimate of its rows, and an iterator over them.

    `details` says how the file was read (encoding, delimiter, sheet), for the receipt.
    """

    rows_total: int
    rows: Iterator[NumberedRow]
    details: dict[str, str] = field(default_factory=dict)
