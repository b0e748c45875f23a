from __future__ import annotations

import pytest
from django.urls import reverse

from apps.core.pages import SIGNED_IN_COOKIE
from apps.qa import services
from apps.qa.models import Question

pytestmark = pytest.mark.django_db


def test_asking_leads_to_the_answer_with_the_code_in_one_piece_to_copy(page, user, live):
    answer = page(user).post("/", {"question": "工行深圳南山支行的联行号"}, follow=True)
    assert answer.redirect_chain == [(Question.objects.get().get_absolute_url(), 302)]
    html = answer.content.decode()
    assert "中国工商银行股份有限公司深圳南山支行" in html
    assert 'data-copy="102584002451"' in html
    assert "<span>1025</span><span>8400</span><span>2451</span>" in html
    assert 'data-copy="102100099996"' in html
    assert live.dataset_version.content_sha256[:8] in html


def test_the_number_that_was_asked_for_stands_first(page, user, live):
    answer = page(user).post("/", {"question": "邮储六里坪支行的清算行行号"}, follow=True)
    cells = answer.context["cards"][0].cells
    assert [cell.value for cell in cells] == ["403100000004", "403539100200"]
    assert [cell.is_asked for cell in cells] == [True, False]


def test_choosing_one_of_the_choices_asks_for_it(page, user, live):
    client = page(user)
    asked = client.post("/", {"question": "工行新华支行联行号"}, follow=True)
    choices = asked.context["cards"]
    assert len(choices) == 2
    chosen = client.post("/", {"question": choices[0].question, "model": live.model.slug}, follow=True)
    assert [card.name for card in chosen.context["cards"]] == [choices[0].name]
    assert chosen.context["question"].outcome == "answered"


def test_a_choice_keeps_asking_for_the_same_number(page, user, live):
    client = page(user)
    asked = client.post("/", {"question": "工行新华支行的清算行行号"}, follow=True)
    chosen = client.post("/", {"question": asked.context["cards"][0].question}, follow=True)
    assert chosen.context["question"].field == "clearing_code"
    assert chosen.context["question"].outcome == "answered"


def test_not_found_shows_near_names_as_such(page, user, live):
    answer = page(user).post("/", {"question": "那个丹江口六里平的邮政"}, follow=True)
    assert answer.context["question"].outcome == "not_found"
    assert [card.name for card in answer.context["nearest"]] == ["中国邮政储蓄银行股份有限公司丹江口市六里坪支行"]
    assert "403539100200" not in answer.content.decode()  # a near name's code would be taken for the answer


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "'; DROP TABLE qa_question; --", "\u202e支行南山\u202c", '"><img src=x onerror=1>'],
)
def test_whatever_is_typed_is_shown_as_text(page, user, live, text):
    client = page(user)
    answer = client.post("/", {"question": text}, follow=True)
    for shown in (answer, client.get("/"), client.get("/history/")):
        assert shown.status_code == 200
        html = shown.content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert 'dir="auto"' in html  # a right-to-left mark stays inside its line
    assert Question.objects.get().text == text


def test_without_an_active_model_a_user_reads_who_must_do_what(page, user):
    html = page(user).get("/").content.decode()
    assert 'name="question"' not in html
    assert reverse("admin:registry_registeredmodel_changelist") not in html


def test_without_an_active_model_an_administrator_is_led_to_the_models(page, administrator):
    assert reverse("admin:registry_registeredmodel_changelist") in page(administrator).get("/").content.decode()


def test_an_empty_question_stays_on_the_page_with_a_sentence(page, user, live):
    answer = page(user).post("/", {"question": " "})
    assert answer.status_code == 400
    assert answer.context["problem"]


def test_a_stranger_gets_404_for_an_answer_that_is_not_his(page, user, stranger, live):
    question = services.ask("工行深圳南山支行", user=user)
    assert page(stranger).get(question.get_absolute_url()).status_code == 404
    assert page(user).get(question.get_absolute_url()).status_code == 200


def test_an_administrator_opens_any_answer_but_has_a_history_of_his_own(page, user, administrator, live):
    question = services.ask("工行深圳南山支行", user=user)
    client = page(administrator)
    assert client.get(question.get_absolute_url()).status_code == 200
    assert list(client.get("/history/").context["page"]) == []


@pytest.mark.parametrize("path", ["/", "/history/", "/answers/00000000-0000-0000-0000-000000000000/"])
def test_nobody_is_sent_to_sign_in_and_told_why_when_the_session_expired(client, db, path):
    assert client.get(path).url.startswith("/sign-in/?next=")
    client.cookies[SIGNED_IN_COOKIE] = "1"
    assert client.get(path).url.endswith("reason=expired")


@pytest.mark.parametrize("path", ["/", "/history/"])
def test_people_without_the_right_get_403(page, make_user, path):
    assert page(make_user()).get(path).status_code == 403


def test_history_is_found_by_a_word_and_paged(page, user, live):
    for number in range(21):
        services.ask(f"工行深圳南山支行 {number:02}", user=user)
    services.ask("邮储六里坪支行", user=user)
    client = page(user)
    assert len(client.get("/history/").context["page"]) == 20
    assert len(client.get("/history/?page=2").context["page"]) == 2
    assert [row.text for row in client.get("/history/?search=六里坪").context["page"]] == ["邮储六里坪支行"]
    second = client.get("/history/?search=南山&page=2")
    assert len(second.context["page"]) == 1
    assert "search=%E5%8D%97%E5%B1%B1" in second.content.decode()


def test_asking_needs_the_csrf_token(user, live):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/", {"question": "x"}).status_code == 403


def test_the_console_is_offered_to_who_may_enter(page, user, administrator):
    assert reverse("admin:index") not in page(user).get("/").content.decode()
    assert reverse("admin:index") in page(administrator).get("/").content.decode()


def test_the_language_can_be_switched(page, user):
    client = page(user)
    client.post("/language/", {"language": "en", "next": "/"})
    assert '<html lang="en">' in client.get("/").content.decode()


def test_an_unknown_address_is_a_plain_page(page, user, client, db):
    assert page(user).get("/nothing/").status_code == 404
    assert client.get("/nothing/").status_code == 404


def test_the_page_of_a_server_error_asks_nothing_of_the_database(rf, django_assert_num_queries, user):
    from django.utils.functional import SimpleLazyObject

    from apps.core.pages import server_error

    def read_the_user():
        raise AssertionError("the database is what failed")

    request = rf.get("/")
    request.user = SimpleLazyObject(read_the_user)
    with django_assert_num_queries(0):
        assert server_error(request).status_code == 500
