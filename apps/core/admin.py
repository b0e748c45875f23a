"""Bases of every admin screen, and the one screen that belongs to no app: what Celery has run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django_celery_results.models import GroupResult, TaskResult
from unfold.admin import ModelAdmin

from apps.core.access import AccessQuerySet, allows, grantable, opens
from apps.core.errors import DomainError


class VisibleChoices(admin.RelatedFieldListFilter):
    """A filter by a related row that offers only the rows which the reader may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        rows = field.related_model._default_manager.visible_to(request.user)
        return [(row.pk, str(row)) for row in rows]


class ConsoleAdmin(ModelAdmin):
    """An admin screen whose rows pass through `visible_to`, like everything else.

    A right that somebody holds on single rows only (a grant) opens the screen, and on it these rows.
    """

    list_fullwidth = True
    warn_unsaved_form = True
    list_filter_submit = False
    nothing_yet: Any = ""
    """Where the rows come from, for a list that has none."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).visible_to(request.user)
        return rows

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [self._offering_visible(wanted) for wanted in super().get_list_filter(request)]

    def _offering_visible(self, wanted: Any) -> Any:
        field = self.opts.get_field(wanted) if isinstance(wanted, str) and "__" not in wanted else None
        return (wanted, VisibleChoices) if field is not None and field.is_relation else wanted

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "view", obj) or self._may(request, "change", obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "delete", obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) or self.has_view_permission(request)

    def _may(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        permission = f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"
        permission = grantable(permission) if verb == "view" else permission  # a part is seen with its whole
        if obj is None:
            return opens(request.user, permission)
        if allows(request.user, permission, obj):
            return True
        return verb == "view" and self.get_queryset(request).filter(pk=obj.pk).exists()

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> Any:
        """Forms offer only the related rows that the reader may see."""
        rows = super().get_field_queryset(db, db_field, request) or db_field.remote_field.model._default_manager.all()
        return rows.visible_to(request.user) if isinstance(rows, AccessQuerySet) else rows


class MachineMadeAdmin(ConsoleAdmin):
    """Rows that the platform wrote: to be read, not edited."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def demand(request: HttpRequest, permission: str, obj: Model | None = None) -> None:
    """Answer 403 unless the user holds `permission`, by role or by a grant on `obj`.

    For buttons that need another right than their screen; that `obj` is seen, the caller has made sure.
    """
    if not allows(request.user, permission, obj):
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
        return rows if request.user.has_perm("django_celery_results.view_taskresult") else rows.none()
