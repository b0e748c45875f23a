"""Changing a password and finding back in: what ends, what works once, and what nobody learns."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.users import links, passwords
from apps.users.models import Letter
from tests.users.conftest import PASSWORD
from tests.users.test_sessions import browser, is_in, program

NEW = "staple battery horse 7"
NEW_TWICE = {"new_password1": NEW, "new_password2": NEW}


def link_in(letter):
    return re.search(r"https?://\S+", letter.body)[0]


def set_by(link, client=None, **form):
    """Open the link, follow it to its form, send the new password."""
    client = client or Client()
    opened = client.get(link)
    if opened.status_code != 302:
        return opened
    return client.post(opened.url, form or NEW_TWICE)


@pytest.fixture
def ben(make_user):
    return make_user("user", username="ben", email="ben@bank.example")


def test_change_on_the_page_keeps_this_session_and_ends_all_others(api, ben):
    mine, others = browser(), [browser(), program(api)]
    mine.post("/password/", {"old_password": PASSWORD, **NEW_TWICE})
    assert is_in(mine)
    assert not any(is_in(other) for other in others)
    assert AuditEntry.objects.filter(action="user.password_changed", actor=ben).exists()


def test_change_over_the_api_ends_every_session(api, ben):
    mine, other = program(api), browser()
    mine.post("/api/v1/auth/password", {"current": PASSWORD, "new": NEW}, format="json")
    assert not is_in(other)
    assert not is_in(mine)


def test_guessing_the_current_password_leads_into_a_pause(api, ben):
    client = program(api)
    answers = [client.post("/api/v1/auth/password", {"current": "x", "new": NEW}, format="json") for _n in range(6)]
    assert [answer.status_code for answer in answers] == [400] * 5 + [429]


def test_letter_brings_back_in_once(client, ben, letters):
    client.post("/password/forgotten/", {"email": "Ben@bank.example"})
    link = link_in(letters[0])
    assert letters[0].to == ["ben@bank.example"]
    assert set_by(link).url == "/sign-in/"
    ben.refresh_from_db()
    assert ben.check_password(NEW)
    assert set_by(link).status_code == 404
    assert AuditEntry.objects.filter(action="user.password_reset").exists()


def test_link_is_dead_after_the_person_has_signed_in_otherwise(api, ben):
    link = links.of_reset(ben, site="http://testserver")
    program(api)
    assert set_by(link).status_code == 404


def test_reset_ends_every_session(api, ben):
    inside = [browser(), program(api)]
    ben.refresh_from_db()
    set_by(links.of_reset(ben, site=""))
    assert not any(is_in(client) for client in inside)


@pytest.mark.parametrize("known", [True, False])
def test_page_says_the_same_whether_or_not_the_account_exists(client, ben, letters, known):
    address = "ben@bank.example" if known else "nobody@bank.example"
    page = client.post("/password/forgotten/", {"email": address}).content.decode()
    assert len(letters) == known
    strip = re.compile(r'csrfmiddlewaretoken" value="\w+"')
    assert strip.sub("", page.replace(address, "ADDRESS")) == strip.sub("", reference(client))


def reference(client):
    page = client.post("/password/forgotten/", {"email": "third@bank.example"}).content.decode()
    return page.replace("third@bank.example", "ADDRESS")


def test_page_asks_the_database_nothing_about_the_address(client, ben, django_assert_num_queries, monkeypatch):
    """Who waits for the answer learns nothing from how long it takes: the letter is noted, the worker looks, later."""
    monkeypatch.setattr("apps.users.mails.enqueue", lambda *message: None)
    with django_assert_num_queries(1):
        client.post("/password/forgotten/", {"email": "ben@bank.example"})
    letter = Letter.objects.get()
    assert (letter.kind, letter.about) == ("password_reset", "ben@bank.example")
    assert (letter.site, letter.language) == ("http://testserver/", "zh-hans")


def test_closed_account_gets_no_letter(client, ben, letters):
    ben.is_active = False
    ben.save()
    client.post("/password/forgotten/", {"email": "ben@bank.example"})
    assert letters == []


def test_weak_password_is_not_set(ben):
    answer = set_by(links.of_reset(ben, site=""), new_password1="short", new_password2="short")
    assert answer.status_code == 200
    ben.refresh_from_db()
    assert ben.check_password(PASSWORD)


def test_administrator_gets_a_link_to_hand_over_shown_once(page, administrator, ben):
    answer = page(administrator).post(f"/admin/users/user/{ben.pk}/password-link/")
    link = answer.context["link"]
    assert link in answer.content.decode()
    assert set_by(link).url == "/sign-in/"
    ben.refresh_from_db()
    assert ben.check_password(NEW)
    assert AuditEntry.objects.get(action="user.password_link_made").actor == administrator
    assert link not in str(list(AuditEntry.objects.values()))


def test_link_expires_after_a_day(ben, monkeypatch):
    link = links.of_reset(ben, site="")
    later = links.reset_tokens._now() + timedelta(hours=25)
    monkeypatch.setattr(links.reset_tokens, "_now", lambda: later)
    assert set_by(link).status_code == 404


def test_administrator_makes_no_link_for_a_superuser(administrator, make_user):
    with pytest.raises(DomainError) as refusal:
        passwords.make_one_time_link(make_user(is_superuser=True), actor=administrator, site="")
    assert refusal.value.code == "not_allowed"


def test_user_makes_no_link_for_anybody(page, user, administrator):
    assert page(user).post(f"/admin/users/user/{administrator.pk}/password-link/").status_code == 302
    assert not AuditEntry.objects.filter(action="user.password_link_made").exists()


def test_administrator_who_sets_a_password_signs_the_person_out(api, page, administrator, ben):
    inside = [browser(), program(api)]
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    page(administrator).post(f"/admin/users/user/{ben.pk}/password/", form)
    assert not any(is_in(client) for client in inside)


def test_person_signs_in_with_the_address_too(client, ben):
    assert client.post("/sign-in/", {"username": "BEN@bank.example", "password": PASSWORD}).url == "/"


def test_address_that_two_people_gave_signs_neither_in(client, ben, make_user):
    make_user("user", username="cora", email="ben@bank.example")
    client.post("/sign-in/", {"username": "ben@bank.example", "password": PASSWORD})
    assert client.get("/account/").status_code == 302


def test_proven_owner_of_an_address_comes_before_who_merely_claims_it(client, ben, make_user):
    from allauth.account.models import EmailAddress

    make_user("user", username="cora", email="ben@bank.example")
    EmailAddress.objects.create(user=ben, email="ben@bank.example", verified=True, primary=True)
    client.post("/sign-in/", {"username": "ben@bank.example", "password": PASSWORD})
    assert client.get("/account/").wsgi_request.user == ben
