"""Who may call an API view. (A module of its own: DRF imports it before its own views.)"""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission


class DeniedUnlessStated(BasePermission):
    """The default: a view that states no rule answers nobody."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class StatedPermission(BasePermission):
    """Reads `required_permissions` of the view: {action or HTTP method: "app.codename"}.

    An action or method that is not in the mapping is refused. Which rows are seen is a second question, answered by
    the view's `visible_to(user)` queryset.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        stated: dict[str, str] = getattr(view, "required_permissions", {})
        if request.method == "OPTIONS":
            return True
        needed = stated.get(getattr(view, "action", None) or str(request.method))
        return needed is not None and request.user.has_perm(needed)
