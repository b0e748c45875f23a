from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """An opened file: an estimate of its rows, and an iterator of (line, cells).

    Lines count from 1; cells are None where the line cannot be taken apart. `details` says how the file was read
    (encoding, delimiter, sheet), for the receipt.
    """

    rows_total: int
    rows: Iterator[tuple[int, list[str] | None]]
    details: dict[str, str] = field(default_factory=dict)
