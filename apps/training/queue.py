"""The queue: rows of the database, given to workers while a slot is free, taken back when a worker falls silent.

The broker carries wake-ups only. `dispatch` runs after every submission and every end, and both functions run every few
seconds (`training.tick`), so a lost message costs seconds and a lost worker one attempt.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.queue import enqueue
from apps.training.ending import end_job, fail_job
from apps.training.events import Draft, record, ring
from apps.training.models import JobStatus, TrainingJob
from apps.users import quotas
from apps.users.models.quotas import Metric

logger = logging.getLogger(__name__)

LOST_HEARTS_MAX = 3
HEARTBEAT_LOST = "heartbeat_lost"
WORKER_STOPPED = "worker_stopped"
_VANISHED = {
    "code": HEARTBEAT_LOST,
    "message": f"The worker process of this job vanished {LOST_HEARTS_MAX} times.",
    "remedy": "Look at the worker's log; often the machine ran out of memory. Then submit the job again.",
}
_DISPATCH_LOCK = 7_061_905  # any number that nothing else in this database uses


def dispatch() -> int:
    """Give the free slots to the jobs that wait longest among the most urgent; return how many were started."""
    if not TrainingJob.objects.waiting().exists():
        return 0
    with transaction.atomic():
        _one_dispatcher_at_a_time()
        free = max(0, settings.TRAINING_SLOTS - TrainingJob.objects.in_a_slot().count())
        return _start_first(free)


def _start_first(free: int) -> int:
    """Start up to `free` jobs in their order; those of people whose quota of jobs at a time is full go on waiting."""
    started = 0
    full: set[int | None] = set()
    for job in TrainingJob.objects.waiting().select_related("created_by"):
        if started >= free:
            break
        if job.created_by_id in full:
            continue
        if not quotas.has_room(job.created_by, Metric.JOBS, adding=1):
            full.add(job.created_by_id)
            continue
        started += _start(job)
    return started


def _one_dispatcher_at_a_time() -> None:
    """Two that count at once would fill a slot twice. SQLite needs nothing: IMMEDIATE transactions have one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_DISPATCH_LOCK])


def _start(job: TrainingJob) -> bool:
    try:
        job.move_to(JobStatus.STARTING, heartbeat_at=timezone.now())
    except DomainError:  # cancelled since we looked
        return False
    enqueue("training.run_job", str(job.pk), queue="training")
    ring(job.pk)
    return True


def reap() -> int:
    """Take back the jobs whose worker has been silent for too long; return how many."""
    silent = list(TrainingJob.objects.without_heartbeat().values_list("pk", flat=True))
    return sum(_reap_one(pk) for pk in silent)


def _reap_one(pk: object) -> bool:
    with transaction.atomic():
        job = TrainingJob.objects.without_heartbeat().select_for_update().filter(pk=pk).first()
        if job is None:  # it has given a sign of life, or another reaper was faster
            return False
        logger.warning("Job %s (%s, attempt %s) fell silent", job.pk, job.status, job.attempt)
        if job.status == JobStatus.STARTING:  # no worker ever came: nothing is lost, and nothing was tried
            job.move_to(JobStatus.QUEUED, heartbeat_at=None)
        elif job.cancel_requested_at:
            end_job(job, JobStatus.CANCELLED, drafts=[Draft("cancelled", {"step": job.step})])
        elif _lost_hearts(job) + 1 >= LOST_HEARTS_MAX:
            fail_job(job, _VANISHED)
        else:
            give_back(job, reason=HEARTBEAT_LOST)
        ring(job.pk)
    return True


def _lost_hearts(job: TrainingJob) -> int:
    return int(job.events.filter(kind="requeued", payload__reason=HEARTBEAT_LOST).count())


def give_back(job: TrainingJob, *, reason: str) -> None:
    """Put a running job back in the queue as its next attempt, in the caller's transaction."""
    following = job.attempt + 1
    record(job, [Draft("requeued", {"reason": reason, "attempt": following})])
    job.move_to(JobStatus.QUEUED, attempt=following, heartbeat_at=None, eta_seconds=None)
