"""OpenID Connect, more strictly than the library: the signed token is demanded and its signature is checked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from requests import RequestException

logger = logging.getLogger(__name__)


class StrictAdapter(OpenIDConnectOAuth2Adapter):
    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider sent no id_token")
        login = super().complete_login(request, app, token, **kwargs)
        said = login.account.extra_data
        if said.get("userinfo", said["id_token"]).get("sub") != said["id_token"].get("sub"):
            raise OAuth2Error("The provider's userinfo is about somebody else")
        return login

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        return claims


def if_configured(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 for a provider that the environment does not name, 502 for one that does not answer."""

    @wraps(view)
    def answer(request: HttpRequest, **names: str) -> HttpResponse:
        try:
            return view(request, **names)
        except SocialApp.DoesNotExist as error:
            raise Http404 from error
        except (RequestException, LookupError, ValueError) as error:  # away, or what it says is not OpenID Connect
            logger.warning("The sign-in provider cannot be used just now: %r", error)
            return render(request, "socialaccount/authentication_error.html", status=502)

    return answer


@if_configured
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """POST: go to the provider. GET: ask first."""
    return cast(HttpResponse, OAuth2LoginView.adapter_view(StrictAdapter(request, provider_id))(request))


@if_configured
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends the browser back to."""
    return cast(HttpResponse, OAuth2CallbackView.adapter_view(StrictAdapter(request, provider_id))(request))
