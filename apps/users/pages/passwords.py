"""Changing one's password, and finding back in without one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import DomainError
from apps.core.pages import site_of
from apps.users import links, mails, passwords, sessions
from apps.users.models import User
from apps.users.pages.base import FORM_METHODS, PersonalPage, RefusingForm
from apps.users.pages.forms import AddressForm


class ChangePassword(PersonalPage, auth_views.PasswordChangeView):
    http_method_names = FORM_METHODS
    template_name = "users/password.html"
    success_url = reverse_lazy("account-security")

    def form_valid(self, form: Any) -> HttpResponse:
        user, new = self.person, form.cleaned_data["new_password1"]
        before = self.request.session.session_key
        passwords.set_password(user, new, action="user.password_changed", keep_session=before)
        update_session_auth_hash(self.request, user)
        sessions.carry_over(before, self.request.session.session_key)
        messages.success(self.request, _("Your password has been changed. You are signed out everywhere else."))
        return redirect("account-security")


class PasswordForgotten(RefusingForm):
    template_name = "users/password_forgotten.html"
    form_class = AddressForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(has_mail_server=mails.has_server(), **kwargs)

    def form_valid(self, form: AddressForm) -> HttpResponse:
        try:
            passwords.request_reset(form.cleaned_data["email"], site=site_of(self.request))
        except DomainError as refusal:
            return self.form_refused(form, refusal)
        return self.render_to_response(self.get_context_data(sent_to=form.cleaned_data["email"]))


class PasswordReset(auth_views.PasswordResetConfirmView):
    """Where a link leads that came by mail or from an administrator: it works once."""

    http_method_names = FORM_METHODS
    template_name = "users/password_reset.html"
    token_generator = links.reset_tokens
    success_url = reverse_lazy("sign-in")

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if isinstance(user, User) and user.is_active else None

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        return super().render_to_response(context, status=200 if context["validlink"] else 404, **options)

    def form_valid(self, form: SetPasswordForm[User]) -> HttpResponse:
        del self.request.session[auth_views.INTERNAL_RESET_SESSION_TOKEN]
        revoked = passwords.reset_password(form.user, form.cleaned_data["new_password1"])
        messages.success(self.request, _("Your new password is set. Sign in with it."))
        if revoked:
            told = ngettext(
                "%(count)s API key of this account was revoked. Make a new one for the program that used it.",
                "%(count)s API keys of this account were revoked. Make new ones for the programs that used them.",
                revoked,
            )
            messages.info(self.request, told % {"count": revoked})
        return redirect("sign-in")
