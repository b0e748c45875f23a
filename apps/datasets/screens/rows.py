"""The screen on which all rows of a version are looked through."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _

from apps.datasets.exporting import CSV, WORKBOOK, Table, export_rows
from apps.datasets.rows import rows_of
from apps.datasets.screens.base import VersionScreen, actor_of
from apps.datasets.screens.tables import page_of, query_of, searched


class RowsScreen(VersionScreen):
    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("rows", self.rows_view),
            self.route("rows.csv", self.rows_csv_view),
            self.route("rows.xlsx", self.rows_xlsx_view),
            *super().get_urls(),
        ]

    def rows_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        version = self.visible(request, pk)
        search = searched(request)
        context = self.admin_site.each_context(request) | {
            "title": _("All rows"),
            "subtitle": str(version),
            "opts": self.opts,
            "original": version,
            "version": version,
            "labels": [column.label for column in version.table_schema.columns],
            "search": search,
            "query": query_of(search=search),
            **page_of(rows_of(version, search=search), request),
        }
        return TemplateResponse(request, "admin/datasets/datasetversion/rows.html", context)

    def rows_csv_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return self._rows_file(request, pk, form=CSV)

    def rows_xlsx_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return self._rows_file(request, pk, form=WORKBOOK)

    def _rows_file(self, request: HttpRequest, pk: Any, *, form: str) -> HttpResponseBase:
        version, search, actor = self.visible(request, pk), searched(request), actor_of(request)

        def export() -> Table:
            return export_rows(version, search=search, form=form, actor=actor)

        return self.file_or_reason(request, version, export, form=form, back_to="rows")
