"""What somebody who was in an account may leave behind, and that it goes when its owner takes the account back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.users import addresses, keys, links, mails, passwords, second_factor, sessions
from apps.users.models import ApiKey, TokenFamily
from tests.users.conftest import PASSWORD
from tests.users.test_passwords import NEW, NEW_TWICE, set_by
from tests.users.test_second_factor import code_of
from tests.users.test_sessions import browser, is_in, places


@pytest.fixture
def ben(make_user):
    person = make_user("user", username="ben", email="ben@bank.example")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


@pytest.fixture
def key(ben) -> ApiKey:
    return keys.make_key(name="program", scopes=["ask"], days=7, owner=ben)[0]


def works(key) -> bool:
    return ApiKey.objects.working().filter(pk=key.pk).exists()


def test_reset_by_a_link_revokes_the_keys_and_says_so(ben, key):
    client = Client()
    answer = set_by(links.of_reset(ben, site=""), client)
    assert not works(key)
    assert "1" in [str(message) for message in client.get(answer.url).context["messages"]][-1]


def test_administrator_who_sets_a_password_revokes_the_keys(page, administrator, ben, key):
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    page(administrator).post(f"/admin/users/user/{ben.pk}/password/", form)
    assert not works(key)


def test_owner_who_knows_the_old_password_keeps_the_keys(ben, key):
    passwords.set_password(ben, NEW, action="user.password_changed")
    assert works(key)


def test_link_to_another_address_dies_with_the_password(ben, monkeypatch):
    monkeypatch.setattr(mails, "has_server", lambda: True)
    addresses.request_change(ben, "thief@evil.example", site="http://testserver/")
    planted = EmailConfirmationHMAC(EmailAddress.objects.get(email="thief@evil.example")).key
    set_by(links.of_reset(ben, site=""))
    assert Client().post(reverse("account_confirm_email", args=[planted])).status_code == 404
    ben.refresh_from_db()
    assert ben.email == "ben@bank.example"


def test_mail_of_an_earlier_address_leads_in_no_more(ben, client, letters, monkeypatch):
    monkeypatch.setattr(mails, "has_server", lambda: True)
    addresses.request_change(ben, "ben@new.example", site="http://testserver/")
    addresses.adopt(EmailAddress.objects.get(email="ben@new.example"))
    letters.clear()
    client.post("/password/forgotten/", {"email": "ben@bank.example"})
    assert not letters
    client.post("/password/forgotten/", {"email": "ben@new.example"})
    assert [letter.to for letter in letters] == [["ben@new.example"]]


def test_address_that_an_administrator_replaced_leads_in_no_more(page, administrator, ben, client, letters):
    form = {"username": "ben", "display_name": "", "email": "ben@new.example", "is_active": "on"}
    groups = list(ben.groups.values_list("pk", flat=True))
    page(administrator).post(f"/admin/users/user/{ben.pk}/change/", {**form, "groups": groups})
    ben.refresh_from_db()
    assert ben.email == "ben@new.example"
    Client().post("/password/forgotten/", {"email": "ben@bank.example"})
    assert not letters


def test_browser_that_changed_its_password_can_still_be_signed_out(administrator, ben):
    inside = browser()
    assert inside.post(reverse("password"), {"old_password": PASSWORD, **NEW_TWICE}).status_code == 302
    assert is_in(inside)
    assert [place.is_current for place in places(inside)] == [True]
    sessions.end_everywhere(ben, actor=administrator)
    assert not is_in(inside)


@pytest.mark.parametrize("tail", ["password", "password-link", "reset-second-factor"])
def test_console_is_no_way_around_the_own_password(administrator, page, tail):
    second_factor.turn_on(administrator, secret=(secret := second_factor.new_secret()), code=code_of(secret))
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    answer = page(administrator).post(f"/admin/users/user/{administrator.pk}/{tail}/", form)
    assert answer.status_code == 302
    administrator.refresh_from_db()
    assert administrator.check_password(PASSWORD)
    assert second_factor.is_on(administrator)


def test_letters_link_to_the_address_that_the_operator_names(settings, client, ben, letters):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://mozhu.example.cn/", ["testserver"]
    client.post("/password/forgotten/", {"email": ben.email}, headers={"host": "testserver:4444"})
    assert "https://mozhu.example.cn/password/" in letters[0].body


@pytest.mark.parametrize(("minutes", "status"), [(1, 201), (6, 403)])
def test_key_is_made_by_who_has_just_signed_in(api, user, minutes, status):
    program = api(user)
    TokenFamily.objects.update(started_at=timezone.now() - timedelta(minutes=minutes))
    answer = program.post("/api/v1/account/keys", {"name": "x", "scopes": ["ask"]}, format="json")
    assert answer.status_code == status
    assert status == 201 or answer.json()["code"] == "proof_needed"


def test_open_screen_is_not_enough_to_make_a_key_over_the_api(page, user):
    client, wish = page(user), {"name": "x", "scopes": ["ask"]}
    address = "/api/v1/account/keys"
    assert client.post(address, wish, content_type="application/json").json()["code"] == "proof_needed"
    client.post(reverse("account_reauthenticate"), {"proof": PASSWORD})
    assert client.post(address, wish, content_type="application/json").status_code == 201


@pytest.mark.parametrize("typed", ["mıke@bank.example", "miKe@bank.example", "MIKE@bank.example"])
def test_letter_never_goes_to_a_mailbox_that_only_looks_alike(make_user, client, letters, typed):
    make_user("user", username="mike", email="mike@bank.example")
    client.post("/password/forgotten/", {"email": typed})
    assert {address for letter in letters for address in letter.to} <= {"mike@bank.example"}
