"""Changing a password, and finding back in without one: by mail, or by a link that an administrator hands over."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.users import addresses, keys, links, mails, sessions, throttling
from apps.users.models import User


def change_password(user: User, *, current: str, new: str, keep_session: str | None = None) -> None:
    """Set a new password under the policy and sign the user out everywhere but in the session `keep_session`.

    Raises DomainError with `fields`, TooManyRequests.
    """
    if not is_password_of(user, current):
        raise DomainError("invalid", _("The current password is not right."), fields={"current": _("Not right.")})
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise DomainError(
            "invalid", _("The new password is too weak."), fields={"new": " ".join(error.messages)}
        ) from error
    set_password(user, new, action="user.password_changed", keep_session=keep_session)


def is_password_of(user: User, password: str) -> bool:
    """Return whether the signed-in person typed his password; failures count, raises TooManyRequests."""
    with throttling.attempt(user.username):
        if user.check_password(password):
            return True
        throttling.count_failure(user.username)
        return False


def set_password(user: User, new: str, *, action: str, keep_session: str | None = None) -> None:
    """Write a password that was checked against the policy; what was signed in with the old one is signed out."""
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        sessions.end_everywhere(user, actor=user, except_session=keep_session)
        addresses.forget_pending(user)
        record(action, actor=user, target=user)
    throttling.forget_failures(user.username)


def reset_password(user: User, new: str) -> int:
    """Set the password of somebody who came by a link: he did not know the old one, so perhaps somebody else does.

    What that one may have left behind goes too: API keys are revoked. Returns how many.
    """
    with transaction.atomic():
        set_password(user, new, action="user.password_reset")
        return keys.revoke_all(user, actor=user)


def request_reset(email: str, *, site: str) -> None:
    """Have a link sent to this address, if an account has it.

    Who asks learns nothing: the account is looked up by the worker, later. Raises TooManyRequests.
    """
    throttling.demand_patience(email)
    throttling.count_failure(email)
    mails.send("password_reset", email, site=site)


def make_one_time_link(user: User, *, actor: User, site: str) -> str:
    """Return a link by which `user` sets a new password: good once and for 24 hours, to be handed over.

    Raises DomainError: not_allowed (only a superuser makes one for a superuser), inactive, own_account (there he
    proves who he is first).
    """
    if not user.may_be_edited_by(actor):
        raise DomainError("not_allowed", _("You may not change this person's account."))
    if user == actor:
        raise DomainError("own_account", _("This is your own account: change it in your personal area."))
    if not user.is_active:
        raise DomainError("inactive", _("This account is switched off. Switch it on first."))
    record("user.password_link_made", actor=actor, target=user)
    return links.of_reset(user, site=site)
