"""Bases of every admin screen, and the one screen that belongs to no app: what Celery has run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django_celery_results.models import GroupResult, TaskResult
from unfold.admin import ModelAdmin

from apps.core.errors import DomainError


class ConsoleAdmin(ModelAdmin):
    """An admin screen whose rows pass through `visible_to`, like everything else."""

    list_fullwidth = True
    warn_unsaved_form = True
    list_filter_submit = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).visible_to(request.user)
        return rows


class MachineMadeAdmin(ConsoleAdmin):
    """Rows that the platform wrote: to be read, not edited."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def demand(request: HttpRequest, permission: str) -> None:
    """Answer 403 unless the user holds `permission`: for buttons that need another right than their screen."""
    if not request.user.has_perm(permission):
        raise PermissionDenied


def link(target: Model | None, url_name: str) -> str:
    """Return a link to another row's screen, or a dash where there is no such row."""
    if target is None:
        return "—"
    return format_html('<a class="text-link" href="{}">{}</a>', reverse(url_name, args=[target.pk]), target)


def run_service(
    request: HttpRequest, obj: Model, verb: Callable[[], Any], *, done: str, back_to: str | None = None
) -> HttpResponse:
    """Call a service for a per-object button: log the change, or show the DomainError's sentence.

    `done` is the message of success, also kept in the object's history. Returns a redirect to `back_to` (a URL), or to
    the page the button was on.
    """
    try:
        verb()
    except DomainError as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, done)
        actor = int(request.user.pk or 0)
        LogEntry.objects.log_actions(actor, [obj], CHANGE, change_message=done, single_object=True)
    return redirect(back_to or request.META.get("HTTP_REFERER") or "admin:index")


admin.site.unregister([TaskResult, GroupResult])


@admin.register(TaskResult)
class TaskResultAdmin(MachineMadeAdmin):
    list_display = ["task_name", "task_args", "status", "worker", "date_created", "date_done"]
    list_filter = ["status", "task_name"]
    date_hierarchy = "date_done"
    search_fields = ["task_id", "task_name", "task_args"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Another package's rows have no `visible_to`: the view permission decides alone."""
        rows: QuerySet[Any] = ModelAdmin.get_queryset(self, request)
        return rows
