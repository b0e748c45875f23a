"""What the tests of people share: the letters, an outside provider."""

from __future__ import annotations

import pytest

PASSWORD = "correct horse battery"


@pytest.fixture
def letters(monkeypatch, mailoutbox, django_capture_on_commit_callbacks):
    """The letters that were sent. What leaves the process, the queue, is replaced: its work is done at once."""
    from apps.users import mails

    monkeypatch.setattr(mails, "enqueue", lambda _task, letter: mails.deliver(letter))
    return mailoutbox


@pytest.fixture
def provider(settings):
    """An OIDC provider that is configured and listens."""
    from tests.users.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, serving

    here = Provider()
    with serving(here):
        app = {
            "provider_id": "oidc",
            "name": "Keycloak",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": here.url},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
        settings.PROVIDER_ORIGINS = [f"{here.url}/"]
        yield here
