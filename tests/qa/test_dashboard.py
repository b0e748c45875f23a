from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.qa import services
from apps.qa.dashboard import panel
from apps.qa.models import Question

pytestmark = pytest.mark.django_db


def test_the_panel_counts_today_and_the_days_before(administrator, user, live):
    for text in ("工行深圳南山支行", "邮储六里坪支行", "工行新华支行", "工行深圳南山支行", "工行深圳南山支行"):
        services.ask(text, user=user)
    Question.objects.filter(text="邮储六里坪支行").update(created_at=timezone.now() - timedelta(days=2))
    Question.objects.filter(text="工行深圳南山支行").update(latency_ms=1)
    Question.objects.filter(text="工行新华支行").update(latency_ms=9)
    shown = panel(administrator)["questions"]
    assert shown["today"] == 4
    assert {row["outcome"]: row["count"] for row in shown["outcomes"]} == {"answered": 3, "clarify": 1, "not_found": 0}
    assert (shown["p50_ms"], shown["p95_ms"]) == (1, 9)
    assert [day["count"] for day in shown["days"]] == [0] * 11 + [1, 0, 4]
    assert [day["share"] for day in shown["days"]][-3:] == [25, 0, 100]


def test_a_day_without_questions_has_no_latency(administrator):
    shown = panel(administrator)["questions"]
    assert (shown["today"], shown["p50_ms"]) == (0, None)


def test_a_user_sees_no_figures_of_others(user, live):
    assert panel(user) == {}


def test_the_panel_asks_few_queries(administrator, user, live, django_assert_max_num_queries):
    services.ask("工行深圳南山支行", user=user)
    administrator.has_perm("qa.view_question")
    with django_assert_max_num_queries(4):
        panel(administrator)
