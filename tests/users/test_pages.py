"""Signing in and out of the pages."""

from __future__ import annotations

from apps.core.pages import SIGNED_IN_COOKIE

CREDENTIALS = {"username": "ben", "password": "correct horse battery"}


def test_user_signs_in_and_lands_on_the_question_page(client, user):
    answer = client.post("/sign-in/", CREDENTIALS)
    assert answer.status_code == 302
    assert answer.url == "/"


def test_administrator_lands_on_the_dashboard(client, administrator):
    assert client.post("/sign-in/", {**CREDENTIALS, "username": "anna"}).url == "/admin/"


def test_sign_in_returns_to_where_one_came_from(client, user):
    assert client.post("/sign-in/?next=/history/", {**CREDENTIALS, "next": "/history/"}).url == "/history/"


def test_sign_in_never_leaves_the_site(client, user):
    assert client.post("/sign-in/", {**CREDENTIALS, "next": "https://evil.example/"}).url == "/"


def test_wrong_password_stays_on_the_page_with_a_sentence(client, user):
    answer = client.post("/sign-in/", {**CREDENTIALS, "password": "wrong"})
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors()


def test_expired_session_says_why_and_comes_back(client, user):
    client.post("/sign-in/", CREDENTIALS)
    del client.cookies["sessionid"]
    answer = client.get("/history/?search=x")
    assert answer.url == "/sign-in/?next=%2Fhistory%2F%3Fsearch%3Dx&reason=expired"
    assert client.get(answer.url).context["expired"]


def test_first_visit_says_nothing_of_expiry(client, db):
    assert client.get("/history/").url == "/sign-in/?next=%2Fhistory%2F"


def test_signing_out_needs_a_post_and_forgets_the_person(client, user):
    client.post("/sign-in/", CREDENTIALS)
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    assert client.cookies[SIGNED_IN_COOKIE].value == ""
    assert client.get("/").url.startswith("/sign-in/")


def test_password_page_changes_the_password(page, user):
    form = {
        "old_password": "correct horse battery",
        "new_password1": "staple battery 7x",
        "new_password2": "staple battery 7x",
    }
    assert page(user).post("/password/", form).status_code == 302
    user.refresh_from_db()
    assert user.check_password("staple battery 7x")


def test_password_page_is_closed_to_visitors(client, db):
    assert client.get("/password/").status_code == 302


def test_language_is_chinese_until_chosen(client, db):
    assert client.get("/sign-in/", headers={"accept-language": "en"}).headers["Content-Language"] == "zh-hans"
    client.post("/language/", {"language": "en", "next": "/sign-in/"})
    assert client.get("/sign-in/").headers["Content-Language"] == "en"
