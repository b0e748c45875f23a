"""The one way by which events get into the table, and the doorbell that tells the watchers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from apps.training.models import TrainingEvent, TrainingJob

logger = logging.getLogger(__name__)


class LostJob(Exception):
    """The job belongs to another attempt now, or has ended: whoever gets this must stop writing."""


@dataclass(frozen=True)
class Draft:
    """An event that has no number yet."""

    kind: str
    payload: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=timezone.now)


def record(job: TrainingJob, drafts: Sequence[Draft] = (), **summary: Any) -> None:
    """Append events and change columns of the job's `summary` together, then ring.

    Fenced: it writes only while the row is still as `job` knows it (status, attempt), else raises LostJob. The row is
    locked, so events become visible in the order of their numbers, also when somebody else has appended one meanwhile
    (a request to cancel). Safe to call again after a broken connection: a batch that was committed without our
    hearing of it is not written twice.
    """
    with transaction.atomic():
        newest = owned(job).last_seq
        new = [] if newest > job.last_seq and _is_written(job, drafts) else drafts
        TrainingEvent.objects.bulk_create(
            TrainingEvent(job_id=job.pk, seq=seq, kind=draft.kind, payload=draft.payload, created_at=draft.at)
            for seq, draft in enumerate(new, start=newest + 1)
        )
        summary |= {"last_seq": newest + len(new), "updated_at": timezone.now()}
        TrainingJob.objects.filter(pk=job.pk).update(**summary)
        ring(job.pk)
    for name, value in summary.items():
        setattr(job, name, value)


def _is_written(job: TrainingJob, drafts: Sequence[Draft]) -> bool:
    """Say whether the batch is among the events that `job` does not know of; it is there whole or not at all."""
    unknown = TrainingEvent.objects.filter(job_id=job.pk, seq__gt=job.last_seq)
    return bool(drafts) and unknown.filter(kind=drafts[0].kind, created_at=drafts[0].at).exists()


def owned(job: TrainingJob) -> TrainingJob:
    """Return the row again, locked until the transaction ends, if it is still the same attempt; else raise LostJob."""
    rows = TrainingJob.objects.select_for_update().filter(pk=job.pk, status=job.status, attempt=job.attempt)
    found = rows.first()
    if not isinstance(found, TrainingJob):
        raise LostJob(f"job {job.pk}, attempt {job.attempt}")
    return found


def group_name(job_id: UUID | str) -> str:
    """Return the channel-layer group in which a job's watchers wait for the bell."""
    return f"training.job.{job_id}"


def ring(job_id: UUID) -> None:
    """Tell every watcher, after the commit, that there is news of the job."""
    transaction.on_commit(lambda: _ring(job_id))


def _ring(job_id: UUID) -> None:
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(group_name(job_id), {"type": "job.news"})
    except (RedisError, OSError) as error:  # only a shortcut: watchers look at the table once a second anyway
        logger.debug("No doorbell for job %s: %s", job_id, error)
