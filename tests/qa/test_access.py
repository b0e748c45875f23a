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
