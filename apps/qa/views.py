"""The pages of those who ask: one field, the answer, one's own history."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.core.errors import DomainError
from apps.core.pages import Page
from apps.qa import services
from apps.qa.models import Question
from apps.registry import presentation
from apps.registry.models import RegisteredModel

RECENT = 5
PAGE_SIZE = 20


def _models_for(user: Any) -> list[RegisteredModel]:
    """Return what this user can ask now."""
    return list(RegisteredModel.objects.live().usable_by(user).order_by("created_at"))


class Ask(Page):
    permission = "qa.ask_question"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        text, slug = request.POST.get("question", ""), request.POST.get("model") or None
        try:
            question = services.ask(text, user=request.user, model_slug=slug)
        except DomainError as problem:
            return self._show(
                request,
                status=429 if problem.status == 429 else 400,
                problem=next(iter(problem.fields.values()), problem.message),
                asked=text,
                chosen=slug,
            )
        return redirect(question)

    def _show(self, request: HttpRequest, *, status: int = 200, **context: object) -> HttpResponse:
        recent = list(Question.objects.asked_by_person(request.user).select_related("model")[:RECENT])
        context = {"chosen": recent[0].model.slug if recent and recent[0].model else None} | context
        context |= {"models": _models_for(request.user), "recent": recent}
        return render(request, "qa/ask.html", context, status=status)


class ShowAnswer(Page):
    permission = "qa.ask_question"

    def get(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        rows = Question.objects.visible_to(request.user)
        question = get_object_or_404(rows.select_related("model", "model_version", "dataset_version__dataset"), pk=pk)
        context = {"question": question, "models": _models_for(request.user), **presentation.of(question)}
        return render(request, "qa/answer.html", context)


class History(Page):
    permission = "qa.ask_question"

    def get(self, request: HttpRequest) -> HttpResponse:
        search = request.GET.get("search", "").strip()[:200]
        rows = Question.objects.asked_by_person(request.user).containing(search)
        page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        return render(request, "qa/history.html", {"page": page, "search": search})
