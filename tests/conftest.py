"""A real Valkey for every test process, on a socket of its own: broker, channel layer and cache as in production."""

from __future__ import annotations

import os
import shutil
from uuid import uuid4

import pytest
import redis
from django.db import connections
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from tests.environment import EMBEDDED_BROKER, SCRATCH

if connections["default"].vendor == "sqlite":
    # Workers, web threads and the test itself use the database at the same time: an in-memory database, shared between
    # threads, refuses that ("table is locked"); a file with a write-ahead log, as in production, does not.
    connections["default"].settings_dict["TEST"]["NAME"] = str(SCRATCH / "test.sqlite3")


hypothesis_settings.register_profile("quick", max_examples=20, deadline=None)
hypothesis_settings.register_profile("thorough", max_examples=100, deadline=None)
hypothesis_settings.load_profile("quick")  # --hypothesis-profile thorough: as `make services` runs them


@pytest.fixture(scope="session", autouse=True)
def scratch():
    yield
    shutil.rmtree(SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session", autouse=EMBEDDED_BROKER)
def valkey(scratch):
    from apps.core.embedded import start_valkey

    server = start_valkey(SCRATCH / "valkey.sock", log=SCRATCH / "valkey.log")
    yield
    server.terminate()
    server.wait(5)


@pytest.fixture(scope="session", autouse=not EMBEDDED_BROKER)
def empty_redis():
    """What an earlier run has left is no message to this one."""
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()


@pytest.fixture(scope="session", autouse=True)
def trail_can_be_emptied():
    """Tests that commit end with empty tables. The database refuses that for the audit trail: its guards step aside."""
    from apps.audit.append_only import installation, removal

    operations = type(connections["default"].ops)
    emptying = operations.sql_flush

    def sql_flush(self, *args, **kwargs):
        vendor = self.connection.vendor
        return [*removal(vendor), *emptying(self, *args, **kwargs), *installation(vendor)]

    operations.sql_flush = sql_flush
    yield
    operations.sql_flush = emptying


@pytest.fixture(autouse=True)
def quick(settings):
    """What tests need not wait for: a cheap password hash, plain static file names."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """Failed attempts of one test make nobody wait in the next."""
    monkeypatch.setattr("apps.users.throttling.KEY", f"attempts:{uuid4()}")


@pytest.fixture(autouse=True)
def default_language(settings):
    """A request leaves its language active, as in Django's own middleware; the next test must not inherit it."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def no_quotas_of_before():
    """A process keeps a copy of the table of quotas; what the last test had in it is gone without a notice."""
    from apps.users.quotas.rules import forget

    forget()
    yield
    forget()


@pytest.fixture
def make_user(db):
    """Return a function that makes a user with a role: `make_user("administrator")`."""
    from apps.users.models import User
    from apps.users.services import give_role

    def make(role: str | None = None, *, username: str | None = None, **fields) -> User:
        name = username or f"{role or 'nobody'}-{User.objects.count()}"
        user = User.objects.create_user(name, "correct horse battery", **fields)
        if role:
            give_role(user, role)
        return user

    return make


@pytest.fixture
def administrator(make_user):
    return make_user("administrator", username="anna")


@pytest.fixture
def user(make_user):
    return make_user("user", username="ben")


@pytest.fixture
def stranger(make_user):
    """Another ordinary user, who owns nothing that `user` owns."""
    return make_user("user", username="cora")


@pytest.fixture
def api():
    """Return a function `api(user)` that gives a DRF client with that user's access token (or none)."""
    from rest_framework.test import APIClient

    from apps.users import tokens

    def client_of(user=None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user).access}")
        return client

    return client_of


@pytest.fixture
def page(client):
    """Return a function `page(user)` that gives a Django client signed in as that user."""

    def client_of(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return client_of
