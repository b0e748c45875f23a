"""How django-allauth asks this product: each answer is one call of a service."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from requests import Session
from requests.adapters import HTTPAdapter

from apps.core import secrets
from apps.core.origin import client_address
from apps.core.pages import SIGNED_IN_COOKIE
from apps.users import registration, sign_in
from apps.users.models import User

REMEMBERED_SECONDS = 30 * 24 * 3600
INVITATION_KEY = "invitation"
"""Where a session keeps the link of an invitation that was opened, until its visitor has signed in elsewhere."""


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False  # registration has pages of its own; nothing of allauth makes users by itself

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "0.0.0.0"  # noqa: S104  (a proxy on a Unix socket tells no address)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """An administrator lands on the dashboard, everyone else on the question page."""
        return reverse("admin:index") if request.user.is_staff else resolve_url(settings.LOGIN_REDIRECT_URL)

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        """The last step of every way in: what the browser is to remember, and a line in the audit trail."""
        response: HttpResponse = super().post_login(request, user, **details)
        sign_in.note_sign_in(user)
        response.set_cookie(
            SIGNED_IN_COOKIE,
            "1",
            max_age=REMEMBERED_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
        return response

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **more: Any
    ) -> None:
        """Our pages say themselves what has happened."""

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return redirect("account_inactive")


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return "Mozhu"

    def get_totp_label(self, user: User) -> str:
        return user.username


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Signing in elsewhere. A foreign account belongs to a user here only if it was connected or made him."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[Any]:
        """Only what the environment names: a row in a table must not say whom the server calls."""
        return [app for app in super().list_apps(request, provider, client_id) if app.pk is None]

    def get_requests_session(self) -> Session:
        """A session that reaches the configured addresses and nothing else, also not by a redirect."""
        session: Session = super().get_requests_session()
        session.adapters.clear()
        for origin in settings.PROVIDER_ORIGINS:
            session.mount(origin, HTTPAdapter())
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        is_new = not sociallogin.is_existing and sociallogin.state.get("process") != "connect"
        addresses = [address.email for address in sociallogin.email_addresses]
        if is_new and not registration.may_join_by_provider(
            sociallogin.account.provider, addresses=addresses, invitation=request.session.get(INVITATION_KEY, "")
        ):
            raise ImmediateHttpResponse(render(request, "users/not_connected.html", status=403))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True  # pre_social_login has asked

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.display_name = str(data.get("name") or "")[:150]
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        return registration.join_by_provider(
            sociallogin.user,
            provider=sociallogin.account.provider,
            invitation=request.session.pop(INVITATION_KEY, ""),
            save=lambda: super(ProviderAdapter, self).save_user(request, sociallogin, form),
        )

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("account-security")
