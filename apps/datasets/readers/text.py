"""Text tables: comma, tab, semicolon or bar between the cells; UTF-8, UTF-16 or GB18030."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Self

import polars as pl

from apps.datasets.readers.head import HEAD_ROWS, Head, TableHead
from apps.datasets.readers.head import TEXT as KIND
from apps.datasets.readers.quoting import rows_in, usual_width, without_marks
from apps.datasets.readers.source import BLOCK, CELL_END, TEXT, BrokenLine, NumberedRow, block_of

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
ENCODINGS = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "gb18030": "GB18030"}
_BYTES = 2**20
_BLOCK_BYTES = 2**22
_HEAD_BYTES = 2**16
_BLOCK_ROWS = 50_000
_SAMPLE_LINES = 200
_CHINESE = re.compile("[\u4e00-\u9fff]")
_BEGINS_AS_UTF8 = re.compile(rb"[\x00-\x7f]*[\xc2-\xf4][\x80-\xbf]")
"""What few lines in GB18030 pass: so no exception is paid for the others."""


class TextTable:
    """An opened text table; the number of its rows is estimated from its first lines."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._path = path
        self._encoding = find_encoding(path)
        lines = list(islice(self._lines(_HEAD_BYTES), _SAMPLE_LINES))
        sample = [line for line in lines if line.strip()]
        self._delimiter = find_delimiter(sample)
        self._width = usual_width(sample, delimiter=self._delimiter)
        self._head = self._read_head(sample)

    @property
    def head(self) -> Head:
        return self._head

    def blocks(self, sheet: str = "") -> Iterator[tuple[pl.DataFrame, str]]:
        """See Source. A line is a row as long as every quotation mark is closed on its own line; from the first other
        one on, rows are told with more care."""
        first = 1
        parts = self._whole_lines(_BLOCK_BYTES)
        for part in parts:
            block, separator = block_of(part.removesuffix(b"\n"), row_end="\n", first=first), self._delimiter
            if b'"' in part:
                texts, separator = without_marks(block[TEXT], delimiter=self._delimiter), CELL_END
                if texts is None:
                    lines = chain.from_iterable(map(_lines, chain([part], parts)))
                    yield from self._quoted_blocks(lines, first=first)
                    return
                block = block.with_columns(texts)
            yield block, separator
            first += block.height

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is open between two blocks that are not asked for."""

    def _whole_lines(self, size: int) -> Iterator[bytes]:
        """The text in parts of about `size` bytes that end with a line: UTF-8, one kind of line end."""
        if self._encoding == "utf-16":
            with self._path.open(encoding=self._encoding, errors="replace") as text:
                while part := text.read(size // 2) + text.readline():
                    yield _plain(part.encode(errors="replace"))
            return
        with self._path.open("rb") as file:
            if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
                file.seek(0)
            while data := file.read(size) + file.readline():
                yield _plain(data if self._encoding == "utf-8-sig" else _from_gb18030(data))

    def _lines(self, size: int) -> Iterator[str]:
        return chain.from_iterable(map(_lines, self._whole_lines(size)))

    def _read_head(self, sample: list[str]) -> Head:
        rows = rows_in(self._lines(_HEAD_BYTES), delimiter=self._delimiter, width=self._width)
        filled = list(islice((row for row in rows if is_filled(row[1])), HEAD_ROWS))
        cells = (() if isinstance(row, BrokenLine) else tuple(row) for _line, row in filled)
        table = TableHead(
            name="",
            rows_total=self._estimate(sample),
            lines=tuple(line for line, _row in filled),
            rows=tuple(cells),
        )
        details = {"encoding": ENCODINGS[self._encoding], "delimiter": DELIMITERS[self._delimiter]}
        return Head(kind=KIND, tables=(table,), details=details)

    def _estimate(self, sample: list[str]) -> int:
        sample_bytes = sum(len(line.encode(self._encoding, errors="replace")) for line in sample)
        return round(self._path.stat().st_size * len(sample) / sample_bytes) if sample_bytes else 0

    def _quoted_blocks(self, lines: Iterable[str], *, first: int) -> Iterator[tuple[pl.DataFrame, str]]:
        rows = rows_in(lines, delimiter=self._delimiter, width=self._width)
        while batch := list(islice(rows, _BLOCK_ROWS)):
            yield pl.DataFrame(list(_flat(batch, first)), schema=BLOCK, orient="row"), CELL_END


def find_encoding(path: Path) -> str:
    """Return "utf-16" (it has a mark), "utf-8-sig" (mark or not) or "gb18030"; reads up to the first doubt.

    Where lines of both stand side by side, what most of them are: the others become issues, whichever they are.
    """
    with path.open("rb") as file:
        mark = file.read(len(codecs.BOM_UTF8))
        if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        is_utf8 = mark == codecs.BOM_UTF8
        while data := file.read(_BYTES) + file.readline():
            try:
                is_utf8 |= len(data.decode()) < len(data)
            except UnicodeDecodeError:
                return "utf-8-sig" if is_utf8 or _is_mostly_utf8(data) else "gb18030"
    return "utf-8-sig"


def find_delimiter(lines: list[str]) -> str:
    """Return the delimiter that cuts most lines into the same number (at least 2) of cells; a comma when none does."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(lines, delimiter))


def is_filled(row: list[str] | BrokenLine) -> bool:
    """Whether a row is not blank; one that cannot be taken apart is not."""
    return isinstance(row, BrokenLine) or any(map(str.strip, row))


def _agreement(lines: list[str], delimiter: str) -> tuple[int, int]:
    widths = Counter(line.count(delimiter) + 1 for line in lines)
    del widths[1]
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return count, width


def _is_mostly_utf8(data: bytes) -> bool:
    lines = [line for line in data.splitlines() if not line.isascii()]
    return 2 * sum(map(_is_utf8, lines)) >= len(lines)


def _from_gb18030(data: bytes) -> bytes:
    """Return the text in UTF-8. A line that is Chinese in UTF-8 already would come out as other characters, without a
    sign that it is wrong: its characters count as unreadable."""
    lines = data.splitlines(keepends=True)
    foreign = [at for at, line in enumerate(lines) if _is_utf8(line) and _CHINESE.search(line.decode())]
    for at in foreign:
        lines[at] = re.sub(r"[^\x00-\x7f]", "\ufffd", lines[at].decode()).encode("gb18030")
    return (b"".join(lines) if foreign else data).decode("gb18030", errors="replace").encode(errors="replace")


def _is_utf8(line: bytes) -> bool:
    """Whether a line has characters beyond ASCII, all of them in UTF-8."""
    if not _BEGINS_AS_UTF8.match(line):
        return False
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _plain(data: bytes) -> bytes:
    """One kind of line end; a NUL, which no database keeps, counts as a character that cannot be read."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.replace(b"\0", "\ufffd".encode()) if b"\0" in data else data


def _lines(part: bytes) -> Iterator[str]:
    """The lines of a part with their ends: only \n ends one, as in a file.

    Bytes that cannot be decoded become U+FFFD, so that a bad character costs its row and not the file.
    """
    text, start = part.decode(errors="replace"), 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _flat(rows: Iterable[NumberedRow], first: int) -> Iterator[tuple[int, str, str | None]]:
    for line, cells in rows:
        if isinstance(cells, BrokenLine):
            yield line + first - 1, cells.text, cells.reason.value
        else:
            text = CELL_END.join(cells)
            if text.count(CELL_END) != max(0, len(cells) - 1):
                text = CELL_END.join(cell.replace(CELL_END, "") for cell in cells)
            yield line + first - 1, text, None
