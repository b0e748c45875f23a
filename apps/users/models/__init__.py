"""Who uses the product and what they may do. Import models from here, never from the modules inside."""

from apps.users.models.people import Role, RoleQuerySet, User, UserQuerySet
from apps.users.models.units import Membership, Unit, UnitQuerySet

__all__ = ["Membership", "Role", "RoleQuerySet", "Unit", "UnitQuerySet", "User", "UserQuerySet"]
