"""The personal area: who one is here."""

from __future__ import annotations

import pytest
from django.urls import reverse

PROFILE = "/account/"


def test_profile_shows_roles_and_who_one_is(page, user):
    text = page(user).get(PROFILE).content.decode()
    assert "ben" in text
    assert str(reverse("account-profile")) in text


def test_profile_is_saved(page, user):
    answer = page(user).post(PROFILE, {"display_name": "Ben 王", "email": "ben@bank.example"})
    assert answer.status_code == 302
    user.refresh_from_db()
    assert (user.display_name, user.email) == ("Ben 王", "ben@bank.example")


def test_wrong_address_is_refused_and_nothing_is_saved(page, user):
    answer = page(user).post(PROFILE, {"display_name": "Ben", "email": "not an address"})
    assert answer.status_code == 400
    user.refresh_from_db()
    assert user.display_name == ""


def test_profile_form_sets_nothing_else(page, user):
    page(user).post(PROFILE, {"display_name": "Ben", "email": "", "is_superuser": "on", "username": "root"})
    user.refresh_from_db()
    assert (user.username, user.is_superuser) == ("ben", False)


def test_account_asks_for_sign_in_first(client, db):
    answer = client.get(PROFILE)
    assert answer.status_code == 302
    assert "/sign-in/" in answer.url


def test_tabs_lead_only_to_pages_that_exist(page, user):
    text = page(user).get(PROFILE).content.decode()
    tabs = text.split('class="tabs"')[1].split("</nav>")[0]
    assert 'aria-current="page"' in tabs
    assert 'href=""' not in tabs
