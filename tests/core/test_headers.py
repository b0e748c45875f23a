"""What every answer tells the browser, whoever asks, whatever comes back."""

from __future__ import annotations

import re

import pytest

ADDRESSES = ["/", "/sign-in/", "/history/", "/nothing-here", "/healthz", "/api/v1/auth/me", "/api/docs/", "/admin/"]


def policy_of(answer) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_is_protected(page, administrator, address):
    headers = page(administrator).get(address).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_answer_may_be_framed_or_load_from_elsewhere(page, administrator, address):
    policy = policy_of(page(administrator).get(address))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert not re.search(r"https?:|\*", " ".join(policy.values()))


@pytest.mark.parametrize("address", ["/", "/sign-in/", "/history/", "/nothing-here", "/api/docs/"])
def test_our_pages_allow_neither_inline_nor_eval(page, user, address):
    policy = policy_of(page(user).get(address))
    assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
    assert policy["object-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["connect-src"] == "'self' ws://testserver"


def test_console_allows_what_its_theme_needs_and_no_inline_script(page, administrator):
    policy = policy_of(page(administrator).get("/admin/"))
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"


def test_api_answers_load_nothing(api, user):
    policy = policy_of(api(user).get("/api/v1/auth/me"))
    assert policy == dict.fromkeys(("default-src", "base-uri", "frame-ancestors", "form-action"), "'none'")


def test_socket_of_a_page_that_came_through_tls_is_the_secure_one(client, db):
    assert "wss://testserver" in client.get("/sign-in/", secure=True).headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", [*ADDRESSES, "/static/site/site.css"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_other_site_is_ever_let_in(client, db, method, address):
    answer = client.generic(
        method, address, HTTP_ORIGIN="https://evil.example", HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST"
    )
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_unknown_host_is_a_bad_request(client, db):
    assert client.get("/sign-in/", HTTP_HOST="evil.example").status_code == 400
