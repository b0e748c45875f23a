"""Which column of the file is which column of the schema: by a header's words, else by what the cells look like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from apps.datasets.cells import clean
from apps.datasets.layouts import BY_CONTENT, BY_HEADER, BY_ORDER, HEADER_WITHIN, Layout, word
from workers.inference.lookup.schema import Column, TableSchema

SAMPLE_ROWS = 200
_FITS = 0.5
_FEW, _SOME = 20, 3
_ABOUT_AS_DISTINCT = 0.9
_MOSTLY = 0.9

SYNONYMS: dict[str, str] = {
    "name": "银行名称 行名 名称 行名称 机构名称 网点名称 支行名称 开户行 开户行名称 参与者名称 参与机构名称 "
    "bankname branchname branch",
    "code": "联行编号 联行号 行号 银行编码 银行行号 支付行号 支付系统行号 大额行号 参与者行号 参与机构行号 "
    "cnaps cnapscode cnapsno bankcode",
    "clearing_code": "清算行行号 清算行号 清算号 清算行 直接参与者行号 所属直接参与者 所属直接参与者行号 "
    "clearingcode clearingno",
}
"""What headers call a column of a preset, by the column's key; its key and label count too."""

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class _Header:
    """The rows that name the columns: `at` the first of them, `named` the place of each column whose word is known."""

    at: int
    height: int
    named: dict[str, int]

    @property
    def rows_above(self) -> int:
        return self.at + self.height


def find_layout(sample: Rows, schema: TableSchema) -> Layout:
    """Look at the first rows of a file that are not blank. Columns without a place were not found: see
    `Layout.missing`."""
    header = _find_header(sample, schema)
    above = header.rows_above if header else 0
    named = header.named if header else {}
    data = sample[above:]
    found = named if _required(schema) <= named.keys() else _by_content(data, schema, named)
    words = _words(sample[header.at : above]) if header else []
    positions = tuple(found.get(key) for key in schema.keys)
    return Layout(
        keys=schema.keys,
        positions=positions,
        width=_width(data, words),
        rows_above=above,
        ignored=tuple(word for place, word in enumerate(words) if place not in positions and word),
        found_by=tuple(_found_by(column, named, found) for column in schema.columns),
    )


def _found_by(column: Column, named: dict[str, int], found: dict[str, int]) -> str:
    if column.key not in found:
        return ""
    if column.key in named:
        return BY_HEADER
    return BY_CONTENT if column.pattern or column.role == "name" else BY_ORDER


def _find_header(sample: Rows, schema: TableSchema) -> _Header | None:
    """Return the rows that name columns in words that we know, or the first row where it names them in other words."""
    best: _Header | None = None
    for at in range(min(HEADER_WITHIN, len(sample))):
        for height in (1, 2):
            named = _named(sample[at : at + height], schema)
            is_better = len(named) > (len(best.named) if best else 0) and (at == 0 or len(named) > 1)
            if is_better and (height == 1 or not _has_data(sample[at + 1 : at + height], schema, named)):
                best = _Header(at, height, named)
    if best is None:
        return _Header(0, 1, {}) if _is_in_words(sample, 0, schema, least=1) or _stands_out(sample) else None
    goes_on = best.height == 1 and _is_in_words(sample, best.rows_above, schema, least=2)
    return _Header(best.at, 2, best.named) if goes_on else best


def _named(block: Rows, schema: TableSchema) -> dict[str, int]:
    """Which columns the words of one or two header rows name; above, a merged cell counts for all columns under it."""
    spellings: list[set[str]] = []
    above = ""
    for cells in zip_longest(*block, fillvalue=""):
        above = word(cells[0]) or above
        spellings.append({word(cells[0]), word(cells[-1]), above + word(cells[-1])} - {""})
    named: dict[str, int] = {}
    for column in schema.columns:
        places = (place for place, words in enumerate(spellings) if words & _names(column))
        place = next((place for place in places if place not in named.values()), None)
        if place is not None:
            named[column.key] = place
    return named


def _has_data(rows: Rows, schema: TableSchema, named: dict[str, int]) -> bool:
    patterned = [(column, named[column.key]) for column in schema.columns if column.pattern and column.key in named]
    return any(
        place < len(row) and row[place].strip() and column.accepts(clean(row[place], is_code=True))
        for row in rows
        for column, place in patterned
    )


def _is_in_words(sample: Rows, at: int, schema: TableSchema, *, least: int) -> bool:
    """Whether a row has words, no digit, where the rows below hold numbers, in `least` columns or more."""
    if len(sample) < at + 2:
        return False
    found = _by_content(sample[at + 1 :], schema, {})
    strict = [found[column.key] for column in schema.columns if column.pattern and column.key in found]
    cells = [sample[at][place].strip() for place in strict if place < len(sample[at])]
    return len(cells) >= least and all(cell and not _has_digit(cell) for cell in cells)


def _stands_out(sample: Rows) -> bool:
    """Whether the first row has words only, and some column below it holds a number in every row."""
    words, data = [cell.strip() for cell in sample[0]] if sample else [], sample[1:]
    if len(data) < _SOME or sum(map(bool, words)) < 2 or any(map(_has_digit, words)):
        return False
    places = (place for place, word in enumerate(words) if word)
    return any(all(place < len(row) and _has_digit(row[place]) for row in data) for place in places)


def _has_digit(cell: str) -> bool:
    return re.search(r"\d", cell) is not None


def _by_content(data: Rows, schema: TableSchema, known: dict[str, int]) -> dict[str, int]:
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


def _best_place(column: Column, data: Rows, free: list[int]) -> int | None:
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


def _share(cells: list[str], accepts: Callable[[str], bool]) -> float:
    return sum(map(accepts, cells)) / len(cells) if cells else 0.0


def width_of(rows: Rows, rows_above: int) -> int:
    """Return how many cells a whole row has, where so many rows stand above the data."""
    return max(1, _width(rows[rows_above:], list(rows[rows_above - 1]) if rows_above else []))


def ignored_words(rows: Rows, rows_above: int, positions: Sequence[int | None]) -> tuple[str, ...]:
    """Return the header words of the columns that have no place in the schema."""
    words = enumerate(header_words(rows, rows_above))
    return tuple(word for place, word in words if place not in positions and word)


def header_words(rows: Rows, rows_above: int) -> list[str]:
    """Return what stands above each column, where so many rows stand above the data; "" above one without a word."""
    return _words(rows[max(0, rows_above - 2) : rows_above])


def _width(data: Rows, words: list[str]) -> int:
    """The cells of a whole row: the header knows, unless nearly all rows are longer (a separator after the last)."""
    usual = _usual_width(data)
    agreeing = sum(len(row) == usual for row in data)
    is_longer = usual > len(words) and agreeing >= _MOSTLY * len(data) and len(data) > 1
    return usual if not words or is_longer else len(words)


def _usual_width(rows: Rows) -> int:
    widths = Counter(len(row) for row in rows if row)
    return widths.most_common(1)[0][0] if widths else 0


def _words(block: Rows) -> list[str]:
    """What people read above each column: the lowest word of its header."""
    columns = zip_longest(*block, fillvalue="")
    return [next((cell.strip() for cell in reversed(cells) if cell.strip()), "") for cells in columns]


def _required(schema: TableSchema) -> set[str]:
    return {column.key for column in schema.columns if column.required}


def _names(column: Column) -> set[str]:
    return {word(column.key), word(column.label), *SYNONYMS.get(column.key, "").split()}
