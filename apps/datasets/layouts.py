"""Where the schema's columns are in a file, as plain data: proposed, confirmed, remembered for the next file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from apps.datasets.cells import clean
from workers.inference.lookup.schema import Column, TableSchema

RECOGNISED, REMEMBERED, CONFIRMED = "recognised", "remembered", "confirmed"
BY_HEADER, BY_CONTENT, BY_ORDER, BY_PEOPLE = "header", "content", "order", "people"
HEADER_WITHIN = 20
"""So far down a header is looked for: sheets often carry titles and notes above it."""
WIDTH_MAX = 1_000
_MOSTLY = 0.9


class LayoutError(ValueError):
    """A layout that contradicts itself or the schema; `code` and `params` fill a sentence of messages.layout_error."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Layout:
    """Where the columns of a schema are in a file.

    `positions[i]` is the source column (from 0) of schema column `keys[i]`, or None where the file has none (then all
    its cells are blank); `found_by[i]` says what told so. `width` is the cells of a whole row, `rows_above` how many
    rows that are not blank stand before the data (title and header), `ignored` the header words of other columns.
    """

    keys: tuple[str, ...]
    positions: tuple[int | None, ...]
    width: int
    rows_above: int
    ignored: tuple[str, ...] = ()
    found_by: tuple[str, ...] = ()
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    decided_by: str = RECOGNISED

    @property
    def has_header(self) -> bool:
        return self.rows_above > 0

    def missing(self, schema: TableSchema) -> list[str]:
        """Return the labels of required columns that have no place."""
        placed = {key for key, place in zip(self.keys, self.positions, strict=True) if place is not None}
        return [column.label for column in schema.columns if column.required and column.key not in placed]

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe: {"sheet", "encoding", "delimiter", "rows_above", "width", "columns": {key: place}, ...}."""
        return {
            "sheet": self.sheet,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "rows_above": self.rows_above,
            "width": self.width,
            "columns": dict(zip(self.keys, self.positions, strict=True)),
            "found_by": dict(zip(self.keys, self.found_by, strict=True)) if self.found_by else {},
            "ignored": list(self.ignored),
            "decided_by": self.decided_by,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], schema: TableSchema) -> Self:
        """The inverse of `to_dict`, for the columns of `schema`: one that `data` does not name has no place.

        Raises LayoutError for anything of the wrong type, out of range or said twice.
        """
        columns = data.get("columns")
        if not isinstance(columns, Mapping):
            raise LayoutError("malformed", field="columns")
        width, rows_above = _whole(data, "width", 1, WIDTH_MAX), _whole(data, "rows_above", 0, HEADER_WITHIN)
        if unknown := sorted(set(map(str, columns)) - set(schema.keys)):
            raise LayoutError("unknown_column", column=unknown[0])
        positions = tuple(_place(columns.get(column.key), column, width) for column in schema.columns)
        taken = [place for place in positions if place is not None]
        if len(set(taken)) < len(taken):
            twice = next(place for place in taken if taken.count(place) > 1)
            raise LayoutError("place_taken_twice", place=twice + 1)
        found_by = data.get("found_by") or {}
        return cls(
            keys=schema.keys,
            positions=positions,
            width=width,
            rows_above=rows_above,
            ignored=tuple(map(str, data.get("ignored") or ())),
            found_by=tuple(str(found_by.get(key, "")) for key in schema.keys) if isinstance(found_by, Mapping) else (),
            **{name: str(data.get(name) or "") for name in ("sheet", "encoding", "delimiter")},
            decided_by=str(data.get("decided_by") or RECOGNISED),
        )


def refit(data: Mapping[str, Any], schema: TableSchema) -> dict[str, Any]:
    """Return a stored layout for a changed schema: columns that are gone lose their place, new ones have none yet."""
    columns = data.get("columns") or {}
    return {**data, "columns": {key: place for key, place in columns.items() if key in schema.keys}}


def signature(rows: Sequence[Sequence[str]], *, rows_above: int, kind: str) -> str:
    """Return what files of one kind have in common: the words of their header, else how many columns of which type."""
    words = [word(cell) for cell in rows[rows_above - 1]] if 0 < rows_above <= len(rows) else []
    while words and not words[-1]:
        words.pop()
    said = ["header", *words] if words else ["types", *_types(rows)]
    return hashlib.sha256(json.dumps([kind, said], ensure_ascii=False).encode()).hexdigest()[:32]


def recall(
    rows: Sequence[Sequence[str]], *, kind: str, remembered: Mapping[str, Any], schema: TableSchema
) -> Layout | None:
    """Return the remembered layout that fits a file with these first rows, moved to where its header stands here."""
    for above in range(min(HEADER_WITHIN, len(rows)) + 1):
        data = remembered.get(signature(rows, rows_above=above, kind=kind))
        if data is None or bool(data.get("rows_above")) != bool(above):
            continue
        try:
            layout = Layout.from_dict(refit(data, schema), schema)
        except LayoutError:
            continue
        if not layout.missing(schema):
            return replace(layout, rows_above=above, decided_by=REMEMBERED)
    return None


def word(cell: str) -> str:
    """Return a header's word without what people spell differently: case, blanks, brackets, dashes, stars."""
    return re.sub(r"[\s_\-*()（）:：]", "", clean(cell, is_code=False)).lower()


def _types(rows: Sequence[Sequence[str]]) -> list[str]:
    width = max(map(len, rows), default=0)
    return [_type([row[place].strip() for row in rows if len(row) > place]) for place in range(width)]


def _type(cells: list[str]) -> str:
    filled = [cell for cell in cells if cell]
    digits = [cell for cell in filled if cell.isdecimal()]
    if not filled:
        return "blank"
    if len(digits) < _MOSTLY * len(filled):
        return "text"
    lengths = {len(cell) for cell in digits}
    return f"digits{lengths.pop()}" if len(lengths) == 1 else "digits"


def _whole(data: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise LayoutError("malformed", field=name)
    return value


def _place(value: Any, column: Column, width: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < width:
        raise LayoutError("no_such_place", key=column.key, column=column.label)
    return value
