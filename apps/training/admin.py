"""Training in the console: the list, the order form, and the live page that a job's change page is."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from apps.core.access import allows
from apps.core.admin import demand, link, run_service
from apps.core.errors import DomainError
from apps.registry.screens import base_model
from apps.training import screens, services
from apps.training.forms import FIELDSETS, SubmitForm
from apps.training.models import JobStatus, TrainingJob
from apps.training.parameters import presets
from apps.users.admin.sharing import SharingAdmin

CANCEL = "training.change_trainingjob"


@admin.register(TrainingJob)
class TrainingJobAdmin(SharingAdmin):
    nothing_yet = _("A training makes a model out of a finalised version of a dataset. Start the first one here.")
    list_display = ["name", "show_status", "show_progress", "show_data", "last_loss", "created_by", "created_at"]
    list_filter = [
        "status",
        ("dataset_version__dataset", admin.RelatedOnlyFieldListFilter),
        ("created_by", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["name", "base_model", "dataset_version__dataset__name", "created_by__username", "error_message"]
    date_hierarchy = "created_at"
    compressed_fields = False
    change_form_template = "admin/training/trainingjob/change_form.html"
    fieldsets = [
        (_("Origin"), {"fields": [("show_data_link", "show_base"), ("show_model", "show_version"), "kind"]}),
        (_("Parameters"), {"fields": ["show_parameters"]}),
        (
            _("Life"),
            {"fields": [("created_by", "created_at"), ("started_at", "finished_at"), ("attempt", "show_priority")]},
        ),
    ]
    readonly_fields = [
        "show_data_link",
        "show_base",
        "show_model",
        "show_version",
        "show_parameters",
        "show_priority",
        "created_at",
    ]

    class Media:
        css = {"all": ["training/live.css"]}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # an order is changed by cancelling it and giving another

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # lineage

    # --- ordering ---------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: TrainingJob | None = None) -> Any:
        return self.fieldsets if obj else FIELDSETS

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = type("UsersSubmitForm", (SubmitForm,), {"user": request.user})
        return super().get_form(request, obj, change, **kwargs)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        try:
            return super().add_view(request, form_url, (extra_context or {}) | {"presets": presets()})
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect("admin:training_trainingjob_add")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """`?dataset_version=<id>` (a button on the dataset's page) chooses the data."""
        return dict(super().get_changeform_initial_data(request))

    def save_model(self, request: HttpRequest, obj: TrainingJob, form: Any, change: bool) -> None:
        wanted = {key: form.cleaned_data[key] for key in ("dataset_version", "name", "base_model", "seed", "priority")}
        job = services.submit_job(parameters=form.parameters, actor=request.user, **wanted)
        obj.pk = job.pk
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: TrainingJob, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, gettext("The job is in the queue. It starts as soon as a slot is free."))
        return redirect(obj.get_absolute_url())

    # --- watching ---------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.select_related("model", "model_version__model", "dataset_version__dataset", "created_by")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        job = self.get_object(request, object_id)
        live = screens.live_context(job)
        live["may_cancel"] = job is not None and allows(request.user, CANCEL, job)
        return super().change_view(request, object_id, form_url, (extra_context or {}) | live)

    def get_urls(self) -> list[Any]:
        cancel = self.admin_site.admin_view(self.cancel)
        return [path("<uuid:pk>/cancel/", cancel, name="training_trainingjob_cancel"), *super().get_urls()]

    @method_decorator(require_POST)
    def cancel(self, request: HttpRequest, pk: Any) -> HttpResponse:
        job = get_object_or_404(self.get_queryset(request), pk=pk)
        demand(request, CANCEL, job)
        runs = job.status == JobStatus.RUNNING
        done = gettext("The job stops at its next step.") if runs else gettext("The job is cancelled.")
        verb = partial(services.request_cancel, job, actor=request.user)
        return run_service(request, job, verb, done=done, back_to=job.get_absolute_url())

    # --- columns ----------------------------------------------------------------------------------------------------

    @display(description=_("status"), ordering="status", label=screens.STATUS_COLOURS)
    def show_status(self, job: TrainingJob) -> tuple[str, str]:
        return job.status, job.get_status_display()

    @display(description=_("progress"))
    def show_progress(self, job: TrainingJob) -> SafeString:
        return screens.progress_bar(job)

    @display(description=_("dataset version"), ordering="dataset_version")
    def show_data(self, job: TrainingJob) -> str:
        return str(job.dataset_version)

    @display(description=_("dataset version"))
    def show_data_link(self, job: TrainingJob) -> str:
        return link(job.dataset_version, "admin:datasets_datasetversion_change")

    @display(description=_("model"))
    def show_model(self, job: TrainingJob) -> str:
        return link(job.model, "admin:registry_registeredmodel_change")

    @display(description=_("model version"))
    def show_version(self, job: TrainingJob) -> str:
        return link(job.model_version, "admin:registry_modelversion_change")

    @display(description=_("base model"))
    def show_base(self, job: TrainingJob) -> SafeString:
        return base_model(job.base_model)

    @display(description=_("priority"))
    def show_priority(self, job: TrainingJob) -> int:
        return job.priority

    @display(description=_("parameters"))
    def show_parameters(self, job: TrainingJob) -> SafeString:
        return screens.parameter_list(job)
