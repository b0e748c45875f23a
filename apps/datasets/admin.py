"""Datasets and their versions in the console. Buttons are POST forms; the rules behind them are in services.py."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Subquery, TextField
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminExpandableTextareaWidget

from apps.audit.audited import AuditedAdmin
from apps.core.access import allows
from apps.core.admin import run_service
from apps.datasets import presentation, services
from apps.datasets.forms import NewDatasetForm
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.screens.base import ADD_VERSION, CHANGE_DATASET, CHANGE_VERSION, actor_of
from apps.datasets.screens.comparison import ComparisonScreen
from apps.datasets.screens.intake import DELETE_DATASET, IntakeScreen
from apps.datasets.screens.layout import LayoutScreen
from apps.datasets.screens.receipt import ReceiptScreen
from apps.datasets.screens.rows import RowsScreen
from apps.datasets.screens.schema import SchemaScreen
from apps.datasets.screens.verbs import VerbsScreen
from apps.datasets.screens.version import version_page
from apps.users.admin.sharing import SharingAdmin

OWN_COLUMNS = "own_columns"
IN_USE = {"in_use": "primary"}


@admin.register(Dataset)
class DatasetAdmin(IntakeScreen, SchemaScreen, AuditedAdmin, SharingAdmin):
    recorded_by_service = frozenset({"added"})
    nothing_yet = _("A dataset is a table that questions are answered from. Name the first one, then upload its file.")
    list_display = ["show_name", "show_active", "show_rows", "show_latest", "show_versions", "created_by", "created_at"]
    list_filter = ["kind"]
    search_fields = ["name", "description"]
    date_hierarchy = "created_at"
    list_select_related = ["active_version", "created_by"]
    fieldsets = [(None, {"fields": ["name", "description", "draft_days"]})]
    formfield_overrides = {TextField: {"widget": UnfoldAdminExpandableTextareaWidget}}
    change_form_template = "admin/datasets/dataset/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        latest = DatasetVersion.objects.filter(dataset=OuterRef("pk")).order_by("-number").values("status")[:1]
        counts = {"version_count": Count("versions"), "latest_status": Subquery(latest)}
        return super().get_queryset(request).annotate(**counts)

    def get_form(self, request: HttpRequest, obj: Dataset | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else {**kwargs, "form": NewDatasetForm}))

    def get_fieldsets(self, request: HttpRequest, obj: Dataset | None = None) -> Any:
        return self.fieldsets if obj else [(None, {"fields": ["name", "preset", "description"]})]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not by the form of the console: the page's own button asks the service, which knows what must stay."""
        return False

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        values = {key: form.cleaned_data[key] for key in ("name", "preset", "description")}
        obj.pk = services.create_dataset(actor=actor_of(request), **values).pk
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: Dataset, post_url_continue: str | None = None) -> HttpResponse:
        if obj.table_schema.kind == OWN_COLUMNS:
            messages.success(request, _("The dataset is ready. Now say which columns it has."))
            return redirect("admin:datasets_dataset_schema", obj.pk)
        messages.success(request, _("The dataset is ready. Now upload its first file."))
        return redirect("admin:datasets_dataset_upload", obj.pk)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        dataset = self.get_object(request, object_id)
        if dataset is not None:
            versions = dataset.versions.select_related("created_by").order_by("-number")
            extra_context = (extra_context or {}) | {
                "version_rows": [
                    presentation.version_row(version, dataset=dataset, user=request.user) for version in versions
                ],
                "columns": presentation.columns(dataset.table_schema),
                "may_change_schema": allows(request.user, CHANGE_DATASET, dataset),
                "may_upload": allows(request.user, ADD_VERSION, dataset),
                "may_delete": not dataset.versions.finalised().exists()
                and allows(request.user, DELETE_DATASET, dataset),
            }
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        return super().render_change_form(request, context | {"show_save_and_add_another": False}, *args, **kwargs)

    @display(description=_("Name"), header=True, ordering="name")
    def show_name(self, dataset: Dataset) -> list[str]:
        return [dataset.name, dataset.get_kind_display()]

    @display(description=_("Active version"), label=IN_USE)
    def show_active(self, dataset: Dataset) -> tuple[str, str] | None:
        return ("in_use", f"v{dataset.active_version.number}") if dataset.active_version else None

    @display(description=_("Rows"))
    def show_rows(self, dataset: Dataset) -> str:
        return presentation.number(dataset.active_version.rows_accepted) if dataset.active_version else "—"

    @display(description=_("Latest upload"), label=presentation.STATUS_COLOURS)
    def show_latest(self, dataset: Any) -> tuple[str, Any] | None:
        status = dataset.latest_status
        return (status, DatasetVersion.Status(status).label) if status else None

    @display(description=_("Versions"), ordering="version_count")
    def show_versions(self, dataset: Any) -> int:
        return int(dataset.version_count)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ComparisonScreen, LayoutScreen, ReceiptScreen, RowsScreen, VerbsScreen):
    nothing_yet = _("Every file that is uploaded to a dataset becomes a version of it.")
    list_display = [
        "show_version",
        "show_status",
        "show_active",
        "show_accepted",
        "show_skipped",
        "show_warnings",
        "show_size",
        "created_by",
        "created_at",
    ]
    list_filter = ["status", "dataset"]
    search_fields = ["dataset__name", "source_name", "source_sha256", "content_sha256"]
    date_hierarchy = "created_at"
    list_select_related = ["dataset", "created_by"]
    change_form_template = "admin/datasets/datasetversion/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("dataset", "created_by", "finalised_by")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        version = self.get_object(request, object_id)
        if version is not None:
            extra_context = (extra_context or {}) | version_page(version, user=request.user, query=request.GET)
        return super().change_view(request, object_id, form_url, extra_context)

    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("progress", self.progress_view),
            self.route("layout", self.layout_view),
            self.route("layout/check", self.layout_check_view),
            self.route("issues.csv", self.issues_csv_view),
            self.route("issues.xlsx", self.issues_xlsx_view),
            self.route("finalise", self.finalise_view),
            self.route("activate", self.activate_view),
            self.route("import-again", self.import_again_view),
            *super().get_urls(),
        ]

    def progress_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        return JsonResponse(presentation.progress(self.visible(request, pk)))

    @method_decorator(require_POST)
    def finalise_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        version = self.visible(request, pk, permission=CHANGE_VERSION)
        done = str(_("%(version)s is finalised: it will never change again.") % {"version": version})
        return run_service(request, version, lambda: services.finalise(version, actor=actor_of(request)), done=done)

    @method_decorator(require_POST)
    def activate_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        version = self.visible(request, pk, permission=CHANGE_DATASET)
        done = str(_("%(version)s is the active version now.") % {"version": version})
        return run_service(request, version, lambda: services.activate(version, actor=actor_of(request)), done=done)

    @method_decorator(require_POST)
    def import_again_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        version = self.visible(request, pk, permission=CHANGE_VERSION)
        done = str(_("The import of %(version)s starts again.") % {"version": version})
        return run_service(request, version, lambda: services.import_again(version, actor=actor_of(request)), done=done)

    @display(description=_("Version"), header=True, ordering="dataset__name")
    def show_version(self, version: DatasetVersion) -> list[str]:
        return [str(version), version.source_name]

    @display(description=_("Status"), label=presentation.STATUS_COLOURS, ordering="status")
    def show_status(self, version: DatasetVersion) -> tuple[str, str]:
        importing = version.status == DatasetVersion.Status.IMPORTING
        text = f"{version.get_status_display()} {version.progress} %" if importing else version.get_status_display()
        return version.status, text

    @display(description=_("In use"), label=IN_USE)
    def show_active(self, version: DatasetVersion) -> tuple[str, Any] | None:
        return ("in_use", _("in use")) if version.is_active else None

    @display(description=_("Accepted"), ordering="rows_accepted")
    def show_accepted(self, version: DatasetVersion) -> str:
        return presentation.number(version.rows_accepted)

    @display(description=_("Skipped"), ordering="rows_skipped")
    def show_skipped(self, version: DatasetVersion) -> str:
        return presentation.number(version.rows_skipped)

    @display(description=_("Warnings"), ordering="warning_count")
    def show_warnings(self, version: DatasetVersion) -> str:
        return presentation.number(version.warning_count)

    @display(description=_("Size"), ordering="source_bytes")
    def show_size(self, version: DatasetVersion) -> str:
        return presentation.size(version.source_bytes)
