"""Training jobs and the events of their life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.access import AccessQuerySet, Level
from apps.core.models import Identified, Shareable, Stateful
from apps.datasets.models import DatasetVersion
from apps.registry import base_models
from workers.trainers.configs import ParameterErrors, validate_parameters


class JobStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    STARTING = "starting", _("Starting")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class TrainerKind(models.TextChoices):
    """Which trainer program runs; the values are the keys of `workers.trainers.configs.TRAINERS`."""

    LORA_SLOTS = "lora_slots", _("LoRA: question to slots")


IN_A_SLOT = (JobStatus.STARTING, JobStatus.RUNNING)
SEED_MAX = 2**31 - 1
PRIORITY_MAX = 100
ENDED = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)


def default_base_model() -> str:
    return str(settings.BASE_MODEL)


def not_offered() -> str:
    return gettext("This base model is not offered here. Choose one of the list; the setting BASE_MODELS extends it.")


class TrainingJobQuerySet(AccessQuerySet):
    owner_field = "created_by"

    def waiting(self) -> Self:
        """Queued jobs in the order in which they will start: priority, then age."""
        return self.filter(status=JobStatus.QUEUED).order_by("-priority", "created_at")

    def in_a_slot(self) -> Self:
        return self.filter(status__in=IN_A_SLOT)

    def without_heartbeat(self) -> Self:
        """Jobs that hold a slot and have given no sign of life for `settings.HEARTBEAT_LOST_SECONDS`."""
        lost = timezone.now() - timedelta(seconds=settings.HEARTBEAT_LOST_SECONDS)
        return self.in_a_slot().filter(heartbeat_at__lt=lost)


class TrainingJob(Identified, Stateful, Shareable):
    """One order to train, from submission to the model version it ends in.

        queued ──► starting ──► running ──► succeeded
          │ ▲         │ │         │ │ │
          │ └─────────┴─┼─────────┘ │ └───► failed       (lost heartbeat: back to queued, attempt + 1)
          └─────────────┴───────────┴─────► cancelled

    queued: waits for a slot. starting: holds a slot, handed to the queue, no worker yet. running: a supervisor owns it
    and beats its heart; whatever it writes is fenced by (status, attempt), so a supervisor that was given up for dead
    can no longer write. The last three are final. Every change of status is one conditional UPDATE.
    """

    LEVELS = (
        Level("use", _("Watch"), _("Sees the job, its course and its figures."), ("view_trainingjob",)),
        Level(
            "manage",
            _("Manage"),
            _("May also cancel the job and share it with others."),
            ("view_trainingjob", "change_trainingjob"),
        ),
    )

    TRANSITIONS: ClassVar[Mapping[str, frozenset[str]]] = {
        JobStatus.QUEUED: frozenset({JobStatus.STARTING, JobStatus.CANCELLED}),
        JobStatus.STARTING: frozenset({JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED}),
        JobStatus.RUNNING: frozenset({JobStatus.QUEUED, *ENDED}),
    }

    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("method"), max_length=40, choices=TrainerKind, default=TrainerKind.LORA_SLOTS)
    dataset_version = models.ForeignKey(
        DatasetVersion,
        on_delete=models.PROTECT,
        related_name="training_jobs",
        verbose_name=_("dataset version"),
        help_text=_("Only finalised versions can be trained on: what a model learnt from must not change later."),
    )
    model = models.ForeignKey(
        "registry.RegisteredModel",
        on_delete=models.PROTECT,
        related_name="training_jobs",
        verbose_name=_("model"),
        help_text=_("The model whose next version this job makes."),
    )
    base_model = models.CharField(
        _("base model"),
        max_length=400,
        default=default_base_model,
        help_text=_("Which ones can be chosen is decided by the setting BASE_MODELS."),
    )
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    seed = models.PositiveIntegerField(
        _("seed"),
        default=42,
        validators=[MaxValueValidator(SEED_MAX)],
        help_text=_("The same data, parameters and seed give the same examples in the same order."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=JobStatus, default=JobStatus.QUEUED, editable=False, db_index=True
    )
    priority = models.SmallIntegerField(
        _("priority"),
        default=0,
        validators=[MinValueValidator(-PRIORITY_MAX), MaxValueValidator(PRIORITY_MAX)],
        help_text=_("A higher number starts earlier."),
    )
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1, editable=False)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, editable=False)
    cancel_requested_at = models.DateTimeField(_("cancel requested"), null=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    finished_at = models.DateTimeField(_("ended"), null=True, editable=False)
    error_code = models.CharField(_("error code"), max_length=60, blank=True, editable=False)
    error_message = models.TextField(_("what went wrong"), blank=True, editable=False)
    remedy = models.TextField(_("what to do"), blank=True, editable=False)
    step = models.PositiveIntegerField(_("step"), default=0, editable=False)
    total_steps = models.PositiveIntegerField(_("steps in all"), default=0, editable=False)
    eta_seconds = models.FloatField(_("time left (s)"), null=True, editable=False)
    last_loss = models.FloatField(_("last loss"), null=True, editable=False)
    last_seq = models.PositiveIntegerField(default=0, editable=False)
    """Number of the newest event; numbers are handed out while the row is locked, so they have no gap."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="training_jobs",
        verbose_name=_("created by"),
        editable=False,
    )
    model_version = models.OneToOneField(
        "registry.ModelVersion",
        on_delete=models.SET_NULL,
        null=True,
        related_name="training_job",
        verbose_name=_("model version"),
        editable=False,
    )

    objects = TrainingJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("training job")
        verbose_name_plural = _("training jobs")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=JobStatus.values), name="training_job_known_status"),
            models.CheckConstraint(condition=models.Q(attempt__gte=1), name="training_job_attempt_from_1"),
            models.CheckConstraint(
                condition=~models.Q(status__in=IN_A_SLOT) | models.Q(heartbeat_at__isnull=False),
                name="training_job_in_a_slot_has_a_heart",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=ENDED) | models.Q(finished_at__isnull=False),
                name="training_job_ended_has_an_end",
            ),
        ]
        indexes = [models.Index(fields=["status", "-priority", "created_at"], name="training_job_queue")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:training_trainingjob_change", args=[self.pk])

    def clean(self) -> None:
        """Refuse data that may still change, a base model that the operator does not offer, and parameters outside
        their limits; fills in parameters left out."""
        if self.dataset_version_id and self.dataset_version.status != DatasetVersion.Status.FINALISED:
            raise ValidationError({"dataset_version": _("This version is still a draft. Finalise it first.")})
        if not base_models.is_available(self.base_model):
            raise ValidationError({"base_model": not_offered()})
        try:
            self.parameters = asdict(validate_parameters(self.parameters))
        except ParameterErrors as problem:
            sentences = [f"{name}: {sentence}" for name, sentence in problem.translated(gettext).items()]
            raise ValidationError({"parameters": sentences}) from problem

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def is_cancelling(self) -> bool:
        return self.cancel_requested_at is not None and not self.has_ended

    @property
    def can_be_cancelled(self) -> bool:
        return not self.has_ended and self.cancel_requested_at is None

    @property
    def percent(self) -> int:
        """Progress in whole percent; 100 only when the job has succeeded."""
        if self.status == JobStatus.SUCCEEDED:
            return 100
        return min(99, self.step * 100 // self.total_steps) if self.total_steps else 0

    @property
    def directory(self) -> Path:
        """Where this attempt's spec, events and output lie."""
        return Path(settings.VAR_DIR) / "jobs" / str(self.pk) / f"attempt-{self.attempt}"


class TrainingEventQuerySet(AccessQuerySet):
    def after(self, seq: int) -> Self:
        return self.filter(seq__gt=seq).order_by("seq")


class TrainingEvent(models.Model):
    """Something that happened in a job. Appended by `apps.training.events.record` only, never changed."""

    PART_OF = "job"

    job = models.ForeignKey(
        TrainingJob, on_delete=models.CASCADE, related_name="events", verbose_name=_("training job")
    )
    seq = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=20)
    payload = models.JSONField(_("payload"), default=dict)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = TrainingEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("training event")
        verbose_name_plural = _("training events")
        ordering = ["job", "seq"]
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="training_event_seq_once_per_job")]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.seq} {self.kind}"
