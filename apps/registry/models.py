"""What has been trained and what answers: models, their versions, and the log of switches between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.access import AccessQuerySet, Level
from apps.core.models import Identified, Shareable

KINDS: dict[str, str] = {
    "record_lookup": "apps.registry.plugins.record_lookup",
}
"""Plug point: kind of model -> the module that answers for it (see answers.Plugin)."""

KIND_LABELS = [("record_lookup", _("Record lookup"))]


class RegisteredModelQuerySet(AccessQuerySet):
    def usable_by(self, user: Any) -> RegisteredModelQuerySet:
        """Models that the user may ask, which is less than seeing them in the console."""
        return self.permitted(user, "use")

    def live(self) -> RegisteredModelQuerySet:
        """Models that answer now, each row with all that answering needs: one query, no joins later."""
        rows = self.filter(active_version__isnull=False).select_related("active_version", "dataset__active_version")
        return rows.only(
            "slug",
            "name",
            "kind",
            "active_version__model",
            "active_version__number",
            "dataset__active_version__number",
            "dataset__active_version__content_sha256",
        )


class RegisteredModel(Identified, Shareable):
    """A name that questions are put to. Which version answers is one column, read anew for every question."""

    LEVELS = (
        Level(
            "use",
            _("Use"),
            _("Sees the model and its versions and may put questions to it."),
            ("view_registeredmodel", "use_registeredmodel"),
        ),
        Level(
            "manage",
            _("Manage"),
            _("May also rename it, decide which version answers, and share it with others."),
            ("view_registeredmodel", "use_registeredmodel", "change_registeredmodel"),
        ),
    )

    slug = models.SlugField(_("slug"), max_length=80, unique=True, help_text=_("How programs name the model."))
    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("kind"), max_length=40, choices=KIND_LABELS, default="record_lookup", editable=False)
    dataset = models.ForeignKey(
        "datasets.Dataset",
        on_delete=models.PROTECT,
        related_name="registered_models",
        verbose_name=_("dataset"),
        editable=False,
    )
    active_version = models.ForeignKey(
        "ModelVersion",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("active version"),
        editable=False,
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
        editable=False,
    )

    objects = RegisteredModelQuerySet.as_manager()

    class Meta:
        permissions = [("use_registeredmodel", "Can ask this model")]
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "kind"], name="registry_one_model_per_dataset_and_kind")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:registry_registeredmodel_change", args=[self.pk])


class ModelVersion(Identified):
    """An adapter as it came out of training: never changed, only switched on or off."""

    PART_OF = "model"

    model = models.ForeignKey(
        RegisteredModel, on_delete=models.PROTECT, related_name="versions", verbose_name=_("model")
    )
    number = models.PositiveIntegerField(_("number"))
    base_model = models.CharField(_("base model"), max_length=400)
    dataset_version = models.ForeignKey(
        "datasets.DatasetVersion",
        on_delete=models.PROTECT,
        related_name="model_versions",
        verbose_name=_("dataset version"),
    )
    adapter_sha256 = models.CharField(
        _("SHA-256 of the adapter"), max_length=64, validators=[RegexValidator("^[0-9a-f]{64}$")]
    )
    parameters = models.JSONField(_("parameters"), default=dict)
    metrics = models.JSONField(_("metrics"), default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("created by")
    )

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="registry_version_number_once"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="registry_version_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("admin:registry_modelversion_change", args=[self.pk])

    @property
    def adapter_directory(self) -> Path:
        """Where the PEFT adapter lies; the folder never changes once the row exists."""
        return version_directory(self.pk) / "adapter"

    @property
    def is_active(self) -> bool:
        return self.model.active_version_id == self.pk

    def metric(self, side: str, name: str) -> float | None:
        """Return a figure of the evaluation, e.g. metric("tuned", "slot_exact_match"), or None where there is none."""
        figures = self.metrics.get(side)
        value = figures.get(name) if isinstance(figures, dict) else None
        return float(value) if isinstance(value, (int, float)) else None


def version_directory(version_id: Any) -> Path:
    return Path(settings.VAR_DIR) / "models" / str(version_id)


class Activation(models.Model):
    """One line of the log: from when on which version answered, what answered before, and who decided it."""

    PART_OF = "model"

    class Kind(models.TextChoices):
        ACTIVATE = "activate", _("Activated")
        ROLLBACK = "rollback", _("Rolled back")

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="activations")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="activations")
    previous = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now, db_index=True)

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.version}"
