from __future__ import annotations

import pytest

from apps.core.errors import DomainError
from apps.qa import services
from apps.qa.models import Question
from apps.registry import services as registry
from apps.users.quotas.rules import current_limits

pytestmark = pytest.mark.django_db


def test_a_question_is_answered_and_kept_with_its_lineage(live, user):
    question = services.ask("  工行深圳南山支行的联行号 ", user=user)
    kept = Question.objects.get()
    assert kept == question
    assert kept.text == "工行深圳南山支行的联行号"
    assert (kept.outcome, kept.records[0]["code"]) == ("answered", "102584002451")
    assert (kept.model_version, kept.dataset_version, kept.asked_by) == (live, live.dataset_version, user)
    assert kept.latency_ms > 0


def test_asking_takes_two_queries(live, user, django_assert_num_queries):
    user.has_perm("qa.ask_question")  # as every view asks first: rights are then known
    current_limits()  # and quotas: every process reads them once a minute
    with django_assert_num_queries(2):
        services.ask("工行深圳南山支行", user=user)


@pytest.mark.parametrize("text", ["", "  \n ", "\x00"])
def test_an_empty_question_is_refused(live, user, text):
    with pytest.raises(DomainError) as problem:
        services.ask(text, user=user)
    assert problem.value.fields.keys() == {"question"}
    assert not Question.objects.exists()


def test_a_question_of_two_thousand_characters_is_taken_and_one_more_is_refused(live, user):
    services.ask("工" * 2000, user=user)
    with pytest.raises(DomainError) as problem:
        services.ask("工" * 2001, user=user)
    assert "2,001" in problem.value.message
    assert "2,000" in problem.value.message


def test_without_an_active_model_it_is_said_who_must_do_what(make_version, user):
    make_version()
    with pytest.raises(DomainError) as problem:
        services.ask("工行深圳南山支行", user=user)
    assert problem.value.code == "no_active_model"


def test_of_two_active_models_one_must_be_named(live, make_data, make_version, administrator, user):
    other = make_version(dataset_version=make_data(name="Other directory"))
    registry.activate(other, actor=administrator)
    with pytest.raises(DomainError) as problem:
        services.ask("工行深圳南山支行", user=user)
    assert problem.value.code == "which_model"
    assert live.model.slug in problem.value.message
    assert services.ask("工行深圳南山支行", user=user, model_slug="other-directory").model_version == other


def test_an_unknown_model_does_not_fall_back_to_another(live, user):
    with pytest.raises(DomainError) as problem:
        services.ask("工行深圳南山支行", user=user, model_slug="nothing")
    assert problem.value.code == "no_active_model"
