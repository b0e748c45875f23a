from __future__ import annotations

import pytest
from django.urls import reverse

from apps.qa import services
from apps.qa.models import Question

pytestmark = pytest.mark.django_db
LIST = "admin:qa_question_changelist"


def test_the_list_shows_everybodys_questions_and_finds_them(page, administrator, user, live):
    services.ask("工行深圳南山支行", user=user)
    services.ask("邮储六里坪支行", user=administrator)
    client = page(administrator)
    assert client.get(reverse(LIST)).context["cl"].result_count == 2
    assert client.get(reverse(LIST), {"q": "六里坪"}).context["cl"].result_count == 1
    assert client.get(reverse(LIST), {"outcome__exact": "clarify"}).context["cl"].result_count == 0


def test_a_question_is_read_only_and_shows_how_it_was_decided(page, administrator, user, live):
    question = services.ask("<b>工行</b>深圳南山支行", user=user)
    address = reverse("admin:qa_question_change", args=[question.pk])
    client = page(administrator)
    html = client.get(address).content.decode()
    assert "&lt;b&gt;" in html
    assert "<b>工行" not in html
    assert client.post(address, {"text": "x"}).status_code == 403
    assert Question.objects.get().text == question.text


def test_the_list_takes_the_same_queries_however_long(page, administrator, user, live, django_assert_max_num_queries):
    for _ in range(12):
        services.ask("工行深圳南山支行", user=user)
    client = page(administrator)
    with django_assert_max_num_queries(16):
        client.get(reverse(LIST))


def test_a_user_does_not_enter(page, user):
    assert page(user).get(reverse(LIST)).status_code in (302, 403)
