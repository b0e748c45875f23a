"""The screen on which a file is uploaded, and the button that deletes a dataset."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.admin import ConsoleAdmin, demand
from apps.core.errors import DomainError
from apps.datasets import presentation, removal, services
from apps.datasets.forms import UploadForm
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.screens.base import ADD_VERSION, actor_of

DELETE_DATASET = "datasets.delete_dataset"


class IntakeScreen(ConsoleAdmin):
    """For the admin of datasets."""

    def get_urls(self) -> list[URLPattern]:
        upload, remove = map(self.admin_site.admin_view, (self.upload_view, self.remove_view))
        return [
            path("<uuid:pk>/upload/", upload, name="datasets_dataset_upload"),
            path("<uuid:pk>/remove/", remove, name="datasets_dataset_remove"),
            *super().get_urls(),
        ]

    def upload_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The form for browsers without scripts; with them static/datasets/upload.js sends the file to the API."""
        dataset = self._seen(request, pk)
        demand(request, ADD_VERSION, dataset)
        form = UploadForm(request.POST or None, request.FILES or None)
        same_version = ""
        if request.method == "POST" and form.is_valid():
            try:
                version = self._upload(request, dataset, form.cleaned_data["file"])
                return redirect("admin:datasets_datasetversion_change", version.pk)
            except DomainError as problem:
                same_version = problem.values.get("id", "")
                form.add_error("file", problem.message)
        context = self.admin_site.each_context(request) | {
            "title": _("Upload a version"),
            "is_side_screen": True,
            "subtitle": dataset.name,
            "opts": self.opts,
            "original": dataset,
            "form": form,
            "same_version": same_version,
            "limit": settings.UPLOAD_BYTES_MAX,
            "columns": presentation.columns(dataset.table_schema),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/datasets/dataset/upload.html", context)

    @method_decorator(require_POST)
    def remove_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        dataset = self._seen(request, pk)
        demand(request, DELETE_DATASET, dataset)
        try:
            removal.delete_dataset(dataset, actor=actor_of(request))
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect("admin:datasets_dataset_change", dataset.pk)
        LogEntry.objects.log_actions(actor_of(request).pk, [dataset], DELETION, single_object=True)
        messages.success(request, _("%(dataset)s is deleted, with its drafts and files.") % {"dataset": dataset})
        return redirect("admin:datasets_dataset_changelist")

    def _upload(self, request: HttpRequest, dataset: Dataset, file: Any) -> DatasetVersion:
        actor, again = actor_of(request), "again" in request.POST
        version = services.upload_version(
            dataset, file=file, name=file.name, actor=actor, again=again, asks_layout=True
        )
        added: list[dict[str, Any]] = [{"added": {}}]  # structured: every reader gets the sentence in his own language
        LogEntry.objects.log_actions(actor.pk, [version], ADDITION, change_message=added, single_object=True)
        return version

    def _seen(self, request: HttpRequest, pk: Any) -> Dataset:
        dataset: Dataset | None = self.get_object(request, str(pk))
        if dataset is None:
            raise Http404
        return dataset
