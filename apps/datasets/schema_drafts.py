"""A first schema for a table nobody has described yet: from the header of a file and what stands below it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.datasets.cells import clean
from apps.datasets.columns import header_words
from apps.datasets.schema_changes import COLUMNS_MAX, LABEL_LENGTH_MAX
from workers.inference.lookup.schema import Column, TableSchema, digits_pattern, is_key

_MOSTLY = 0.9
_LONG_NUMBER = 6
"""Digits from which on a number that never comes twice is rather an identifier than a count."""


def draft_schema(rows: Sequence[Sequence[str]], *, rows_above: int, kind: str) -> TableSchema:
    """Return a schema with a column for every column of the file: numbers of one length get this as their form, the
    first long number that never comes twice is the identifier, the longest text the name. To be corrected by people."""
    words = header_words(rows, rows_above)
    data = rows[rows_above:]
    width = min(COLUMNS_MAX, max([1, *map(len, rows)]))
    cells = [[row[place].strip() for row in data if place < len(row)] for place in range(width)]
    labels = _labels(words, width)
    patterns = [_pattern(column) for column in cells]
    identifier = next((place for place in range(width) if _identifies(cells[place], patterns[place])), None)
    name = max(range(width), key=lambda place: (place != identifier, not patterns[place], _letters(cells[place])))
    return TableSchema(
        kind=kind,
        columns=tuple(
            Column(
                key=_key(labels[place], place),
                label=labels[place],
                role="name" if place == name else "identifier" if place == identifier else "other",
                required=bool(cells[place]) and all(cells[place]),
                pattern=patterns[place],
                unique=place == identifier,
            )
            for place in range(width)
        ),
    )


def _labels(words: Sequence[str], width: int) -> list[str]:
    """The header's words, each once; columns without one are counted."""
    labels: list[str] = []
    for place in range(width):
        label = words[place][:LABEL_LENGTH_MAX] if place < len(words) else ""
        labels.append(label if label and label not in labels else f"{label or 'column'} {place + 1}")
    return labels


def _key(label: str, place: int) -> str:
    key = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    return f"{key}_{place + 1}" if is_key(f"{key}_{place + 1}") else f"column_{place + 1}"


def _pattern(cells: Sequence[str]) -> str:
    filled = [clean(cell, is_code=True) for cell in cells if cell]
    lengths = {len(cell) for cell in filled if cell.isascii() and cell.isdecimal()}
    digits = sum(cell.isascii() and cell.isdecimal() for cell in filled)
    if not filled or digits < _MOSTLY * len(filled):
        return ""
    return digits_pattern(lengths.pop()) if len(lengths) == 1 else "[0-9]+"


def _letters(cells: Sequence[str]) -> int:
    return sum(character.isalpha() for cell in cells for character in cell)


def _identifies(cells: Sequence[str], pattern: str) -> bool:
    filled = [cell for cell in cells if cell]
    is_long = pattern not in ("", "[0-9]+") and len(filled[0]) >= _LONG_NUMBER
    return is_long and len(set(filled)) == len(filled) == len(cells)
