"""What a watcher is told of a job: its state, its events as text, and its whole history in one compact message."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.training.models import TrainingEvent, TrainingJob

PAGE = 500
POINTS_MAX = 4_000
LOG_LINES_MAX = 300
PROGRESS_COLUMNS = ("step", "loss", "learning_rate")


def state_of(job: TrainingJob) -> dict[str, Any]:
    """Return what changes rarely; step and loss travel in the events. Needs `model_version__model` for few queries."""
    version = job.model_version
    return {
        "status": job.status,
        "attempt": job.attempt,
        "cancelling": job.is_cancelling,
        "ended": job.has_ended,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "error": {"code": job.error_code, "message": job.error_message, "remedy": job.remedy}
        if job.error_code
        else None,
        "model_version": {"name": str(version), "url": version.get_absolute_url()} if version else None,
    }


def encode(value: Any) -> str:
    """Return compact JSON; times become ISO 8601."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda time: time.isoformat())


def event_texts(job_id: UUID, *, after: int) -> list[tuple[int, str]]:
    """Return the next events after `after` as (seq, JSON text), PAGE at most, in order."""
    rows = TrainingEvent.objects.filter(job_id=job_id).after(after)
    return [(row["seq"], encode(row)) for row in _plain(rows[:PAGE])]


def snapshot(job_id: UUID, *, state: dict[str, Any], cursor: int) -> str:
    """Return the first frame for a watcher who knows nothing: the whole history up to the event `cursor`.

    Progress comes as columns, thinned evenly to POINTS_MAX points; the log's last LOG_LINES_MAX lines; all the rest
    whole. An hour of training is some 100 kB.
    """
    past = TrainingEvent.objects.filter(job_id=job_id, seq__lte=cursor)
    lines = past.filter(kind="log").order_by("-seq")[:LOG_LINES_MAX]
    others = list(_plain(past.exclude(kind__in=["progress", "log"]))) + list(_plain(lines))
    others += _plain(past.filter(kind="progress").order_by("-seq")[:1])
    return encode(
        {
            "type": "snapshot",
            "cursor": cursor,
            "job": state,
            "curve": _curve(past.filter(kind="progress")),
            "events": sorted(others, key=lambda event: event["seq"]),
        }
    )


def _curve(progress: Any) -> dict[str, list[float | None]]:
    """Return the progress events as columns, in order; the seq stays with them, because an attempt may start over."""
    stride = progress.count() // POINTS_MAX + 1
    kept = progress.annotate(remainder=F("seq") % stride).filter(remainder=0).order_by("seq")
    points = [
        (seq, *(payload.get(name) for name in PROGRESS_COLUMNS)) for seq, payload in kept.values_list("seq", "payload")
    ]
    return {name: [point[i] for point in points] for i, name in enumerate(("seq", *PROGRESS_COLUMNS))}


def _plain(events: Any) -> Iterable[dict[str, Any]]:
    rows = events.values_list("seq", "kind", "created_at", "payload")
    return ({"seq": seq, "kind": kind, "at": at, "payload": payload} for seq, kind, at, payload in rows)
