"""Becoming a user: by invitation, by asking and being approved, or by what an outside provider says.

settings.REGISTRATION decides which ways are open: "closed", "invitation", or "approval" (invitations work then, too).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.utils import generate_unique_username
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.users import links, mails, throttling, units
from apps.users.models import AccessRequest, Invitation, Role, RoleQuerySet, Unit, User
from apps.users.roles import assignable_roles
from apps.users.services import give_role

CLOSED, INVITATION, APPROVAL = "closed", "invitation", "approval"


def is_open_to_all() -> bool:
    return bool(settings.REGISTRATION == APPROVAL)


def takes_invitations() -> bool:
    return settings.REGISTRATION in (INVITATION, APPROVAL)


# --- invitations -----------------------------------------------------------------------------------------------------
def roles_to_give(actor: User) -> RoleQuerySet:
    """Return the roles this person may put in an invitation: his own for who adds users, else "user"."""
    offered = Q(name=Role.USER)
    if actor.has_perm("users.add_user"):
        offered |= Q(pk__in=[role.pk for role in assignable_roles(actor)])  # nobody gives more than he holds
    roles: RoleQuerySet = Role.objects.filter(offered, unit=None).order_by("pk")
    return roles


def may_invite(actor: User) -> bool:
    """Return whether this person may invite anybody: by the right to add users, or as the manager of a unit."""
    if not actor.is_active or not takes_invitations():
        return False
    return actor.has_perm("users.add_user") or Unit.objects.managed_by(actor).exists()


def invite(*, email: str, role: Group, unit: Unit | None, actor: User, site: str) -> Invitation:
    """Make an invitation, and send it where an address is given. Raises DomainError: not_allowed, or with `fields`."""
    if not _may_promise(actor, role, unit):
        raise DomainError("not_allowed", _("You may invite people only into the units that you manage."))
    with transaction.atomic():
        invitation = Invitation.objects.create(
            email=email.lower(),
            role=role,
            unit=unit,
            invited_by=actor,
            expires_at=timezone.now() + timedelta(days=settings.INVITATION_DAYS),
        )
        after = {"email": email, "role": role.name, "unit": str(unit) if unit else None}
        record("invitation.made", actor=actor, target=invitation, after=after)
        if email:
            mails.send("invitation", invitation.pk, site=site)
    return invitation


def _may_promise(actor: User, role: Group, unit: Unit | None) -> bool:
    if not may_invite(actor) or not roles_to_give(actor).filter(pk=role.pk).exists():
        return False
    return actor.has_perm("users.add_user") if unit is None else units.may_fill(unit, actor)


def withdraw(invitation: Invitation, *, actor: User) -> None:
    """Make the link worthless; one that is not open any more stays as it is."""
    with transaction.atomic():
        if Invitation.objects.open().visible_to(actor).filter(pk=invitation.pk).update(withdrawn_at=timezone.now()):
            record("invitation.withdrawn", actor=actor, target=invitation)


def invitation_of(token: str) -> Invitation:
    """Return the open invitation of a link; DomainError("invitation_over") says nothing of why it is not.

    It counts as long as who made it could make it still: his rights may have been taken, the role may hold more now.
    """
    read = links.read_invitation(token) if takes_invitations() else None
    rows = Invitation.objects.open().select_related("role", "unit", "invited_by")
    invitation = rows.filter(pk=read[0]).first() if read else None
    if invitation is None or not _may_promise(invitation.invited_by, invitation.role, invitation.unit):
        raise DomainError(
            "invitation_over",
            _("This invitation has been used, withdrawn or has expired. Ask for a new one."),
        )
    return invitation


def accept(token: str, *, username: str, display_name: str, email: str, password: str, site: str) -> User:
    """Make the user that an invitation promises; the link is used up, also when two come at the same time.

    The address counts as proven if the link was mailed to it. Raises DomainError("invitation_over").
    """
    invitation = invitation_of(token)
    address = (invitation.email or email).lower()
    with transaction.atomic():
        _use(invitation)
        user = User.objects.create_user(username, password, display_name=display_name, email=address)
        _settle(user, invitation)
        proven = bool(invitation.email) and links.read_invitation(token) == (str(invitation.pk), True)
        _add_address(user, address, is_proven=proven, site=site)
    return user


# --- asking ----------------------------------------------------------------------------------------------------------
def ask_for_account(*, email: str, display_name: str, password: str, reason: str, site: str) -> None:
    """Note that somebody wants in: an inactive account, and a letter by which the address is proven.

    Who has an account already gets a letter that says so. Both take the same time and the same words.
    Raises TooManyRequests.
    """
    throttling.demand_patience(email)
    throttling.count_failure(email)
    hashed = make_password(password)
    address = email.lower()
    if _is_taken(address):
        mails.send("already_registered", address, site=site)
        return
    with transaction.atomic():
        name = generate_unique_username([re.sub(r"[^\w.+-]", "", address.split("@")[0]), "user"])
        user = User(username=name, display_name=display_name, email=address, is_active=False, password=hashed)
        user.save()
        AccessRequest.objects.create(user=user, reason=reason)
        _add_address(user, address, is_proven=False, site=site)
        record("user.asked_for_access", target=user)


def approve(request: AccessRequest, *, actor: User, site: str) -> None:
    """Switch the account on, with the role "user"; DomainError("unproven_address") before the address is proven."""
    with transaction.atomic():
        user = _decide(request, AccessRequest.Status.APPROVED, actor=actor)
        if not EmailAddress.objects.filter(user=user, verified=True).exists():
            raise DomainError(
                "unproven_address", _("%(person)s has not confirmed the e-mail address yet.") % {"person": user}
            )
        user.is_active = True
        user.save(update_fields=["is_active"])
        give_role(user, Role.USER)
        record("user.approved", actor=actor, target=user)
        mails.send("approved", user.pk, site=site)


def refuse(request: AccessRequest, *, actor: User, site: str) -> None:
    """Leave the account switched off and say so; an administrator may still approve it later."""
    with transaction.atomic():
        user = _decide(request, AccessRequest.Status.REFUSED, actor=actor)
        record("user.refused", actor=actor, target=user)
        mails.send("refused", user.pk, site=site)


# --- outside providers -----------------------------------------------------------------------------------------------
def may_join_by_provider(provider: str, *, addresses: list[str], invitation: str) -> bool:
    """Return whether a person unknown here, whom a provider has let in, becomes a user.

    Never when an account here has one of the addresses: it may be somebody else's; its owner connects the two himself.
    """
    if any(_is_taken(address.lower()) for address in addresses):
        return False
    return _joins_at_once(provider) or is_open_to_all() or _open_invitation(invitation) is not None


def join_by_provider(user: User, *, provider: str, invitation: str, save: Callable[[], User]) -> User:
    """Make a user of a person whom a provider has let in; `save` writes the rows. Inactive if he needs an approval."""
    promised = _open_invitation(invitation)
    with transaction.atomic():
        user.is_active = promised is not None or _joins_at_once(provider)
        save()
        if promised is not None:
            _use(promised)
            _settle(user, promised)
        elif user.is_active:
            give_role(user, Role.USER)
        else:
            AccessRequest.objects.create(user=user)
        record("user.joined_by_provider", actor=user, target=user, after={"provider": provider})
    return user


def _joins_at_once(provider: str) -> bool:
    return bool(settings.OIDC_CREATES_USERS) and provider == "oidc"


def _open_invitation(token: str) -> Invitation | None:
    try:
        return invitation_of(token) if token else None
    except DomainError:
        return None


def _use(invitation: Invitation) -> None:
    if not Invitation.objects.open().filter(pk=invitation.pk).update(used_at=timezone.now()):
        raise DomainError("invitation_over", _("This invitation has been used meanwhile."))


def _settle(user: User, invitation: Invitation) -> None:
    """Give the new user what the invitation promised."""
    user.groups.add(invitation.role)
    if invitation.unit is not None:
        units.add_member(invitation.unit, user, actor=invitation.invited_by)
    Invitation.objects.filter(pk=invitation.pk).update(used_by=user)
    record("invitation.used", actor=user, target=invitation, after={"role": invitation.role.name})


def _add_address(user: User, address: str, *, is_proven: bool, site: str) -> None:
    if not address:
        return
    row = EmailAddress.objects.create(user=user, email=address, verified=is_proven, primary=True)
    if not is_proven:
        mails.send("confirm_address", row.pk, site=site)


def _is_taken(address: str) -> bool:
    claimed: bool = User.objects.filter(email__iexact=address).exists()
    return claimed or EmailAddress.objects.filter(email=address).exists()


def _decide(request: AccessRequest, status: str, *, actor: User) -> User:
    row = AccessRequest.objects.select_for_update().get(pk=request.pk)
    if row.status == AccessRequest.Status.APPROVED or row.status == status:
        raise DomainError(
            "decided", _("This has been decided already: %(status)s.") % {"status": row.get_status_display()}
        )
    row.status, row.decided_at, row.decided_by = status, timezone.now(), actor
    row.save()
    person: User = User.objects.get(pk=row.user_id)
    return person
