"""Quotas: whose apply, what is counted, what a refusal tells. What limits data and training is tested there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError, QuotaExceeded
from apps.users import keys, quotas
from apps.users.models import QuotaCounter, User
from apps.users.models.quotas import EVERYBODY, Metric, Subject, Window, window_of
from apps.users.quotas import counting, rules, verbs
from apps.users.units import add_member, create_unit

HISTORY = "/api/v1/qa/history"


@pytest.fixture
def limit(administrator):
    """Return `limit(subject, questions=3)`; a row stands for itself."""

    def set_limits(whose, **limits):
        quotas.set_quotas(subject_of(whose), limits, actor=administrator)

    return set_limits


def subject_of(whose) -> Subject:
    return (
        whose
        if isinstance(whose, Subject)
        else Subject(type(whose).__name__.lower().removeprefix("api"), str(whose.pk))
    )


def spend_all(user, metric=Metric.QUESTIONS, most=50) -> int:
    """Spend until refused; return how often it went well."""
    for count in range(most):
        try:
            quotas.spend(user, metric)
        except QuotaExceeded:
            return count
    return most


# --- whose quota applies ---


def test_without_a_quota_nothing_is_counted(user):
    assert quotas.spend(user, Metric.QUESTIONS) is None
    assert not QuotaCounter.objects.exists()


def test_default_is_for_each_person_alone(user, stranger, limit):
    limit(EVERYBODY, questions=2)
    assert spend_all(user) == 2
    assert spend_all(stranger) == 2


@pytest.mark.parametrize("own", [1, 5])
def test_personal_quota_wins_over_the_default_both_ways(user, limit, own):
    limit(EVERYBODY, questions=3)
    limit(user, questions=own)
    assert spend_all(user) == own


def test_quota_of_a_unit_is_shared_by_its_members_and_those_below(user, stranger, administrator, limit):
    bank = create_unit(name="Bank", parent=None, actor=administrator)
    branch = create_unit(name="Branch", parent=bank, actor=administrator)
    add_member(branch, user, actor=administrator)
    add_member(bank, stranger, actor=administrator)
    limit(bank, questions=5)
    assert spend_all(user, most=3) == 3
    assert spend_all(stranger) == 2
    with pytest.raises(QuotaExceeded) as refusal:
        quotas.spend(user, Metric.QUESTIONS)
    assert refusal.value.values["whose"] == "unit"


def test_key_is_a_further_ceiling_for_what_comes_through_it(user, limit):
    key, _text = keys.make_key(name="n", scopes=["ask"], days=1, owner=user)
    limit(user, questions=10)
    limit(key, questions=2)
    through_key = User.objects.get(pk=user.pk)
    through_key.api_key = key
    assert spend_all(through_key) == 2
    assert spend_all(user) == 8


def test_refused_request_counts_nowhere(user, administrator, limit):
    """All of the quotas or none: what one refuses must not use up another."""
    unit = create_unit(name="Bank", parent=None, actor=administrator)
    add_member(unit, user, actor=administrator)
    limit(unit, questions=1)
    limit(user, questions=5)
    assert spend_all(user) == 1
    spend_all(user)
    assert quotas.standings_of(user)[1].used == 1


def test_quota_of_nothing_refuses_the_first(user, limit):
    limit(user, questions=0)
    assert spend_all(user) == 0


def test_taking_a_quota_away_lets_through_again(user, limit):
    limit(user, questions=1)
    assert spend_all(user) == 1
    limit(user, questions=None)
    assert spend_all(user, most=5) == 5


# --- counting ---


def test_amount_that_does_not_fit_is_refused_though_less_would_fit(user, limit):
    limit(user, tokens=100)
    quotas.spend(user, Metric.TOKENS, 90)
    with pytest.raises(QuotaExceeded):
        quotas.spend(user, Metric.TOKENS, 11)
    assert quotas.spend(user, Metric.TOKENS, 10).remaining == 0


def test_what_was_used_already_is_counted_beyond_the_limit(user, limit):
    limit(user, tokens=100)
    quotas.require_room(user, Metric.TOKENS)
    quotas.add(user, Metric.TOKENS, 130)
    with pytest.raises(QuotaExceeded) as refusal:
        quotas.require_room(user, Metric.TOKENS)
    assert refusal.value.values["used"] == 130


def test_what_fails_is_given_back(user, limit):
    limit(user, questions=1)
    with pytest.raises(ZeroDivisionError), quotas.spending(user, Metric.QUESTIONS):
        _ = 1 / 0
    assert spend_all(user) == 1


def test_next_window_starts_anew_and_the_table_does_not_grow(user, limit):
    subject = Subject("user", str(user.pk))
    now = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(6):
        start = now + timedelta(days=day)
        assert counting.take(subject, "questions", Window(start, start + timedelta(days=1)), 1, limit=1) == 1
    assert QuotaCounter.objects.count() <= 3


@pytest.mark.parametrize(
    ("metric", "moment", "start", "end"),
    [
        ("requests", "2026-11-20T10:15:42+08:00", "2026-11-20T10:15:00+08:00", "2026-11-20T10:16:00+08:00"),
        ("questions", "2026-11-20T23:59:59+08:00", "2026-11-20T00:00:00+08:00", "2026-11-21T00:00:00+08:00"),
        ("questions", "2026-11-20T16:30:00+00:00", "2026-11-21T00:00:00+08:00", "2026-11-22T00:00:00+08:00"),
        ("tokens", "2026-12-31T12:00:00+08:00", "2026-12-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"),
        ("gpu_hours", "2028-02-29T12:00:00+08:00", "2028-02-01T00:00:00+08:00", "2028-03-01T00:00:00+08:00"),
    ],
)
def test_windows_begin_and_end_by_the_local_clock(metric, moment, start, end):
    parse = timezone.datetime.fromisoformat
    assert window_of(metric, parse(moment)) == (parse(start), parse(end))


def test_levels_have_no_window():
    assert window_of("storage") is window_of("jobs") is None


# --- what it costs ---


def test_where_no_quota_is_set_it_costs_no_query(user, django_assert_num_queries):
    rules.current_limits()
    with django_assert_num_queries(0):
        quotas.spend(user, Metric.REQUESTS)
        quotas.require_room(user, Metric.STORAGE, adding=1)
        quotas.add(user, Metric.TOKENS, 5)


def test_quota_of_one_metric_costs_nothing_for_the_others(user, limit, django_assert_num_queries):
    limit(EVERYBODY, questions=5)
    rules.current_limits()
    with django_assert_num_queries(0):
        quotas.spend(user, Metric.REQUESTS)


def test_where_a_personal_quota_is_set_it_costs_one_statement(user, limit, django_assert_num_queries):
    limit(EVERYBODY, questions=5)
    quotas.spend(user, Metric.QUESTIONS)
    with django_assert_num_queries(3):  # the statement, within savepoints here, within a transaction outside of tests
        quotas.spend(user, Metric.QUESTIONS)


def test_cache_is_asked_once_a_second_at_most(user, monkeypatch):
    asked = []
    monkeypatch.setattr(rules, "_revision", lambda: asked.append(1))
    for _ in range(20):
        rules.current_limits()
    assert len(asked) == 1


def test_change_by_another_process_is_seen_when_the_revision_changes(user, limit, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(rules.time, "monotonic", lambda: clock[0])
    rules.current_limits()
    before = rules._snapshot
    limit(EVERYBODY, questions=5)
    monkeypatch.setattr(rules, "_snapshot", before)  # as another process that has not heard yet
    assert rules.current_limits() == {}
    clock[0] += 1.5
    assert rules.current_limits() == {}
    rules.cache.set(rules.REVISION, "another")
    clock[0] += 1.5
    assert rules.current_limits() == {"questions": {EVERYBODY: 5}}


def test_without_the_cache_a_change_is_seen_within_a_minute(user, limit, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(rules.time, "monotonic", lambda: clock[0])

    def away(*_arguments):
        raise rules.RedisError("away")

    monkeypatch.setattr(rules.cache, "get", away)
    rules.current_limits()
    before = rules._snapshot
    limit(EVERYBODY, questions=5)
    monkeypatch.setattr(rules, "_snapshot", before)
    clock[0] += 61
    assert rules.current_limits() == {"questions": {EVERYBODY: 5}}


# --- setting them ---


def test_setting_is_in_the_trail_once_and_only_when_something_changed(user, limit):
    limit(user, questions=5, tokens=100)
    limit(user, questions=5, tokens=100)
    entry = AuditEntry.objects.get(action="quota.changed")
    assert (entry.object_id, entry.after) == (str(user.pk), {"limits": ["questions: 5", "tokens: 100"]})


def test_levels_of_a_key_are_refused(user, limit):
    key, _text = keys.make_key(name="n", scopes=["ask"], days=1, owner=user)
    with pytest.raises(DomainError) as refusal:
        limit(key, storage=1)
    assert set(refusal.value.fields) == {"storage"}


# --- over the API ---


def test_limited_answers_say_what_is_left(api, user, limit):
    limit(user, requests=100)
    answer = api(user).get(HISTORY)
    assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("100", "99")
    assert 1 <= int(answer["X-RateLimit-Reset"]) <= 60


def test_unlimited_answers_say_nothing(api, user, db):
    assert "X-RateLimit-Limit" not in api(user).get(HISTORY)


def test_refusal_says_what_whose_how_much_and_when(api, user, limit, still_minute):
    limit(user, requests=1)
    client = api(user)
    assert client.get(HISTORY).status_code == 200
    answer = client.get(HISTORY)
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
    values = answer.json()["values"]
    assert (values["metric"], values["limit"], values["used"], values["whose"]) == ("requests", 1, 1, "user")
    assert timezone.datetime.fromisoformat(values["resets_at"]) > timezone.now()
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer["X-RateLimit-Remaining"] == "0"


def test_quota_of_a_key_limits_its_requests(user, limit, still_minute):
    key, text = keys.make_key(name="n", scopes=["ask"], days=1, owner=user)
    limit(key, requests=1)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert client.get(HISTORY).status_code == 200
    assert client.get(HISTORY).json()["values"]["whose"] == "key"


def test_usage_over_the_api_lists_what_applies(api, user, limit):
    limit(EVERYBODY, questions=7)
    assert api(user).get("/api/v1/account/usage").json()["quotas"] == [
        {
            "metric": "questions",
            "whose": "user",
            "limit": 7,
            "used": 0.0,
            "resets_at": window_of("questions").end.isoformat(),
        }
    ]


@pytest.fixture
def still_minute(monkeypatch):
    """No minute ends between two requests of a test."""
    now = timezone.localtime()
    window = Window(now - timedelta(seconds=1), now + timedelta(seconds=55))
    monkeypatch.setattr(verbs, "window_of", lambda metric: window)
