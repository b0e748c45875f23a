"""A table to take away as the answer to a request, of a screen or of the API."""

from __future__ import annotations

from django.http import FileResponse
from django.http.response import HttpResponseBase

from apps.core.spreadsheets import csv_chunks, download
from apps.core.workbooks import CONTENT_TYPE, workbook
from apps.datasets.exporting import WORKBOOK, Table


def file_of(table: Table, *, form: str) -> HttpResponseBase:
    """Answer with the table as a file: "csv" is sent while it is made, "xlsx" when it is whole."""
    name = f"{table.name}.{form}"
    if form == WORKBOOK:
        book = workbook(table.title, table.header, table.rows)
        return FileResponse(book, as_attachment=True, filename=name, content_type=CONTENT_TYPE)
    return download(csv_chunks(table.header, table.rows), name=name, content_type="text/csv")
