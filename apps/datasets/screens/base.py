"""What the screens of a version share: whose version it is, who presses, how their addresses are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path

from apps.core.access import allows
from apps.core.admin import MachineMadeAdmin
from apps.core.errors import DomainError
from apps.datasets.downloads import file_of
from apps.datasets.exporting import Table
from apps.datasets.models import DatasetVersion
from apps.users.models import User

ADD_VERSION = "datasets.add_datasetversion"
CHANGE_VERSION = "datasets.change_datasetversion"
CHANGE_DATASET = "datasets.change_dataset"


def actor_of(request: HttpRequest) -> User:
    """Who presses: the console lets nobody in who is not signed in."""
    return cast(User, request.user)


class VersionScreen(MachineMadeAdmin):
    """A version that the person does not see is a 404; without the right for a button it is a 403."""

    def visible(self, request: HttpRequest, pk: Any, *, permission: str = "") -> DatasetVersion:
        version: DatasetVersion | None = self.get_object(request, str(pk))
        if version is None:
            raise Http404
        may = not permission or allows(request.user, permission, version)
        if not (may and self.has_view_permission(request, version)):
            raise PermissionDenied
        return version

    def file_or_reason(
        self, request: HttpRequest, version: DatasetVersion, export: Callable[[], Table], *, form: str, back_to: str
    ) -> HttpResponseBase:
        """Answer with what `export` makes; where it refuses, with its sentence on the version's screen `back_to`."""
        try:
            table = export()
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect(f"admin:datasets_datasetversion_{back_to}", version.pk)
        return file_of(table, form=form)

    def route(self, name: str, view: Callable[..., HttpResponseBase]) -> URLPattern:
        """Return the address `<version>/<name>`, called datasets_datasetversion_<name without extension>."""
        stem = name.replace("-", "_").replace("/", "_").replace(".", "_")
        guarded: Callable[..., HttpResponseBase] = self.admin_site.admin_view(view)
        return path(f"<uuid:pk>/{name}", guarded, name=f"datasets_datasetversion_{stem}")
