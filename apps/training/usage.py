"""What people take up of the machines, for the quotas of jobs at a time and of GPU hours."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from apps.training.models import TrainingJob


def jobs_in_slots(people: Any) -> dict[int, int]:
    """Return, by user, how many jobs of these users (ids) hold a slot now."""
    jobs = TrainingJob.objects.filter(created_by__in=people).in_a_slot().order_by()
    return dict(jobs.values_list("created_by").annotate(Count("pk")))


def gpu_hours(people: Any) -> dict[int, float]:
    """Return, by user, for how many hours of this month jobs of these users (ids) have run: from start to end."""
    now = timezone.localtime()
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    jobs = TrainingJob.objects.filter(Q(finished_at=None) | Q(finished_at__gt=month), created_by__in=people)
    spans = jobs.exclude(started_at=None).order_by().values_list("created_by", "started_at", "finished_at")
    seconds: Counter[int] = Counter()
    for person, start, end in spans:
        seconds[person] += ((end or now) - max(start, month)).total_seconds()
    return {person: round(total / 3600, 4) for person, total in seconds.items()}
