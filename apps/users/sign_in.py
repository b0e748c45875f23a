"""Proving who one is by name and password: the same for pages and API, known and unknown names, in words and time."""

from __future__ import annotations

from typing import cast

from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed

from apps.audit.services import record
from apps.users import second_factor, throttling, tokens
from apps.users.models import User

PREFIX_LENGTH = 3


def check_credentials(name: str, password: str) -> User:
    """Return the active user whose name or e-mail address and password these are.

    Raises AuthenticationFailed("wrong_credentials"), which does not say what was wrong, and TooManyRequests. Exactly
    one password is hashed whatever the name is: Django hashes one for nobody too.
    """
    with throttling.attempt(name):
        known = _person_called(name)
        user = authenticate(username=known.username if known else name, password=password)
        if not isinstance(user, User):
            throttling.count_failure(name)
            record("user.sign_in_refused", target=known, target_name="" if known else _beginning(name))
            raise AuthenticationFailed(_("The user name or the password is not right."), code="wrong_credentials")
    if not second_factor.is_on(user):
        throttling.forget_failures(name)
    return user


def log_in(username: str, password: str, otp: str = "") -> tuple[User, tokens.Tokens]:
    """Sign a program in: check the password, then the second factor where the user has one, and issue tokens.

    Raises AuthenticationFailed: wrong_credentials, second_factor_required (no `otp` came), second_factor_wrong;
    and TooManyRequests.
    """
    user = check_credentials(username, password)
    if second_factor.is_on(user):
        if not otp:
            raise AuthenticationFailed(
                _("This account has a second factor. Send its code as `otp`."), code="second_factor_required"
            )
        if not second_factor.accepts(user, otp):
            raise AuthenticationFailed(_("The code is not right."), code="second_factor_wrong")
        throttling.forget_failures(username)
    update_last_login(User, user)
    note_sign_in(user)
    return user, tokens.issue(user)


def note_sign_in(user: User) -> None:
    """Somebody has come in, by whichever door."""
    record("user.signed_in", actor=user, target=user)


def _person_called(name: str) -> User | None:
    """Return whose user name this is; else whose proven e-mail address; else the only one who gave this address."""
    person: User | None = User.objects.filter(username=User.normalize_username(name)).first()
    if person is not None or "@" not in name:
        return person
    proven = EmailAddress.objects.filter(email=name.lower(), verified=True).select_related("user").first()
    if proven is not None:
        return cast(User, proven.user)
    claimed: list[User] = list(User.objects.filter(email__iexact=name)[:2])
    return claimed[0] if len(claimed) == 1 else None


def _beginning(name: str) -> str:
    """What was typed may be a password in the wrong field: three letters tell enough."""
    return f"{name[:PREFIX_LENGTH]}…"
