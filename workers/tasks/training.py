"""Celery's side of training: the tick of the queue, and one supervisor per running job."""

from __future__ import annotations

import logging
import socket
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from apps.training import queue, services
from apps.training.ending import fail_job
from apps.training.events import LostJob
from apps.training.models import TrainingJob
from workers.tasks.supervisor import JobSupervisor, patiently, worker_is_stopping

logger = logging.getLogger(__name__)


@worker_shutting_down.connect
def stop_supervisors(**_signal: Any) -> None:
    worker_is_stopping.set()


@shared_task(name="training.tick", ignore_result=True)
def tick() -> None:
    """Take back what fell silent, hand out what waits."""
    queue.reap()
    queue.dispatch()


@shared_task(name="training.run_job")
def run_job(job_id: str) -> str:
    """Supervise one job to its end; a second delivery of the message does nothing. Returns the job's last status."""
    job = services.claim_job(job_id, host=socket.gethostname())
    if job is None:
        return "not claimed"
    try:
        JobSupervisor(job).run()
    except Exception as error:  # the outer edge: whatever broke, the job must not hang
        logger.exception("The supervisor of job %s broke", job.pk)
        _end_broken(job, error)
    if not worker_is_stopping.is_set():  # else the next worker's tick does it
        queue.dispatch()
    return str(TrainingJob.objects.values_list("status", flat=True).get(pk=job.pk))


def _end_broken(job: TrainingJob, error: Exception) -> None:
    problem = {
        "code": "supervisor_broke",
        "message": f"The platform could not run the trainer: {error}",
        "remedy": "Look at the worker's log, then submit the job again.",
    }
    try:
        patiently(lambda: fail_job(job, problem))
    except LostJob:
        logger.warning("Job %s belongs to somebody else now", job.pk)
