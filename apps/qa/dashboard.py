"""The questions' part of the dashboard: how much is asked, how it ends, how long it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.qa.models import Question
from apps.registry.answers import Outcome

DAYS = 14


def panel(user: Any) -> dict[str, Any]:
    """Return {"questions": {"today", "outcomes", "p50_ms", "p95_ms", "days"}} for who may see all questions, else {}.

    `outcomes`: [{"outcome", "label", "count"}] of today. `days`: [{"date", "count", "share"}], oldest first; `share` is
    the height against the fullest day, 0 to 100. Latencies are None on a day without questions.
    """
    if not user.has_perm("qa.view_question"):
        return {}
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = Question.objects.visible_to(user).filter(created_at__gte=midnight)
    counts = dict(today.order_by().values_list("outcome").annotate(Count("pk")))
    total = sum(counts.values())
    return {
        "questions": {
            "today": total,
            "outcomes": [
                {"outcome": value, "label": label, "count": counts.get(value, 0)} for value, label in Outcome.choices
            ],
            "p50_ms": _latency(today, total=total, share=0.5),
            "p95_ms": _latency(today, total=total, share=0.95),
            "days": _days(user, midnight),
        }
    }


def _latency(rows: QuerySet[Question], *, total: int, share: float) -> float | None:
    """Return the latency that `share` of the rows do not exceed."""
    if not total:
        return None
    return rows.order_by("latency_ms").values_list("latency_ms", flat=True)[min(int(total * share), total - 1)]


def _days(user: Any, midnight: Any) -> list[dict[str, Any]]:
    first = midnight - timedelta(days=DAYS - 1)
    rows = Question.objects.visible_to(user).filter(created_at__gte=first).order_by()
    found = dict(rows.annotate(day=TruncDate("created_at")).values_list("day").annotate(Count("pk")))
    dates = [(first + timedelta(days=offset)).date() for offset in range(DAYS)]
    most = max(found.values(), default=0) or 1
    counts = ((date, found.get(date, 0)) for date in dates)
    return [{"date": date, "count": count, "share": round(100 * count / most)} for date, count in counts]
