"""The screen on which people say which column of the file is which column of the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.core.access import allows
from apps.core.admin import run_service
from apps.core.errors import DomainError
from apps.datasets import confirming
from apps.datasets.judging import Verdict, judge_layout
from apps.datasets.layouts import BY_CONTENT, BY_HEADER, BY_ORDER, BY_PEOPLE, HEADER_WITHIN, Layout
from apps.datasets.models import DatasetVersion
from apps.datasets.readers.head import Head, TableHead
from apps.datasets.screens.base import CHANGE_DATASET, CHANGE_VERSION, VersionScreen, actor_of
from workers.inference.lookup.schema import TableSchema

LINES_SHOWN = 20
_CELL_SHOWN = 60


class LayoutScreen(VersionScreen):
    """Look at the first lines, choose, be judged live, confirm."""

    def layout_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        version = self.visible(request, pk, permission=CHANGE_VERSION)
        page = reverse("admin:datasets_datasetversion_change", args=[version.pk])
        if not confirming.can_choose_layout(version):
            return redirect(page)
        if request.method == "POST":
            return self._confirm(request, version, page)
        try:
            context = layout_page(version, sheet=request.GET.get("sheet", ""))
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect(page)
        own = {"may_change_schema": allows(request.user, CHANGE_DATASET, version), "original": version}
        context = self.admin_site.each_context(request) | {"opts": self.opts} | own | context
        return TemplateResponse(request, "admin/datasets/datasetversion/layout.html", context)

    def _confirm(self, request: HttpRequest, version: DatasetVersion, page: str) -> HttpResponse:
        def confirm() -> None:
            confirming.confirm_layout(version, choice_from(request.POST), actor=actor_of(request))

        done = _("The columns are confirmed. The import goes on.")
        answer = run_service(request, version, confirm, done=done, back_to=page)
        version.refresh_from_db()
        return answer if version.is_moving else redirect(request.get_full_path())

    @method_decorator(require_POST)
    def layout_check_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """What the choice in the form would mean, as {"columns": {key: {"text", "mood"}}, "problems": [sentence]}."""
        version = self.visible(request, pk, permission=CHANGE_VERSION)
        head = confirming.head_of(version)
        try:
            layout = confirming.chosen_layout(version, head, choice_from(request.POST))
        except DomainError as problem:
            return JsonResponse({"columns": {}, "problems": list(problem.fields.values()) or [problem.message]})
        table = head.table(layout.sheet)
        assert table is not None  # noqa: S101  (chosen_layout has looked)
        verdicts = judge_layout(table.rows, layout, version.table_schema)
        columns = {verdict.column.key: verdict_words(verdict, table, layout) for verdict in verdicts}
        missing = confirming.what_is_missing(layout, version)
        return JsonResponse({"columns": columns, "problems": [missing] if missing else []})


def choice_from(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form's selects say, as confirming.chosen_layout wants it; raises DomainError."""
    columns: dict[str, int] = {}
    for name, key in form.items():
        place = name.removeprefix("column_")
        if place == name or not key or not place.isdecimal():
            continue
        if key in columns:
            message = _("“%(column)s” is chosen for two columns of the file.") % {"column": key}
            raise DomainError("invalid_layout", message, fields={"columns": message})
        columns[key] = int(place)
    above = str(form.get("rows_above", ""))
    rows_above = int(above) if above.isdecimal() and above.isascii() and len(above) < 4 else None
    return {"sheet": form.get("sheet", ""), "rows_above": rows_above, "columns": columns}


