"""What people take up on the disk, for the quota of storage."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Sum

from apps.datasets.models import DatasetVersion, Upload


def stored_bytes(people: Any) -> dict[int, int]:
    """Return, by user, the bytes of the files that these users (ids) uploaded and that are kept or under way.

    Versions made of earlier ones share their bytes and count nothing.
    """
    kept = DatasetVersion.objects.filter(created_by__in=people, origin=DatasetVersion.Origin.UPLOAD)
    coming = Upload.objects.filter(created_by__in=people)
    return _sums(kept, "source_bytes") + _sums(coming, "size")


def _sums(rows: Any, field: str) -> Counter[int]:
    return Counter(dict(rows.order_by().values_list("created_by").annotate(Sum(field))))
