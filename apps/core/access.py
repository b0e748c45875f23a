"""Who sees which rows: one rule for admin, API, pages, sockets and downloads."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import get_objects_for_user


def holds_any_grant(user: Any, permission: str) -> bool:
    """Return whether `permission` ("app.codename") was granted to the user, or to one of his roles, on any object."""
    app, codename = permission.split(".")
    wanted = {"permission__codename": codename, "permission__content_type__app_label": app}
    own = UserObjectPermission.objects.filter(user=user, **wanted)
    return own.exists() or GroupObjectPermission.objects.filter(group__user=user, **wanted).exists()


class AccessQuerySet(models.QuerySet[Any]):
    """A queryset that denies by default.

    A user sees a row through the role permission `view_<model>` (then all rows), through owning it (`owner_field`), or
    through an object grant of django-guardian. Anonymous and inactive users see nothing.
    """

    owner_field: str | None = None

    def visible_to(self, user: Any) -> Self:
        return self.permitted(user, "view", or_owner=True)

    def permitted(self, user: Any, verb: str, *, or_owner: bool = False) -> Self:
        """Return the rows on which the user holds `<verb>_<model>`: by role on all of them, by grant on single ones."""
        if isinstance(user, AnonymousUser) or not user.is_active:
            return self.none()
        needed = f"{self.model._meta.app_label}.{verb}_{self.model._meta.model_name}"
        if user.has_perm(needed):
            return self.all()
        granted = get_objects_for_user(user, needed, klass=self.model, with_superuser=False, accept_global_perms=False)
        rule = models.Q(pk__in=granted.values("pk"))
        if or_owner and self.owner_field:
            rule |= models.Q(**{self.owner_field: user})
        return self.filter(rule)
