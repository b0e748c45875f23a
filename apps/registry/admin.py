from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from apps.audit.audited import AuditedAdmin
from apps.core.access import allows
from apps.core.admin import MachineMadeAdmin, demand, link, run_service
from apps.core.errors import DomainError
from apps.registry import presentation, screens, services
from apps.registry.answers import OUTCOME_COLOURS, Outcome
from apps.registry.models import ModelVersion, RegisteredModel
from apps.users.admin.sharing import SharingAdmin

SWITCH = "registry.change_registeredmodel"
"""The right to decide what answers: activating, rolling back."""
LOG_SHOWN = 12


def fingerprint(sha256: str) -> SafeString:
    return format_html('<span class="fingerprint">{}</span>', sha256)


@admin.register(RegisteredModel)
class RegisteredModelAdmin(AuditedAdmin, SharingAdmin):
    nothing_yet = _("A finished training registers its model here. You then decide which version answers.")
    list_display = ["name", "show_active", "show_score", "dataset", "slug", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["active_version__model", "dataset"]
    search_fields = ["name", "slug"]
    date_hierarchy = "created_at"
    fieldsets = [
        (_("Names"), {"fields": ["name", "slug"]}),
        (_("Origin"), {"fields": ["kind", "show_dataset", "created_by", "created_at"]}),
    ]
    readonly_fields = ["kind", "show_dataset", "created_by", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a model is born with the first training job on its dataset

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        rollback = self.admin_site.admin_view(self.roll_back)
        return [path("<uuid:pk>/rollback/", rollback, name="registry_registeredmodel_rollback"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        model = self.get_object(request, object_id)
        extra = {**(extra_context or {}), **self._panels(request, model)} if model else extra_context
        return super().change_view(request, object_id, form_url, extra)

    def _panels(self, request: HttpRequest, model: RegisteredModel) -> dict[str, Any]:
        versions = ModelVersion.objects.visible_to(request.user).filter(model=model).order_by("-number")
        log = model.activations.select_related("version__model", "previous__model", "actor")
        versions = versions.select_related("model", "dataset_version__dataset", "created_by")
        return {
            "versions": [(version, screens.score(version)) for version in versions],
            "log": log[:LOG_SHOWN],
            "before": services.live_before(model),
            "may_switch": allows(request.user, SWITCH, model),
        }

    @method_decorator(require_POST)
    def roll_back(self, request: HttpRequest, pk: Any) -> HttpResponse:
        model = get_object_or_404(self.get_queryset(request), pk=pk)
        demand(request, SWITCH, model)
        done = gettext("Rolled back: what was active before answers again.")
        verb = partial(services.roll_back, model, actor=request.user)
        return run_service(request, model, verb, done=done, back_to=model.get_absolute_url())

    @display(description=_("active version"), label=True)
    def show_active(self, model: RegisteredModel) -> str:
        return f"v{model.active_version.number}" if model.active_version else gettext("none")

    @display(description=_("questions read right"))
    def show_score(self, model: RegisteredModel) -> str:
        return screens.score(model.active_version) if model.active_version else "—"

    @display(description=_("dataset"))
    def show_dataset(self, model: RegisteredModel) -> Any:
        return link(model.dataset, "admin:datasets_dataset_change")


@admin.register(ModelVersion)
class ModelVersionAdmin(MachineMadeAdmin):
    nothing_yet = _("A finished training registers a version of its model here.")
    list_display = ["__str__", "show_state", "show_score", "dataset_version", "show_base", "created_by", "created_at"]
    list_filter = ["model"]
    search_fields = ["model__name", "model__slug", "adapter_sha256", "base_model"]
    date_hierarchy = "created_at"
    fieldsets = [
        (
            _("Lineage"),
            {"fields": ["show_model", "show_job", "show_data", "show_file", "show_base", "created_by", "created_at"]},
        ),
        (_("Fingerprints (SHA-256)"), {"fields": ["show_adapter_hash", "show_content_hash", "show_source_hash"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.select_related("model__dataset", "dataset_version__dataset", "training_job", "created_by")

    def get_urls(self) -> list[Any]:
        activate = self.admin_site.admin_view(self.activate)
        return [path("<uuid:pk>/activate/", activate, name="registry_modelversion_activate"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        version = self.get_object(request, object_id)
        extra = {**(extra_context or {}), **self._panels(request, version)} if version else extra_context
        return super().change_view(request, object_id, form_url, extra)

    def _panels(self, request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
        return {
            "metrics": screens.metrics(version),
            "metric_count": version.metrics.get("count"),
            "examples": screens.examples(version),
            "parameters": screens.parameters(version),
            "may_switch": allows(request.user, SWITCH, version.model),
            **_tested(request.GET.get("question", "").strip(), version),
        }

    @method_decorator(require_POST)
    def activate(self, request: HttpRequest, pk: Any) -> HttpResponse:
        version = get_object_or_404(self.get_queryset(request), pk=pk)
        demand(request, SWITCH, version.model)
        done = gettext("%(version)s is active: it answers from the next question on.") % {"version": version}
        verb = partial(services.activate, version, actor=request.user)
        back_to = request.POST.get("back_to") == "model" and version.model.get_absolute_url()
        return run_service(request, version.model, verb, done=done, back_to=back_to or version.get_absolute_url())

    @display(description=_("state"), label={"active": "success", "idle": "default"})
    def show_state(self, version: ModelVersion) -> tuple[str, str]:
        return ("active", gettext("Active")) if version.is_active else ("idle", gettext("Idle"))

    @display(description=_("base → tuned"))
    def show_score(self, version: ModelVersion) -> str:
        return screens.score(version)

    @display(description=_("model"))
    def show_model(self, version: ModelVersion) -> Any:
        return link(version.model, "admin:registry_registeredmodel_change")

    @display(description=_("base model"), ordering="base_model")
    def show_base(self, version: ModelVersion) -> SafeString:
        return screens.base_model(version.base_model)

    @display(description=_("training job"))
    def show_job(self, version: ModelVersion) -> Any:
        try:
            return link(version.training_job, "admin:training_trainingjob_change")
        except ObjectDoesNotExist:
            return gettext("registered by hand")

    @display(description=_("dataset version"))
    def show_data(self, version: ModelVersion) -> Any:
        return link(version.dataset_version, "admin:datasets_datasetversion_change")

    @display(description=_("uploaded file"))
    def show_file(self, version: ModelVersion) -> str:
        return version.dataset_version.source_name

    @display(description=_("adapter"))
    def show_adapter_hash(self, version: ModelVersion) -> SafeString:
        return fingerprint(version.adapter_sha256)

    @display(description=_("rows"))
    def show_content_hash(self, version: ModelVersion) -> SafeString:
        return fingerprint(version.dataset_version.content_sha256)

    @display(description=_("uploaded file"))
    def show_source_hash(self, version: ModelVersion) -> SafeString:
        return fingerprint(version.dataset_version.source_sha256)


def _tested(question: str, version: ModelVersion) -> dict[str, Any]:
    """Answer the test screen's question; nothing is stored."""
    if not question:
        return {}
    try:
        answer = services.answer(question, version=version)
    except DomainError as problem:
        return {"test_question": question, "test_problem": problem.message}
    outcome = Outcome(answer.outcome)
    shown = {"test_outcome": outcome.label, "test_variant": OUTCOME_COLOURS[outcome], "shown": presentation.of(answer)}
    return {"test_question": question, "test": answer, **shown}
