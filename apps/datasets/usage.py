"""What people take up on the disk, for the quota of storage."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from apps.datasets.models import DatasetVersion


def stored_bytes(people: Any) -> int:
    """Return the bytes of all files that these users (ids) uploaded and that are still kept."""
    return int(DatasetVersion.objects.filter(created_by__in=people).aggregate(total=Sum("source_bytes"))["total"] or 0)
