"""Signing in with an outside account, against a real provider: who comes in, who does not, whom the server calls."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from apps.audit.models import AuditEntry
from apps.users import second_factor
from apps.users.models import AccessRequest, Role, User
from tests.users.conftest import PASSWORD
from tests.users.oidc_provider import new_key


def come(client, provider, *, process="login"):
    """Walk to the provider and back as a browser does; returns the answer to the way back."""
    there = client.post(f"/sign-in/oidc/?process={process}")
    assert there.status_code == 302, there.content
    assert there.url.startswith(provider.url)
    return client.get(provider.authorize(there.url))


def signed_in(client):
    return client.get("/account/").status_code == 200


@pytest.fixture
def kate(make_user):
    """A user here who is connected with the provider's person 42."""
    person = make_user("user", username="kate")
    SocialAccount.objects.create(user=person, provider="oidc", uid="42")
    return person


def test_connected_person_comes_in(client, provider, kate):
    assert come(client, provider).url == "/"
    assert signed_in(client)
    assert AuditEntry.objects.filter(action="user.signed_in", actor=kate).exists()


def test_sign_in_page_offers_the_provider_and_lets_its_form_lead_there(client, provider, db):
    page = client.get("/sign-in/?next=/history/")
    assert 'action="/sign-in/oidc/?next=%2Fhistory%2F"' in page.content.decode()
    assert provider.url in page.headers["Content-Security-Policy"]


def test_page_without_providers_leads_nowhere_else(client, db):
    assert "form-action 'self';" in client.get("/sign-in/").headers["Content-Security-Policy"] + ";"


def test_unknown_person_does_not_become_a_user_while_registration_is_closed(client, provider, db):
    answer = come(client, provider)
    assert answer.status_code == 403
    assert not User.objects.exists()


def test_unknown_person_becomes_a_user_where_the_operator_says_so(client, provider, settings, db):
    settings.OIDC_CREATES_USERS = True
    come(client, provider)
    person = User.objects.get(username="kate")
    assert person.role_names == [Role.USER]
    assert person.display_name == "凯特"
    assert not person.has_usable_password()
    assert signed_in(client)


def test_unknown_person_waits_for_approval(client, provider, settings, db):
    settings.REGISTRATION = "approval"
    assert come(client, provider).url == "/sign-in/waiting/"
    assert AccessRequest.objects.get().status == "waiting"
    assert not signed_in(client)


@pytest.mark.parametrize("verified", [True, False])
def test_same_address_does_not_open_somebody_elses_account(client, provider, settings, make_user, verified):
    settings.OIDC_CREATES_USERS = True
    make_user("administrator", username="anna", email="anna@bank.example")
    provider.person |= {"email": "Anna@bank.example", "email_verified": verified}
    assert come(client, provider).status_code == 403
    assert not signed_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1


def test_person_connects_the_account_himself_after_proving_who_he_is(client, provider, user):
    client.post("/sign-in/", {"username": "ben", "password": PASSWORD})
    answer = come(client, provider, process="connect")
    assert answer.url.startswith("/account/security/prove/")
    assert not SocialAccount.objects.exists()
    client.post("/account/security/prove/", {"proof": PASSWORD})
    assert SocialAccount.objects.get().user == user


def test_last_way_in_is_not_disconnected(client, provider, kate):
    kate.set_unusable_password()
    kate.save()
    come(client, provider)
    client.post(f"/account/security/connections/{SocialAccount.objects.get().pk}/")
    assert SocialAccount.objects.exists()


def test_second_factor_is_asked_for_here_too(client, provider, kate):
    Authenticator.objects.create(user=kate, type="totp", data={"secret": second_factor.get_adapter().encrypt("A" * 32)})
    assert come(client, provider).url == "/sign-in/code/"
    assert not signed_in(client)


def test_deactivated_person_stays_out(client, provider, kate):
    kate.is_active = False
    kate.save()
    assert come(client, provider).url == "/sign-in/waiting/"
    assert not signed_in(client)


@pytest.mark.parametrize(
    "spoil",
    [{"iss": "https://elsewhere.example"}, {"aud": "another-client"}, {"exp": 1}, {"sub": "43"}],
    ids=["issuer", "audience", "expired", "userinfo of somebody else"],
)
def test_token_that_does_not_fit_opens_nothing(client, provider, kate, spoil):
    provider.spoil = spoil
    assert come(client, provider).status_code == 401
    assert not signed_in(client)


def test_token_that_another_key_signed_opens_nothing(client, provider, kate):
    provider.signing_key = new_key()
    assert come(client, provider).status_code == 401
    assert not signed_in(client)


def test_answer_to_another_browsers_question_opens_nothing(client, provider, kate):
    from django.test import Client

    mine = provider.authorize(Client().post("/sign-in/oidc/").url)
    assert client.get(mine).status_code == 401
    assert not signed_in(client)


def test_code_works_once(client, provider, kate):
    back = provider.authorize(client.post("/sign-in/oidc/").url)
    assert client.get(back).status_code == 302
    client.post("/sign-out/")
    assert client.get(back).status_code == 401


def test_server_calls_nobody_but_the_configured_address(client, provider, kate):
    """A provider that points elsewhere, by its discovery, is not followed."""
    from tests.users.oidc_provider import Provider, serving

    elsewhere = Provider()
    with serving(elsewhere):
        provider.discovery = {"token_endpoint": f"{elsewhere.url}/token", "jwks_uri": f"{elsewhere.url}/keys"}
        assert come(client, provider).status_code == 401
    assert elsewhere.requests == []
    assert not signed_in(client)


def test_get_asks_before_it_leads_away(client, provider, db):
    assert client.get("/sign-in/oidc/").status_code == 200
    assert provider.requests == []


def test_row_in_a_table_configures_no_provider(client, db):
    from allauth.socialaccount.models import SocialApp

    SocialApp.objects.create(provider="google", name="G", client_id="x", secret="y")
    assert client.post("/sign-in/google/").status_code == 404


@pytest.mark.parametrize("answer", [{"jwks_uri": "http://127.0.0.1:9/keys"}, {"token_endpoint": "no address"}])
def test_provider_that_talks_nonsense_or_is_away_ends_in_a_sentence(client, provider, kate, answer):
    provider.discovery = answer
    page = come(client, provider)
    assert page.status_code in (401, 502)
    assert "<h1>" in page.content.decode()
    assert not signed_in(client)


def test_provider_that_is_away_ends_in_a_sentence(client, provider, settings, db):
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    settings.PROVIDER_ORIGINS = ["http://127.0.0.1:9/"]
    page = client.post("/sign-in/oidc/")
    assert page.status_code == 502
    assert "<h1>" in page.content.decode()
