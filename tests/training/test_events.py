from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from apps.training.events import Draft, LostJob, owned, record
from apps.training.models import TrainingEvent, TrainingJob

pytestmark = pytest.mark.django_db


def numbers(job):
    return list(TrainingEvent.objects.filter(job=job).order_by("seq").values_list("seq", "kind"))


def test_events_are_numbered_without_a_gap_and_change_the_summary_with_them(make_job):
    job = make_job("running")
    record(job, [Draft("log"), Draft("progress", {"step": 1})], step=1)
    record(job, [Draft("log")])
    assert numbers(job) == [(1, "log"), (2, "progress"), (3, "log")]
    assert TrainingJob.objects.values_list("step", "last_seq").get() == (1, 3)


def test_a_supervisor_of_an_earlier_attempt_can_no_longer_write(make_job):
    stale = make_job("running")
    TrainingJob.objects.update(attempt=2)
    with pytest.raises(LostJob):
        record(stale, [Draft("log")])
    with pytest.raises(LostJob):
        record(stale, step=5)
    with pytest.raises(LostJob), transaction.atomic():
        owned(stale)
    assert numbers(stale) == []


def test_nothing_is_written_after_the_end(make_job):
    stale = make_job("running")
    TrainingJob.objects.update(status="failed", finished_at="2026-01-01T00:00:00Z")
    with pytest.raises(LostJob):
        record(stale, [Draft("log")])


def test_a_batch_whose_commit_we_did_not_hear_of_is_not_written_twice(make_job):
    job = make_job("running")
    unaware = TrainingJob.objects.get(pk=job.pk)
    batch = [Draft("log"), Draft("log")]
    record(job, batch)
    record(unaware, batch)
    assert len(numbers(job)) == 2
    assert unaware.last_seq == 2


def test_an_event_that_somebody_else_appended_meanwhile_loses_neither(make_job):
    job = make_job("running")
    supervised = TrainingJob.objects.get(pk=job.pk)
    record(job, [Draft("cancel_requested")])
    record(supervised, step=3)
    record(TrainingJob.objects.get(pk=job.pk), [Draft("cancel_requested")])
    batch, unaware = [Draft("progress")], TrainingJob.objects.get(pk=job.pk)
    unaware.last_seq = supervised.last_seq
    record(supervised, batch)
    record(unaware, batch)  # the commit that it did not hear of, with a foreign event before it
    assert numbers(job) == [(1, "cancel_requested"), (2, "cancel_requested"), (3, "progress")]
    assert TrainingJob.objects.values_list("step", "last_seq").get() == (3, 3)


def test_a_failed_batch_leaves_nothing_behind(make_job):
    job = make_job("running")
    with pytest.raises(TypeError):
        record(job, [Draft("log"), Draft("log", {"set": {1}})], step=7)
    assert numbers(job) == []
    assert TrainingJob.objects.get().step == 0
    record(job, [Draft("log")])
    assert numbers(job) == [(1, "log")]


@pytest.mark.django_db(transaction=True)
def test_a_reader_never_sees_a_later_event_before_an_earlier_one(make_job):
    """One writer appends while a reader polls: every look must show 1..n without a hole."""
    job = make_job("running")
    looks, done = [], threading.Event()

    def read():
        while not done.is_set():
            looks.append(list(TrainingEvent.objects.filter(job=job).order_by("seq").values_list("seq", flat=True)))
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(60):
        record(job, [Draft("log")] * 3)
    done.set()
    reader.join()
    assert len(looks) > 5
    assert all(seen == list(range(1, len(seen) + 1)) for seen in looks)
