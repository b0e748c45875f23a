"""What a person has asked lately, for the page that shows one's usage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.qa.models import Question
from apps.registry.answers import Outcome

DAYS = 30


@dataclass
class Day:
    """One day: how many questions ended how (outcome -> number), and how many tokens the models read and wrote."""

    date: date
    outcomes: dict[str, int] = field(default_factory=dict)
    tokens: int = 0

    @property
    def total(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True)
class Asked:
    """`days`: the last 30, oldest first, today last, also those without questions. `labels`: outcome -> its name."""

    days: list[Day]
    labels: dict[str, Any]


def per_day(user: Any) -> Asked:
    """Return how many questions the user asked on which day, and how they ended."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=DAYS - 1)
    days = {day.date: day for day in (Day(date=(first + timedelta(days=offset)).date()) for offset in range(DAYS))}
    rows = Question.objects.asked_by_person(user).filter(created_at__gte=first).order_by()
    counted = rows.annotate(day=TruncDate("created_at")).values_list("day", "outcome")
    for day, outcome, count, tokens in counted.annotate(Count("pk"), Sum("tokens")):
        if day in days:
            days[day].outcomes[outcome] = count
            days[day].tokens += tokens
    return Asked(days=list(days.values()), labels=dict(Outcome.choices))
