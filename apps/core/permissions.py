"""Who may call an API view. (A module of its own: DRF imports it before its own views.)"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from apps.core.access import allows, grantable, holds_any_grant


class DeniedUnlessStated(BasePermission):
    """The default: a view that states no rule answers nobody."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class StatedPermission(BasePermission):
    """Reads `required_permissions` of the view: {action or HTTP method: "app.codename"}.

    An action or method that is not in the mapping is refused. Who holds the permission by role comes in. Who does not
    needs a grant: to read, on any row (which ones are seen is answered by the view's `visible_to(user)` queryset); for
    everything else on the very row that the address names. The view says which one that is: `granted_row()` returns
    it, or raises 404 for a row that the caller does not see. A view without it lets nobody in by grant.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if request.method == "OPTIONS" or request.method not in view.allowed_methods:
            return True  # to be told which methods there are
        stated: dict[str, str] = getattr(view, "required_permissions", {})
        needed = stated.get(getattr(view, "action", None) or str(request.method))
        if needed is None:
            return False
        _refuse_beyond_scope(request.auth, needed)
        return bool(request.user.has_perm(needed)) or self._by_grant(request, view, needed)

    @staticmethod
    def _by_grant(request: Any, view: Any, needed: str) -> bool:
        app, codename = grantable(needed).split(".")
        if not holds_any_grant(request.user, f"{app}.view_{codename.partition('_')[2]}"):
            return False
        if request.method in SAFE_METHODS and codename.startswith("view_"):
            return True
        row_named: Any = getattr(view, "granted_row", None)
        return bool(row_named and view.kwargs) and allows(request.user, needed, row_named())


def _refuse_beyond_scope(credential: Any, needed: str) -> None:
    """Some credentials (API keys) give less than their owner may: they say what they cover."""
    covers = getattr(credential, "covers", None)
    if covers is not None and not covers(needed):
        message = _("This API key was not made for that: none of its scopes covers %(permission)s.")
        raise PermissionDenied(message % {"permission": needed}, code="scope_missing")


class FromOurSite(BasePermission):
    """For the views that answer to a cookie alone: a browser that another site has sent meets 403.

    The cookie's SameSite=Strict says the same to the browser; a program sends neither header and passes.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        ours = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
        stated = request.headers.get("Origin")
        if (stated is None or stated in ours) and request.headers.get("Sec-Fetch-Site") != "cross-site":
            return True
        raise PermissionDenied(_("This request was sent by another site. Sign in at the product's own address."))
