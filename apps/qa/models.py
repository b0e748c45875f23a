"""What was asked, and what was answered with what: the answer is kept, not asked again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.access import AccessQuerySet
from apps.core.models import Identified
from apps.registry.answers import Outcome


class QuestionQuerySet(AccessQuerySet):
    owner_field = "asked_by"

    def asked_by_person(self, user: Any) -> QuestionQuerySet:
        """A person's own history, whatever else the role lets see."""
        return self.filter(asked_by=user)

    def containing(self, keyword: str) -> QuestionQuerySet:
        """Questions whose text or answered names contain the keyword, in any letter case."""
        keyword = keyword.strip()
        return self.filter(search_text__icontains=keyword) if keyword else self


class Question(Identified):
    class DecidedBy(models.TextChoices):
        """What understood the question."""

        EXACT = "exact", _("full name")
        IDENTIFIER = "identifier", _("number")
        RULES = "rules", _("rules")
        MODEL = "model", _("model")

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="questions", verbose_name=_("asked by")
    )
    text = models.TextField(_("question"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    field = models.CharField(_("asked for"), max_length=40, blank=True)
    records = models.JSONField(_("records"), default=list)
    nearest = models.JSONField(_("nearest records"), default=list)
    clarify_question = models.TextField(_("question back"), blank=True)
    evidence = models.JSONField(_("evidence"), default=dict)
    decided_by = models.CharField(_("understood by"), max_length=20, choices=DecidedBy.choices, blank=True)
    summary = models.TextField(_("answer"), blank=True)
    search_text = models.TextField(editable=False)
    """What the keyword search looks at: the question and the names and codes of the answer."""
    model = models.ForeignKey(
        "registry.RegisteredModel", on_delete=models.PROTECT, related_name="questions", verbose_name=_("model")
    )
    model_version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, related_name="questions", verbose_name=_("model version")
    )
    dataset_version = models.ForeignKey(
        "datasets.DatasetVersion", on_delete=models.PROTECT, related_name="questions", verbose_name=_("dataset version")
    )
    latency_ms = models.FloatField(_("time taken (ms)"))
    tokens = models.PositiveIntegerField(_("tokens"), default=0)
    """What the model read and wrote; 0 where no model was asked."""

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["-created_at"]
        permissions = [("ask_question", "Can ask questions")]
        indexes = [models.Index(fields=["asked_by", "-created_at"], name="qa_question_own_history")]

    def __str__(self) -> str:
        return self.text[:60]

    def get_absolute_url(self) -> str:
        return reverse("qa:answer", args=[self.pk])
