"""What `record` writes, and that the chain has no gap and no fork, also under many writers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from apps.audit.models import AuditEntry
from apps.audit.services import record
from apps.audit.values import MASK, is_secret
from apps.core import origin

THREADS = 8
ACTS_PER_THREAD = 12


def entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.order_by("seq"))


def assert_unbroken(chain: list[AuditEntry]) -> None:
    assert [entry.seq for entry in chain] == list(range(1, len(chain) + 1))
    assert [entry.previous_hash for entry in chain] == ["", *[entry.hash for entry in chain[:-1]]]
    assert all(entry.computed_hash() == entry.hash for entry in chain)


def test_entry_says_who_did_what_to_which_object_and_from_where(administrator, user, rf):
    origin.enter(rf.get("/", REMOTE_ADDR="10.1.2.3"))
    record("user.role_given", actor=administrator, target=user, before={"roles": []}, after={"roles": ["user"]})
    entry = AuditEntry.objects.latest("seq")
    assert (entry.actor, entry.actor_name) == (administrator, "anna")
    assert (entry.object_type, entry.object_name) == ("users.user", "ben")
    assert (entry.before, entry.after) == ({"roles": []}, {"roles": ["user"]})
    assert (entry.address, entry.request_id) == ("10.1.2.3", origin.current_origin().request_id)


def test_nobody_signed_in_is_recorded_under_the_name_that_was_typed(db):
    record("user.sign_in_refused", target_name="mallory")
    entry = AuditEntry.objects.latest("seq")
    assert (entry.actor, entry.actor_name, entry.object_name) == (None, "", "mallory")


def test_each_entry_seals_the_one_before(administrator):
    for _ in range(3):
        record("user.signed_in", actor=administrator)
    assert_unbroken(entries())


def test_values_come_back_from_the_database_with_the_hash_they_were_sealed_with(administrator):
    odd = {"loss": 1.0, "rate": 2e-5, "big": 1e16, "nan": float("nan"), "name": "联行\x00号\ud800", "none": None}
    record("user.signed_in", actor=administrator, after=odd | {"list": [1, True, "x"], "map": {"b": 0.1, "a": -0.0}})
    assert_unbroken(entries())


def test_secrets_are_masked_and_long_texts_cut(administrator):
    secret = {"password": "pbkdf2$...", "api_key_hash": "ab", "nested": {"refresh_token": "x"}, "note": "y" * 5000}
    record("user.signed_in", actor=administrator, after=secret)
    after = AuditEntry.objects.latest("seq").after
    assert (after["password"], after["api_key_hash"], after["nested"]["refresh_token"]) == (MASK, MASK, MASK)
    assert len(after["note"]) == 500


@pytest.mark.parametrize(
    "name",
    ["password", "password1", "client_secret", "secret_key", "api_key", "token", "key_hash", "token_hash", "otp",
     "secret_encrypted", "refresh_token", "Private_Key"],
)  # fmt: skip
def test_field_of_such_a_name_is_a_secret(name):
    assert is_secret(name)


@pytest.mark.parametrize("name", ["tokens_per_second", "max_tokens", "adapter_sha256", "name", "foot_print", "key"])
def test_field_of_such_a_name_is_none(name):
    assert not is_secret(name)


def test_every_entry_is_witnessed_by_the_log_once_it_is_there(db, caplog, django_capture_on_commit_callbacks):
    caplog.set_level("INFO", "apps.audit.services")
    with django_capture_on_commit_callbacks(execute=True):
        record("user.sign_in_refused", target_name="mallory")
        assert caplog.messages == []
    entry = AuditEntry.objects.latest("seq")
    assert caplog.messages == [f"Entry {entry.seq}:{entry.hash} user.sign_in_refused"]


@pytest.mark.django_db(transaction=True)
def test_act_that_is_rolled_back_leaves_no_entry_and_no_gap(administrator):
    with transaction.atomic():
        record("user.signed_in", actor=administrator)
        transaction.set_rollback(True)
    record("user.signed_out", actor=administrator)
    assert_unbroken(entries())
    assert not AuditEntry.objects.filter(action="user.signed_in").exists()


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_make_one_chain_without_gap_or_fork():
    def act(number: int) -> None:
        try:
            for turn in range(ACTS_PER_THREAD):
                with transaction.atomic():
                    record("user.signed_in", target_name=f"{number}-{turn}")
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(act, range(THREADS)))
    chain = entries()
    assert len(chain) == THREADS * ACTS_PER_THREAD
    assert_unbroken(chain)
