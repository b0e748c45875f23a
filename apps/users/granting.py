"""Sharing: give a person, a role or a unit a level of access to one row, and take it back.

What the levels are is data of the row's model (LEVELS, see core.models.Shareable). Who holds a right by role holds it
on every row; that is shown beside the grants, and changed with the roles.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import assign_perm, remove_perm

from apps.audit.services import record
from apps.core.access import Level, allows
from apps.core.errors import DomainError
from apps.core.models import Shareable
from apps.users.giving import beyond_own_rights
from apps.users.models import Role, Unit, User

Receiver = User | Role | Unit
KINDS: dict[str, type[Receiver]] = {"person": User, "role": Role, "unit": Unit}
KIND_LABELS = {"person": gettext_lazy("One person"), "role": gettext_lazy("Role"), "unit": gettext_lazy("Unit")}


@dataclass(frozen=True)
class Share:
    """Somebody's access to one row: `permissions` are codenames, sorted; `level` is None where they make none."""

    kind: str
    to: Receiver
    level: Level | None
    permissions: tuple[str, ...]

    @property
    def kind_label(self) -> str:
        return str(KIND_LABELS[self.kind])


def may_share(user: Any, row: Shareable) -> bool:
    """Return whether the user may share the row: who may change it."""
    return allows(user, _permission(row, f"change_{row._meta.model_name}"), row)


def receivers(kind: str, *, actor: Any) -> QuerySet[Any]:
    """Return the people, roles or units that the actor may share with: those that he may see."""
    if kind not in KINDS:
        raise _invalid("kind", _("One of: %(known)s.") % {"known": ", ".join(KINDS)})
    rows: QuerySet[Any] = KINDS[kind]._default_manager.visible_to(actor)
    return rows.filter(is_active=True) if kind == "person" else rows


def shares_of(row: Shareable) -> list[Share]:
    """Return who was granted what on this row: people, then roles, then units, each by name. Two queries."""
    of_row = {"content_type": ContentType.objects.get_for_model(row), "object_pk": str(row.pk)}
    held: dict[Any, set[str]] = {}
    for grant_ in UserObjectPermission.objects.filter(**of_row).select_related("user", "permission"):
        held.setdefault(grant_.user, set()).add(grant_.permission.codename)
    for grant_ in GroupObjectPermission.objects.filter(**of_row).select_related("group__unit", "permission"):
        held.setdefault(_role_or_unit(grant_.group), set()).add(grant_.permission.codename)
    shares = [
        Share(_kind_of(to), to, _level_of(row, codenames), tuple(sorted(codenames))) for to, codenames in held.items()
    ]
    return sorted(shares, key=lambda share: (list(KINDS).index(share.kind), str(share.to)))


def roles_that_see(row: Shareable) -> list[Role]:
    """Return the roles that see every row of this model, and so this one."""
    seen_by = {"permissions__codename": f"view_{row._meta.model_name}"}
    app = {"permissions__content_type__app_label": row._meta.app_label}
    return list(Role.objects.filter(**seen_by, **app).order_by("name"))


def grant(row: Shareable, *, to: Receiver, level: str, actor: Any) -> Share:
    """Give exactly this level, whatever was granted to them on the row before.

    Raises DomainError: not_yours_to_share, beyond_own_rights, or with `fields`: `level` unknown, `to` not among
    `receivers` of the actor.
    """
    chosen = next((offered for offered in row.LEVELS if offered.key == level), None)
    if chosen is None:
        raise _invalid("level", _("One of: %(known)s.") % {"known": ", ".join(one.key for one in row.LEVELS)})
    _check(row, actor)
    if not all(allows(actor, _permission(row, codename), row) for codename in chosen.permissions):
        raise beyond_own_rights()
    if not receivers(_kind_of(to), actor=actor).filter(pk=to.pk).exists():
        raise _invalid("to", _("There is nobody of this name that you can share with."))
    with transaction.atomic():
        before = _held(row, to)
        holder = _holder(to)
        for codename in before - set(chosen.permissions):
            remove_perm(codename, holder, row)
        for codename in set(chosen.permissions) - before:
            assign_perm(codename, holder, row)
        _record("grant.given", row, to, actor=actor, before=before, after=chosen.permissions)
    return Share(_kind_of(to), to, chosen, tuple(sorted(chosen.permissions)))


def revoke(row: Shareable, *, to: Receiver, actor: Any) -> None:
    """Take back whatever was granted to them on the row; raises DomainError: not_yours_to_share, not_shared."""
    _check(row, actor)
    with transaction.atomic():
        before = _held(row, to)
        if not before:
            raise DomainError("not_shared", _("Nothing is shared with them here (any more)."))
        for codename in before:
            remove_perm(codename, _holder(to), row)
        _record("grant.taken", row, to, actor=actor, before=before, after=())


def shared_with(row: Shareable, kind: str, pk: Any) -> Receiver | None:
    """Return the person, role or unit that something is shared with on this row; None for everybody else."""
    return next((share.to for share in shares_of(row) if share.kind == kind and str(share.to.pk) == str(pk)), None)


def _check(row: Shareable, actor: Any) -> None:
    if not may_share(actor, row):
        raise DomainError("not_yours_to_share", _("Only who manages this can share it."))


def _kind_of(to: Receiver) -> str:
    return next(kind for kind, model in KINDS.items() if isinstance(to, model))


def _holder(to: Receiver) -> User | Group:
    return to.group if isinstance(to, Unit) else to


def _role_or_unit(group: Group) -> Role | Unit:
    unit: Unit | None = getattr(group, "unit", None)
    return unit or Role(pk=group.pk, name=group.name)


def _held(row: Shareable, to: Receiver) -> set[str]:
    return next((set(share.permissions) for share in shares_of(row) if share.to == to), set())


def _level_of(row: Shareable, codenames: set[str]) -> Level | None:
    return next((level for level in row.LEVELS if set(level.permissions) == codenames), None)


def _permission(row: Shareable, codename: str) -> str:
    return f"{row._meta.app_label}.{codename}"


def _record(
    action: str, row: Shareable, to: Receiver, *, actor: Any, before: Iterable[str], after: Iterable[str]
) -> None:
    whom = {"kind": _kind_of(to), "to": str(to)}
    old = {**whom, "permissions": sorted(before)} if before else None
    new = {**whom, "permissions": sorted(after)} if after else None
    record(action, actor=actor, target=row, before=old, after=new)


def _invalid(field: str, sentence: str) -> DomainError:
    return DomainError("invalid", sentence, fields={field: sentence})
