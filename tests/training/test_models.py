from __future__ import annotations

import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from apps.core.errors import DomainError
from apps.training.models import ENDED, IN_A_SLOT, JobStatus, TrainerKind, TrainingEvent, TrainingJob
from workers.trainers.configs import TRAINERS

pytestmark = pytest.mark.django_db

LIFE = {
    ("queued", "starting"),
    ("queued", "cancelled"),
    ("starting", "running"),
    ("starting", "queued"),
    ("starting", "failed"),
    ("starting", "cancelled"),
    ("running", "queued"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
}


@pytest.mark.parametrize(("now", "wanted"), list(itertools.product(JobStatus.values, repeat=2)))
def test_status_moves_only_along_the_documented_life(make_job, now, wanted):
    job = make_job(now)
    columns = {"heartbeat_at": timezone.now()} if wanted in IN_A_SLOT else {}
    columns |= {"finished_at": timezone.now()} if wanted in ENDED else {}
    if (now, wanted) in LIFE:
        job.move_to(wanted, **columns)
        assert TrainingJob.objects.get().status == wanted
    else:
        with pytest.raises(DomainError) as refused:
            job.move_to(wanted, **columns)
        assert refused.value.code == "wrong_status"
        assert TrainingJob.objects.get().status == now


def test_of_two_that_saw_the_same_status_only_one_moves_it(make_job):
    first = make_job("queued")
    second = TrainingJob.objects.get()
    first.move_to("starting", heartbeat_at=timezone.now())
    with pytest.raises(DomainError):
        second.move_to("cancelled", finished_at=timezone.now())
    assert TrainingJob.objects.get().status == "starting"


def test_every_kind_has_a_trainer():
    assert set(TrainerKind.values) == set(TRAINERS)


def test_clean_fills_in_the_parameters_that_were_left_out(make_job):
    job = make_job(parameters={"r": "4"})
    job.full_clean()
    assert job.parameters["r"] == 4
    assert job.parameters["learning_rate"] > 0


@pytest.mark.parametrize("wrong", [{"r": 0}, {"r": "many"}, {"learning_rate": float("nan")}, {"ranc": 8}])
def test_parameters_outside_their_limits_are_refused_by_name(make_job, wrong):
    job = make_job()
    job.parameters = wrong
    with pytest.raises(ValidationError) as refused:
        job.full_clean()
    assert next(iter(wrong)) in str(refused.value.message_dict["parameters"])


def test_a_job_in_a_slot_without_a_heart_cannot_be_stored(make_job):
    with pytest.raises(IntegrityError):
        make_job("running", heartbeat_at=None)


def test_an_ended_job_without_an_end_cannot_be_stored(make_job):
    with pytest.raises(IntegrityError):
        make_job("failed", finished_at=None)


def test_two_events_cannot_have_the_same_number(make_job):
    job = make_job()
    TrainingEvent.objects.create(job=job, seq=1, kind="log")
    with pytest.raises(IntegrityError):
        TrainingEvent.objects.create(job=job, seq=1, kind="log")


@pytest.mark.parametrize(
    ("status", "step", "total", "percent"),
    [
        ("queued", 0, 0, 0),
        ("running", 5, 20, 25),
        ("running", 20, 20, 99),
        ("succeeded", 20, 20, 100),
        ("failed", 5, 20, 25),
    ],
)
def test_percent_reaches_100_only_with_success(make_job, status, step, total, percent):
    assert make_job(status, step=step, total_steps=total).percent == percent


def test_a_stranger_sees_neither_job_nor_events_and_the_owner_sees_both(make_job, user, stranger, administrator):
    job = make_job(created_by=user)
    TrainingEvent.objects.create(job=job, seq=1, kind="log")
    for who, count in [(user, 1), (stranger, 0), (administrator, 1)]:
        assert TrainingJob.objects.visible_to(who).count() == count
        assert TrainingEvent.objects.visible_to(who).count() == count
