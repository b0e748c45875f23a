"""Where a person is signed in: seen, ended one by one or all at once, and dead at the next request."""

from __future__ import annotations

import pytest
from django.conf import settings as configuration
from django.test import Client

from apps.audit.models import AuditEntry
from apps.users import sessions, tokens
from apps.users.devices import device_of
from apps.users.models import TokenFamily, User
from tests.users.conftest import PASSWORD

CREDENTIALS = {"username": "ben", "password": PASSWORD}
COOKIE = configuration.REFRESH_COOKIE["name"]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"


def browser(agent=FIREFOX):
    client = Client(headers={"user-agent": agent})
    client.post("/sign-in/", CREDENTIALS)
    assert is_in(client)
    return client


def program(api):
    client = api()
    answer = client.post("/api/v1/auth/login", CREDENTIALS, format="json")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert is_in(client)
    return client


def is_in(client):
    return client.get("/api/v1/auth/me").status_code == 200


def places(client):
    return client.get("/account/sessions/").context["places"]


def test_page_lists_browsers_and_programs_with_device_and_address(api, user):
    mine = browser()
    browser("curl/8.5.0")
    program(api)
    found = places(mine)
    assert [place.is_current for place in found] == [True, False, False]
    assert found[0].device == "Firefox · Windows"
    assert {place.kind for place in found} == {"browser", "program"}
    assert {place.address for place in found} == {"127.0.0.1"}


def test_page_names_no_session_key(user):
    mine = browser()
    other = browser()
    content = mine.get("/account/sessions/").content.decode()
    assert other.cookies["sessionid"].value not in content


def test_one_browser_is_signed_out_from_another(user):
    mine, other = browser(), browser()
    there = next(place for place in places(mine) if not place.is_current)
    mine.post("/account/sessions/", {"place": f"{there.kind}:{there.key}"})
    assert is_in(mine)
    assert not is_in(other)


def test_program_is_signed_out_with_its_live_access_token_and_its_refresh_token(api, user):
    mine, other = browser(), program(api)
    there = next(place for place in places(mine) if place.kind == "program")
    mine.post("/account/sessions/", {"place": f"{there.kind}:{there.key}"})
    assert not is_in(other)
    assert other.post("/api/v1/auth/refresh").status_code == 401


def test_everything_else_is_signed_out_at_once(api, user):
    mine, others = browser(), [browser(), program(api), program(api)]
    mine.post("/account/sessions/")
    assert is_in(mine)
    assert not any(is_in(other) for other in others)
    assert AuditEntry.objects.filter(action="user.session_ended").count() == 3


def test_nobody_ends_the_sessions_of_others(api, user, stranger):
    other, running = browser(), program(api)
    keys = [(place.kind, place.key) for place in places(other)]
    assert not any(sessions.end_place(stranger, kind=kind, key=key) for kind, key in keys)
    assert is_in(other)
    assert is_in(running)


@pytest.mark.parametrize("place", ["browser:x", "program:x", "nonsense", "browser:999999"])
def test_place_that_is_not_there_changes_nothing(user, place):
    mine = browser()
    assert mine.post("/account/sessions/", {"place": place}).status_code == 302
    assert is_in(mine)


def test_signed_out_browser_is_off_the_list(user):
    mine, other = browser(), browser()
    other.post("/sign-out/")
    assert len(places(mine)) == 1


def test_last_use_is_noted_once_in_a_while(user, django_assert_num_queries):
    from allauth.usersessions.models import UserSession
    from django.core.cache import cache
    from django.utils import timezone

    mine = browser()
    long_ago = timezone.now() - timezone.timedelta(days=1)
    UserSession.objects.update(last_seen_at=long_ago)
    is_in(mine)
    assert UserSession.objects.get().last_seen_at == long_ago  # noted a moment ago, at the sign-in
    cache.delete(f"session-seen:{mine.session.session_key}")
    is_in(mine)
    assert UserSession.objects.get().last_seen_at > long_ago


