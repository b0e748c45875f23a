"""The screen that shows what is different between two versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.datasets.diffing import (
    ADDED,
    CHANGED,
    KINDS,
    REMOVED,
    Change,
    Comparison,
    comparable_with,
    compare,
    usual_base,
)
from apps.datasets.exporting import CSV, WORKBOOK, Table, export_changes, kind_words
from apps.datasets.models import DatasetVersion
from apps.datasets.screens.base import VersionScreen, actor_of
from apps.datasets.screens.tables import page_of, query_of, searched

_MOODS = {ADDED: "good", REMOVED: "bad", CHANGED: "doubtful"}


class ComparisonScreen(VersionScreen):
    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("compare", self.compare_view),
            self.route("compare.csv", self.compare_csv_view),
            self.route("compare.xlsx", self.compare_xlsx_view),
            *super().get_urls(),
        ]

    def compare_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        version = self.visible(request, pk)
        try:
            context = comparison_page(version, _base(version, request), request)
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect("admin:datasets_datasetversion_change", version.pk)
        context = self.admin_site.each_context(request) | {"opts": self.opts, "original": version} | context
        return TemplateResponse(request, "admin/datasets/datasetversion/compare.html", context)

    def compare_csv_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return self._file(request, pk, form=CSV)

    def compare_xlsx_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return self._file(request, pk, form=WORKBOOK)

    def _file(self, request: HttpRequest, pk: Any, *, form: str) -> HttpResponseBase:
        version = self.visible(request, pk)
        base = _base(version, request)
        if base is None:  # the screen says so
            return redirect("admin:datasets_datasetversion_compare", version.pk)

        def export() -> Table:
            comparison = compare(base, version)
            return export_changes(comparison, form=form, actor=actor_of(request), **_wanted(request, comparison))

        return self.file_or_reason(request, version, export, form=form, back_to="change")


def comparison_page(version: DatasetVersion, base: DatasetVersion | None, request: HttpRequest) -> dict[str, Any]:
    """Return the context of the screen; without a base there is nothing to compare with, which it says. Raises
    DomainError as diffing.compare does."""
    context: dict[str, Any] = {
        "title": _("What is different"),
        "subtitle": str(version),
        "version": version,
        "base": base,
        "bases": [_choice(other, version) for other in comparable_with(version)],
    }
    if base is None:
        return context
    comparison = compare(base, version)
    wanted = _wanted(request, comparison)
    rows, words = page_of(comparison.changes(**wanted), request), kind_words()
    return context | {
        "comparison": comparison,
        "kinds": _kinds(comparison, wanted, base),
        "unchanged": f"{comparison.counts['unchanged']:,}",
        "is_same": not any(comparison.counts[kind] for kind in KINDS),
        "wanted": wanted,
        "is_sifted": any(wanted.values()),
        "query": query_of(**{"with": base.number}, **wanted),
        "labels": [column.label for column in comparison.columns],
        "lines": [change_row(change, words) for change in rows["page"]],
        **rows,
    }


def change_row(change: Change, words: dict[str, str]) -> dict[str, Any]:
    """Return one line of the table: every cell with what it was and what it is."""
    return {
        "kind": words[change.kind],
        "mood": _MOODS[change.kind],
        "line": change.new_line if change.new_line is not None else change.old_line,
        "cells": [
            {
                "old": old,
                "new": new,
                "is_changed": change.kind == CHANGED and old != new,
                "cell": old if new is None else new,
            }
            for old, new in change.pairs
        ],
    }


def _base(version: DatasetVersion, request: HttpRequest) -> DatasetVersion | None:
    number = request.GET.get("with", "")
    if not number:
        return usual_base(version)
    chosen = comparable_with(version).filter(number=number).first() if number.isdecimal() and len(number) < 10 else None
    if chosen is None:
        raise Http404
    return chosen


def _wanted(request: HttpRequest, comparison: Comparison) -> dict[str, str]:
    kind, column = request.GET.get("kind", ""), request.GET.get("column", "")
    return {
        "kind": kind if kind in KINDS else "",
        "column": column if column in {one.key for one in comparison.columns} else "",
        "search": searched(request),
    }


def _kinds(comparison: Comparison, wanted: dict[str, str], base: DatasetVersion) -> list[dict[str, Any]]:
    titles = {ADDED: _("Added"), REMOVED: _("Removed"), CHANGED: _("Changed")}
    rest = {key: value for key, value in wanted.items() if key == "search"}
    return [
        {
            "title": titles[kind],
            "count": f"{comparison.counts[kind]:,}",
            "mood": _MOODS[kind] if comparison.counts[kind] else "",
            "is_chosen": wanted["kind"] == kind,
            "query": query_of(**{"with": base.number}, **rest, kind="" if wanted["kind"] == kind else kind),
        }
        for kind in KINDS
    ]


def _choice(other: DatasetVersion, version: DatasetVersion) -> dict[str, Any]:
    note = _("active") if other.pk == version.dataset.active_version_id else other.get_status_display()
    return {"number": other.number, "label": f"v{other.number} · {note} · {other.rows_accepted:,}"}
