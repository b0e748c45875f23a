"""Asking counts questions and tokens; what was not answered costs nothing."""

from __future__ import annotations

import pytest

from apps.core.errors import DomainError, QuotaExceeded
from apps.qa import services
from apps.qa.models import Question
from apps.users import quotas
from apps.users.models.quotas import Subject
from tests.registry.directory import CHATTY

pytestmark = pytest.mark.django_db
EASY = "工行深圳南山支行"


@pytest.fixture
def limit(user, administrator):
    return lambda **limits: quotas.set_quotas(Subject("user", str(user.pk)), limits, actor=administrator)


def test_question_beyond_the_days_quota_is_refused_and_not_kept(live, user, limit):
    limit(questions=1)
    services.ask(EASY, user=user)
    with pytest.raises(QuotaExceeded):
        services.ask(EASY, user=user)
    assert Question.objects.count() == 1


def test_question_that_cannot_be_answered_does_not_count(live, user, limit, monkeypatch):
    limit(questions=1)

    def broken(*_arguments, **_options):
        raise DomainError("index_damaged", "damaged")

    with monkeypatch.context() as patch:
        patch.setattr(services, "answer", broken)
        with pytest.raises(DomainError, match="damaged"):
            services.ask(EASY, user=user)
    assert services.ask(EASY, user=user).outcome == "answered"


def test_empty_question_does_not_count(live, user, limit):
    limit(questions=1)
    with pytest.raises(DomainError):
        services.ask("", user=user)
    services.ask(EASY, user=user)


def test_tokens_of_the_model_are_kept_and_counted(live, user, limit, engine):
    limit(tokens=100)
    assert services.ask(EASY, user=user).tokens == 0
    question = services.ask(CHATTY, user=user)
    assert question.tokens == Question.objects.get(pk=question.pk).tokens == engine.tokens
    assert quotas.standings_of(user)[0].used == engine.tokens


def test_used_up_tokens_refuse_the_next_question(live, user, limit, engine):
    limit(tokens=engine.tokens)
    services.ask(CHATTY, user=user)
    with pytest.raises(QuotaExceeded):
        services.ask(EASY, user=user)


def test_page_says_it_in_a_sentence(live, user, limit, page):
    limit(questions=0)
    answer = page(user).post("/", {"question": EASY})
    assert answer.status_code == 429
    assert "0" in answer.context["problem"]
    assert answer.context["asked"] == EASY


def test_api_answers_429_with_the_facts(live, user, limit, api):
    limit(questions=0)
    answer = api(user).post("/api/v1/qa/ask", {"question": EASY}, format="json")
    assert (answer.status_code, answer.json()["values"]["metric"]) == (429, "questions")
    assert int(answer["Retry-After"]) >= 1
