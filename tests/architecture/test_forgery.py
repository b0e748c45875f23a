"""No other site can act through a signed-in browser: generated from the URL table."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.architecture.addresses import ALL, Address, fill

COOKIE_ALONE = ["/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/logout"]
"""Nobody is signed in here by session, so they have no CSRF token: Origin and SameSite protect them."""
UNSAFE = [address for address in ALL if address.method != "GET" and f"/{address.route}" not in COOKIE_ALONE]
OURS, FOREIGN = "http://testserver", "https://evil.example"


@pytest.fixture
def careful(administrator) -> Client:
    """A browser with a session; CSRF is checked as in production."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("address", UNSAFE, ids=str)
def test_session_without_its_csrf_token_changes_nothing(address: Address, careful):
    path = fill(address.route, given={}, pk=None)
    answer = careful.generic(address.method, path, data="{}", content_type="application/json")
    assert answer.status_code in (403, 404, 405), f"{address} took a request without a CSRF token: {answer.status_code}"


@pytest.mark.parametrize("headers", [{"origin": FOREIGN}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}])
@pytest.mark.parametrize("path", COOKIE_ALONE)
def test_cookie_of_another_sites_request_is_not_answered(path, headers, client, db):
    answer = client.post(path, data="{}", content_type="application/json", headers=headers)
    assert answer.status_code == 403
    assert answer.cookies == {}


@pytest.mark.parametrize("headers", [{}, {"origin": OURS, "sec-fetch-site": "same-origin"}])
def test_program_and_own_page_may_refresh(headers, client, user):
    signed_in = client.post("/api/v1/auth/login", {"username": user.username, "password": "correct horse battery"})
    cookie = signed_in.cookies["mozhu_refresh"]
    assert (cookie["samesite"], cookie["httponly"], cookie["path"]) == ("Strict", True, "/api/v1/auth/")
    assert client.post("/api/v1/auth/refresh", headers=headers).status_code == 200


def test_session_cookies_are_out_of_reach_of_scripts_and_other_sites(settings):
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
    assert not hasattr(settings, "CORS_ALLOWED_ORIGINS")
