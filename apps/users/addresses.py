"""Changing one's e-mail address: the new one counts when the link that was sent there has been opened."""

from __future__ import annotations

from functools import partial

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.users import mails
from apps.users.models import User


def request_change(user: User, address: str, *, site: str) -> None:
    """Send a link to `address` (which may be anybody's: who asks learns nothing about it).

    Raises DomainError("no_mail") where no mail leaves this installation: then an administrator sets the address.
    """
    if not mails.has_server():
        raise DomainError(
            "no_mail", _("This installation sends no mail. An administrator changes the address for you.")
        )
    address = address.lower()
    with transaction.atomic():
        forget_pending(user)
        row, _made = EmailAddress.objects.get_or_create(user=user, email=address)
        if row.verified:
            adopt(row)
            return
        mails.send("confirm_address", row.pk, site=site)


def adopt(row: EmailAddress) -> bool:
    """Make an address whose link was opened the address of its user; False where somebody else has proven it before."""
    with transaction.atomic():
        before = row.user.email
        if not row.set_verified():
            return False
        row.set_as_primary()
        forget_others(row.user)
        if before != row.email:
            told = partial(record, "user.profile_changed", actor=row.user, target=row.user)
            told(before={"email": before}, after={"email": row.email})
    return True


def forget_others(user: User) -> None:
    """Leave a person the address that he has now: who reads the mail of an earlier one must not come in by it."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email.lower()).delete()


def forget_pending(user: User) -> None:
    """Make links worthless that would change a person's address: somebody else may have asked for them."""
    EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email.lower()).delete()
