"""Which models a person may ask: all of them by role, single ones by grant."""

from __future__ import annotations

import pytest
from guardian.shortcuts import assign_perm

from apps.core.errors import DomainError
from apps.qa.services import ask
from tests.registry.directory import ROWS


@pytest.fixture
def asker(make_user):
    """A person who may ask, but no model in particular."""
    from django.contrib.auth.models import Permission

    person = make_user()
    person.user_permissions.add(Permission.objects.get(codename="ask_question"))
    return person


def test_role_user_asks_every_model(live, user):
    assert ask(ROWS[0][0], user=user).outcome == "answered"


def test_model_without_grant_does_not_exist_for_the_asker(live, asker, page):
    with pytest.raises(DomainError) as refused:
        ask(ROWS[0][0], user=asker, model_slug=live.model.slug)
    assert refused.value.code == "no_active_model"
    assert live.model.name not in page(asker).get("/").content.decode()


def test_grant_on_a_model_lets_ask_it(live, asker):
    assign_perm("registry.use_registeredmodel", asker, live.model)
    assert ask(ROWS[0][0], user=asker).outcome == "answered"


def test_asking_by_grant_costs_no_more_queries_than_by_role_but_one(live, user, asker, api):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    assign_perm("registry.use_registeredmodel", asker, live.model)
    counts = []
    for person in (user, asker):
        client = api(person)
        client.post("/api/v1/qa/ask", {"question": ROWS[0][0]}, format="json")
        with CaptureQueriesContext(connection) as queries:
            answer = client.post("/api/v1/qa/ask", {"question": ROWS[0][0]}, format="json")
        assert answer.status_code == 200
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1
