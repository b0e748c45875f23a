"""The second factor: switching it on and off, signing in with it on pages and over the API, losing it."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.users import second_factor
from tests.users.conftest import PASSWORD

CREDENTIALS = {"username": "ben", "password": PASSWORD}


def code_of(secret, *, step=0):
    """What an authenticator app shows; `step` counts in 30 seconds from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


@pytest.fixture
def secret(user):
    """Ben's second factor is on; its secret."""
    secret = second_factor.new_secret()
    second_factor.turn_on(user, secret=secret, code=code_of(secret))
    return secret


@pytest.fixture
def proven(client, user):
    """Ben, signed in, who has just proved once more who he is."""
    client.post("/sign-in/", CREDENTIALS)
    client.post("/account/security/prove/", {"proof": PASSWORD})
    return client


def log_in(api, **more):
    return api().post("/api/v1/auth/login", CREDENTIALS | more, format="json")


def acts(user):
    return set(AuditEntry.objects.filter(object_id=str(user.pk)).values_list("action", flat=True))


def test_person_switches_it_on_with_a_picture_a_code_and_recovery_codes(proven, user):
    page = proven.get("/account/security/second-factor/")
    assert b"<svg" in page.content
    assert b"<script>" not in page.content
    secret = page.context["secret"].replace(" ", "")
    answer = proven.post("/account/security/second-factor/", {"code": code_of(secret)})
    assert len(answer.context["codes"]) == 10
    assert second_factor.is_on(user)
    assert "user.second_factor_on" in acts(user)


def test_recovery_codes_are_shown_only_once(proven, user):
    secret = proven.get("/account/security/second-factor/").context["secret"].replace(" ", "")
    code = proven.post("/account/security/second-factor/", {"code": code_of(secret)}).context["codes"][0]
    pages = ["/account/security/", "/account/security/recovery-codes/"]
    assert all(code not in proven.get(page, follow=True).content.decode() for page in pages)


def test_wrong_code_switches_nothing_on(proven, user):
    proven.get("/account/security/second-factor/")
    answer = proven.post("/account/security/second-factor/", {"code": "000000"})
    assert answer.context["form"].errors["code"]
    assert not second_factor.is_on(user)


@pytest.mark.parametrize("page", ["second-factor/", "second-factor/off/", "recovery-codes/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_changes_before_the_person_has_proved_himself_again(client, user, secret, page, method):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = getattr(client, method)(f"/account/security/{page}")
    assert answer.url.startswith("/account/security/prove/")
    assert second_factor.is_on(user)


def test_proof_may_be_a_code(client, user, secret):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        "/account/security/prove/?next=/account/security/second-factor/off/", {"proof": code_of(secret)}
    )
    assert answer.url == "/account/security/second-factor/off/"
    assert client.get(answer.url).status_code == 200


def test_wrong_proof_opens_nothing_and_counts(client, user, secret):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for _attempt in range(5):
        client.post("/account/security/prove/", {"proof": "wrong"})
    answer = client.post("/account/security/prove/", {"proof": PASSWORD})
    assert answer.context["form"].non_field_errors()
    assert client.get("/account/security/second-factor/off/").status_code == 302


def test_person_switches_it_off(proven, user):
    secret = second_factor.new_secret()
    second_factor.turn_on(user, secret=secret, code=code_of(secret))
    proven.post("/account/security/second-factor/off/")
    assert not Authenticator.objects.exists()
    assert "user.second_factor_off" in acts(user)


def test_password_alone_signs_nobody_in(client, user, secret):
    answer = client.post("/sign-in/", CREDENTIALS)
    assert answer.url == "/sign-in/code/"
    assert client.get("/account/").url.startswith("/sign-in/")


def test_code_completes_the_sign_in_and_returns_to_where_one_came_from(client, user, secret):
    client.post("/sign-in/?next=/history/", CREDENTIALS | {"next": "/history/"})
    answer = client.post("/sign-in/code/", {"code": code_of(secret, step=1)})
    assert answer.url == "/history/"
    assert client.get("/account/").status_code == 200


def test_code_page_without_a_password_leads_back(client, user, secret):
    assert client.post("/sign-in/code/", {"code": code_of(secret)}).url.startswith("/sign-in/")


def test_code_works_once(api, user, secret):
    code = code_of(secret, step=1)
    assert log_in(api, otp=code).status_code == 200
    assert log_in(api, otp=code).json()["code"] == "second_factor_wrong"


def test_recovery_code_works_once(api, user, secret):
    code = second_factor.new_codes(user)[0]
    assert log_in(api, otp=f"{code[:4]} {code[4:]}").status_code == 200
    assert log_in(api, otp=code).status_code == 401
    assert second_factor.codes_left(user) == 9


def test_new_recovery_codes_make_the_old_ones_worthless(user, secret):
    old = second_factor.new_codes(user)[0]
    second_factor.new_codes(user)
    assert not second_factor.accepts(user, old)


def test_api_says_that_it_wants_a_code(api, user, secret):
    answer = log_in(api)
    assert answer.status_code == 401
    assert answer.json()["code"] == "second_factor_required"


def test_wrong_password_never_hears_of_the_second_factor(api, user, secret):
    answer = api().post("/api/v1/auth/login", CREDENTIALS | {"password": "wrong"}, format="json")
    assert answer.json()["code"] == "wrong_credentials"


def test_old_code_is_refused(api, user, secret):
    assert log_in(api, otp=code_of(secret, step=-3)).status_code == 401


def test_guessing_codes_leads_into_a_pause_also_with_the_right_password(api, user, secret):
    for _attempt in range(5):
        assert log_in(api, otp="000000").status_code == 401
    answer = log_in(api, otp=code_of(secret, step=1))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_pages_and_api_count_the_same_codes(api, client, user, secret):
    for _attempt in range(5):
        log_in(api, otp="000000")
    assert client.post("/sign-in/", CREDENTIALS).context["form"].non_field_errors()


def test_secret_lies_encrypted_in_the_database(user, secret):
    written = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in written
    assert Authenticator.objects.get(type="totp").wrap().validate_code(code_of(secret, step=1))


def test_second_factor_is_not_switched_on_twice(user, secret):
    other = second_factor.new_secret()
    with pytest.raises(DomainError) as refusal:
        second_factor.turn_on(user, secret=other, code=code_of(other))
    assert refusal.value.code == "already_on"


def test_administrator_resets_it(page, administrator, user, secret):
    page(administrator).post(f"/admin/users/user/{user.pk}/reset-second-factor/")
    assert not second_factor.is_on(user)
    assert AuditEntry.objects.get(action="user.second_factor_reset").actor == administrator


def test_stranger_resets_nothing(page, stranger, user, secret):
    page(stranger).post(f"/admin/users/user/{user.pk}/reset-second-factor/")
    assert second_factor.is_on(user)


def test_console_asks_for_it_where_the_operator_demands_it(page, administrator, settings):
    settings.REQUIRE_SECOND_FACTOR = "console"
    answer = page(administrator).get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/account/security/"
    assert answer.context["is_demanded"]
    secret = second_factor.new_secret()
    second_factor.turn_on(administrator, secret=secret, code=code_of(secret))
    assert page(administrator).get("/admin/").status_code == 200


def test_console_asks_for_nothing_where_it_is_not_demanded(page, administrator):
    assert page(administrator).get("/admin/").status_code == 200
