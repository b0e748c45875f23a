"""Who may call an API view. (A module of its own: DRF imports it before its own views.)"""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission

from apps.core.access import holds_any_grant


class DeniedUnlessStated(BasePermission):
    """The default: a view that states no rule answers nobody."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class StatedPermission(BasePermission):
    """Reads `required_permissions` of the view: {action or HTTP method: "app.codename"}.

    An action or method that is not in the mapping is refused. Which rows are seen is a second question, answered by
    the view's `visible_to(user)` queryset; so to read, a grant on any single object is enough to come in.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        stated: dict[str, str] = getattr(view, "required_permissions", {})
        if request.method == "OPTIONS":
            return True
        needed = stated.get(getattr(view, "action", None) or str(request.method))
        if needed is None:
            return False
        may_read = request.method in SAFE_METHODS and needed.split(".")[1].startswith("view_")
        return bool(request.user.has_perm(needed)) or (may_read and holds_any_grant(request.user, needed))
