"""What people take up on the disk, for the quota of storage."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from apps.datasets.models import DatasetVersion, Upload


def stored_bytes(people: Any) -> int:
    """Return the bytes of the files that these users (ids) uploaded and that are kept, and of uploads under way.

    Versions made of earlier ones share their bytes and count nothing.
    """
    kept = DatasetVersion.objects.filter(created_by__in=people, origin=DatasetVersion.Origin.UPLOAD)
    coming = Upload.objects.filter(created_by__in=people)
    return _sum(kept, "source_bytes") + _sum(coming, "size")


def _sum(rows: Any, field: str) -> int:
    return int(rows.aggregate(total=Sum(field))["total"] or 0)
