"""Signing in and out of the pages, and changing one's own password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import views as auth_views
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from apps.core.pages import SIGNED_IN_COOKIE

REMEMBERED_SECONDS = 30 * 24 * 3600
FORM_METHODS = ["get", "head", "post", "options"]  # Django's form views would answer PUT too


class SignIn(auth_views.LoginView):
    http_method_names = FORM_METHODS
    template_name = "users/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(expired=self.request.GET.get("reason") == "expired", **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        response.set_cookie(
            SIGNED_IN_COOKIE,
            "1",
            max_age=REMEMBERED_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=self.request.is_secure(),
        )
        return response

    def get_default_redirect_url(self) -> str:
        """An administrator lands on the dashboard, everyone else on the question page."""
        return str(reverse_lazy("admin:index")) if self.request.user.is_staff else super().get_default_redirect_url()


class SignOut(auth_views.LogoutView):
    next_page = "sign-in"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response.delete_cookie(SIGNED_IN_COOKIE)
        return response


class ChangePassword(LoginRequiredMixin, SuccessMessageMixin, auth_views.PasswordChangeView):  # type: ignore[type-arg]
    http_method_names = FORM_METHODS
    template_name = "users/password.html"
    success_url = reverse_lazy("password")
    success_message = _("Your password has been changed.")
