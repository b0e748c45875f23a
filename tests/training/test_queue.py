from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.training import ending, queue, services
from apps.training.models import TrainingEvent, TrainingJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def silent(settings):
    """A heartbeat that counts as lost."""
    return timezone.now() - timedelta(seconds=settings.HEARTBEAT_LOST_SECONDS + 1)


def statuses():
    return sorted(TrainingJob.objects.values_list("status", flat=True))


def test_no_more_jobs_start_than_there_are_slots(make_job, settings, sent):
    settings.TRAINING_SLOTS = 5
    for _ in range(8):
        make_job()
    assert queue.dispatch() == 5
    assert queue.dispatch() == 0
    assert statuses() == ["queued"] * 3 + ["starting"] * 5


def test_running_jobs_take_up_slots(make_job, settings, sent):
    settings.TRAINING_SLOTS = 2
    make_job("running")
    for _ in range(3):
        make_job()
    assert queue.dispatch() == 1


def test_the_urgent_start_first_then_the_oldest(make_job, settings, sent, django_capture_on_commit_callbacks):
    settings.TRAINING_SLOTS = 3
    now = timezone.now()
    young = make_job(created_at=now)
    old = make_job(created_at=now - timedelta(hours=1))
    urgent = make_job(priority=5, created_at=now)
    last = make_job(priority=-1, created_at=now - timedelta(days=1))
    with django_capture_on_commit_callbacks(execute=True):
        queue.dispatch()
    assert sent == [("training.run_job", (str(job.pk),)) for job in (urgent, old, young)]
    last.refresh_from_db()
    assert last.status == "queued"


@pytest.mark.django_db(transaction=True)
def test_dispatchers_at_the_same_time_do_not_fill_a_slot_twice(make_job, settings, sent):
    settings.TRAINING_SLOTS = 3
    for _ in range(10):
        make_job()
    together = threading.Barrier(4)

    def race():
        together.wait()
        queue.dispatch()
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses() == ["queued"] * 7 + ["starting"] * 3
    assert len(set(sent)) == len(sent) == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_deliveries_of_one_message_only_one_gets_the_job(make_job):
    job = make_job("starting")
    together, claimed = threading.Barrier(2), []

    def race():
        together.wait()
        claimed.append(services.claim_job(str(job.pk), host="worker"))
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found is not None for found in claimed) == 1


def test_a_silent_job_goes_back_to_the_queue_as_its_next_attempt(make_job, silent):
    job = make_job("running", heartbeat_at=silent, attempt=1)
    assert queue.reap() == 1
    job.refresh_from_db()
    assert (job.status, job.attempt, job.heartbeat_at) == ("queued", 2, None)
    event = TrainingEvent.objects.get(job=job)
    assert (event.kind, event.payload) == ("requeued", {"reason": "heartbeat_lost", "attempt": 2})


def test_a_living_job_is_left_alone(make_job):
    make_job("running")
    assert queue.reap() == 0
    assert statuses() == ["running"]


def test_a_job_that_no_worker_picked_up_goes_back_without_losing_an_attempt(make_job, silent):
    job = make_job("starting", heartbeat_at=silent)
    queue.reap()
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("queued", 1)


def test_a_silent_job_that_was_to_be_cancelled_is_cancelled(make_job, silent):
    make_job("running", heartbeat_at=silent, cancel_requested_at=silent)
    queue.reap()
    assert statuses() == ["cancelled"]


def test_a_job_that_fell_silent_three_times_fails_with_a_diagnosis(make_job, silent):
    job = make_job("running", heartbeat_at=silent)
    for _ in range(3):
        TrainingJob.objects.update(status="running", heartbeat_at=silent)
        queue.reap()
    job.refresh_from_db()
    assert (job.status, job.error_code) == ("failed", "heartbeat_lost")
    assert job.remedy
    assert list(job.events.order_by("seq").values_list("kind", flat=True)) == ["requeued", "requeued", "failed"]


def test_polite_shutdowns_of_the_worker_never_use_up_the_attempts(make_job):
    job = make_job("running")
    for attempt in range(1, 6):
        services.give_back_job(job, reason=queue.WORKER_STOPPED)
        TrainingJob.objects.update(status="running", heartbeat_at=timezone.now())
        job.refresh_from_db()
        assert job.attempt == attempt + 1


def test_an_end_frees_the_slot_for_the_next(make_job, settings, sent):
    settings.TRAINING_SLOTS = 1
    running = make_job("running")
    make_job()
    assert queue.dispatch() == 0
    ending.end_job(running, "failed")
    assert queue.dispatch() == 1
