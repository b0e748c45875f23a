"""The screen on which people say what the columns of a dataset are and what its cells must look like."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.admin import ConsoleAdmin, demand
from apps.datasets.cells import clean
from apps.datasets.models import Dataset
from apps.datasets.readers.head import Head
from apps.datasets.schema_changes import change_schema
from apps.datasets.schema_drafts import draft_schema
from apps.datasets.schema_forms import SchemaFormSet, initial_of
from apps.datasets.screens.base import CHANGE_DATASET, actor_of
from workers.inference.lookup.schema import Column, SchemaError, TableSchema

_TRIED_LENGTH_MAX = 500


class SchemaScreen(ConsoleAdmin):
    """Columns of a dataset: add, change, order, remove; judged while one types."""

    def get_urls(self) -> list[URLPattern]:
        view, check = self.admin_site.admin_view(self.schema_view), self.admin_site.admin_view(self.schema_check_view)
        return [
            path("<uuid:pk>/schema/", view, name="datasets_dataset_schema"),
            path("<uuid:pk>/schema/check", check, name="datasets_dataset_schema_check"),
            *super().get_urls(),
        ]

    def schema_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        dataset = self._changeable(request, pk)
        schema = dataset.table_schema
        shown = self._drafted(request, dataset) or schema
        formset = SchemaFormSet(request.POST or None, initial=initial_of(shown), kind=schema.kind)
        if request.method == "POST" and formset.is_valid() and formset.schema:
            version = change_schema(dataset, formset.schema.to_dict(), actor=actor_of(request))
            if version is None:
                messages.success(request, _("The schema is saved."))
                return redirect("admin:datasets_dataset_change", dataset.pk)
            messages.success(request, _("The schema is saved. The newest file is read again under it."))
            return redirect("admin:datasets_datasetversion_change", version.pk)
        context = self.admin_site.each_context(request) | {
            "title": _("Columns"),
            "subtitle": dataset.name,
            "opts": self.opts,
            "original": dataset,
            "formset": formset,
            "has_versions": dataset.versions.exists(),
        }
        return TemplateResponse(request, "admin/datasets/dataset/schema.html", context)

    @method_decorator(require_POST)
    def schema_check_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Judge the form as it stands: {"columns": {prefix: {"errors", "example", "tried"}}, "problems": [text]}."""
        schema = self._changeable(request, pk).table_schema
        formset = SchemaFormSet(request.POST, initial=initial_of(schema), kind=schema.kind)
        formset.is_valid()
        columns = {
            form.prefix: _judged(form, request.POST.get(f"{form.prefix}-tried", "")[:_TRIED_LENGTH_MAX])
            for form in formset.in_order()
        }
        return JsonResponse({"columns": columns, "problems": list(formset.non_form_errors())})

    def _drafted(self, request: HttpRequest, dataset: Dataset) -> TableSchema | None:
        """The schema that the header of a file suggests, where the address names one of the dataset's versions."""
        number = request.GET.get("from", "")
        version = dataset.versions.filter(number=number).first() if number.isdecimal() and len(number) < 9 else None
        head = Head.load(version.head_file) if version else None
        if version is None or head is None:
            return None
        table = head.table(request.GET.get("sheet", "")) or head.tables[0]
        above = request.GET.get("above", "")
        rows_above = int(above) if above.isdecimal() and len(above) < 3 else 1
        return draft_schema(table.rows, rows_above=rows_above, kind=dataset.table_schema.kind)

    def _changeable(self, request: HttpRequest, pk: Any) -> Dataset:
        dataset: Dataset | None = self.get_object(request, str(pk))
        if dataset is None:
            raise Http404
        demand(request, CHANGE_DATASET, dataset)
        return dataset


def _judged(form: Any, tried: str) -> dict[str, Any]:
    errors = {name: str(messages_of[0]) for name, messages_of in form.errors.items()}
    try:
        column = Column(**{**form.column(), "key": "x", "warn": ()})
    except SchemaError:
        return {"errors": errors, "example": "", "tried": None}
    return {"errors": errors, "example": column.example(), "tried": _tried(column, tried) if tried else None}


def _tried(column: Column, value: str) -> dict[str, Any]:
    cell = clean(value, is_code=bool(column.pattern))
    if not column.accepts(cell):
        return {"fits": False, "text": _("does not fit")}
    if not column.passes_check(cell):
        return {"fits": False, "text": _("the check digit is wrong")}
    return {"fits": True, "text": _("fits") if cell == value else _("fits, as “%(cell)s”") % {"cell": cell}}
