"""Questions that are none, and questions that mean harm: over the API and on the page.

Tested elsewhere: 2,000 and 2,001 characters (tests/qa/test_services.py); markup on the answer page, the CSRF token
(tests/qa/test_pages.py); NUL in addresses (tests/core/test_middleware.py).
"""

from __future__ import annotations

import html

import pytest

from apps.qa.models import Question
from tests.bad_input.conftest import refused
from tests.registry.directory import data, engine, live, make_adapter, make_data, make_version  # noqa: F401

pytestmark = pytest.mark.usefixtures("live")

ASK = "/api/v1/qa/ask"
NO_QUESTION = {
    "nothing": "",
    "blanks": "   \t\n",
    "full-width blanks": "\u3000\u3000",
    "zero-width characters only": "\u200b\u200b\ufeff",
    "100,000 characters": "行" * 100_000,
    "a number": 12,
    "a list": ["行号"],
    "an object": {"a": 1},
    "nothing at all": None,
    "yes": True,
}


@pytest.mark.parametrize("question", NO_QUESTION.values(), ids=NO_QUESTION)
def test_what_is_no_question_is_refused_at_its_field_or_found_nowhere(question, api, user):
    answer = api(user).post(ASK, {"question": question}, format="json")
    if answer.status_code == 200:
        assert answer.json()["outcome"] == "not_found"
        return
    refused(answer, field="question")
    assert not Question.objects.exists()


HARMFUL = {
    "emoji": "🏦🏦🏦联行号👩‍👩‍👧‍👦是多少",
    "SQL": "'; DROP TABLE qa_question; -- 行号",
    "SQL in double quotes": '" OR 1=1 --',
    "markup": "<script>alert(1)</script>六里坪支行",
    "an attribute": '" onmouseover="alert(1)',
    "a template": "{{ settings.SECRET_KEY }}{% load static %}六里坪",
    "right-to-left marks": "\u202e六里坪支行\u202c的行号",
    "NUL": "六里坪\x00支行",
    "control characters": "六里坪\x01\x1b[31m支行",
    "combining marks": "六" + "\u0301" * 500,
    "percent signs": "%s %(x)s %d 100%",
    "wildcards": "%_%_%",
    "a regular expression": "(.*)+$[[",
    "a path": "../../etc/passwd",
    "a header": "六里坪\r\nX-Evil: 1",
}


@pytest.mark.parametrize("question", HARMFUL.values(), ids=HARMFUL)
def test_harmful_question_is_text_and_nothing_else(question, api, page, user):
    """It is answered or refused; answer and history show what was typed, escaped; no table is gone."""
    answer = api(user).post(ASK, {"question": question}, format="json")
    if answer.status_code != 200:
        refused(answer, field="question")
        assert not Question.objects.exists()
        return
    client = page(user)
    one = Question.objects.get()
    for address in (one.get_absolute_url(), "/history/", f"/history/?search={question[:20]}"):
        shown = client.get(address)
        assert shown.status_code in (200, 400)
        text = shown.content.decode()
        assert "<script>alert" not in text
        assert ' onmouseover="alert' not in text
        assert "django-insecure" not in text
        assert "for-tests-only" not in text
    assert html.escape(question.strip()) in client.get(one.get_absolute_url()).content.decode() or "\x00" in question


@pytest.mark.parametrize("question", HARMFUL.values(), ids=HARMFUL)
def test_harmful_question_on_the_page_keeps_the_page_standing(question, page, user):
    answer = page(user).post("/", {"question": question}, follow=True)
    assert answer.status_code in (200, 400)
    assert "<script>alert" not in answer.content.decode()


def test_lone_surrogates_are_refused_at_their_field(api, user):
    body = '{"question": "\\ud800\\udfff\\ud800 六里坪"}'
    refused(api(user).generic("POST", ASK, body, content_type="application/json"), field="question")
    assert not Question.objects.exists()


@pytest.mark.parametrize("slug", ["../x", "a b", "x" * 10_000, "<b>", "\x00", "不存在", 5, None, [], ""])
def test_model_that_cannot_be_named_so_is_refused(slug, api, user):
    answer = api(user).post(ASK, {"question": "六里坪支行", "model": slug}, format="json")
    assert answer.status_code in (400, 409), answer.content
    refused(answer, answer.status_code)
