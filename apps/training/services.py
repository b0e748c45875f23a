"""Verbs of training: submit, cancel, claim, succeed, give back; `apps.training.ending` has the other ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.datasets.models import DatasetVersion
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import discard_version, model_for_dataset, prepare_version, save_version
from apps.training import queue
from apps.training.ending import end_job
from apps.training.events import Draft, owned, record, ring
from apps.training.models import JobStatus, TrainingJob, default_base_model
from apps.users import quotas
from apps.users.models.quotas import Metric
from workers.trainers.configs import DatasetSpec, TrainingSpec, validate_parameters


def submit_job(
    *,
    dataset_version: DatasetVersion,
    parameters: Mapping[str, Any],
    seed: int,
    actor: Any,
    base_model: str = "",
    name: str = "",
    priority: int = 0,
    model: RegisteredModel | None = None,
) -> TrainingJob:
    """Put a new job in the queue and start it if a slot is free.

    `parameters` may leave out what shall keep its default; `base_model` empty means settings.BASE_MODEL; `model` None
    means the dataset's own model. Raises ValidationError (fields) and DomainError: dataset_files_missing,
    model_of_other_dataset, too_many_waiting, quota_exceeded.
    """
    with transaction.atomic():
        quotas.require_room(actor, Metric.GPU_HOURS)
        _refuse_absurd_queue(actor)
        job = TrainingJob(
            name=name or _("Training on %(data)s") % {"data": dataset_version},
            dataset_version=dataset_version,
            model=model or model_for_dataset(dataset_version.dataset, actor=actor),
            base_model=base_model or default_base_model(),
            parameters=dict(parameters),
            seed=seed,
            priority=priority,
            created_by=actor,
        )
        job.full_clean()
        _refuse_unusable(job)
        job.save(force_insert=True)
        record(job, [Draft("queued", {"by": str(actor)})])
        transaction.on_commit(queue.dispatch)
        audit.record("training_job.submitted", actor=actor, target=job, after=_order(job))
    return job


def _order(job: TrainingJob) -> dict[str, Any]:
    facts = {"dataset_version": str(job.dataset_version), "base_model": job.base_model, "seed": job.seed}
    return facts | {"parameters": job.parameters}


def _refuse_absurd_queue(actor: Any) -> None:
    if actor is None or TrainingJob.objects.waiting().filter(created_by=actor).count() < settings.WAITING_JOBS_MAX:
        return
    message = _("%(count)s of your jobs wait already. Cancel some of them, or wait until they have started.")
    raise DomainError("too_many_waiting", message % {"count": settings.WAITING_JOBS_MAX})


def _refuse_unusable(job: TrainingJob) -> None:
    if not job.dataset_version.rows_file.is_file():
        raise DomainError(
            "dataset_files_missing",
            _("The file of “%(data)s” is no longer on the server. Restore it from a backup or import the data again.")
            % {"data": job.dataset_version},
        )
    if job.model.dataset_id != job.dataset_version.dataset_id:
        raise DomainError("model_of_other_dataset", _("This model belongs to another dataset."))


def request_cancel(job: TrainingJob, *, actor: Any) -> TrainingJob:
    """Cancel a job that waits at once; ask one that runs to stop at its next step (its supervisor passes that on).

    Asking twice is harmless. Raises DomainError("already_ended").
    """
    with transaction.atomic():
        job = TrainingJob.objects.select_for_update().get(pk=job.pk)
        if job.has_ended:
            raise DomainError("already_ended", _("This job has ended already; there is nothing to cancel."))
        if job.cancel_requested_at is not None:
            return job
        before = job.status
        if job.status == JobStatus.RUNNING:
            record(job, [Draft("cancel_requested", {"by": str(actor)})], cancel_requested_at=timezone.now())
        else:
            told = Draft("cancelled", {"step": 0, "by": str(actor)})
            job = end_job(job, JobStatus.CANCELLED, drafts=[told], cancel_requested_at=timezone.now())
        transaction.on_commit(queue.dispatch)
        audit.record("training_job.cancelled", actor=actor, target=job, before={"status": before})
    return job


def claim_job(job_id: str, *, host: str) -> TrainingJob | None:
    """Take a starting job for the calling supervisor; None for a second delivery or a job cancelled meanwhile."""
    with transaction.atomic():
        job: TrainingJob | None = TrainingJob.objects.select_for_update().filter(pk=job_id).first()
        if job is None or job.status != JobStatus.STARTING:
            return None
        now = timezone.now()
        try:
            job.move_to(JobStatus.RUNNING, heartbeat_at=now, started_at=job.started_at or now, step=0, last_loss=None)
        except DomainError:  # somebody else was faster
            return None
        record(job, [Draft("attempt", {"number": job.attempt, "host": host})])
    return job


def spec_of(job: TrainingJob) -> TrainingSpec:
    """Return all that the trainer is told, for JOB_DIR/spec.json."""
    data = job.dataset_version
    return TrainingSpec(
        job_id=str(job.pk),
        kind=job.kind,
        base_model=job.base_model,
        dataset=DatasetSpec(rows_file=str(data.rows_file), sha256=data.content_sha256, schema=data.schema),
        parameters=validate_parameters(job.parameters),
        seed=job.seed,
    )


def prepare_result(job: TrainingJob, *, adapter_dir: Path, adapter_sha256: str, metrics: Any) -> ModelVersion:
    """Copy what the job has trained into the registry, for `succeed_job`; raises DomainError as prepare_version does.

    Whatever earlier attempts copied before their worker was killed is removed: they can no longer succeed.
    """
    for attempt in range(1, job.attempt):
        discard_version(_version_id(job, attempt))
    return prepare_version(
        version_id=_version_id(job, job.attempt),
        model=job.model,
        dataset_version=job.dataset_version,
        adapter_dir=adapter_dir,
        adapter_sha256=adapter_sha256,
        base_model=job.base_model,
        parameters=job.parameters | {"seed": job.seed},
        metrics=metrics if isinstance(metrics, Mapping) else {},
        actor=job.created_by,
    )


def succeed_job(job: TrainingJob, *, version: ModelVersion) -> None:
    """Save the version and end its job in one transaction: there is never one without the other.

    Safe to call again after a broken connection, also one that broke behind the commit. Raises LostJob.
    """
    if TrainingJob.objects.filter(pk=job.pk, model_version_id=version.pk).exists():
        return
    with transaction.atomic():
        mine = owned(job)
        save_version(version)
        mine.move_to(
            JobStatus.SUCCEEDED,
            finished_at=timezone.now(),
            eta_seconds=None,
            step=mine.total_steps,
            model_version=version,
        )
        ring(job.pk)


def _version_id(job: TrainingJob, attempt: int) -> UUID:
    """Return the id that this attempt's version has, should it succeed: its files are found again after a crash."""
    return uuid5(job.pk, f"attempt-{attempt}")


def give_back_job(job: TrainingJob, *, reason: str) -> None:
    """Return a running job to the queue, e.g. because its worker is being shut down; raises LostJob."""
    with transaction.atomic():
        queue.give_back(owned(job), reason=reason)
