"""API keys: made once, usable where their scopes reach, worthless afterwards; closed to everything personal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.users import keys
from apps.users.models import ApiKey
from apps.users.scopes import SCOPES, covers

HISTORY, DATASETS, MODELS = "/api/v1/qa/history", "/api/v1/datasets/", "/api/v1/models/"
KEYS = "/api/v1/account/keys"


def caller(text, **extra) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}", **extra)
    return client


def make(owner, *scopes, days=30):
    return keys.make_key(name="nightly", scopes=scopes or ["ask"], days=days, owner=owner)


def test_key_answers_where_its_scope_reaches(user):
    _key, text = make(user, "ask")
    assert caller(text).get(HISTORY).status_code == 200


def test_key_is_refused_beyond_its_scopes_though_its_owner_may(administrator):
    _key, text = make(administrator, "ask")
    answer = caller(text).get(DATASETS)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_key_gives_no_more_than_its_owner_may(user):
    _key, text = make(user, *SCOPES)
    assert caller(text).get(DATASETS).status_code == 403


def test_reading_scope_does_not_write(administrator):
    _key, text = make(administrator, "read")
    assert caller(text).get(DATASETS).status_code == 200
    answer = caller(text).post(DATASETS, {"name": "x", "preset": "bank_branches"}, format="json")
    assert answer.json()["code"] == "scope_missing"


PERSONAL = [
    ("get", KEYS),
    ("post", KEYS),
    ("get", "/api/v1/account/"),
    ("post", "/api/v1/auth/password"),
    ("get", "/api/schema/"),
]


@pytest.mark.parametrize(("method", "address"), PERSONAL)
def test_key_reaches_nothing_personal(administrator, method, address):
    _key, text = make(administrator, *SCOPES)
    answer = getattr(caller(text), method)(address, {}, format="json")
    assert (answer.status_code, answer.data["code"]) == (403, "key_not_accepted")
    assert ApiKey.objects.count() == 1


def test_no_scope_covers_people_keys_or_quotas():
    closed = ("users.add_user", "users.change_role", "users.view_apikey", "users.change_quota", "audit.view_auditentry")
    assert not [permission for permission in closed if covers(SCOPES, permission)]


def test_unknown_scope_covers_nothing():
    assert not covers(["everything", "*"], "qa.ask_question")


@pytest.mark.parametrize("text", ["mz_", "mz_00000000_", "mz_00000000_" + "x" * 43, "mz_\xe9", "mz_" + "x" * 5000])
def test_invented_key_is_not_valid(db, text):
    answer = caller(text).get(HISTORY)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_prefix_with_another_secret_is_not_valid(user):
    key, text = make(user)
    answer = caller(text[:-1] + ("A" if text[-1] != "A" else "B")).get(HISTORY)
    assert answer.json()["code"] == "key_invalid"
    key.refresh_from_db()
    assert key.last_used_at is None


def test_expired_key_says_so(user):
    key, text = make(user)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = caller(text).get(HISTORY)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_expired")


def test_revoked_key_says_so(user):
    key, text = make(user)
    keys.revoke_key(key, actor=user)
    answer = caller(text).get(HISTORY)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")


def test_key_of_a_person_switched_off_does_not_work(user):
    _key, text = make(user)
    user.is_active = False
    user.save()
    assert caller(text).get(HISTORY).json()["code"] == "user_inactive"


def test_secret_is_nowhere_in_the_row(user):
    key, text = make(user)
    secret = text.removeprefix(key.prefix + "_")
    assert len(secret) == 43
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert not [value for value in row.values() if secret in str(value)]


def test_two_keys_share_nothing(user):
    texts = {make(user)[1] for _ in range(5)}
    assert len({text[: keys.PREFIX_LENGTH] for text in texts}) == len(texts) == 5


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["ask", "root"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
    ],
)
def test_wrong_wish_for_a_key_is_refused(user, values, field):
    with pytest.raises(DomainError) as caught:
        keys.make_key(**{"name": "n", "scopes": ["ask"], "days": 1, "owner": user} | values)
    assert set(caught.value.fields) == {field}


def test_nobody_hoards_keys(user, settings):
    settings.API_KEYS_MAX = 2
    first, _text = make(user)
    make(user)
    with pytest.raises(DomainError, match="2"):
        make(user)
    keys.revoke_key(first, actor=user)
    make(user)


def test_use_is_written_once_a_minute(user):
    key, text = make(user)
    caller(text).get(HISTORY)
    first = ApiKey.objects.get().last_used_at
    caller(text).get(HISTORY)
    assert ApiKey.objects.get().last_used_at == first
    earlier = first - timedelta(minutes=2)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=earlier)
    caller(text).get(HISTORY)
    assert ApiKey.objects.get().last_used_at > earlier


def test_each_address_is_in_the_trail_once_a_day(user):
    key, text = make(user)
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "10.0.0.2"):
        caller(text, REMOTE_ADDR=address).get(HISTORY)
    used = AuditEntry.objects.filter(action="api_key.used", object_id=str(key.pk))
    assert sorted(used.values_list("address", flat=True)) == ["10.0.0.1", "10.0.0.2"]


def test_making_and_revoking_is_in_the_trail_without_the_secret(user):
    key, text = make(user)
    keys.revoke_key(key, actor=user)
    keys.revoke_key(key, actor=user)
    entries = AuditEntry.objects.filter(object_id=str(key.pk)).order_by("seq")
    assert [entry.action for entry in entries] == ["api_key.made", "api_key.revoked"]
    assert text.removeprefix(key.prefix + "_") not in str([entry.content() for entry in entries])


def test_key_costs_no_query_more_than_a_token(user, api, django_assert_num_queries):
    _key, text = make(user)
    for client in (caller(text), api(user)):
        client.get(HISTORY)
        with django_assert_num_queries(4):  # who; his own permissions, those of his roles; the count of an empty page
            client.get(HISTORY)


def test_token_still_signs_in(api, user):
    assert api(user).get(HISTORY).status_code == 200


# --- over the API ---


def test_key_is_made_shown_once_and_revoked_over_the_api(api, user):
    made = api(user).post(KEYS, {"name": "ci", "scopes": ["ask"], "days": 7}, format="json")
    assert made.status_code == 201
    text = made.json()["key"]
    assert caller(text).get(HISTORY).status_code == 200
    listed = api(user).get(KEYS).json()
    assert [key["prefix"] for key in listed] == [text[:11]]
    assert "key" not in listed[0]
    assert api(user).delete(f"{KEYS}/{made.json()['id']}").status_code == 204
    assert caller(text).get(HISTORY).json()["code"] == "key_revoked"
    assert api(user).get(KEYS).json()[0]["state"] == "revoked"


def test_keys_of_others_are_neither_listed_nor_revoked(api, user, administrator):
    key, text = make(user)
    assert api(administrator).get(KEYS).json() == []
    assert api(administrator).delete(f"{KEYS}/{key.pk}").status_code == 404
    assert caller(text).get(HISTORY).status_code == 200


def test_documentation_names_keys_only_where_they_work(api, administrator):
    schema = api(administrator).get("/api/schema/?format=json").json()
    assert schema["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"
    assert {"apiKey": []} in schema["paths"]["/api/v1/qa/ask"]["post"]["security"]
    assert {"apiKey": []} not in schema["paths"]["/api/v1/account/keys"]["post"]["security"]


def test_key_opens_no_page(user, client):
    _key, text = make(user)
    answer = client.get("/history/", HTTP_AUTHORIZATION=f"Bearer {text}")
    assert answer.status_code == 302
