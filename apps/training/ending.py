"""How a job ends: its last events and its final status, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.training.events import Draft, owned, record
from apps.training.models import JobStatus, TrainingJob


def end_job(job: TrainingJob, status: str, *, drafts: Sequence[Draft] = (), **columns: Any) -> TrainingJob:
    """Write the last events and the final status together; raises LostJob if the job is no longer this attempt's."""
    with transaction.atomic():
        mine = owned(job)
        record(mine, drafts)
        mine.move_to(status, finished_at=timezone.now(), eta_seconds=None, **columns)
    return mine


def fail_job(
    job: TrainingJob, problem: dict[str, Any], *, drafts: Sequence[Draft] = (), is_told: bool = False
) -> TrainingJob:
    """End the job as failed because of `problem` {code, message, remedy}, in English; raises LostJob.

    The event `failed` follows `drafts`, unless the trainer has told it already (`is_told`).
    """
    told = [] if is_told else [Draft("failed", problem)]
    return end_job(
        job,
        JobStatus.FAILED,
        drafts=[*drafts, *told],
        error_code=str(problem.get("code", ""))[:60],
        error_message=str(problem.get("message", "")),
        remedy=str(problem.get("remedy", "")),
    )
