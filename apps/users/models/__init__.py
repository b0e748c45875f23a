"""Who uses the product and what they may do. Import models from here, never from the modules inside."""

from apps.users.models.keys import ApiKey, ApiKeyQuerySet
from apps.users.models.people import Role, RoleQuerySet, User, UserQuerySet
from apps.users.models.quotas import Quota, QuotaCounter
from apps.users.models.units import Membership, Unit, UnitQuerySet

__all__ = [
    "ApiKey",
    "ApiKeyQuerySet",
    "Membership",
    "Quota",
    "QuotaCounter",
    "Role",
    "RoleQuerySet",
    "Unit",
    "UnitQuerySet",
    "User",
    "UserQuerySet",
]
