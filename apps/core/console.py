"""The admin site: entry by permission, one sign-in page for the whole product, a dashboard made of the apps' panels."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.core.pages import redirect_to_sign_in


class ConsoleSite(UnfoldAdminSite):
    index_title = _("Dashboard")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_sign_in(request, back_to=request.GET.get("next"))


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the dashboard's context what each app's panel has to show to this user.

    A panel is a function `panel(user) -> dict` of template variables, named in settings.DASHBOARD_PANELS.
    """
    for path in settings.DASHBOARD_PANELS:
        context.update(import_string(path)(request.user))
    return context
