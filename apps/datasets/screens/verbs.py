"""The buttons of a version that stop, bring back and delete."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.admin import run_service
from apps.core.errors import DomainError
from apps.datasets import removal, restoring, services
from apps.datasets.diffing import compare
from apps.datasets.models import DatasetVersion
from apps.datasets.screens.base import CHANGE_DATASET, CHANGE_VERSION, VersionScreen, actor_of

DELETE_VERSION = "datasets.delete_datasetversion"


class VerbsScreen(VersionScreen):
    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("cancel", self.cancel_view),
            self.route("restore", self.restore_view),
            self.route("remove", self.remove_view),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        version = self.visible(request, pk, permission=CHANGE_VERSION)
        done = _("The import of %(version)s is cancelled. The file is kept: it can be imported again.")
        cancel = lambda: services.cancel_import(version, actor=actor_of(request))  # noqa: E731
        return run_service(request, version, cancel, done=done % {"version": version})

    def restore_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Say what would change; do it when asked to."""
        version = self.visible(request, pk, permission=CHANGE_DATASET)
        try:
            if request.method == "POST":
                return self._restored(request, version)
            context = self.admin_site.each_context(request) | restoration_page(version)
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect("admin:datasets_datasetversion_change", version.pk)
        context |= {"opts": self.opts, "original": version}
        return TemplateResponse(request, "admin/datasets/datasetversion/restore.html", context)

    @method_decorator(require_POST)
    def remove_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        version = self.visible(request, pk, permission=DELETE_VERSION)
        dataset = version.dataset
        try:
            removal.delete_version(version, actor=actor_of(request))
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect("admin:datasets_datasetversion_change", version.pk)
        LogEntry.objects.log_actions(actor_of(request).pk, [version], DELETION, single_object=True)
        messages.success(request, _("%(version)s is deleted, with its file and its receipt.") % {"version": version})
        return redirect("admin:datasets_dataset_change", dataset.pk)

    def _restored(self, request: HttpRequest, version: DatasetVersion) -> HttpResponseBase:
        restored = restoring.restore(version, actor=actor_of(request))
        LogEntry.objects.log_actions(actor_of(request).pk, [restored], ADDITION, single_object=True)
        words = {"new": f"v{restored.number}", "old": f"v{version.number}"}
        messages.success(request, _("%(new)s has the content of %(old)s and is the active version now.") % words)
        return redirect("admin:datasets_datasetversion_change", restored.pk)


def restoration_page(version: DatasetVersion) -> dict[str, Any]:
    """Return what the question says: which version comes, and what is then different from the active one."""
    restoring.refuse_restoration(version)
    active = version.dataset.active_version
    counts = compare(active, version).counts if active else {}
    return {
        "title": _("Restore %(version)s?") % {"version": f"v{version.number}"},
        "subtitle": version.dataset.name,
        "version": version,
        "active": active,
        "next_number": services.last_number(version.dataset) + 1,
        "counts": {kind: f"{count:,}" for kind, count in counts.items()},
        "rows": f"{version.rows_accepted:,}",
    }
