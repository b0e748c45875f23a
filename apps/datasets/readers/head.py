"""The first rows of a file, sheet by sheet: what the layout is recognised by and people confirm it with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

HEAD_ROWS = 200
TEXT, WORKBOOK = "text", "workbook"


@dataclass(frozen=True)
class TableHead:
    """The first rows of one sheet (or of a text file) that are not blank.

    `lines[i]` is the line of `rows[i]` in the file, from 1; a line that cannot be taken apart is an empty row.
    `numeric` are the columns (from 0) that hold mostly numbers in the sense of a spreadsheet, where zeros at the front
    go lost; `rows_total` is exact for a sheet and an estimate for text.
    """

    name: str
    rows_total: int
    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Head:
    """The first rows of a file: `tables` in the file's order, `hidden` the names of the sheets that were left out."""

    kind: str
    tables: tuple[TableHead, ...]
    hidden: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)

    def table(self, name: str) -> TableHead | None:
        """Return the sheet of this name; the first one for ""."""
        if not name:
            return self.tables[0] if self.tables else None
        return next((table for table in self.tables if table.name == name), None)

    def save(self, path: Path) -> None:
        """Keep the first rows beside the file, so that a page can show them without opening it again."""
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(json.dumps(self.to_dict(), ensure_ascii=False), encoding="utf-8")
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Return what `save` kept; None where the files are gone or the import has not come so far."""
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def to_dict(self) -> dict[str, Any]:
        tables = [{**asdict(table), "numeric": sorted(table.numeric)} for table in self.tables]
        return {"kind": self.kind, "tables": tables, "hidden": list(self.hidden), "details": dict(self.details)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; the platform wrote the data itself."""
        tables = tuple(
            TableHead(
                name=table["name"],
                rows_total=table["rows_total"],
                lines=tuple(table["lines"]),
                rows=tuple(map(tuple, table["rows"])),
                numeric=frozenset(table["numeric"]),
            )
            for table in data["tables"]
        )
        return cls(kind=data["kind"], tables=tables, hidden=tuple(data["hidden"]), details=data["details"])
