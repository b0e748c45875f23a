"""How the API's documentation names the ways to sign in. Imported when the app starts, which registers them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class AccessTokenScheme(OpenApiAuthenticationExtension):
    target_class = "apps.users.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "apps.users.key_authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        told = (
            "A key made in the personal area: `Authorization: Bearer mz_...`. Its scopes limit what it may be used for."
        )
        return {"type": "http", "scheme": "bearer", "bearerFormat": "mz_", "description": told}

    def get_security_requirement(self, auto_schema: Any) -> Any:
        return super().get_security_requirement(auto_schema) if self.target.is_taken_by(auto_schema.view) else None


class PageSessionScheme(OpenApiAuthenticationExtension):
    target_class = "apps.users.authentication.PageSessionAuthentication"
    name = "pageSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class NobodyScheme(OpenApiAuthenticationExtension):
    """Needs nothing, so it has no definition: an empty list of names."""

    target_class = "apps.users.authentication.Nobody"
    name: list[str] = []

    def get_security_requirement(self, auto_schema: Any) -> list[Any]:
        return []

    def get_security_definition(self, auto_schema: Any) -> list[Any]:
        return []
