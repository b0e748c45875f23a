from __future__ import annotations

import pytest

from apps.qa import services
from apps.qa.api.serializers import AnswerSerializer
from apps.qa.models import Question
from apps.users.quotas.rules import current_limits

pytestmark = pytest.mark.django_db
ASK, HISTORY = "/api/v1/qa/ask", "/api/v1/qa/history"


def test_ask_returns_rows_evidence_and_versions(api, user, live):
    answer = api(user).post(ASK, {"question": "工行深圳南山支行的联行号"}, format="json")
    assert answer.status_code == 200
    body = answer.json()
    assert body["records"] == [
        {"name": "中国工商银行股份有限公司深圳南山支行", "code": "102584002451", "clearing_code": "102100099996"}
    ]
    assert (body["outcome"], body["field"], body["decided_by"]) == ("answered", "code", "rules")
    assert body["model_version"] == {"id": str(live.pk), "number": 1}
    assert body["dataset_version"]["number"] == 1
    assert body["dataset_version"]["sha256"] == live.dataset_version.content_sha256
    assert body["model"] == live.model.slug
    assert body["evidence"]["steps"]
    assert len(body["evidence"]["sentences"]) == len(body["evidence"]["steps"])
    assert Question.objects.get(pk=body["id"]).asked_by == user


def test_the_answer_has_the_fields_that_the_schema_promises(api, user, live):
    body = api(user).post(ASK, {"question": "工行深圳南山支行"}, format="json").json()
    described = AnswerSerializer().fields
    assert list(body) == list(described)
    assert list(body["model_version"]) == list(described["model_version"].fields)
    assert list(body["dataset_version"]) == list(described["dataset_version"].fields)


def test_ask_returns_choices_and_the_question_back(api, user, live):
    body = api(user).post(ASK, {"question": "工行新华支行"}, format="json").json()
    assert body["outcome"] == "clarify"
    assert len(body["records"]) == 2
    assert body["clarify_question"]


def test_ask_invents_nothing(api, user, live):
    body = api(user).post(ASK, {"question": "建行火星支行的联行号"}, format="json").json()
    assert (body["outcome"], body["records"]) == ("not_found", [])


def test_asking_over_the_api_stays_within_its_queries(api, user, live, django_assert_max_num_queries):
    """User, rights of the user, rights of the roles, the live model, the insert."""
    client = api(user)
    current_limits()  # read once a minute by every process, not by every request
    with django_assert_max_num_queries(5):
        client.post(ASK, {"question": "工行深圳南山支行"}, format="json")


@pytest.mark.parametrize("body", [{}, {"question": ""}, {"question": "x" * 2001}])
def test_a_bad_question_is_a_field_error(api, user, live, body):
    answer = api(user).post(ASK, body, format="json")
    assert answer.status_code == 400
    assert "question" in answer.json()["fields"]


def test_without_an_active_model_it_answers_409(api, user, db):
    answer = api(user).post(ASK, {"question": "x"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_active_model")


@pytest.mark.parametrize("path", [ASK, HISTORY])
def test_nobody_and_people_without_the_right_are_refused(api, make_user, path):
    method = "post" if path == ASK else "get"
    assert getattr(api(), method)(path).status_code == 401
    assert getattr(api(make_user()), method)(path).status_code == 403


def test_history_is_ones_own_newest_first_and_searchable(api, user, stranger, administrator, live):
    for text, person in [("工行深圳南山支行", user), ("邮储六里坪支行", user), ("农行深圳南山支行", stranger)]:
        services.ask(text, user=person)

    def texts(person, **query):
        return [row["question"] for row in api(person).get(HISTORY, query).json()["results"]]

    assert texts(user) == ["邮储六里坪支行", "工行深圳南山支行"]
    assert texts(user, search="南山") == ["工行深圳南山支行"]
    assert texts(user, search="403539100200") == ["邮储六里坪支行"]  # by the code of the answer
    assert texts(user, search="%") == []
    assert texts(administrator) == []


def test_a_page_of_history_costs_the_same_however_long(api, user, live, django_assert_max_num_queries):
    for _ in range(8):
        services.ask("工行深圳南山支行", user=user)
    client = api(user)
    with django_assert_max_num_queries(5):
        assert len(client.get(HISTORY).json()["results"]) == 8
