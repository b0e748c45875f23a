"""Long tables on screens: one page of a listing, the same query for its neighbours, and the table as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import urlencode

from apps.core.spreadsheets import csv_chunks, download
from apps.core.workbooks import CONTENT_TYPE, workbook
from apps.datasets.exporting import WORKBOOK, Table
from apps.datasets.listings import Listing

ROWS_PER_PAGE = 50
SEARCH_LENGTH_MAX = 100


def page_of(listing: Listing[Any], request: HttpRequest) -> dict[str, Any]:
    """Return {"page", "page_numbers", "count"}: the page that the address asks for, the nearest one for nonsense."""
    page: Page[Any] = Paginator(listing, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    numbers: Iterator[Any] = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return {"page": page, "page_numbers": list(numbers), "count": f"{page.paginator.count:,}"}


def searched(request: HttpRequest) -> str:
    return request.GET.get("search", "").strip()[:SEARCH_LENGTH_MAX]


def query_of(**parameters: Any) -> str:
    """Return the part of an address after "?", without what is blank."""
    return urlencode({key: value for key, value in parameters.items() if value})


def file_of(table: Table, *, form: str) -> HttpResponseBase:
    """Answer with the table as a file: "csv" is sent while it is made, "xlsx" when it is whole."""
    name = f"{table.name}.{form}"
    if form == WORKBOOK:
        book = workbook(table.title, table.header, table.rows)
        return FileResponse(book, as_attachment=True, filename=name, content_type=CONTENT_TYPE)
    return download(csv_chunks(table.header, table.rows), name=name, content_type="text/csv")
