"""The dashboard's panel: what trains now, what waits, what ended."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from apps.core.access import opens
from apps.training.models import ENDED, JobStatus, TrainingJob

LAST_JOBS = 5


def panel(user: Any) -> dict[str, Any]:
    """Return {"training": {...}} for who may view training jobs, else {}."""
    if not opens(user, "training.view_trainingjob"):
        return {}
    jobs = TrainingJob.objects.visible_to(user)
    counts = dict.fromkeys(JobStatus.values, 0)
    counts |= dict(jobs.order_by().values_list("status").annotate(Count("pk")))
    recent = jobs.filter(status__in=[*ENDED, JobStatus.QUEUED]).order_by("-created_at")[:LAST_JOBS]
    return {
        "training": {
            "counts": counts,
            "running": [_running(job) for job in jobs.in_a_slot().order_by("created_at")],
            "recent": [_recent(job) for job in recent],
            "is_empty": not any(counts.values()),
        }
    }


def _running(job: TrainingJob) -> dict[str, Any]:
    url = job.get_absolute_url()
    return {"name": job.name, "percent": job.percent, "eta_seconds": job.eta_seconds, "url": url, "status": job.status}


def _recent(job: TrainingJob) -> dict[str, Any]:
    return {
        "name": job.name,
        "url": job.get_absolute_url(),
        "status": job.status,
        "status_label": job.get_status_display(),
        "when": job.finished_at or job.created_at,
    }
