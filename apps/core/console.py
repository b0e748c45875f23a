"""The admin site: entry by permission, one sign-in page for the whole product, a dashboard made of the apps' panels."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.core.pages import redirect_to_sign_in


class ConsoleSite(UnfoldAdminSite):
    index_title = _("Dashboard")
    empty_value_display = "—"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and _page_before(request) is None

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.user.is_authenticated:
            page = _page_before(request) if super().has_permission(request) else None
            if page is None:
                raise PermissionDenied
            return redirect(page)
        return redirect_to_sign_in(request, back_to=request.GET.get("next"))


def _page_before(request: HttpRequest) -> str | None:
    """Return the page that this person has to see before the console, as settings.CONSOLE_GATE says; mostly none."""
    page: str | None = import_string(settings.CONSOLE_GATE)(request.user)
    return page


def sees_link(request: HttpRequest, url_name: str) -> bool:
    """Return whether the sidebar shows this link to the reader: whether the list behind it would open."""
    wanted = url_name.removeprefix("admin:").removesuffix("_changelist")
    screens = {f"{model._meta.app_label}_{model._meta.model_name}": screen for model, screen in _screens()}
    return wanted not in screens or bool(screens[wanted].has_view_permission(request))


def _screens() -> Any:
    return admin.site._registry.items()


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the dashboard's context what each app's panel has to show to this user.

    A panel is a function `panel(user) -> dict` of template variables, named in settings.DASHBOARD_PANELS.
    """
    for path in settings.DASHBOARD_PANELS:
        context.update(import_string(path)(request.user))
    return context
