"""Nobody gives more than he holds: neither a right by role, nor what a group was granted on single rows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from guardian.models import GroupObjectPermission, UserObjectPermission

from apps.core.errors import DomainError

_GRANT = ("permission__content_type__app_label", "permission__codename", "object_pk")


def beyond_own_rights() -> DomainError:
    return DomainError("beyond_own_rights", _("You cannot give more than you may do yourself."))


def groups_beyond(user: Any, groups: Any) -> set[int]:
    """Return which of these groups (ids, or a queryset of them) hold a grant on some row that the user lacks there.

    Who puts somebody in a group gives him its grants, and nobody gives more than he holds.
    """
    rows = GroupObjectPermission.objects.filter(group__in=groups).values_list("group", *_GRANT)
    return {group for group, *granted in _lacking(user, rows)}


def holds_grants_of(user: Any, person: Any) -> bool:
    """Return whether the user may do to every single row what was granted on it to `person` or his groups."""
    own = UserObjectPermission.objects.filter(user=person).values_list("user", *_GRANT)
    return not _lacking(user, own) and not groups_beyond(user, person.groups.values("pk"))


def _lacking(user: Any, rows: Any) -> list[tuple[Any, ...]]:
    """Return the grants (whose, app, codename, row) that the user holds neither by role nor by a grant of his own."""
    if user.is_superuser:
        return []
    by_role = user.get_all_permissions()
    beyond = [row for row in rows if f"{row[1]}.{row[2]}" not in by_role]
    if not beyond:
        return []
    own = UserObjectPermission.objects.filter(user=user).values_list(*_GRANT)
    held = set(own) | set(GroupObjectPermission.objects.filter(group__user=user).values_list(*_GRANT))
    return [row for row in beyond if row[1:] not in held]
