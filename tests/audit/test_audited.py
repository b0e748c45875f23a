"""Forms of the console record what they changed, in the words of people, without secrets."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.messages.storage.fallback import FallbackStorage
from unfold.admin import TabularInline

from apps.audit.audited import AuditedAdmin
from apps.audit.models import AuditEntry
from apps.audit.values import MASK
from apps.core.console import ConsoleSite
from apps.datasets.models import Dataset
from apps.users.models import Role, User

NO_MEMBERSHIPS = {"User_groups-TOTAL_FORMS": "0", "User_groups-INITIAL_FORMS": "0"}


class Memberships(TabularInline):
    model = User.groups.through
    extra = 0


class People(AuditedAdmin):
    fields = ["username", "display_name", "password", "is_active"]
    inlines = [Memberships]


@pytest.fixture
def site():
    site = ConsoleSite(name="admin")
    site.register(User, People)
    return site


@pytest.fixture
def people(site):
    return site.get_model_admin(User)


@pytest.fixture
def post(rf, administrator):
    """Return a function that posts a form to a view as a superuser."""
    administrator.is_superuser = True

    def send(view, data, *args):
        request = rf.post("/", data)
        request.user = administrator
        request.session = {}
        request._messages = FallbackStorage(request)
        request._dont_enforce_csrf_checks = True
        answer = view(request, *args)
        assert answer.status_code == 302, answer.context_data["adminform"].form.errors
        return AuditEntry.objects.latest("seq")

    return send


def memberships(*rows: dict[str, object], initial: int) -> dict[str, object]:
    data = {"User_groups-TOTAL_FORMS": len(rows), "User_groups-INITIAL_FORMS": initial}
    return data | {f"User_groups-{n}-{key}": value for n, row in enumerate(rows) for key, value in row.items()}


def form_of(person, **changed):
    shown = {"username": person.username, "display_name": person.display_name, "password": person.password}
    return shown | ({"is_active": "on"} if person.is_active else {}) | NO_MEMBERSHIPS | changed


def test_changed_form_stands_in_the_trail_with_the_changed_fields_only(post, people, administrator, user):
    entry = post(people.change_view, form_of(user, display_name="Ben Li"), str(user.pk))
    assert (entry.action, entry.actor, entry.object_id) == ("form.changed", administrator, str(user.pk))
    assert (entry.before, entry.after) == ({"display_name": ""}, {"display_name": "Ben Li"})


def test_own_history_of_the_console_stays_as_it_is(post, people, user):
    post(people.change_view, form_of(user, display_name="Ben Li"), str(user.pk))
    assert LogEntry.objects.filter(object_id=str(user.pk)).count() == 1


def test_form_without_a_change_leaves_no_entry(post, people, user):
    before = AuditEntry.objects.count()
    post(people.change_view, form_of(user), str(user.pk))
    assert AuditEntry.objects.count() == before


def test_password_is_masked(post, people, user):
    entry = post(people.change_view, form_of(user, password="bcrypt$another"), str(user.pk))
    assert (entry.before, entry.after) == ({"password": MASK}, {"password": MASK})


def test_added_row_is_recorded_with_its_fields(post, people):
    new = {"username": "dora", "password": "x", "is_active": "on"} | NO_MEMBERSHIPS
    entry = post(people.add_view, new)
    assert (entry.action, entry.object_name, entry.before) == ("form.added", "dora", {})
    assert entry.after["username"] == "dora"


def _request_of(person):
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user = person
    return request


def test_inline_rows_are_recorded_one_by_one(post, people, user, administrator):
    role = Role.objects.get(name=Role.ADMINISTRATOR)
    held = User.groups.through.objects.get(user=user)
    added = memberships({"id": held.pk, "user": user.pk, "group": held.group_id}, {"group": role.pk}, initial=1)
    entry = post(people.change_view, form_of(user) | added, str(user.pk))
    assert (entry.action, entry.object_type) == ("form.added", "users.user_groups")
    assert entry.after == {"group": role.name}, "the name, not the number"
    changed = memberships({"id": held.pk, "user": user.pk, "group": held.group_id, "DELETE": "on"}, initial=1)
    entry = post(people.change_view, form_of(user) | changed, str(user.pk))
    assert (entry.action, entry.before["group"]) == ("form.deleted", "user")


def test_changed_inline_row_names_both_rows(post, people, user):
    role = Role.objects.get(name=Role.ADMINISTRATOR)
    held = User.groups.through.objects.get(user=user)
    changed = memberships({"id": held.pk, "user": user.pk, "group": role.pk}, initial=1)
    entry = post(people.change_view, form_of(user) | changed, str(user.pk))
    assert (entry.before, entry.after) == ({"group": "user"}, {"group": "administrator"})


def test_deleted_row_is_recorded_with_what_it_was(post, people, make_user):
    leaver = make_user(username="leaver")
    entry = post(people.delete_view, {"post": "yes"}, str(leaver.pk))
    assert (entry.action, entry.object_id, entry.object_name) == ("form.deleted", str(leaver.pk), "leaver")
    assert (entry.before["username"], entry.before["password"]) == ("leaver", MASK)
    assert not User.objects.filter(username="leaver").exists()


def test_rows_deleted_together_are_recorded_one_by_one(post, people, make_user):
    leavers = [make_user(username=name) for name in ("one", "two")]
    chosen = {admin.helpers.ACTION_CHECKBOX_NAME: [person.pk for person in leavers]}
    post(people.changelist_view, chosen | {"action": "delete_selected", "post": "yes", "index": 0})
    names = AuditEntry.objects.filter(action="form.deleted").values_list("object_name", flat=True)
    assert set(names) == {"one", "two"}
    assert not User.objects.filter(username__in=["one", "two"]).exists()


def test_deletion_that_is_refused_leaves_no_entry(post, people, rf, administrator, user):
    from django.db.models import ProtectedError

    Dataset.objects.create(name="branches", created_by=user, schema={})
    with pytest.raises(ProtectedError):
        people.delete_model(_request_of(administrator), user)
    assert not AuditEntry.objects.filter(action="form.deleted").exists()


def test_what_a_service_records_is_not_recorded_twice(post, site, people, user, monkeypatch):
    monkeypatch.setattr(People, "recorded_by_service", frozenset({"changed"}))
    before = AuditEntry.objects.count()
    post(people.change_view, form_of(user, display_name="Ben Li"), str(user.pk))
    assert AuditEntry.objects.count() == before


def test_new_password_that_an_administrator_sets_is_recorded_without_it(page, administrator, user):
    new = {"password1": "another long word 9", "password2": "another long word 9", "usable_password": "true"}
    answer = page(administrator).post(f"/admin/users/user/{user.pk}/password/", new)
    assert answer.status_code == 302, answer.content
    entry = AuditEntry.objects.latest("seq")
    assert (entry.action, entry.object_name, entry.actor) == ("form.changed", "ben", administrator)
    assert (entry.before, entry.after) == ({"password": MASK}, {"password": MASK})
    assert "another long word" not in str(entry.content())


def test_roles_are_recorded_once_by_their_service(page, administrator, user):
    form = {"username": "ben", "display_name": "Ben Li", "email": "", "is_active": "on", "groups": []}
    answer = page(administrator).post(f"/admin/users/user/{user.pk}/change/", form)
    assert answer.status_code == 302, answer.content
    roles, fields = AuditEntry.objects.order_by("seq").filter(object_id=str(user.pk)).exclude(action="user.role_given")
    assert (roles.action, roles.after) == ("user.roles_changed", {"roles": []})
    assert (fields.action, fields.after) == ("form.changed", {"display_name": "Ben Li"})
