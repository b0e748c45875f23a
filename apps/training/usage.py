"""What people take up of the machines, for the quotas of jobs at a time and of GPU hours."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.training.models import TrainingJob


def jobs_in_slots(people: Any) -> int:
    """Return how many jobs of these users (ids) hold a slot now."""
    return TrainingJob.objects.filter(created_by__in=people).in_a_slot().count()


def gpu_hours(people: Any) -> float:
    """Return for how many hours of this month jobs of these users (ids) have run: from their start to their end."""
    now = timezone.localtime()
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    jobs = TrainingJob.objects.filter(Q(finished_at=None) | Q(finished_at__gt=month), created_by__in=people)
    spans = jobs.exclude(started_at=None).values_list("started_at", "finished_at")
    seconds = sum(((end or now) - max(start, month)).total_seconds() for start, end in spans)
    return round(float(seconds) / 3600, 4)
