"""What a plug-in gives back: the answer to one question, with everything that shows why it is the answer."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.registry.models import ModelVersion


class Outcome(models.TextChoices):
    """How a question ended. There is no fourth way: nothing is guessed."""

    ANSWERED = "answered", _("Answered")
    CLARIFY = "clarify", _("Asked back")
    NOT_FOUND = "not_found", _("Not found")


OUTCOME_COLOURS = {Outcome.ANSWERED: "success", Outcome.CLARIFY: "warning", Outcome.NOT_FOUND: "default"}


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer.

    `outcome` is a value of Outcome. `records` are whole rows of the dataset (column key -> cell, byte-equal
    to the file), `field` the column that was asked for, `nearest` rows that are close but not the answer. `summary` is
    the answer in one line, `evidence` JSON for people who ask why, `decided_by` what understood the question,
    `tokens` what the model read and wrote for it.
    """

    outcome: str
    model_version: ModelVersion
    dataset_version: Any
    field: str = ""
    records: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    nearest: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    clarify_question: str = ""
    summary: str = ""
    evidence: dict[str, Any] = dataclasses.field(default_factory=dict)
    decided_by: str = ""
    latency_ms: float = 0.0
    tokens: int = 0


class Plugin(Protocol):
    """What a module named in KINDS offers."""

    def answer(self, question: str, *, version: ModelVersion, dataset_version: Any) -> Answer:
        """Answer one question with one version over one dataset version; raises DomainError in words for people."""

    def prepare(self, version: ModelVersion) -> None:
        """Make ready what the first question would otherwise wait for; best effort, never raises."""
