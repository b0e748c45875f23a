"""Signing in and out of the pages, the second step, and finding back in without a password."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.flows import reauthentication
from allauth.account.models import Login
from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.adapter import get_adapter as provider_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import FormView, TemplateView

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.headers import policy_for
from apps.core.pages import SIGNED_IN_COOKIE
from apps.users import links, mails, passwords, registration, second_factor, sessions
from apps.users.forms import AddressForm, CodeForm, ProofForm, SignInForm
from apps.users.models import User

FORM_METHODS = ["get", "head", "post", "options"]  # Django's form views would answer PUT too


def refused(answer: HttpResponse, refusal: DomainError | None) -> HttpResponse:
    """Return the page that says a refusal, with its status and headers: 429 and Retry-After in a pause."""
    if refusal is not None:
        answer.status_code = refusal.status
        for name, value in refusal.headers.items():
            answer.headers[name] = value
    return answer


class RefusingForm(FormView):  # type: ignore[type-arg]
    """A page whose form may meet a refusal that is no fault of what was typed."""

    http_method_names = FORM_METHODS

    def form_refused(self, form: Any, refusal: DomainError) -> HttpResponse:
        form.add_error(None, refusal.message)
        return refused(self.form_invalid(form), refusal)


def leave_to_providers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Allow this page's forms to lead to the sign-in pages of the configured providers."""
    allowed = " ".join(["form-action 'self'", *settings.PROVIDER_ORIGINS])
    response.headers["Content-Security-Policy"] = policy_for(request).replace("form-action 'self'", allowed)
    return response


class SignIn(auth_views.LoginView):
    http_method_names = FORM_METHODS
    template_name = "users/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            expired=self.request.GET.get("reason") == "expired",
            providers=provider_adapter().list_providers(self.request),
            is_open=registration.is_open_to_all(),
            **kwargs,
        )

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        return leave_to_providers(self.request, super().render_to_response(context, **options))

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        login = Login(user=user, redirect_url=self.get_redirect_url() or None)
        said = {"username": user.get_username()}
        return cast(HttpResponse, login_flow.perform_password_login(self.request, said, login))

    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(super().form_invalid(form), form.refusal)

    def get_default_redirect_url(self) -> str:
        return resolve_url("admin:index" if self.request.user.is_staff else settings.LOGIN_REDIRECT_URL)


@method_decorator(login_stage_required(stage=AuthenticateStage.key, redirect_urlname="sign-in"), name="dispatch")
class SecondStep(RefusingForm):
    """The password was right and the account has a second factor: nobody is signed in before its code is, too."""

    template_name = "users/second_step.html"
    form_class = CodeForm

    def form_valid(self, form: CodeForm) -> HttpResponse:
        stage = cast(LoginStage, self.request._login_stage)  # type: ignore[attr-defined]
        try:
            if second_factor.accepts(cast(User, stage.login.user), form.cleaned_data["code"]):
                return cast(HttpResponse, stage.exit())
            form.add_error("code", _("The code is not right."))
        except DomainError as refusal:
            return self.form_refused(form, refusal)
        return self.form_invalid(form)


class SignOut(auth_views.LogoutView):
    next_page = "sign-in"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            record("user.signed_out", actor=request.user, target=request.user)
        response = super().post(request, *args, **kwargs)
        response.delete_cookie(SIGNED_IN_COOKIE)
        return response


class Inactive(TemplateView):
    """Where a provider's sign-in ends whose account here is switched off or waits for an administrator."""

    template_name = "users/inactive.html"


class ProveAgain(LoginRequiredMixin, RefusingForm):
    """Before what must not be done at an unattended screen: the password, or a code, once more."""

    template_name = "users/prove_again.html"
    form_class = ProofForm

    def form_valid(self, form: ProofForm) -> HttpResponse:
        user, proof = cast(User, self.request.user), form.cleaned_data["proof"]
        try:
            if self._is_proven(user, proof):
                login_flow.record_authentication(self.request, user, method="password", reauthenticated=True)
                return reauthentication.resume_request(self.request) or redirect("account-security")
            form.add_error("proof", _("Not right."))
        except DomainError as refusal:
            return self.form_refused(form, refusal)
        return self.form_invalid(form)

    def _is_proven(self, user: User, proof: str) -> bool:
        if second_factor.is_on(user) and proof.replace(" ", "").isdigit():
            return second_factor.accepts(user, proof)
        return passwords.is_password_of(user, proof)


class ChangePassword(LoginRequiredMixin, auth_views.PasswordChangeView):
    http_method_names = FORM_METHODS
    template_name = "users/password.html"
    success_url = reverse_lazy("account-security")

    def form_valid(self, form: Any) -> HttpResponse:
        user, new = cast(User, self.request.user), form.cleaned_data["new_password1"]
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
            passwords.request_reset(form.cleaned_data["email"], site=self.request.build_absolute_uri("/"))
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
