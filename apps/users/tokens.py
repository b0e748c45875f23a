"""Tokens of the API: a log-in starts a family, a refresh token is exchanged once, a copy of it ends the family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.audit.services import record
from apps.core.origin import current_origin
from apps.users.models import TokenFamily, User

FAMILY_CLAIM = "family"


@dataclass(frozen=True)
class Tokens:
    """An access token (JWT, 15 minutes), its life in seconds, and the refresh token (7 days) for the cookie."""

    access: str
    expires_in: int
    refresh: str


def issue(user: User) -> Tokens:
    """Start a family for the user, who has proved who he is, and return its first tokens."""
    refresh = RefreshToken.for_user(user)
    TokenFamily.objects.filter(user=user, expires_at__lte=timezone.now()).delete()
    family = TokenFamily(user=user, current=refresh["jti"], **_traces())
    family.save()
    return _tokens(refresh, family)


def rotate(raw_refresh: str) -> Tokens:
    """Exchange a refresh token for new tokens of its family; raises AuthenticationFailed("refresh_invalid").

    It works once, also when several requests bring it at the same time. The second time it is a copy: nobody can tell
    the owner from the thief, so the family ends, and with it the tokens that the first exchange gave.
    """
    try:
        used = RefreshToken(raw_refresh)  # type: ignore[arg-type]
    except TokenError as error:
        raise _ended() from error
    family = TokenFamily.objects.live().filter(pk=used.get(FAMILY_CLAIM), user__is_active=True).first()
    if family is None:
        raise _ended()
    user: User = family.user
    if used.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise _ended()
    fresh = RefreshToken.for_user(user)
    unchanged = TokenFamily.objects.live().filter(pk=family.pk, current=used["jti"])
    if not unchanged.update(current=fresh["jti"], last_used_at=timezone.now(), **_traces()):
        end_family(family, actor=None, action="token_family.reused")
        raise _ended()
    return _tokens(fresh, family)


def log_out(raw_refresh: str) -> None:
    """End the family of a refresh token; one that is worthless already needs nothing."""
    try:
        used = RefreshToken(raw_refresh)  # type: ignore[arg-type]
    except TokenError:
        return
    family = TokenFamily.objects.live().filter(pk=used.get(FAMILY_CLAIM)).first()
    if family is not None:
        end_family(family, actor=family.user, action="user.signed_out")


def end_family(family: TokenFamily, *, actor: User | None, action: str) -> bool:
    """End a log-in with all its tokens; returns whether it was live until now. `action` is what the audit says."""
    with transaction.atomic():
        ended = TokenFamily.objects.live().filter(pk=family.pk).update(ended_at=timezone.now())
        if ended:
            record(action, actor=actor, target=family.user, after={"started_at": family.started_at.isoformat()})
    return bool(ended)


def _traces() -> dict[str, Any]:
    life: timedelta = settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"]
    origin = current_origin()
    return {"address": origin.address[:64], "agent": origin.agent, "expires_at": timezone.now() + life}


def _tokens(refresh: RefreshToken, family: TokenFamily) -> Tokens:
    refresh[FAMILY_CLAIM] = str(family.pk)
    access = refresh.access_token
    return Tokens(access=str(access), expires_in=int(access.lifetime.total_seconds()), refresh=str(refresh))


def _ended() -> AuthenticationFailed:
    return AuthenticationFailed(_("The session has ended. Please sign in again."), code="refresh_invalid")
