"""What every page shares: sign-in with a reason, and plain pages for 403, 404 and 500."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views import View

logger = logging.getLogger(__name__)

SIGNED_IN_COOKIE = "mozhu_signed_in"
"""Outlives the session, so that an expired one can be told from never having signed in. Carries no secret."""


class SignedInPage(View):
    """A page for which being signed in is enough: what it shows is the reader's own."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_sign_in(request)
        return super().dispatch(request, *args, **kwargs)


class Page(SignedInPage):
    """A page that states its permission; without one it answers nobody."""

    permission: str | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_open = self.permission is not None and request.user.has_perm(self.permission)
        if request.user.is_authenticated and not is_open:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def site_of(request: HttpRequest) -> str:
    """Return the product's own address for links in letters: settings.PUBLIC_URL, else as the caller's browser says.

    ALLOWED_HOSTS says which hosts he may name; a port it does not judge.
    """
    return str(settings.PUBLIC_URL or request.build_absolute_uri("/"))


def redirect_to_sign_in(request: HttpRequest, *, back_to: str | None = None) -> HttpResponse:
    """Send to the sign-in page, say why, and come back after."""
    query = {"next": back_to or request.get_full_path()}
    if SIGNED_IN_COOKIE in request.COOKIES:
        query["reason"] = "expired"
    return redirect(f"{reverse(str(settings.LOGIN_URL))}?{urlencode(query)}")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "not_found", "detail": gettext("There is nothing at this address.")}, status=404)
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The exception itself is logged by Django just before, so the number stands next to it in the log."""
    number = uuid.uuid4().hex[:12]
    logger.error("Error %s at %s", number, request.path)
    return render(request, "errors/500.html", {"number": number}, status=500)
