"""The personal area: who one is here, one's keys, what one has used."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.urls import reverse

from apps.users import keys, quotas
from apps.users.models import ApiKey, Letter
from apps.users.models.quotas import EVERYBODY
from apps.users.units import add_member, create_unit

PROFILE, KEYS, NEW_KEY, USAGE = "/account/", "/account/keys/", "/account/keys/new/", "/account/usage/"


@pytest.fixture
def with_mail(settings, monkeypatch):
    """Mail leaves this installation, as soon as a worker comes by; returns what waits for it: (kind, about)."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr("apps.users.mails.enqueue", lambda task, letter: None)
    return Letter.objects.values_list("kind", "about")


@pytest.fixture
def proven(page):
    """Return a function `proven(user)`: a client whose user has just shown his password."""

    def client_of(user):
        client = page(user)
        client.post(reverse("account_reauthenticate"), {"proof": "correct horse battery"})
        return client

    return client_of


# --- profile ---


def test_profile_shows_roles_and_units(page, user, administrator):
    add_member(create_unit(name="南山支行", parent=None, actor=administrator), user, actor=administrator)
    answer = page(user).get(PROFILE)
    assert answer.context["roles"] == ["用户"] or answer.context["roles"] == ["User"]
    assert "南山支行" in answer.content.decode()


def test_profile_is_saved(page, user):
    answer = page(user).post(PROFILE, {"display_name": "Ben 王", "language": "en"})
    assert answer.status_code == 302
    user.refresh_from_db()
    assert (user.display_name, user.language) == ("Ben 王", "en")


def test_profile_form_sets_nothing_else(page, user):
    page(user).post(PROFILE, {"display_name": "Ben", "is_superuser": "on", "username": "root"})
    user.refresh_from_db()
    assert (user.username, user.is_superuser) == ("ben", False)


def test_unknown_language_is_refused(page, user):
    assert page(user).post(PROFILE, {"display_name": "Ben", "language": "tlh"}).status_code == 400


def proven_again(client):
    client.post(reverse("account_reauthenticate"), {"proof": "correct horse battery"})
    return client


def test_open_screen_is_not_enough_to_change_the_address(page, user, with_mail):
    wish = {"display_name": "Ben", "email": "ben@bank.example"}
    client = page(user)
    assert client.post(PROFILE, wish).url.startswith(reverse("account_reauthenticate"))
    assert not with_mail.exists()
    client.post(f"{reverse('account_reauthenticate')}?next={PROFILE}", {"proof": "correct horse battery"})
    assert with_mail.count() == 1


def test_new_address_counts_when_its_link_is_opened(page, user, with_mail):
    proven_again(page(user)).post(PROFILE, {"display_name": "Ben", "email": "ben@bank.example"})
    user.refresh_from_db()
    assert user.email == ""
    row = EmailAddress.objects.get(user=user)
    assert list(with_mail) == [("confirm_address", str(row.pk))]
    page(user).post(reverse("account_confirm_email", args=[EmailConfirmationHMAC(row).key]))
    user.refresh_from_db()
    assert user.email == "ben@bank.example"


def test_without_mail_only_an_administrator_changes_the_address(page, user, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    proven_again(page(user)).post(PROFILE, {"display_name": "Ben", "email": "ben@bank.example"})
    user.refresh_from_db()
    assert user.email == ""
    assert not EmailAddress.objects.exists()


def test_wrong_address_is_refused(page, user, with_mail):
    assert page(user).post(PROFILE, {"display_name": "Ben", "email": "not an address"}).status_code == 400


def test_language_of_the_profile_wins_over_the_cookie_at_sign_in(client, user, settings):
    user.language = "en"
    user.save()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    client.post("/sign-in/", {"login": "ben", "username": "ben", "password": "correct horse battery"})
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


def test_who_chose_no_language_keeps_the_cookie(client, user, settings):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    client.post("/sign-in/", {"login": "ben", "username": "ben", "password": "correct horse battery"})
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


@pytest.mark.parametrize("address", [PROFILE, KEYS, NEW_KEY, USAGE])
def test_account_asks_for_sign_in_first(client, db, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert "/sign-in/" in answer.url


@pytest.mark.parametrize("address", [PROFILE, KEYS, USAGE])
def test_every_tab_marks_where_one_is_and_leads_somewhere(page, user, address):
    text = page(user).get(address).content.decode()
    tabs = text.split('class="tabs"')[1].split("</nav>")[0]
    assert f'href="{address}" aria-current="page"' in tabs
    assert 'href=""' not in tabs


def test_pages_have_no_inline_style_or_script(page, user):
    keys.make_key(name="n", scopes=["ask"], days=1, owner=user)
    for address in (PROFILE, KEYS, USAGE):
        text = page(user).get(address).content.decode()
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)", text), address


# --- keys ---


def test_key_is_shown_once(proven, user):
    client = proven(user)
    answer = client.post(NEW_KEY, {"name": "nightly", "scopes": ["ask", "read"], "days": "30"})
    text = re.search(r"mz_[0-9a-f]{8}_[\w-]{43}", answer.content.decode())[0]
    assert keys.verify(text).scopes == ["ask", "read"]
    assert "no-store" in answer["Cache-Control"]
    listed = client.get(KEYS).content.decode()
    assert text[:11] in listed
    assert text not in listed


def test_key_is_made_only_by_who_has_just_proved_himself(page, user):
    answer = page(user).post(NEW_KEY, {"name": "nightly", "scopes": ["ask"], "days": "30"})
    assert answer.status_code == 302
    assert "/prove/" in answer.url
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["root"]}, {"days": "9999"}])
def test_wrong_form_makes_no_key(proven, user, wrong):
    answer = proven(user).post(NEW_KEY, {"name": "n", "scopes": ["ask"], "days": "30"} | wrong)
    assert answer.status_code == 400
    assert not ApiKey.objects.exists()


def test_full_hand_of_keys_says_so(proven, user, settings):
    settings.API_KEYS_MAX = 0
    answer = proven(user).post(NEW_KEY, {"name": "n", "scopes": ["ask"], "days": "30"})
    assert answer.status_code == 409


def test_owner_revokes_and_others_cannot(page, user, stranger):
    key, _text = keys.make_key(name="n", scopes=["ask"], days=1, owner=user)
    assert page(stranger).post(f"{KEYS}{key.pk}/revoke/").status_code == 404
    key.refresh_from_db()
    assert key.state == "working"
    page(user).post(f"{KEYS}{key.pk}/revoke/")
    key.refresh_from_db()
    assert key.state == "revoked"


def test_list_of_keys_costs_the_same_for_many(page, user, django_assert_num_queries):
    client = page(user)
    for count in (1, 8):
        for _ in range(count):
            keys.make_key(name="n", scopes=["ask", "read"], days=1, owner=user)
        client.get(KEYS)
        with django_assert_num_queries(_queries_of(client, KEYS)) as seen:
            client.get(KEYS)
        assert len([query for query in seen.captured_queries if "users_apikey" in query["sql"]]) == 1


def _queries_of(client, address) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    return len(seen)


# --- usage ---


def test_usage_says_what_is_used_of_what(page, user, administrator):
    quotas.set_quotas(EVERYBODY, {"questions": 4, "storage": 2**30}, actor=administrator)
    quotas.spend(user, "questions", 3)
    text = page(user).get(USAGE).content.decode()
    assert 'value="75"' in text
    assert "1.0" in text
    assert "GB" in text


def test_usage_without_quotas_and_questions_says_so(page, user):
    answer = page(user).get(USAGE)
    assert answer.context["chart"].total == 0
    assert "<svg" not in answer.content.decode()
