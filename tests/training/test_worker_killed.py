"""kill -9 of a real Celery worker: the job goes back to the queue, its trainer ends, another worker finishes it."""

from __future__ import annotations

import os
import signal
import time

import pytest
from django.conf import settings

from apps.training import queue
from tests.celery_worker import celery_worker
from tests.training.test_supervisor import is_alive, until

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAM = "tests.training.killable_worker"


def now(job):
    job.refresh_from_db()
    return job


def trainer_of(job, attempt):
    return job.events.filter(kind="started").order_by("seq")[attempt - 1].payload["pid"]


def test_a_job_survives_the_kill_of_its_worker(make_job, settings):
    settings.HEARTBEAT_LOST_SECONDS = 2.0
    job = make_job()
    with celery_worker(PROGRAM, "300", HEARTBEAT_SECONDS="0.3") as first:
        queue.dispatch()
        until(lambda: now(job).step >= 3, seconds=30)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    until(lambda: not is_alive(trainer_of(job, 1)), seconds=5)
    assert queue.reap() == 0, "its heart has not been silent for long enough yet"
    until(lambda: queue.reap() == 1, seconds=5)
    assert (now(job).status, job.attempt) == ("queued", 2)

    with celery_worker(PROGRAM, "5", HEARTBEAT_SECONDS="0.3"):
        queue.dispatch()
        until(lambda: now(job).has_ended, seconds=30)
    assert (job.status, job.error_code) == ("failed", "end_of_test")  # what this fake trainer ends with
    kinds = list(job.events.order_by("seq").values_list("kind", flat=True))
    assert [kind for kind in kinds if kind != "progress"] == [
        "attempt",
        "started",
        "requeued",
        "attempt",
        "started",
        "failed",
    ]
    assert list(job.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, len(kinds) + 1))


def test_a_worker_that_is_asked_to_end_gives_its_job_back_at_once(make_job):
    job = make_job()
    with celery_worker(PROGRAM, "300", HEARTBEAT_SECONDS="0.3") as process:
        queue.dispatch()
        until(lambda: now(job).step >= 3, seconds=30)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert time.monotonic() - started < settings.HEARTBEAT_LOST_SECONDS
    assert (now(job).status, job.attempt) == ("queued", 2)
    assert job.events.get(kind="requeued").payload["reason"] == "worker_stopped"
