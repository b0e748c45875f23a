"""What somebody who was in an account may leave behind, and that it goes when its owner takes the account back."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.test import Client
from django.urls import reverse

from apps.users import addresses, keys, links, mails, passwords, sessions
from apps.users.models import ApiKey
from tests.users.conftest import PASSWORD
from tests.users.test_passwords import NEW, NEW_TWICE, set_by
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


@pytest.mark.parametrize("screen", ["page", "console"])
def test_browser_that_changed_its_own_password_can_still_be_signed_out(administrator, make_user, screen):
    ben = make_user("administrator", username="ben")
    inside = browser()
    address = reverse("password") if screen == "page" else f"/admin/users/user/{ben.pk}/password/"
    form = {"old_password": PASSWORD, "password1": NEW, "password2": NEW, "usable_password": "true", **NEW_TWICE}
    assert inside.post(address, form).status_code == 302
    assert is_in(inside)
    assert [place.is_current for place in places(inside)] == [True]
    sessions.end_everywhere(ben, actor=administrator)
    assert not is_in(inside)
