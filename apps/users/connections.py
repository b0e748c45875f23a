"""Accounts elsewhere with which a person signs in here."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.users.models import User


def note_connected(sociallogin: Any, **_signal: Any) -> None:
    """A signed-in person has connected a foreign account: django-allauth's signal social_account_added."""
    user, account = sociallogin.user, sociallogin.account
    record("user.account_connected", actor=user, target=user, after={"provider": account.provider})


def disconnect(account: SocialAccount, *, actor: User) -> None:
    """Forget that this foreign account is the user's; DomainError("last_way_in") if he has no password."""
    with transaction.atomic():
        others = SocialAccount.objects.filter(user=account.user).exclude(pk=account.pk)
        if not account.user.has_usable_password() and not others.exists():
            raise DomainError("last_way_in", _("Set a password first: you could not sign in any more."))
        record("user.account_disconnected", actor=actor, target=account.user, before={"provider": account.provider})
        account.delete()
