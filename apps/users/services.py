"""Verbs of the users app."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.users.models import Role, User


@dataclass(frozen=True)
class Tokens:
    """An access token (JWT, 15 minutes), its life in seconds, and the refresh token (7 days) for the cookie."""

    access: str
    expires_in: int
    refresh: str


def log_in(username: str, password: str) -> tuple[User, Tokens]:
    """Check the password and issue tokens; AuthenticationFailed("wrong_credentials") does not say what was wrong."""
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        raise AuthenticationFailed(_("The user name or the password is not right."), code="wrong_credentials")
    return user, _issue(RefreshToken.for_user(user))


def rotate(raw_refresh: str) -> Tokens:
    """Exchange a refresh token for new tokens and blacklist it; raises AuthenticationFailed("refresh_invalid").

    It works once, also when several requests bring it at the same time, and not at all after a change of password.
    """
    try:
        with transaction.atomic():
            used = RefreshToken(raw_refresh)  # type: ignore[arg-type]
            OutstandingToken.objects.select_for_update().get(jti=used["jti"])
            used.check_blacklist()  # again: another request may have used it up while this one waited for the row
            user = User.objects.get(pk=used["user_id"], is_active=True)
            if used.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
                raise TokenError("issued before the password changed")
            used.blacklist()
            return _issue(RefreshToken.for_user(user))
    except (TokenError, OutstandingToken.DoesNotExist, User.DoesNotExist) as error:
        detail = _("The session has ended. Please sign in again.")
        raise AuthenticationFailed(detail, code="refresh_invalid") from error


def log_out(raw_refresh: str) -> None:
    """Blacklist a refresh token; one that is worthless already needs nothing."""
    try:
        RefreshToken(raw_refresh).blacklist()  # type: ignore[arg-type]
    except TokenError:
        return


def change_password(user: User, *, current: str, new: str) -> None:
    """Set a new password under the policy; DomainError with `fields`. Tokens issued before die with the old one."""
    if not user.check_password(current):
        raise DomainError("invalid", _("The current password is not right."), fields={"current": _("Not right.")})
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise DomainError(
            "invalid", _("The new password is too weak."), fields={"new": " ".join(error.messages)}
        ) from error
    user.set_password(new)
    user.save(update_fields=["password"])


def change_profile(user: User, **values: str) -> User:
    """Set what a person says of himself (fields of User); returns the row as it is now."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        before = {name: getattr(person, name) for name in values}
        changed = {name: value for name, value in values.items() if before[name] != value}
        if changed:
            for name, value in changed.items():
                setattr(person, name, value)
            person.save(update_fields=list(changed))
            record("user.profile_changed", actor=person, target=person, before=before, after=values)
    return person


def give_role(user: User, role: str) -> None:
    """Put the user in the role's group."""
    user.groups.add(Role.objects.get(name=role))


def _issue(refresh: RefreshToken) -> Tokens:
    access = refresh.access_token
    return Tokens(access=str(access), expires_in=int(access.lifetime.total_seconds()), refresh=str(refresh))
