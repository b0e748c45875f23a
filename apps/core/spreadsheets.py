"""Files for spreadsheets: CSV that Excel reads as it is, and that never runs as a formula; sent while it is written."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

BYTE_ORDER_MARK = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Also in full width: where people write Chinese, spreadsheets take these for the same signs."""
LINES_AT_ONCE = 500


def cell(value: Any) -> Any:
    """Return the value as a cell: text that a spreadsheet would run as a formula is quoted by a leading apostrophe."""
    if isinstance(value, int | float) or value is None:
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_chunks(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the text of a CSV file, some hundred lines at once; the mark at its start tells Excel that it is UTF-8."""
    yield BYTE_ORDER_MARK + _lines([header])
    remaining = iter(rows)
    while chunk := list(islice(remaining, LINES_AT_ONCE)):
        yield _lines(chunk)


def download(chunks: Iterator[str], *, name: str, content_type: str) -> StreamingHttpResponse:
    """Return a response that sends the chunks as a file while they are made; their queries run in the view's thread."""
    response = StreamingHttpResponse(_pulled(chunks), content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    text = StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


async def _pulled(chunks: Iterator[str]) -> AsyncIterator[bytes]:
    def pull() -> str | None:
        return next(chunks, None)

    while (chunk := await sync_to_async(pull)()) is not None:
        yield chunk.encode()
