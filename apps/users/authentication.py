"""How an API request proves who sends it: an access token, or the session of a page (with its CSRF token)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account import app_settings
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import ExpiredTokenError, InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.users.models import TokenFamily, User
from apps.users.tokens import FAMILY_CLAIM


class TokenExpired(AuthenticationFailed):
    default_detail = _("The access token has expired. Fetch a new one at /api/v1/auth/refresh.")
    default_code = "token_expired"


class AccessTokenAuthentication(JWTAuthentication):
    """simplejwt's, with a code of its own for the one case a client must tell apart: expired, so refresh."""

    _families = TokenFamily.objects.select_related("user").order_by()

    def get_validated_token(self, raw_token: bytes) -> Any:
        try:
            return AccessToken(raw_token)  # type: ignore[arg-type]
        except ExpiredTokenError as error:
            raise TokenExpired from error
        except TokenError as error:
            raise InvalidToken(str(_("The access token is not valid."))) from error

    def get_user(self, validated_token: Any) -> User:  # type: ignore[override]
        """Return whose token it is. One query says whether he is active and this log-in has not been ended."""
        family = self._families.filter(pk=validated_token.get(FAMILY_CLAIM)).first()
        owner = validated_token.get(api_settings.USER_ID_CLAIM)
        if family is None or not (family.is_live and family.user.is_active and str(family.user_id) == str(owner)):
            raise InvalidToken(str(_("This log-in has ended. Sign in again.")))
        user: User = family.user
        if validated_token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
            raise InvalidToken(str(_("The password has been changed. Sign in again.")))
        return user


class PageSessionAuthentication(SessionAuthentication):
    """The session of a signed-in page; POSTs need the CSRF token."""


def demand_fresh_proof(request: Any) -> None:
    """Raise PermissionDenied("proof_needed") unless the caller has shown lately who he is: by signing in (a program),
    by the password or a code once more (a page). A stolen token and an unattended screen cannot do what asks this."""
    if isinstance(request.successful_authenticator, PageSessionAuthentication):
        is_proven = not is_reauthentication_required(request._request, app="allauth.mfa")
    else:
        lately = timezone.now() - timedelta(seconds=app_settings.REAUTHENTICATION_TIMEOUT)
        is_proven = TokenFamily.objects.filter(pk=request.auth[FAMILY_CLAIM], started_at__gt=lately).exists()
    if not is_proven:
        raise PermissionDenied(_("Sign in once more first: this needs a fresh proof of who you are."), "proof_needed")


class Nobody(BaseAuthentication):
    """For the views that hand out tokens: whatever the request carries, nobody is signed in yet; refusals are 401."""

    def authenticate(self, request: Any) -> None:
        return None

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'