def test_request_with_a_token_reads_its_user_and_its_log_in_with_one_query(api, user, django_assert_num_queries):
    client = program(api)
    with django_assert_num_queries(1):
        from apps.users.authentication import AccessTokenAuthentication

        token = client._credentials["HTTP_AUTHORIZATION"].split()[1]
        authentication = AccessTokenAuthentication()
        assert authentication.get_user(authentication.get_validated_token(token.encode())) == user


def test_copied_refresh_token_ends_the_log_in_for_thief_and_owner(api, user):
    owner = program(api)
    stolen = owner.cookies[COOKIE].value
    thief = api()
    thief.cookies[COOKIE] = stolen
    taken = thief.post("/api/v1/auth/refresh").json()["access"]
    thief.credentials(HTTP_AUTHORIZATION=f"Bearer {taken}")
    assert is_in(thief)
    owner.cookies[COOKIE] = stolen
    assert owner.post("/api/v1/auth/refresh").json()["code"] == "refresh_invalid"
    assert not is_in(thief)
    assert not is_in(owner)
    assert thief.post("/api/v1/auth/refresh").status_code == 401
    assert AuditEntry.objects.filter(action="token_family.reused", object_id=str(user.pk)).count() == 1


def test_reuse_ends_one_log_in_and_no_other(api, user):
    one, other = program(api), program(api)
    used = one.cookies[COOKIE].value
    one.post("/api/v1/auth/refresh")
    one.cookies[COOKIE] = used
    one.post("/api/v1/auth/refresh")
    assert is_in(other)


def test_access_tokens_from_before_a_refresh_stay_good_for_their_minutes(api, user):
    client = program(api)
    client.post("/api/v1/auth/refresh")
    assert is_in(client)


def test_logging_out_ends_the_access_token_too(api, user):
    client = program(api)
    client.post("/api/v1/auth/logout")
    assert not is_in(client)


def test_token_without_a_log_in_is_refused(api, user):
    from rest_framework_simplejwt.tokens import AccessToken

    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
    assert not is_in(client)


def test_log_in_of_another_person_does_not_vouch_for_a_token(api, user, stranger):
    from rest_framework_simplejwt.tokens import AccessToken

    token = AccessToken.for_user(user)
    tokens.issue(stranger)
    token["family"] = str(TokenFamily.objects.get(user=stranger).pk)
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert not is_in(client)


def test_expired_log_ins_are_cleared_away_at_the_next_one(user):
    from django.utils import timezone

    tokens.issue(user)
    TokenFamily.objects.update(expires_at=timezone.now())
    tokens.issue(user)
    assert TokenFamily.objects.count() == 1


def test_switched_off_person_is_out_and_stays_out_when_switched_on_again(api, page, administrator, user):
    inside = [browser(), program(api)]
    form = {"username": "ben", "display_name": "", "email": "", "groups": [user.groups.get().pk]}
    page(administrator).post(f"/admin/users/user/{user.pk}/change/", form)
    assert not any(is_in(client) for client in inside)
    page(administrator).post(f"/admin/users/user/{user.pk}/change/", form | {"is_active": "on"})
    user.refresh_from_db()
    assert user.is_active
    assert not any(is_in(client) for client in inside)


def test_deleted_person_is_out(api, page, administrator, user):
    """Only who has left no trace can be deleted, so both come in here by no door that is recorded."""
    reader = Client()
    reader.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    inside = [reader, api(user)]
    assert all(is_in(client) for client in inside)
    page(administrator).post(f"/admin/users/user/{user.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=user.pk).exists()
    assert not any(is_in(client) for client in inside)


def test_administrator_signs_somebody_out_everywhere(api, page, administrator, user):
    inside = [browser(), program(api)]
    page(administrator).post(f"/admin/users/user/{user.pk}/sign-out/")
    assert not any(is_in(client) for client in inside)
    assert AuditEntry.objects.filter(action="user.session_ended", actor=administrator).count() == 2


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox · Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 Version/17.0 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 MicroMessenger/8.0", "微信 · Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("python-httpx/0.28.1", "python-httpx/0.28.1"),
    ],
)
def test_device_is_named_in_words(agent, device):
    assert device_of(agent) == device
