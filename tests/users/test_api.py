"""Tokens: how a program signs in, stays in and gets out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

PASSWORD = "correct horse battery"
COOKIE = settings.REFRESH_COOKIE["name"]


def log_in(client, username="ben", password=PASSWORD):
    return client.post("/api/v1/auth/login", {"username": username, "password": password}, format="json")


def test_login_returns_access_token_and_hides_refresh_token_in_a_cookie(api, user):
    answer = log_in(api())
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access", "expires_in", "user"}
    assert body["expires_in"] == 15 * 60
    assert body["user"]["username"] == "ben"
    assert body["user"]["roles"] == ["user"]
    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Strict"
    assert cookie["max-age"] == 7 * 24 * 3600


@pytest.mark.parametrize(("username", "password"), [("ben", "wrong"), ("nobody", PASSWORD)])
def test_login_does_not_say_what_was_wrong(api, user, username, password):
    answer = log_in(api(), username, password)
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong_credentials"


def test_deactivated_user_cannot_log_in(api, user):
    user.is_active = False
    user.save()
    assert log_in(api()).status_code == 401


def test_login_names_missing_fields(api, db):
    answer = api().post("/api/v1/auth/login", {"username": "ben"}, format="json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert "password" in answer.json()["fields"]


def test_me_says_whose_token_it_is(api, user):
    assert api(user).get("/api/v1/auth/me").json()["username"] == "ben"


def test_request_without_token_is_told_to_sign_in(api, db):
    answer = api().get("/api/v1/auth/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_expired_token_has_a_code_of_its_own(api, user):
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(seconds=-1))
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    answer = client.get("/api/v1/auth/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_expired"


def test_forged_token_is_refused(api, user):
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}x")
    answer = client.get("/api/v1/auth/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_not_valid"


def test_token_of_deactivated_user_dies_at_once(api, user):
    client = api(user)
    user.is_active = False
    user.save()
    assert client.get("/api/v1/auth/me").status_code == 401


def test_refresh_rotates_the_cookie_and_blacklists_the_old_one(api, user):
    client = api()
    first = log_in(client).cookies[COOKIE].value
    answer = client.post("/api/v1/auth/refresh")
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "expires_in"}
    second = answer.cookies[COOKIE].value
    assert second != first
    client.cookies[COOKIE] = first
    replay = client.post("/api/v1/auth/refresh")
    assert replay.status_code == 401
    assert replay.json()["code"] == "refresh_invalid"


def test_refresh_without_cookie_is_refused(api, db):
    assert api().post("/api/v1/auth/refresh").status_code == 401


def test_refresh_token_of_deactivated_user_is_refused(api, user):
    client = api()
    log_in(client)
    user.is_active = False
    user.save()
    assert client.post("/api/v1/auth/refresh").status_code == 401


def test_logout_blacklists_the_refresh_token(api, user):
    client = api()
    token = log_in(client).cookies[COOKIE].value
    assert client.post("/api/v1/auth/logout").status_code == 204
    client.cookies[COOKIE] = token
    assert client.post("/api/v1/auth/refresh").status_code == 401


def test_logout_without_cookie_is_no_error(api, db):
    assert api().post("/api/v1/auth/logout").status_code == 204


def change(client, current, new):
    return client.post("/api/v1/auth/password", {"current": current, "new": new}, format="json")


def test_password_change_kills_older_tokens(api, user):
    client = api(user)
    assert change(client, PASSWORD, "staple battery horse 7").status_code == 204
    user.refresh_from_db()
    assert user.check_password("staple battery horse 7")
    assert client.get("/api/v1/auth/me").status_code == 401


def test_password_change_needs_the_current_one(api, user):
    answer = change(api(user), "wrong", "staple battery horse 7")
    assert answer.status_code == 400
    assert "current" in answer.json()["fields"]


def test_password_change_kills_the_refresh_token_too(api, user):
    client = api()
    log_in(client)
    change(api(user), PASSWORD, "staple battery horse 7")
    assert client.post("/api/v1/auth/refresh").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_refresh_token_works_once_also_for_requests_at_the_same_time(api, make_user):
    make_user("user", username="ben")
    token = log_in(api()).cookies[COOKIE].value

    def refresh(_number):
        client = api()
        client.cookies[COOKIE] = token
        try:
            return client.post("/api/v1/auth/refresh").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(refresh, range(8))) == [200, *[401] * 7]


@pytest.mark.parametrize("weak", ["short", "1234567890123", "password123", "benbenben"])
def test_weak_password_is_refused(api, user, weak):
    answer = change(api(user), PASSWORD, weak)
    assert answer.status_code == 400
    assert "new" in answer.json()["fields"]


def test_refresh_token_is_no_access_token(api, user):
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {RefreshToken.for_user(user)}")
    assert client.get("/api/v1/auth/me").status_code == 401
