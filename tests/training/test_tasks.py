"""The Celery task around a supervisor: what it does before and after one."""

from __future__ import annotations

import pytest

from apps.training.models import TrainingJob
from workers.tasks import supervisor
from workers.tasks.training import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_task_does_nothing_on_a_second_delivery(make_job, sent):
    job = make_job("running")
    assert run_job(str(job.pk)) == "not claimed"
    assert TrainingJob.objects.get().status == "running"


def test_a_trainer_that_cannot_be_started_fails_the_job_and_frees_the_slot(
    make_job, sent, monkeypatch, settings, tmp_path
):
    settings.VAR_DIR = tmp_path
    settings.TRAINING_SLOTS = 1
    monkeypatch.setattr(supervisor, "trainer_command", lambda job: ["/does/not/exist"])
    job, waiting = make_job("starting"), make_job()
    assert run_job(str(job.pk)) == "failed"
    job.refresh_from_db()
    assert job.error_code == "supervisor_broke"
    assert sent == [("training.run_job", (str(waiting.pk),))]
