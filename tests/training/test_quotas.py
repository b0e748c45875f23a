"""Quotas of training: jobs at a time wait in the queue, GPU hours refuse the next order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.errors import DomainError, QuotaExceeded
from apps.training import queue
from apps.training.models import TrainingJob
from apps.training.services import submit_job
from apps.training.usage import gpu_hours, jobs_in_slots
from apps.users import quotas
from apps.users.models.quotas import EVERYBODY, Subject
from tests.users.test_quota_races import at_once


@pytest.fixture
def limit(administrator):
    def set_limits(person=None, **limits):
        subject = Subject("user", str(person.pk)) if person else EVERYBODY
        quotas.set_quotas(subject, limits, actor=administrator)

    return set_limits


@pytest.fixture
def month():
    return timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.django_db
def test_job_beyond_the_quota_waits_and_others_pass_it(make_job, administrator, user, limit, sent):
    limit(jobs=1)
    first, second = make_job(name="first"), make_job(name="second")
    others = make_job(name="others", created_by=user)
    assert queue.dispatch() == 2
    assert {job.name for job in TrainingJob.objects.in_a_slot()} == {first.name, others.name}
    second.refresh_from_db()
    assert second.status == "queued"


@pytest.mark.django_db
def test_waiting_job_starts_when_the_one_before_has_ended(make_job, administrator, limit, sent):
    limit(jobs=1)
    make_job("running")
    waiting = make_job()
    assert queue.dispatch() == 0
    TrainingJob.objects.in_a_slot().update(status="succeeded", finished_at=timezone.now())
    assert queue.dispatch() == 1
    waiting.refresh_from_db()
    assert waiting.status == "starting"


@pytest.mark.django_db
def test_slots_still_bound_everything(make_job, limit, settings, sent):
    settings.TRAINING_SLOTS = 2
    limit(jobs=5)
    for _ in range(4):
        make_job()
    assert queue.dispatch() == 2


@pytest.mark.django_db
def test_queue_costs_no_query_per_job_where_no_quota_is_set(make_job, settings, sent, django_assert_max_num_queries):
    settings.TRAINING_SLOTS = 0
    for _ in range(10):
        make_job()
    with django_assert_max_num_queries(7):
        queue.dispatch()


@pytest.mark.django_db(transaction=True)
def test_dispatchers_at_once_start_no_more_than_allowed(make_job, administrator, user, limit, sent):
    limit(administrator, jobs=2)
    for _ in range(6):
        make_job()
    make_job(created_by=user)
    at_once(lambda _number: queue.dispatch(), range(8))
    assert jobs_in_slots([administrator.pk, user.pk]) == {administrator.pk: 2, user.pk: 1}


@pytest.mark.django_db
def test_used_up_gpu_hours_refuse_the_next_order(make_job, dataset_version, administrator, limit, month, sent):
    make_job("succeeded", started_at=month, finished_at=month + timedelta(hours=3))
    limit(gpu_hours=3)
    with pytest.raises(QuotaExceeded) as refusal:
        submit_job(dataset_version=dataset_version, parameters={}, seed=1, actor=administrator)
    assert refusal.value.values["used"] == 3
    assert refusal.value.values["resets_at"]
    limit(gpu_hours=4)
    assert submit_job(dataset_version=dataset_version, parameters={}, seed=1, actor=administrator).pk


@pytest.mark.django_db
def test_gpu_hours_count_this_month_only(make_job, administrator, month):
    make_job("failed", started_at=month - timedelta(hours=5), finished_at=month - timedelta(hours=1))
    make_job("succeeded", started_at=month - timedelta(hours=2), finished_at=month + timedelta(hours=1))
    make_job("queued")
    assert gpu_hours([administrator.pk]) == {administrator.pk: 1}


@pytest.mark.django_db
def test_absurd_queue_is_refused(make_job, dataset_version, administrator, settings, sent):
    settings.WAITING_JOBS_MAX = 2
    make_job()
    make_job()
    with pytest.raises(DomainError) as refusal:
        submit_job(dataset_version=dataset_version, parameters={}, seed=1, actor=administrator)
    assert refusal.value.code == "too_many_waiting"
    assert TrainingJob.objects.count() == 2
