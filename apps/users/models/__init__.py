"""Who uses the product and what they may do. Import models from here, never from the modules inside."""

from apps.users.models.people import Role, RoleQuerySet, User, UserQuerySet

__all__ = ["Role", "RoleQuerySet", "User", "UserQuerySet"]
