"""Text tables: comma, tab, semicolon or bar between the cells; UTF-8, UTF-16 or GB18030."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from apps.datasets.readers.quoting import rows_of, usual_width
from apps.datasets.readers.source import NumberedRow, Source

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
_CHUNK = 2**20
_SAMPLE_LINES = 200
_SURELY_UTF8 = 100
"""So many bytes of longer characters in valid UTF-8 are no accident: a bad byte after them is damage, not GB18030."""


def read_text(path: Path) -> Source:
    """Open a text table; the number of rows is estimated from its first lines. Raises OSError."""
    encoding = find_encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = [line for line in islice(file, _SAMPLE_LINES) if line.strip()]
    delimiter = find_delimiter(sample)
    width = usual_width(sample, delimiter=delimiter)
    sample_bytes = sum(len(line.encode(encoding, errors="replace")) for line in sample)
    total = round(path.stat().st_size * len(sample) / sample_bytes) if sample_bytes else 0
    details = {"encoding": encoding.removesuffix("-sig").upper(), "delimiter": DELIMITERS[delimiter]}
    return Source(rows_total=total, rows=_rows(path, encoding, delimiter, width), details=details)


def find_encoding(path: Path) -> str:
    """Return "utf-16" (it has a mark), "utf-8-sig" (mark or not) or "gb18030"; reads up to the first doubt."""
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8-sig")("strict")
        extra_bytes = 0
        while chunk := file.read(_CHUNK):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                extra_bytes += _extra_bytes(bytes(error.object[: error.start]).decode(errors="ignore"))
                return "utf-8-sig" if extra_bytes >= _SURELY_UTF8 else "gb18030"
            extra_bytes += _extra_bytes(text)
    return "utf-8-sig"


def find_delimiter(lines: list[str]) -> str:
    """Return the delimiter that cuts most lines into the same number (at least 2) of cells; a comma when none does."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(lines, delimiter))


def _agreement(lines: list[str], delimiter: str) -> tuple[int, int]:
    widths = Counter(line.count(delimiter) + 1 for line in lines)
    del widths[1]
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return count, width


def _extra_bytes(text: str) -> int:
    """How many bytes more than characters: 2 for each Chinese one."""
    return len(text.encode()) - len(text)


def _rows(path: Path, encoding: str, delimiter: str, width: int | None) -> Iterator[NumberedRow]:
    """Bytes that cannot be decoded become U+FFFD, so that a bad character costs its row and not the file."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        yield from rows_of(file, delimiter=delimiter, width=width)
