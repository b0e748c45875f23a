"""How much may be used: whoever offers something that is limited calls these. Import them from here."""

from apps.users.quotas.verbs import (
    Standing,
    add,
    give_back,
    has_room,
    metrics_of,
    name_of,
    refusal,
    require_room,
    row_of,
    set_quotas,
    spend,
    spending,
    standings_for,
    standings_of,
)

__all__ = [
    "Standing",
    "add",
    "give_back",
    "has_room",
    "metrics_of",
    "name_of",
    "refusal",
    "require_room",
    "row_of",
    "set_quotas",
    "spend",
    "spending",
    "standings_for",
    "standings_of",
]
