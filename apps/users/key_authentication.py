"""The third way in for an API request: a key. (A module of its own: the others are about people who sign in.)"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied

from apps.core.permissions import StatedPermission
from apps.users import keys
from apps.users.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer mz_...`, for views that state their permission and for no others.

    What asks for no permission is the person's own (password, keys, sessions): a stolen key must not reach it.
    """

    def authenticate(self, request: Any) -> tuple[User, ApiKey] | None:
        kind, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind.lower() != "bearer" or not text.startswith(keys.MARK):
            return None
        key = keys.verify(text)
        if not self.is_taken_by(request.parser_context["view"]):
            raise PermissionDenied(_("An API key cannot be used here. Sign in."), code="key_not_accepted")
        return key.user, key

    @staticmethod
    def is_taken_by(view: Any) -> bool:
        return any(isinstance(rule, StatedPermission) for rule in view.get_permissions())

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'
