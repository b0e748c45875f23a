"""Who uses the product and what they may do. Import models from here, never from the modules inside."""

from apps.users.models.keys import ApiKey, ApiKeyQuerySet
from apps.users.models.letters import Letter
from apps.users.models.people import Role, RoleQuerySet, User, UserQuerySet
from apps.users.models.quotas import Quota, QuotaCounter
from apps.users.models.registration import AccessRequest, Invitation
from apps.users.models.sessions import TokenFamily
from apps.users.models.units import Line, Membership, Unit, UnitQuerySet, in_tree_order

__all__ = [
    "AccessRequest",
    "ApiKey",
    "ApiKeyQuerySet",
    "Invitation",
    "Letter",
    "Line",
    "Membership",
    "Quota",
    "QuotaCounter",
    "Role",
    "RoleQuerySet",
    "TokenFamily",
    "Unit",
    "UnitQuerySet",
    "User",
    "UserQuerySet",
    "in_tree_order",
]
