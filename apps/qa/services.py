"""Verbs of the questions app: ask."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.core.words import listed
from apps.qa.models import Question
from apps.registry.answers import Answer
from apps.registry.models import RegisteredModel
from apps.registry.services import answer, checked_question
from apps.users import quotas
from apps.users.models.quotas import Metric

NAMED_MAX = 10


def ask(text: str, *, user: Any, model_slug: str | None = None) -> Question:
    """Answer a question with the active version of a model and keep question and answer.

    Without `model_slug` the one active model answers. Raises DomainError: invalid (with `fields`), no_active_model,
    which_model, and what the model raises; QuotaExceeded. A question that could not be answered for such a reason is
    not kept and does not count.
    """
    text = checked_question(text)
    model = _answering_model(user, model_slug)
    quotas.require_room(user, Metric.TOKENS)
    with quotas.spending(user, Metric.QUESTIONS):
        given = answer(text, model=model)
        question = _kept(given, text=text, user=user)
    quotas.add(user, Metric.TOKENS, given.tokens)
    return question


def _answering_model(user: Any, slug: str | None) -> RegisteredModel:
    models = RegisteredModel.objects.live().usable_by(user)
    slug = (slug or "").replace("\x00", "")
    found: list[RegisteredModel] = list(models.filter(slug=slug) if slug else models[:NAMED_MAX])
    if not found:
        message = _("No model is active. An administrator has to activate a model version in the console first.")
        raise DomainError("no_active_model", message)
    if len(found) > 1:
        names = listed(model.slug for model in found)
        raise DomainError(
            "which_model", _("Several models are active. Say which one to ask: %(names)s") % {"names": names}
        )
    return found[0]


def _kept(given: Answer, *, text: str, user: Any) -> Question:
    cells = [str(cell) for record in given.records for cell in record.values()]
    question = Question(
        asked_by=user,
        text=text,
        outcome=given.outcome,
        field=given.field,
        records=given.records,
        nearest=given.nearest,
        clarify_question=given.clarify_question,
        summary=given.summary,
        evidence=given.evidence,
        decided_by=given.decided_by,
        search_text="\n".join([text, *cells]),
        model=given.model_version.model,
        model_version=given.model_version,
        dataset_version=given.dataset_version,
        latency_ms=given.latency_ms,
        tokens=given.tokens,
    )
    question.save(force_insert=True)
    return question
