from __future__ import annotations

import shutil

import pytest
from django.core.exceptions import ValidationError

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.datasets.models import Dataset, DatasetVersion
from apps.registry.models import RegisteredModel
from apps.training import services
from apps.training.models import TrainingEvent, TrainingJob
from workers.inference.lookup.schema import PRESETS
from workers.trainers.configs import TrainingSpec

pytestmark = pytest.mark.django_db


def submit(dataset_version, administrator, **changed):
    wanted = {"parameters": {"r": 8}, "seed": 7, "base_model": "some/base", "name": "First"} | changed
    return services.submit_job(dataset_version=dataset_version, actor=administrator, **wanted)


def kinds(job):
    return list(TrainingEvent.objects.filter(job=job).order_by("seq").values_list("kind", flat=True))


def test_a_submitted_job_waits_with_all_its_parameters_and_joins_the_datasets_model(
    dataset_version, administrator, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        job = submit(dataset_version, administrator)
    job.refresh_from_db()
    assert (job.parameters["r"], job.parameters["max_length"]) == (8, 192)
    assert job.model == RegisteredModel.objects.get(dataset=dataset_version.dataset)
    assert job.created_by == administrator
    assert kinds(job) == ["queued"]
    assert job.status == "starting"  # a slot was free
    assert sent == [("training.run_job", (str(job.pk),))]


def test_name_and_base_model_have_defaults(dataset_version, administrator, settings):
    settings.BASE_MODEL = "the/default"
    job = submit(dataset_version, administrator, name="", base_model="")
    assert "Branches v1" in job.name
    assert job.base_model == "the/default"


@pytest.mark.parametrize("base", ["/etc", "../../..", ".", "evil-org/evil-model", "some/base/", "SOME/BASE"])
def test_a_base_model_that_the_operator_does_not_offer_is_refused_by_the_setting_s_name(
    dataset_version, administrator, base
):
    with pytest.raises(ValidationError) as refused:
        submit(dataset_version, administrator, base_model=base)
    assert "BASE_MODELS" in refused.value.message_dict["base_model"][0]
    assert not TrainingJob.objects.exists()


@pytest.mark.parametrize("seed", [0, 2**31 - 1])
def test_the_smallest_and_the_largest_seed_are_taken(dataset_version, administrator, seed):
    assert submit(dataset_version, administrator, seed=seed).seed == seed


@pytest.mark.parametrize(("field", "value"), [("seed", -1), ("seed", 2**31), ("priority", 101), ("priority", -101)])
def test_a_number_beyond_its_limits_is_refused_whatever_the_database_can_hold(
    dataset_version, administrator, field, value
):
    with pytest.raises(ValidationError) as refused:
        submit(dataset_version, administrator, **{field: value})
    assert list(refused.value.message_dict) == [field]


def test_two_jobs_on_one_dataset_join_the_same_model(dataset_version, administrator):
    assert submit(dataset_version, administrator).model == submit(dataset_version, administrator).model


def test_the_spec_says_all_that_the_trainer_needs(dataset_version, administrator):
    job = submit(dataset_version, administrator)
    spec = TrainingSpec.from_json(services.spec_of(job).to_json())
    assert (spec.job_id, spec.kind, spec.base_model, spec.seed) == (str(job.pk), "lora_slots", "some/base", 7)
    assert spec.dataset.rows_file == str(dataset_version.rows_file)
    assert spec.dataset.sha256 == dataset_version.content_sha256
    assert spec.parameters.r == 8


def test_a_draft_cannot_be_trained_on(dataset_version, administrator):
    draft = DatasetVersion.objects.create(
        dataset=dataset_version.dataset, number=2, status="draft", source_bytes=1, created_by=administrator
    )
    with pytest.raises(ValidationError) as refused:
        submit(draft, administrator)
    assert "dataset_version" in refused.value.message_dict
    assert not TrainingJob.objects.exists()


def test_wrong_parameters_leave_no_job_and_no_model(dataset_version, administrator):
    with pytest.raises(ValidationError):
        submit(dataset_version, administrator, parameters={"r": -1})
    assert not TrainingJob.objects.exists()
    assert not RegisteredModel.objects.exists()


def test_data_whose_file_vanished_is_refused_in_plain_words(dataset_version, administrator):
    shutil.rmtree(dataset_version.directory)
    with pytest.raises(DomainError) as refused:
        submit(dataset_version, administrator)
    assert refused.value.code == "dataset_files_missing"
    assert "Branches v1" in refused.value.message


def test_a_model_of_another_dataset_is_refused(dataset_version, administrator):
    other = Dataset.objects.create(name="Other", schema=PRESETS["bank_branches"].to_dict(), created_by=administrator)
    foreign = RegisteredModel.objects.create(slug="other", name="Other", dataset=other)
    with pytest.raises(DomainError) as refused:
        submit(dataset_version, administrator, model=foreign)
    assert refused.value.code == "model_of_other_dataset"


@pytest.mark.parametrize("status", ["queued", "starting"])
def test_a_job_that_does_not_run_yet_is_cancelled_at_once(make_job, administrator, status):
    job = services.request_cancel(make_job(status), actor=administrator)
    assert job.status == "cancelled"
    assert job.finished_at
    assert kinds(job) == ["cancelled"]


def test_a_running_job_is_only_asked_to_stop_and_asking_twice_is_harmless(make_job, administrator):
    job = services.request_cancel(make_job("running"), actor=administrator)
    asked_at = job.cancel_requested_at
    again = services.request_cancel(job, actor=administrator)
    assert again.status == "running"
    assert again.cancel_requested_at == asked_at is not None
    assert AuditEntry.objects.filter(action="training_job.cancelled").count() == 1
    asked = TrainingEvent.objects.get(job=job)
    assert (asked.kind, asked.payload) == ("cancel_requested", {"by": str(administrator)})


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_an_ended_job_cannot_be_cancelled(make_job, administrator, status):
    with pytest.raises(DomainError) as refused:
        services.request_cancel(make_job(status), actor=administrator)
    assert refused.value.code == "already_ended"


def test_a_job_is_claimed_once(make_job):
    job = make_job("starting")
    claimed = services.claim_job(str(job.pk), host="worker-1")
    assert claimed.status == "running"
    assert claimed.started_at
    assert services.claim_job(str(job.pk), host="worker-2") is None
    assert kinds(job) == ["attempt"]


@pytest.mark.parametrize("status", ["queued", "running", "succeeded", "failed", "cancelled"])
def test_only_a_starting_job_can_be_claimed(make_job, status):
    assert services.claim_job(str(make_job(status).pk), host="worker-1") is None


def test_a_job_that_does_not_exist_cannot_be_claimed(db):
    assert services.claim_job("00000000-0000-0000-0000-000000000000", host="worker-1") is None


def test_who_orders_and_who_cancels_stands_in_the_audit_trail(dataset_version, administrator, user, sent):
    job = submit(dataset_version, administrator)
    services.request_cancel(job, actor=user)
    ordered, cancelled = AuditEntry.objects.filter(object_type="training.trainingjob").order_by("seq")
    assert (ordered.action, ordered.actor, ordered.object_id) == ("training_job.submitted", administrator, str(job.pk))
    assert (ordered.after["base_model"], ordered.after["parameters"]["r"]) == ("some/base", 8)
    assert (cancelled.action, cancelled.actor) == ("training_job.cancelled", user)


def test_job_that_is_refused_leaves_no_entry(dataset_version, administrator):
    before = AuditEntry.objects.count()
    shutil.rmtree(dataset_version.directory)
    with pytest.raises(DomainError):
        submit(dataset_version, administrator)
    assert AuditEntry.objects.count() == before
