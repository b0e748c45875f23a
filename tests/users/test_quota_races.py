"""Fifty at once at the edge of a quota: exactly as many pass as the limit says, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from apps.core.errors import QuotaExceeded
from apps.users import keys, quotas
from apps.users.models import QuotaCounter, User
from apps.users.models.quotas import Metric, Subject, Window
from apps.users.quotas import verbs
from apps.users.units import add_member, create_unit

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 50


def at_once(verb, arguments):
    """Call `verb` with each argument in a thread of its own, all let go together; return the results."""
    gate = threading.Barrier(len(arguments))

    def call(argument):
        try:
            gate.wait(30)
            return verb(argument)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(call, arguments))


def try_to_spend(user_id) -> bool:
    try:
        quotas.spend(User.objects.get(pk=user_id), Metric.QUESTIONS)
    except QuotaExceeded:
        return False
    return True


@pytest.fixture
def still_windows(monkeypatch):
    now = timezone.localtime()
    window = Window(now - timedelta(minutes=1), now + timedelta(minutes=9))
    monkeypatch.setattr(verbs, "window_of", lambda metric: window)


def test_exactly_the_limit_passes(user, administrator, still_windows):
    quotas.set_quotas(Subject("user", str(user.pk)), {"questions": 30}, actor=administrator)
    passed = at_once(try_to_spend, [user.pk] * MANY)
    assert passed.count(True) == 30
    assert QuotaCounter.objects.get().used == 30


def test_two_quotas_at_once_take_from_both_or_from_neither(user, stranger, administrator, still_windows):
    unit = create_unit(name="Bank", parent=None, actor=administrator)
    for person in (user, stranger):
        add_member(unit, person, actor=administrator)
        quotas.set_quotas(Subject("user", str(person.pk)), {"questions": 20}, actor=administrator)
    quotas.set_quotas(Subject("unit", str(unit.pk)), {"questions": 30}, actor=administrator)
    passed = at_once(try_to_spend, [user.pk, stranger.pk] * (MANY // 2))
    assert passed.count(True) == 30
    used = {(row.kind, row.subject_id): row.used for row in QuotaCounter.objects.all()}
    assert used.pop(("unit", str(unit.pk))) == 30
    assert sum(used.values()) == 30
    assert max(used.values()) <= 20


def test_requests_with_a_key_at_the_edge(user, administrator, still_windows):
    key, text = keys.make_key(name="n", scopes=["ask"], days=1, owner=user)
    quotas.set_quotas(Subject("key", str(key.pk)), {"requests": 30}, actor=administrator)

    def ask(_number) -> int:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        return client.get("/api/v1/qa/history").status_code

    assert Counter(at_once(ask, range(MANY))) == {200: 30, 429: 20}
