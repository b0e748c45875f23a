"""The audit trail in the console: who sees it, what it shows, and that taking it away is recorded."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.audit.services import record
from apps.core import origin

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous")  # tests are no ASGI
LIST = reverse("admin:audit_auditentry_changelist")
CSV = reverse("admin:audit_auditentry_csv")
JSON = reverse("admin:audit_auditentry_json")


def body(answer) -> str:
    assert answer.status_code == 200, answer
    return b"".join(answer).decode() if answer.streaming else answer.content.decode()


def table(answer) -> list[list[str]]:
    return list(csv.reader(StringIO(body(answer).removeprefix("\ufeff"))))[1:]


def detail(entry: AuditEntry) -> str:
    return reverse("admin:audit_auditentry_change", args=[entry.pk])


def recorded(action="user.profile_changed", **facts) -> AuditEntry:
    record(action, **facts)
    return AuditEntry.objects.latest("seq")


@pytest.fixture
def screen(page, administrator):
    return page(administrator)


def listed(answer) -> set[str]:
    return {entry.object_name for entry in answer.context["cl"].result_list}


def test_list_links_to_objects_that_still_exist(screen, administrator, user):
    recorded(actor=administrator, target=user)
    gone = type(user)(pk=987654, username="gone")
    recorded(actor=administrator, target=gone)
    answer = screen.get(LIST)
    assert f'href="{reverse("admin:users_user_change", args=[user.pk])}"' in body(answer)
    assert listed(answer) >= {"ben", "gone"}
    assert f"/users/user/{gone.pk}/" not in body(answer)


def test_object_that_the_reader_may_not_see_has_a_name_and_no_link(page, user, stranger):
    from django.contrib.auth.models import Permission

    codes = ["view_auditentry", "enter_console"]
    user.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    recorded(target=stranger)
    shown = body(page(user).get(LIST))
    assert "cora" in shown
    assert reverse("admin:users_user_change", args=[stranger.pk]) not in shown


def test_number_of_queries_does_not_grow_with_the_list(screen, administrator, user, connection_queries):
    recorded(actor=administrator, target=user)
    screen.get(LIST)
    few = connection_queries(lambda: screen.get(LIST))
    for _ in range(20):
        recorded(actor=administrator, target=user)
    assert connection_queries(lambda: screen.get(LIST)) == few


@pytest.fixture
def connection_queries():
    from django.db import connection

    def count(act) -> int:
        with CaptureQueriesContext(connection) as queries:
            act()
        return len(queries)

    return count


@pytest.mark.parametrize("word", ["anna", "ben", "10.9.8.7"])
def test_list_is_searched_by_person_object_and_address(screen, administrator, user, rf, word):
    origin.enter(rf.get("/", REMOTE_ADDR="10.9.8.7"))
    recorded(actor=administrator, target=user)
    origin.enter(rf.get("/", REMOTE_ADDR="10.0.0.1"))
    recorded(target_name="somebody else")
    assert "somebody else" not in listed(screen.get(LIST, {"q": word}))
    assert "ben" in listed(screen.get(LIST, {"q": word}))


def test_list_is_searched_by_the_number_of_a_request(screen, user, rf):
    origin.enter(rf.get("/"))
    entry = recorded(target=user)
    assert listed(screen.get(LIST, {"q": entry.request_id})) == {"ben"}
    assert listed(screen.get(LIST, {"q": "0" * 32})) == set()


def test_list_is_narrowed_to_a_group_of_acts(screen):
    recorded("dataset.created", target_name="branches")
    recorded("user.signed_in", target_name="somebody")
    assert listed(screen.get(LIST, {"group": "data"})) == {"branches"}


def test_list_is_narrowed_to_a_person(screen, administrator, user):
    recorded(actor=administrator, target_name="hers")
    recorded(actor=user, target_name="his")
    assert listed(screen.get(LIST, {"actor__id__exact": user.pk})) == {"his"}


def test_list_is_narrowed_to_days_the_last_one_included(screen):
    recorded(target_name="today")
    today = f"{timezone.localdate():%Y-%m-%d}"
    assert "today" in listed(screen.get(LIST, {"at_from": today, "at_to": today}))
    assert listed(screen.get(LIST, {"at_to": "2001-01-01"})) == set()
    assert "today" in listed(screen.get(LIST, {"at_from": "no date"}))


def test_detail_shows_changed_fields_in_words(screen, administrator, user):
    before = {"display_name": "", "is_active": True, "groups": []}
    after = {"display_name": "Ben <b>Li</b>", "is_active": False, "groups": ["user", "auditor"]}
    entry = recorded(actor=administrator, target=user, before=before, after=after)
    screen.cookies["django_language"] = "en"
    shown = body(screen.get(detail(entry)))
    assert "Ben &lt;b&gt;Li&lt;/b&gt;" in shown
    assert "user, auditor" in shown
    assert "Display name" in shown
    assert "{" not in shown.split("What changed")[1].split("</section>")[0]


@pytest.mark.parametrize("action", ["add/", "{pk}/change/", "{pk}/delete/"])
def test_nobody_adds_changes_or_deletes_entries(screen, user, action):
    entry = recorded(target=user)
    assert screen.post(LIST + action.format(pk=entry.pk), {"object_name": "x"}).status_code == 403
    assert AuditEntry.objects.get(pk=entry.pk).object_name == "ben"


def test_ordinary_user_sees_nothing_of_it(page, user):
    entry = recorded(target=user)
    for address in (LIST, CSV, JSON, detail(entry)):
        answer = page(user).get(address, follow=True)
        assert answer.status_code == 403, address


def test_whoever_may_enter_the_console_only_cannot_export(page, user):
    from django.contrib.auth.models import Permission

    user.user_permissions.add(*Permission.objects.filter(codename="enter_console"))
    assert page(user).get(CSV).status_code == 403


def test_export_holds_what_the_list_shows_and_is_recorded(screen, administrator):
    recorded("dataset.created", target_name="branches", after={"rows": 3})
    recorded("user.signed_in", target_name="somebody")
    rows = table(screen.get(CSV, {"group": "data"}))
    assert [row[7] for row in rows] == ["branches"]
    last = AuditEntry.objects.latest("seq")
    assert (last.action, last.actor) == ("audit.exported", administrator)
    assert last.after == {"format": "csv", "filter": {"group": "data"}}


def test_export_is_complete_beyond_one_piece(screen, monkeypatch):
    for number in range(7):
        recorded(target_name=f"person {number}")
    monkeypatch.setattr("apps.audit.presentation.PIECE", 2)
    names = [row[7] for row in table(screen.get(CSV, {"q": "person"}))]
    assert names == [f"person {number}" for number in reversed(range(7))]


def test_exported_text_cannot_become_a_formula(screen):
    recorded("user.sign_in_refused", target_name='=HYPERLINK("http://evil")')
    recorded("user.sign_in_refused", target_name="@SUM(A1)")
    names = {row[7] for row in table(screen.get(CSV))}
    assert names >= {'\'=HYPERLINK("http://evil")', "'@SUM(A1)"}


def test_export_as_json_keeps_before_and_after_as_they_are(screen, user):
    recorded(target=user, before={"roles": []}, after={"roles": ["user"]})
    rows = json.loads(body(screen.get(JSON, {"q": "ben"})))
    assert (rows[0]["object"], rows[0]["after"]) == ("ben", {"roles": ["user"]})
    assert json.loads(body(screen.get(JSON, {"q": "nobody has this name"}))) == []
