"""Which column of the file is which column of the schema: by a header's words, else by what the cells look like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from apps.datasets.cells import clean
from apps.datasets.failures import ImportFailed
from workers.inference.lookup.schema import Column, TableSchema

SAMPLE_ROWS = 200
_HEADER_WITHIN = 10
"""Sheets often carry a title above the header."""
_FITS = 0.5
_FEW = 20
_ABOUT_AS_DISTINCT = 0.9

SYNONYMS: dict[str, str] = {
    "name": "银行名称 行名 名称 行名称 机构名称 网点名称 支行名称 开户行 开户行名称 bankname branchname branch",
    "code": "联行编号 联行号 行号 银行行号 支付行号 支付系统行号 大额行号 cnaps cnapscode cnapsno bankcode",
    "clearing_code": "清算行行号 清算行号 清算号 清算行 直接参与者行号 所属直接参与者 clearingcode clearingno",
}
"""What headers call a column of a preset, by the column's key; its key and label count too."""


@dataclass(frozen=True)
class Layout:
    """Where the schema's columns are in the file.

    `positions[i]` is the source column of schema column i, or None where the file has none (then all cells are blank);
    `width` the cells of a whole row; `rows_above` how many rows stand before the data: title and header.
    """

    positions: tuple[int | None, ...]
    width: int
    rows_above: int
    ignored: tuple[str, ...] = ()

    @property
    def has_header(self) -> bool:
        return self.rows_above > 0


def find_layout(sample: Sequence[Sequence[str]], schema: TableSchema) -> Layout:
    """Look at the first rows of a file; raises ImportFailed("columns_not_found") naming the required columns missed."""
    at, by_word = _header(sample, schema)
    if at is None and _is_foreign_header(sample, schema):
        at = 0
    data = sample[at + 1 :] if at is not None else sample
    width = len(sample[at]) if at is not None else _usual_width(sample)
    found = by_word if len(by_word) == len(_required(schema) | by_word.keys()) else _by_content(data, schema, by_word)
    missing = [column.label for column in schema.columns if column.required and column.key not in found]
    if missing:
        raise ImportFailed("columns_not_found", columns="、".join(missing))
    header = sample[at] if at is not None else ()
    ignored = tuple(word.strip() for place, word in enumerate(header) if place not in found.values() and word.strip())
    positions = tuple(found.get(key) for key in schema.keys)
    return Layout(positions=positions, width=width, rows_above=0 if at is None else at + 1, ignored=ignored)


def _header(sample: Sequence[Sequence[str]], schema: TableSchema) -> tuple[int | None, dict[str, int]]:
    """Return the row that names columns in words that we know, and what it names; (None, {}) without one."""
    best: tuple[int | None, dict[str, int]] = (None, {})
    for at, row in enumerate(sample[:_HEADER_WITHIN]):
        words = [_word(cell) for cell in row]
        named = {column.key: words.index(word) for column in schema.columns for word in _names(column) if word in words}
        if len(named) > len(best[1]) and (at == 0 or len(named) > 1):
            best = (at, named)
    return best


def _is_foreign_header(sample: Sequence[Sequence[str]], schema: TableSchema) -> bool:
    """Whether the first row names columns in words unknown to us: no digit where all rows below hold numbers."""
    if len(sample) < 2:
        return False
    found = _by_content(sample[1:], schema, {})
    strict = [found[column.key] for column in schema.columns if column.pattern and column.key in found]
    cells = [sample[0][place].strip() for place in strict if place < len(sample[0])]
    return bool(cells) and all(cell and not re.search(r"\d", cell) for cell in cells)


def _by_content(data: Sequence[Sequence[str]], schema: TableSchema, known: dict[str, int]) -> dict[str, int]:
    """Complete `known`: patterns go where they fit, the name to the longest text, others in order."""
    found = dict(known)
    width = _usual_width(data)
    free = [place for place in range(width) if place not in found.values()]
    columns = [column for column in schema.columns if column.key not in found]
    rank = {"identifier": 0, "other": 1, "name": 2}
    for column in sorted(columns, key=lambda column: (not column.pattern, rank[column.role])):
        place = _best_place(column, data, free)
        if place is not None:
            found[column.key] = place
            free.remove(place)
    return found


def _best_place(column: Column, data: Sequence[Sequence[str]], free: list[int]) -> int | None:
    cells = {place: [row[place] for row in data if len(row) > place and row[place].strip()] for place in free}
    if column.pattern:
        fitting = [place for place in free if _fit(column, cells[place]) >= _FITS]
        return _first_distinct(fitting, cells) if column.role == "identifier" else next(iter(fitting), None)
    if column.role == "name":
        worded = [place for place in free if _share(cells[place], lambda cell: any(map(str.isalpha, cell))) >= _FITS]
        return max(worded, key=lambda place: sum(map(len, cells[place])), default=None)
    return next(iter(free), None)


def _first_distinct(places: list[int], cells: dict[int, list[str]]) -> int | None:
    """An identifier names its row: of several columns of numbers take the first, unless its values repeat much more."""
    distinct = {place: len(set(cells[place])) for place in places}
    enough = _ABOUT_AS_DISTINCT * max(distinct.values(), default=0)
    return next((place for place in places if distinct[place] >= enough or len(cells[place]) < _FEW), None)


def _fit(column: Column, cells: list[str]) -> float:
    return _share(cells, lambda cell: column.accepts(clean(cell, is_code=True)))


def _share(cells: list[str], accepts: object) -> float:
    return sum(map(accepts, cells)) / len(cells) if cells else 0.0  # type: ignore[call-overload]


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    widths = Counter(len(row) for row in rows if row)
    return widths.most_common(1)[0][0] if widths else 0


def _required(schema: TableSchema) -> set[str]:
    return {column.key for column in schema.columns if column.required}


def _names(column: Column) -> set[str]:
    return {_word(column.key), _word(column.label), *SYNONYMS.get(column.key, "").split()}


def _word(cell: str) -> str:
    return re.sub(r"[\s_\-*()（）:：]", "", clean(cell, is_code=False)).lower()
