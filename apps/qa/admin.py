from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.core.admin import MachineMadeAdmin
from apps.qa.models import Question
from apps.registry import presentation
from apps.registry.answers import OUTCOME_COLOURS


@admin.register(Question)
class QuestionAdmin(MachineMadeAdmin):
    nothing_yet = _("Every question that people and programs ask is listed here with its answer.")
    list_display = ["show_text", "show_outcome", "summary", "asked_by", "model_version", "show_latency", "created_at"]
    list_filter = ["outcome", "decided_by", "model"]
    search_fields = ["search_text", "asked_by__username"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["text", "asked_by", "created_at", "outcome", "show_rows", "show_nearest"]}),
        (_("How the answer came about"), {"fields": ["show_reasons", "decided_by", "show_latency"]}),
        (_("Answered with"), {"fields": ["model", "model_version", "dataset_version"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        rows = rows.select_related("asked_by", "model_version__model", "dataset_version__dataset")
        return rows.defer("model_version__metrics", "model_version__parameters", "dataset_version__receipt")

    @display(description=_("question"))
    def show_text(self, question: Question) -> str:
        return question.text if len(question.text) <= 60 else question.text[:59] + "…"

    @display(description=_("outcome"), label=OUTCOME_COLOURS)
    def show_outcome(self, question: Question) -> tuple[str, str]:
        return question.outcome, question.get_outcome_display()

    @display(description=_("time taken"), ordering="latency_ms")
    def show_latency(self, question: Question) -> str:
        return f"{question.latency_ms:.1f} ms"

    @display(description=_("rows"))
    def show_rows(self, question: Question) -> str | SafeString:
        return _lines(question, question.records)

    @display(description=_("names that look alike"))
    def show_nearest(self, question: Question) -> str | SafeString:
        return _lines(question, question.nearest)

    @display(description=_("steps"))
    def show_reasons(self, question: Question) -> SafeString:
        return format_html_join(
            "", "<div>{}</div>", ((sentence,) for sentence in presentation.reasons(question.evidence))
        )


def _lines(question: Question, rows: list[dict[str, str]]) -> str | SafeString:
    keys = question.dataset_version.table_schema.keys
    texts = ((" · ".join(row.get(key, "") for key in keys if row.get(key)),) for row in rows)
    return format_html("{}", format_html_join("", "<div>{}</div>", texts)) if rows else "—"
