"""Keys and quotas in the console: seen by administrators, set by who may, never the secret, never a query per row."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.users import keys, quotas
from apps.users.models import ApiKey, Quota, User
from apps.users.models.quotas import EVERYBODY, Subject
from apps.users.units import add_member, create_unit

SCREEN = "/admin/users/quota/"


def set_address(subject: Subject) -> str:
    return f"{SCREEN}set/{subject.kind}/{subject.id or '-'}/"


@pytest.fixture
def console(page, administrator):
    return page(administrator)


@pytest.fixture
def unit(administrator, user):
    made = create_unit(name="Bank", parent=None, actor=administrator)
    add_member(made, user, actor=administrator)
    return made


@pytest.fixture
def key(user):
    return keys.make_key(name="nightly", scopes=["ask"], days=1, owner=user)[0]


def test_defaults_are_set_on_the_screen(console):
    console.post(set_address(EVERYBODY), {"questions": "50", "storage": "1.5", "tokens": ""})
    limits = dict(Quota.objects.of(EVERYBODY).values_list("metric", "limit"))
    assert limits == {"questions": 50, "storage": 3 * 2**19}
    assert 'value="1.5"' in console.get(SCREEN).content.decode()


def test_emptied_field_takes_the_limit_away(console, administrator):
    quotas.set_quotas(EVERYBODY, {"questions": 5, "tokens": 7}, actor=administrator)
    console.post(set_address(EVERYBODY), {"questions": "", "tokens": "7"})
    assert list(Quota.objects.values_list("metric", flat=True)) == ["tokens"]


@pytest.mark.parametrize("wrong", ["-1", "many", "1e99", "99999999999999999999999"])
def test_wrong_limit_is_refused_and_nothing_is_set(console, wrong):
    answer = console.post(set_address(EVERYBODY), {"questions": wrong, "tokens": "5"})
    assert answer.status_code == 200
    assert "questions" in answer.context["quota_lines"][1][0].name
    assert not Quota.objects.exists()


def test_person_unit_and_key_carry_their_quotas_on_their_pages(console, user, unit, key):
    pages = {
        Subject("user", str(user.pk)): reverse("admin:users_user_change", args=[user.pk]),
        Subject("unit", str(unit.pk)): reverse("admin:users_unit_change", args=[unit.pk]),
        Subject("key", str(key.pk)): reverse("admin:users_apikey_change", args=[key.pk]),
    }
    for subject, address in pages.items():
        assert set_address(subject) in console.get(address).content.decode()
        answer = console.post(set_address(subject), {"questions": "9"})
        assert (answer.status_code, answer.url) == (302, address)
        assert Quota.objects.of(subject).get().limit == 9


def test_page_of_a_key_offers_no_levels(console, key):
    text = console.get(reverse("admin:users_apikey_change", args=[key.pk])).content.decode()
    assert 'name="questions"' in text
    assert 'name="storage"' not in text


def test_page_of_a_person_shows_the_default_that_applies(console, user, administrator):
    quotas.set_quotas(EVERYBODY, {"questions": 4321}, actor=administrator)
    quotas.spend(user, "questions", 1234)
    text = console.get(reverse("admin:users_user_change", args=[user.pk])).content.decode()
    assert "4321" in text
    assert "1,234" in text


@pytest.mark.parametrize(
    "subject", [("user", "999999"), ("user", "x"), ("unit", "999999"), ("key", "x"), ("planet", "1"), ("user", "-")]
)
def test_quota_of_nobody_is_not_found(console, subject):
    assert console.post(set_address(Subject(*subject)), {"questions": "1"}).status_code == 404


def test_who_may_only_look_sets_nothing(page, user, key):
    from django.contrib.auth.models import Permission

    for codename in ("enter_console", "view_quota", "view_apikey", "view_user"):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    reader = page(User.objects.get(pk=user.pk))
    assert 'name="questions"' not in reader.get(SCREEN).content.decode()
    assert reader.post(set_address(EVERYBODY), {"questions": "1"}).status_code == 403
    assert reader.post(reverse("admin:users_apikey_revoke", args=[key.pk])).status_code == 403
    assert not Quota.objects.exists()


def test_screen_costs_the_same_for_many_people(console, administrator, make_user):
    quotas.set_quotas(
        EVERYBODY, {"questions": 5, "tokens": 5, "storage": 5, "jobs": 5, "gpu_hours": 5}, actor=administrator
    )

    def queries() -> int:
        console.get(SCREEN)
        with CaptureQueriesContext(connection) as seen:
            assert console.get(SCREEN).status_code == 200
        return len(seen)

    few = queries()
    for _ in range(20):
        make_user("user")
    assert queries() == few


def test_list_of_keys_costs_the_same_for_many(console, user, make_user):
    def queries() -> int:
        address = reverse("admin:users_apikey_changelist")
        console.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert console.get(address).status_code == 200
        return len(seen)

    keys.make_key(name="n", scopes=["ask"], days=1, owner=user)
    few = queries()
    for _ in range(10):
        keys.make_key(name="n", scopes=["ask"], days=1, owner=make_user("user"))
    assert queries() == few


def test_administrator_revokes_a_key_and_it_stands_in_the_trail(console, administrator, key):
    page = console.get(reverse("admin:users_apikey_change", args=[key.pk])).content.decode()
    assert key.secret_sha256 not in page
    console.post(reverse("admin:users_apikey_revoke", args=[key.pk]))
    assert ApiKey.objects.get().state == "revoked"
    assert AuditEntry.objects.get(action="api_key.revoked").actor == administrator


@pytest.mark.parametrize("state", ["working", "expired", "revoked"])
def test_keys_are_filtered_by_state(console, key, state):
    if state == "revoked":
        keys.revoke_key(key, actor=key.user)
    if state == "expired":
        ApiKey.objects.update(expires_at=key.created_at)
    for wanted in ("working", "expired", "revoked"):
        shown = console.get(reverse("admin:users_apikey_changelist"), {"state": wanted}).context["cl"].result_count
        assert shown == (1 if wanted == state else 0)
