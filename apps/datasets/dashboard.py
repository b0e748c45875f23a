"""The dashboard's panel: the last imports, and whether the next step is to make the first dataset."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from apps.core.access import opens
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.presentation import STATUS_COLOURS

LAST_IMPORTS = 5


def panel(user: Any) -> dict[str, Any]:
    """Return {"datasets": {...}} for who may view datasets, else {}."""
    if not opens(user, "datasets.view_dataset"):
        return {}
    versions = DatasetVersion.objects.visible_to(user)
    last = versions.select_related("dataset").order_by("-created_at")[:LAST_IMPORTS]
    datasets = Dataset.objects.visible_to(user)
    count = datasets.count()
    return {
        "datasets": {
            "count": count,
            "active_count": datasets.filter(active_version__isnull=False).count(),
            "version_count": versions.count(),
            "is_empty": count == 0,
            "add_url": reverse("admin:datasets_dataset_add"),
            "list_url": reverse("admin:datasets_dataset_changelist"),
            "imports": [_import(version) for version in last],
        }
    }


def _import(version: DatasetVersion) -> dict[str, Any]:
    return {
        "name": str(version),
        "status": version.status,
        "status_label": version.get_status_display(),
        "colour": STATUS_COLOURS[version.status],
        "progress": version.progress,
        "accepted": version.rows_accepted,
        "skipped": version.rows_skipped,
        "when": version.created_at,
        "url": reverse("admin:datasets_datasetversion_change", args=[version.pk]),
    }