def layout_page(version: DatasetVersion, *, sheet: str = "") -> dict[str, Any]:
    """Return the context of the screen; raises DomainError("no_head")."""
    head = confirming.head_of(version)
    layout = confirming.current_layout(version, head, sheet=sheet)
    table = head.table(layout.sheet) or head.tables[0]
    schema = version.table_schema
    verdicts = judge_layout(table.rows, layout, schema)
    return {
        "title": _("Which column is which?"),
        "subtitle": str(version),
        "version": version,
        "layout": layout,
        "is_first": version.status == DatasetVersion.Status.CONFIRMING,
        "sheets": _sheets(head, table),
        "hidden_sheets": head.hidden,
        "verdicts": [{"verdict": verdict, **verdict_words(verdict, table, layout)} for verdict in verdicts],
        "choices": _choices(table, layout, schema),
        "lines": _lines(table, layout),
        "missing": confirming.what_is_missing(layout, version),
    }


def verdict_words(verdict: Verdict, table: TableHead, layout: Layout) -> dict[str, str]:
    """Return {"text": what a column meets in the file, "reason": what told so, "mood": "good", "doubtful" or "bad"}."""
    if verdict.place is None:
        text = _("Not in the file: required.") if verdict.is_missing else _("Not in the file; all cells stay empty.")
        return {"text": text, "reason": "", "mood": "bad" if verdict.is_missing else "none"}
    counts = {"fitting": verdict.fitting, "filled": verdict.filled, "rows": verdict.rows}
    text = _("%(fitting)s of %(filled)s cells fit.") % counts
    if verdict.filled < verdict.rows:
        text += " " + ngettext(
            "%(empty)s row is empty here.", "%(empty)s rows are empty here.", verdict.rows - verdict.filled
        ) % {"empty": verdict.rows - verdict.filled}
    if verdict.misfit:
        text += " " + _("Does not fit: “%(value)s”.") % {"value": Truncator(verdict.misfit).chars(30)}
    mood = "bad" if verdict.filled and not verdict.fitting else "doubtful" if verdict.is_doubtful else "good"
    return {"text": text, "reason": _reason(verdict, table, layout), "mood": mood}


def _reason(verdict: Verdict, table: TableHead, layout: Layout) -> str:
    words = {
        BY_HEADER: _("by its header"),
        BY_CONTENT: _("by its content"),
        BY_ORDER: _("by its order"),
        BY_PEOPLE: _("chosen"),
    }
    place = {"place": (verdict.place or 0) + 1}
    header = table.rows[layout.rows_above - 1] if layout.rows_above else ()
    word = header[verdict.place].strip() if verdict.place is not None and verdict.place < len(header) else ""
    where = _("column %(place)s “%(word)s”") % {**place, "word": word} if word else _("column %(place)s") % place
    return " · ".join(filter(None, [where, words.get(verdict.found_by, "")]))


def _sheets(head: Head, chosen: TableHead) -> list[dict[str, Any]]:
    if len(head.tables) < 2:
        return []
    return [
        {"name": table.name, "rows": f"{table.rows_total:,}", "is_chosen": table is chosen} for table in head.tables
    ]


def _choices(table: TableHead, layout: Layout, schema: TableSchema) -> list[dict[str, Any]]:
    """For each column of the file: its number, and the options of its select."""
    width = max(max(map(len, table.rows[:LINES_SHOWN]), default=0), layout.width)
    taken = {place: key for key, place in zip(layout.keys, layout.positions, strict=True)}
    return [
        {
            "place": place,
            "number": place + 1,
            "chosen": taken.get(place, ""),
            "options": [(column.key, column.label) for column in schema.columns],
        }
        for place in range(width)
    ]


def _lines(table: TableHead, layout: Layout) -> list[dict[str, Any]]:
    width = max(max(map(len, table.rows[:LINES_SHOWN]), default=0), layout.width)
    return [
        {
            "line": line,
            "at": at,
            "is_above": at < layout.rows_above,
            "can_begin": at < HEADER_WITHIN,
            "begins": at == layout.rows_above,
            "cells": [Truncator(cell).chars(_CELL_SHOWN) for cell in row] + [""] * (width - len(row)),
        }
        for at, (line, row) in enumerate(zip(table.lines[:LINES_SHOWN], table.rows[:LINES_SHOWN], strict=True))
    ]
