"""Addresses that let somebody in who cannot sign in yet. All are signed; no table holds a secret."""

from __future__ import annotations

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core import signing
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from apps.users.models import Invitation, User

INVITATION_SALT = "users.invitation"

reset_tokens = EmailAwarePasswordResetTokenGenerator()
"""Good for settings.PASSWORD_RESET_TIMEOUT, and only until the password, the address or the last log-in changes."""


def of_reset(user: User, *, site: str) -> str:
    """Return where this user, and whoever has the address, sets a new password."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return _at(site, reverse("password-reset", kwargs={"uidb64": uid, "token": reset_tokens.make_token(user)}))


def of_address(address: EmailAddress, *, site: str) -> str:
    """Return where somebody shows that he reads the mail of this address."""
    return _at(site, reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))


def of_invitation(invitation: Invitation, *, site: str, by_mail: bool = False) -> str:
    """Return where the invited person registers. `by_mail`: who has this address reads the mail it was sent to."""
    token = signing.dumps([str(invitation.pk), by_mail], salt=INVITATION_SALT)
    return _at(site, reverse("invitation", args=[token]))


def read_invitation(token: str) -> tuple[str, bool] | None:
    """Return the invitation's number and whether it came by mail; None if the address is not one of ours."""
    try:
        pk, by_mail = signing.loads(token, salt=INVITATION_SALT)
    except signing.BadSignature:
        return None
    return pk, by_mail


def _at(site: str, path: str) -> str:
    return site.rstrip("/") + path
