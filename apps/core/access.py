"""Who sees which rows, and may do what to which: one rule for admin, API, pages, sockets and downloads.

A right comes from a role (then it holds for all rows) or from a grant on one row, given to a person or to a group (a
role, an organisation unit). A model that says `PART_OF = "<foreign key>"` keeps no grants of its own: its rows are seen
with the row they belong to, and who may change that one may do everything to its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import get_objects_for_user


@dataclass(frozen=True)
class Level:
    """What can be granted on one row: the permissions (codenames of its model), a label, a sentence of what it means.

    A model lists its levels in LEVELS, the weakest first; the last one includes the right to share.
    """

    key: str
    label: Any
    sentence: Any
    permissions: tuple[str, ...]


def allows(user: Any, permission: str, obj: models.Model | None = None) -> bool:
    """Return whether the user may do `permission` ("app.codename") to `obj`: by role, or by a grant on the row.

    It does not ask whether he may see the row: that is `visible_to`, and comes first. Like the permissions of roles,
    grants are read once per user object: a list that asks for every line costs no more than a page.
    """
    if user.has_perm(permission):
        return True
    if obj is None or not user.is_active:
        return False
    holder, needed = _holder_of(obj), grantable(permission)
    if needed.split(".")[0] != holder._meta.app_label:
        return False
    known: dict[tuple[str, models.Model], bool] = user.__dict__.setdefault("_grants_read", {})
    if (needed, holder) not in known:
        known[needed, holder] = bool(user.has_perm(needed, holder))
    return known[needed, holder]


def holds_any_grant(user: Any, permission: str) -> bool:
    """Return whether `permission` ("app.codename") was granted to the user, or to one of his groups, on any row.

    Read once per user object, as Django does with the permissions of roles.
    """
    if not user.is_active:
        return False
    held: set[str] | None = getattr(user, "_granted_somewhere", None)
    if held is None:
        fields = ("permission__content_type__app_label", "permission__codename")
        own = UserObjectPermission.objects.filter(user=user).values_list(*fields)
        groups = GroupObjectPermission.objects.filter(group__user=user).values_list(*fields)
        held = user._granted_somewhere = {f"{app}.{codename}" for app, codename in own.union(groups)}
    return grantable(permission) in held


def opens(user: Any, permission: str) -> bool:
    """Return whether the user holds `permission` at all: by role, or by a grant on some row."""
    return bool(user.has_perm(permission)) or holds_any_grant(user, permission)


def grantable(permission: str) -> str:
    """Return the permission that is granted where this one is meant: that of the row which the model is part of."""
    app, codename = permission.split(".")
    verb, _, name = codename.partition("_")
    model = apps.all_models[app].get(name)
    while model is not None and _parent_field(model):
        model = _parent_model(model)
        verb = verb if verb == "view" else "change"
        permission = f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
    return permission


def _holder_of(obj: models.Model) -> models.Model:
    """Return the row that keeps the grants: the row itself, or the one it is part of."""
    while _parent_field(type(obj)):
        obj = getattr(obj, _parent_field(type(obj)))
    return obj


def _parent_field(model: type[models.Model]) -> str:
    return getattr(model, "PART_OF", "")


def _parent_model(model: type[models.Model]) -> type[models.Model]:
    field: Any = model._meta.get_field(_parent_field(model))
    parent: type[models.Model] = field.related_model
    return parent


class AccessQuerySet(models.QuerySet[Any]):
    """A queryset that denies by default.

    A user sees a row through the role permission `view_<model>` (then all rows), through owning it (`owner_field`),
    through an object grant of django-guardian, or with the row it is PART_OF. Anonymous and inactive users see nothing.
    """

    owner_field: str | None = None

    def visible_to(self, user: Any) -> Self:
        return self.permitted(user, "view", or_owner=True)

    def permitted(self, user: Any, verb: str, *, or_owner: bool = False) -> Self:
        """Return the rows on which the user holds `<verb>_<model>`: by role on all of them, by grant on single ones."""
        if isinstance(user, AnonymousUser) or not user.is_active:
            return self.none()
        if _parent_field(self.model) and verb == "view":
            return self._with_parents(user, "view")
        needed = f"{self.model._meta.app_label}.{verb}_{self.model._meta.model_name}"
        if user.has_perm(needed):
            return self.all()
        if _parent_field(self.model):
            return self._with_parents(user, "change")
        granted = get_objects_for_user(user, needed, klass=self.model, with_superuser=False, accept_global_perms=False)
        rule = models.Q(pk__in=granted.values("pk"))
        if or_owner and self.owner_field:
            rule |= models.Q(**{self.owner_field: user})
        return self.filter(rule)

    def _with_parents(self, user: Any, verb: str) -> Self:
        parents: Any = _parent_model(self.model)._default_manager
        seen = parents.visible_to(user) if verb == "view" else parents.permitted(user, verb)
        return self.filter(**{f"{_parent_field(self.model)}__in": seen})
