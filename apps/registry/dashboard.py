"""The registry's part of the dashboard: what answers now."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery

from apps.core.access import opens
from apps.registry.models import Activation, RegisteredModel

SHOWN = 6


def panel(user: Any) -> dict[str, Any]:
    """Return {"models": [{"name", "number", "activated_at", "slot_exact_match", "url"}]}: active ones, latest first.

    {} for who sees no model.
    `slot_exact_match` is a share (0 to 1) on held-out questions, None where there was no evaluation.
    """
    if not opens(user, "registry.view_registeredmodel"):
        return {}
    switched = Activation.objects.filter(model=OuterRef("pk")).order_by("-id").values("created_at")[:1]
    rows = RegisteredModel.objects.visible_to(user).filter(active_version__isnull=False)
    rows = rows.select_related("active_version").annotate(activated_at=Subquery(switched)).order_by("-activated_at")
    return {"models": [_line(model) for model in rows[:SHOWN]]}


def _line(model: Any) -> dict[str, Any]:
    return {
        "name": model.name,
        "number": model.active_version.number,
        "activated_at": model.activated_at,
        "slot_exact_match": model.active_version.metric("tuned", "slot_exact_match"),
        "url": model.get_absolute_url(),
    }
