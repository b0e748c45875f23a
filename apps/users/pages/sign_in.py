"""Signing in and out of the pages, the second step, and proving once more who one is."""

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
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.pages import SIGNED_IN_COOKIE
from apps.users import passwords, registration, second_factor
from apps.users.models import User
from apps.users.pages.base import FORM_METHODS, PersonalPage, RefusingForm, leave_to_providers, refused
from apps.users.pages.forms import CodeForm, ProofForm, SignInForm


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


class ProveAgain(PersonalPage, RefusingForm):
    """Before what must not be done at an unattended screen: the password, or a code, once more."""

    template_name = "users/prove_again.html"
    form_class = ProofForm

    def form_valid(self, form: ProofForm) -> HttpResponse:
        user, proof = self.person, form.cleaned_data["proof"]
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
