"""Roles: the two built-in ones, and the verbs that make, change, delete and give them. A role is a group.

Nobody gives away more than he holds: neither to a role nor, with a role, to a person. So there is no way up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.models import save_valid
from apps.users import rights
from apps.users.giving import beyond_own_rights, groups_beyond
from apps.users.guard import keeping_an_administrator
from apps.users.models import Role, User

MAY_ASK = ("ask_question", "use_registeredmodel")


def sync_roles(**_signal: Any) -> None:
    """Make sure that both roles exist; runs after every `migrate`.

    The administrator always holds every permission of the product's apps. The user's role is filled once, when it is
    made, so that a later change by an administrator stays.
    """
    administrator, _made = Role.objects.get_or_create(name=Role.ADMINISTRATOR)
    everything = Permission.objects.filter(
        Q(content_type__app_label__in=rights.own_apps())
        | Q(content_type__app_label="django_celery_results", codename__startswith="view_")
    )
    administrator.permissions.add(*everything)
    user, _made = Role.objects.get_or_create(name=Role.USER)
    asking = Permission.objects.filter(codename__in=MAY_ASK)
    if not user.permissions.exists() and len(asking) == len(MAY_ASK):  # whoever migrates one app lacks the others'
        user.permissions.add(*asking)


def save_role(role: Role | None, *, name: str, permissions: Iterable[Permission], actor: User) -> Role:
    """Make a role (`role` None) or change one; returns it. Who may change a thing gets the right to see it as well.

    Raises DomainError: role_fixed, own_role, beyond_own_rights, or with `fields` for a name that is empty or taken.
    """
    with transaction.atomic():
        role = Role.objects.select_for_update(of=("self",)).get(pk=role.pk) if role else Role()
        before = _state(role)
        _refuse_editing(role, actor)
        names = rights.with_sight({rights.name_of(permission) for permission in permissions})
        _refuse_beyond(names - set(before["permissions"]), actor)
        if role.name not in Role.LABELS:
            role.name = name.strip()
        save_valid(role)
        role.permissions.set(_permissions(names))
        after = _state(role)
        if after != before:
            record(
                "role.changed" if before["name"] else "role.created",
                actor=actor,
                target=role,
                before=before,
                after=after,
            )
    return role


def delete_role(role: Role, *, actor: User) -> int:
    """Delete a role, with all that was granted to it; returns how many people lose it.

    Raises DomainError: role_built_in, own_role.
    """
    with transaction.atomic():
        if role.name in Role.LABELS:
            raise DomainError("role_built_in", _("The built-in roles cannot be deleted."))
        _refuse_editing(role, actor)
        losing = role.user_set.count()
        record("role.deleted", actor=actor, target=role, before=_state(role) | {"members": losing})
        role.delete()
    return losing


def set_roles(user: User, roles: Iterable[Role], *, actor: User) -> None:
    """Give the user exactly these roles; his units stay. Raises DomainError: beyond_own_rights, last_administrator."""
    wanted = {role.pk: role for role in roles}
    with keeping_an_administrator():
        held = {role.pk: role for role in Role.objects.filter(user=user)}
        if wanted.keys() == held.keys():
            return
        for pk in wanted.keys() - held.keys():
            _refuse_beyond(names_of(wanted[pk]), actor)
        if groups_beyond(actor, wanted.keys() - held.keys()):
            raise beyond_own_rights()
        user.groups.remove(*(held.keys() - wanted.keys()))
        user.groups.add(*(wanted.keys() - held.keys()))
        before, after = (sorted(role.name for role in some.values()) for some in (held, wanted))
        record("user.roles_changed", actor=actor, target=user, before={"roles": before}, after={"roles": after})


def assignable_roles(actor: User) -> list[Role]:
    """Return the roles that the actor may give: he sees them, and they hold nothing beyond his rights, on no row."""
    own = actor.get_all_permissions()
    roles = Role.objects.visible_to(actor).prefetch_related("permissions__content_type").order_by("name")
    beyond = groups_beyond(actor, [role.pk for role in roles])
    return [role for role in roles if actor.is_superuser or (names_of(role) <= own and role.pk not in beyond)]


def may_edit(role: Role, actor: User) -> bool:
    """Return whether the actor may change the role at all: it is not fixed, and not one that he holds himself."""
    try:
        _refuse_editing(role, actor)
    except DomainError:
        return False
    return True


def names_of(role: Role) -> set[str]:
    """Return the permissions of a role as "app.codename"."""
    return {rights.name_of(permission) for permission in role.permissions.select_related("content_type")}


def _refuse_editing(role: Role, actor: User) -> None:
    if role.name == Role.ADMINISTRATOR:
        raise DomainError("role_fixed", _("The administrator's role always holds everything; it cannot be changed."))
    is_above = actor.is_superuser or actor.groups.filter(name=Role.ADMINISTRATOR).exists()
    if not is_above and role.pk and actor.groups.filter(pk=role.pk).exists():
        raise DomainError("own_role", _("You hold this role yourself. Somebody else has to change it."))


def _refuse_beyond(names: set[str], actor: User) -> None:
    if not actor.is_superuser and not names <= actor.get_all_permissions():
        raise beyond_own_rights()


def _permissions(names: set[str]) -> list[Permission]:
    rows = Permission.objects.filter(codename__in={name.split(".")[1] for name in names}).select_related("content_type")
    return [permission for permission in rows if rights.name_of(permission) in names]


def _state(role: Role) -> dict[str, Any]:
    return {"name": role.name, "permissions": sorted(names_of(role)) if role.pk else []}
