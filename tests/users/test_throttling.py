"""Pauses after failed attempts, and answers that never tell whether an account exists."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from apps.audit.models import AuditEntry
from apps.core.errors import TooManyRequests
from apps.core.origin import Origin, _current
from apps.users import throttling
from tests.users.conftest import PASSWORD


class CountingHasher(MD5PasswordHasher):
    """MD5, and how often it was asked."""

    count = 0

    def encode(self, password, salt):
        CountingHasher.count += 1
        return super().encode(password, salt)


def log_in(api, username="ben", password=PASSWORD, **more):
    return api().post("/api/v1/auth/login", {"username": username, "password": password}, format="json", **more)


def waiting(name):
    try:
        throttling.demand_patience(name)
    except TooManyRequests as refusal:
        return refusal.wait
    return 0


@pytest.mark.parametrize("name", ["ben", "nobody"])
def test_sixth_attempt_has_to_wait_whether_or_not_the_account_exists(api, user, name):
    answers = [log_in(api, name, "wrong") for _attempt in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].json()["code"] == "too_many_attempts"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= throttling.FIRST_PAUSE


def test_right_password_has_to_wait_too(api, user):
    for _attempt in range(5):
        log_in(api, password="wrong")
    assert log_in(api).status_code == 429


def test_page_says_how_long_to_people_and_to_programs(client, user):
    for _attempt in range(6):
        answer = client.post("/sign-in/", {"username": "ben", "password": "wrong"})
    assert "1" in answer.context["form"].non_field_errors()[0]
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= throttling.FIRST_PAUSE


@pytest.mark.parametrize(("path", "typed"), [("/password/forgotten/", {"email": "ben@bank.example"})])
def test_other_pages_say_it_with_the_same_status(client, user, path, typed):
    answers = [client.post(path, typed) for _attempt in range(6)]
    assert answers[-1].status_code == 429
    assert "Retry-After" in answers[-1].headers


@pytest.mark.parametrize("spelling", ["ｂｅｎ", "𝐛𝐞𝐧", "BEN", " ben", "ᵇen"])
def test_other_spellings_of_a_name_buy_no_attempts(user, spelling):
    for _attempt in range(5):
        throttling.count_failure("ben")
    assert waiting(spelling)


def test_attempts_at_the_same_time_are_no_more_than_those_one_after_the_other(user):
    tried = 0
    with ExitStack() as running:
        for _attempt in range(50):
            try:
                running.enter_context(throttling.attempt("ben"))
            except TooManyRequests:
                continue
            tried += 1
        for _attempt in range(tried):
            throttling.count_failure("ben")
    assert tried == 5
    assert waiting("ben")


def test_after_a_pause_one_attempt_at_a_time_is_let_in(user, monkeypatch):
    for _attempt in range(5):
        throttling.count_failure("ben")
    monkeypatch.setattr(throttling.Counter, "pause_left", lambda self: 0)
    with throttling.attempt("ben"), pytest.raises(TooManyRequests), throttling.attempt("ben"):
        pass
    with throttling.attempt("ben"):
        pass


def test_attempt_that_waited_for_its_turn_meets_the_pause(user):
    with throttling.attempt("ben"):
        for _attempt in range(5):
            throttling.count_failure("ben")
    with pytest.raises(TooManyRequests), throttling.attempt("ben"):
        pass


def test_clients_of_a_server_for_both_protocols_are_not_one_network():
    token = _current.set(Origin(address="::ffff:198.51.100.1"))
    try:
        for number in range(20):
            throttling.count_failure(f"nobody-{number}")
        assert waiting("somebody")
        _current.set(Origin(address="::ffff:198.51.100.2"))
        assert not waiting("somebody")
        _current.set(Origin(address="198.51.100.1"))
        assert waiting("somebody")
    finally:
        _current.reset(token)


def test_page_and_api_count_together(api, client, user):
    for _attempt in range(3):
        log_in(api, password="wrong")
    for _attempt in range(2):
        client.post("/sign-in/", {"username": "BEN ", "password": "wrong"})
    assert log_in(api).status_code == 429


def test_success_forgets_the_failures_of_the_account(api, user):
    for _attempt in range(4):
        log_in(api, password="wrong")
    assert log_in(api).status_code == 200
    assert [log_in(api, password="wrong").status_code for _attempt in range(4)] == [401] * 4


def test_address_pauses_after_twenty_failures_over_many_names(api, user):
    codes = [log_in(api, f"nobody-{number}", "wrong").status_code for number in range(20)]
    assert codes == [401] * 20
    assert log_in(api).status_code == 429
    assert log_in(api, REMOTE_ADDR="198.51.100.9").status_code == 200


def test_success_with_an_own_account_does_not_wipe_the_address(api, user):
    for number in range(19):
        log_in(api, f"nobody-{number}", "wrong")
    log_in(api)
    log_in(api, "nobody-x", "wrong")
    assert log_in(api).status_code == 429


def test_pause_grows_and_has_an_end():
    waits = []
    for _failure in range(12):
        throttling.count_failure("ben")
        waits.append(waiting("ben"))
    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4:8] == [30, 60, 120, 240]
    assert max(waits) == throttling.LONGEST_PAUSE


@pytest.mark.parametrize(("other", "waits"), [("2001:db8::2", True), ("2001:db8:0:1::1", False)])
def test_neighbours_in_one_ipv6_network_share_a_counter(other, waits):
    token = _current.set(Origin(address="2001:db8::1"))
    try:
        for number in range(20):
            throttling.count_failure(f"nobody-{number}")
        _current.set(Origin(address=other))
        assert bool(waiting("somebody")) is waits
    finally:
        _current.reset(token)


@pytest.mark.parametrize(
    "who", ["ben", "nobody", "off", "waiting", "by-provider", "ben@bank.example", "no@bank.example"]
)
def test_every_refusal_hashes_one_password_and_says_the_same(api, make_user, settings, who):
    settings.PASSWORD_HASHERS = ["tests.users.test_throttling.CountingHasher"]
    make_user("user", username="ben", email="ben@bank.example")
    make_user("user", username="off", is_active=False)
    make_user(username="waiting", is_active=False)
    provider_only = make_user("user", username="by-provider")
    provider_only.set_unusable_password()
    provider_only.save()
    CountingHasher.count = 0
    answer = log_in(api, who, "wrong password 1")
    assert CountingHasher.count == 1
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")


@pytest.mark.parametrize("who", ["off", "waiting"])
def test_right_password_of_a_closed_account_gets_the_same_answer(api, client, make_user, who):
    make_user("user", username=who, is_active=False)
    assert log_in(api, who).json()["code"] == "wrong_credentials"
    page = client.post("/sign-in/", {"username": who, "password": PASSWORD})
    assert page.status_code == 200
    assert page.context["form"].non_field_errors() == [log_in(api, who).json()["detail"]]


def test_trail_keeps_the_person_or_three_letters_and_never_a_password(api, user):
    log_in(api, "ben", "hunter2-secret")
    log_in(api, "hunter2-secret", "x")
    known, unknown = AuditEntry.objects.filter(action="user.sign_in_refused").order_by("seq")
    assert known.object_id == str(user.pk)
    assert unknown.object_name == "hun…"
    assert "hunter2-secret" not in str(list(AuditEntry.objects.values()))


def test_reset_mails_are_counted_too(client, user, letters):
    for _attempt in range(5):
        client.post("/password/forgotten/", {"email": "ben@bank.example"})
    answer = client.post("/password/forgotten/", {"email": "ben@bank.example"})
    assert answer.context["form"].non_field_errors()
