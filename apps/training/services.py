"""Verbs of training: submit, cancel, claim, end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.datasets.models import DatasetVersion
from apps.registry.models import RegisteredModel
from apps.registry.services import model_for_dataset
from apps.training import queue
from apps.training.events import Draft, owned, record, ring
from apps.training.models import JobStatus, TrainingJob, default_base_model
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
    model_of_other_dataset.
    """
    _refuse_unusable(dataset_version, model)
    with transaction.atomic():
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
        job.save(force_insert=True)
        record(job, [Draft("queued", {"by": str(actor)})])
        transaction.on_commit(queue.dispatch)
    return job


def _refuse_unusable(dataset_version: DatasetVersion, model: RegisteredModel | None) -> None:
    if dataset_version.status != DatasetVersion.Status.FINALISED:
        sentence = _("This version is still a draft. Finalise it first.")
        raise ValidationError({"dataset_version": sentence})
    if not dataset_version.rows_file.is_file():
        raise DomainError(
            "dataset_files_missing",
            _("The file of “%(data)s” is no longer on the server. Restore it from a backup or import the data again.")
            % {"data": dataset_version},
        )
    if model is not None and model.dataset_id != dataset_version.dataset_id:
        raise DomainError("model_of_other_dataset", _("This model belongs to another dataset."))


def request_cancel(job: TrainingJob, *, actor: Any) -> TrainingJob:
    """Cancel a job that waits at once; ask one that runs to stop at its next step (its supervisor passes that on).

    Asking twice is harmless. Raises DomainError("already_ended").
    """
    with transaction.atomic():
        job = TrainingJob.objects.select_for_update().get(pk=job.pk)
        if job.has_ended:
            raise DomainError("already_ended", _("This job has ended already; there is nothing to cancel."))
        if job.status == JobStatus.RUNNING:
            TrainingJob.objects.filter(pk=job.pk, cancel_requested_at=None).update(cancel_requested_at=timezone.now())
            job.refresh_from_db()
            ring(job.pk)
        else:
            record(job, [Draft("cancelled", {"step": 0, "by": str(actor)})])
            job.move_to(JobStatus.CANCELLED, cancel_requested_at=timezone.now(), finished_at=timezone.now())
        transaction.on_commit(queue.dispatch)
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
        dataset=DatasetSpec(rows_file=str(data.rows_file), sha256=data.content_sha256, schema=data.dataset.schema),
        parameters=validate_parameters(job.parameters),
        seed=job.seed,
    )


def end_job(job: TrainingJob, status: str, *, drafts: Sequence[Draft] = (), **columns: Any) -> TrainingJob:
    """Write the last events and the final status together; raises LostJob if the job is no longer this attempt's."""
    with transaction.atomic():
        mine = owned(job)
        record(mine, drafts)
        mine.move_to(status, finished_at=timezone.now(), eta_seconds=None, **columns)
    return mine


def give_back_job(job: TrainingJob, *, reason: str) -> None:
    """Return a running job to the queue, e.g. because its worker is being shut down; raises LostJob."""
    with transaction.atomic():
        queue.give_back(owned(job), reason=reason)
