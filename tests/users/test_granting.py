"""Sharing one row with a person, a role or a unit: what it opens, what it leaves closed, and how it ends."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from guardian.models import GroupObjectPermission, UserObjectPermission

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.registry.models import RegisteredModel
from apps.users.granting import grant, may_share, receivers, revoke, shares_of
from apps.users.models import User
from apps.users.roles import delete_role, save_role
from apps.users.units import add_member, create_unit, delete_unit
from tests.training.conftest import dataset_version, make_job, model, sent  # noqa: F401


@pytest.fixture
def person(make_user):
    """Somebody without any role."""
    return make_user(username="dan")


def share_levels(row) -> set[tuple[str, str | None]]:
    return {(str(share.to), share.level and share.level.key) for share in shares_of(row)}


def fresh(user) -> User:
    """The user as the next request meets him: rights are read once per user object."""
    return User.objects.get(pk=user.pk)


def test_use_opens_asking_and_seeing_and_nothing_more(model, person, administrator):  # noqa: F811
    grant(model, to=person, level="use", actor=administrator)
    assert list(RegisteredModel.objects.usable_by(person)) == [model]
    assert list(RegisteredModel.objects.visible_to(person)) == [model]
    assert not may_share(person, model)
    assert share_levels(model) == {("dan", "use")}


def test_level_is_replaced_not_added_up(model, person, administrator):  # noqa: F811
    grant(model, to=person, level="manage", actor=administrator)
    assert may_share(fresh(person), model)
    grant(model, to=person, level="use", actor=administrator)
    assert not may_share(fresh(person), model)
    assert share_levels(model) == {("dan", "use")}


def test_unit_passes_on_what_it_has_to_everybody_below(model, person, administrator):  # noqa: F811
    bank = create_unit(name="总行", parent=None, actor=None)
    desk = create_unit(name="柜台", parent=bank, actor=None)
    grant(model, to=bank, level="use", actor=administrator)
    assert not RegisteredModel.objects.visible_to(person).exists()
    add_member(desk, person, actor=None)
    assert list(RegisteredModel.objects.visible_to(fresh(person))) == [model]
    assert [share.kind for share in shares_of(model)] == ["unit"]


def test_role_passes_on_what_it_has(model, person, administrator):  # noqa: F811
    role = save_role(None, name="审核", permissions=[], actor=administrator)
    person.groups.add(role)
    grant(model, to=role, level="use", actor=administrator)
    assert list(RegisteredModel.objects.visible_to(person)) == [model]


def test_revoked_is_gone_and_cannot_be_revoked_again(model, person, administrator):  # noqa: F811
    grant(model, to=person, level="manage", actor=administrator)
    revoke(model, to=person, actor=administrator)
    assert not RegisteredModel.objects.visible_to(fresh(person)).exists()
    with pytest.raises(DomainError) as refused:
        revoke(model, to=person, actor=administrator)
    assert refused.value.code == "not_shared"


def test_who_manages_one_model_shares_it_and_no_other(model, person, administrator, make_user):  # noqa: F811
    unit = create_unit(name="总行", parent=None, actor=None)
    add_member(unit, person, actor=None)
    grant(model, to=person, level="manage", actor=administrator)
    grant(model, to=unit, level="manage", actor=fresh(person))
    assert share_levels(model) == {("dan", "manage"), ("总行", "manage")}
    stranger = make_user(username="eve")
    with pytest.raises(DomainError) as refused:
        grant(model, to=stranger, level="use", actor=fresh(person))  # whom he does not see
    assert "to" in refused.value.fields


def test_who_only_uses_does_not_share(model, person, administrator):  # noqa: F811
    grant(model, to=person, level="use", actor=administrator)
    for verb in (
        lambda actor: grant(model, to=actor, level="manage", actor=actor),
        lambda actor: revoke(model, to=actor, actor=actor),
    ):
        with pytest.raises(DomainError) as refused:
            verb(fresh(person))
        assert refused.value.code == "not_yours_to_share"


def test_nobody_gives_more_than_he_has(model, make_user, user):  # noqa: F811
    renamer = make_user()
    codenames = ["view_registeredmodel", "change_registeredmodel", "view_user"]
    renamer.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    with pytest.raises(DomainError) as refused:
        grant(model, to=user, level="use", actor=renamer)
    assert refused.value.code == "beyond_own_rights"


def test_unknown_level_is_refused(model, person, administrator):  # noqa: F811
    with pytest.raises(DomainError) as refused:
        grant(model, to=person, level="own", actor=administrator)
    assert "level" in refused.value.fields


def test_deactivated_people_are_not_offered(person, administrator):
    assert person in receivers("person", actor=administrator)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert person not in receivers("person", actor=administrator)


def test_deleted_person_role_and_unit_leave_no_grant(model, person, administrator):  # noqa: F811
    unit = create_unit(name="总行", parent=None, actor=None)
    role = save_role(None, name="审核", permissions=[], actor=administrator)
    for to in (person, role, unit):
        grant(model, to=to, level="manage", actor=administrator)
    person.delete()
    delete_role(role, actor=administrator)
    delete_unit(unit, actor=administrator)
    assert not UserObjectPermission.objects.exists()
    assert not GroupObjectPermission.objects.exists()


def test_sharing_stands_in_the_audit_trail(model, person, administrator):  # noqa: F811
    grant(model, to=person, level="use", actor=administrator)
    revoke(model, to=person, actor=administrator)
    given, taken = AuditEntry.objects.filter(action__startswith="grant.").order_by("seq")
    assert given.after["permissions"] == taken.before["permissions"] == ["use_registeredmodel", "view_registeredmodel"]
    assert given.after["to"] == "dan"
    assert given.object_id == str(model.pk)


# --- over the API -----------------------------------------------------------------------------------------------------


@pytest.fixture
def other_model(model, administrator):  # noqa: F811
    from apps.datasets.services import create_dataset

    dataset = create_dataset(name="other", preset="bank_branches", actor=administrator)
    return RegisteredModel.objects.create(slug="other", name="other", dataset=dataset, created_by=administrator)


def test_manager_of_one_model_does_by_api_that_on_it_and_nothing_elsewhere(
    model,  # noqa: F811
    other_model,
    person,
    administrator,
    api,
):
    grant(model, to=person, level="manage", actor=administrator)
    client = api(person)
    assert [row["slug"] for row in client.get("/api/v1/models/").json()["results"]] == [model.slug]
    assert client.post(f"/api/v1/models/{model.slug}/rollback").status_code == 409  # may, but there is nothing before
    for tail in ("rollback", "activate", "test", "grants"):
        assert client.post(f"/api/v1/models/{other_model.slug}/{tail}", {}, format="json").status_code == 404
    assert client.get("/api/v1/datasets/").status_code == 403
    assert client.get("/api/v1/jobs/").status_code == 403
    assert client.post("/api/v1/jobs/", {}, format="json").status_code == 403


def test_user_of_a_model_sees_it_and_is_forbidden_to_switch_it(model, person, administrator, api):  # noqa: F811
    grant(model, to=person, level="use", actor=administrator)
    client = api(person)
    assert client.get(f"/api/v1/models/{model.slug}/").status_code == 200
    assert client.get(f"/api/v1/models/{model.slug}/versions").status_code == 200
    assert client.post(f"/api/v1/models/{model.slug}/rollback").status_code == 403
    assert client.get(f"/api/v1/models/{model.slug}/grants").status_code == 403


def test_job_is_watched_or_cancelled_as_shared(make_job, person, administrator, api):  # noqa: F811
    job = make_job(created_by=administrator)
    grant(job, to=person, level="use", actor=administrator)
    assert api(person).get(f"/api/v1/jobs/{job.pk}/events").status_code == 200
    assert api(person).post(f"/api/v1/jobs/{job.pk}/cancel").status_code == 403
    grant(job, to=person, level="manage", actor=administrator)
    assert api(person).post(f"/api/v1/jobs/{job.pk}/cancel").status_code == 200


def test_shares_are_listed_made_and_taken_back(model, person, administrator, api):  # noqa: F811
    address, client = f"/api/v1/models/{model.slug}/grants", api(administrator)
    made = client.post(address, {"kind": "person", "id": person.pk, "level": "manage"}, format="json")
    assert made.status_code == 201
    listed = client.get(address).json()
    assert listed["grants"] == [made.json()]
    assert [level["key"] for level in listed["levels"]] == ["use", "manage"]
    assert listed["roles"] == ["administrator"]
    assert client.delete(f"{address}/person/{person.pk}").status_code == 204
    assert client.delete(f"{address}/person/{person.pk}").status_code == 404
    assert client.get(address).json()["grants"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "person", "id": 999_999, "level": "use"}, "id"),
        ({"kind": "robot", "id": 1, "level": "use"}, "kind"),
        ({"kind": "unit", "level": "use"}, "id"),
    ],
)
def test_what_cannot_be_shared_with_is_named(model, administrator, api, body, field):  # noqa: F811
    answer = api(administrator).post(f"/api/v1/models/{model.slug}/grants", body, format="json")
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_list_of_shared_rows_costs_the_same_for_many(model, person, administrator, api, django_assert_max_num_queries):  # noqa: F811
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.datasets.services import create_dataset

    grant(model, to=person, level="manage", actor=administrator)
    client = api(person)
    with CaptureQueriesContext(connection) as few:
        client.get("/api/v1/models/")
    for number in range(5):
        dataset = create_dataset(name=f"d{number}", preset="bank_branches", actor=administrator)
        row = RegisteredModel.objects.create(slug=f"m{number}", name=f"m{number}", dataset=dataset)
        grant(row, to=person, level="use", actor=administrator)
    with django_assert_max_num_queries(len(few)):
        assert client.get("/api/v1/models/").json()["count"] == 6


def test_api_key_does_not_share(model, administrator, api):  # noqa: F811
    from apps.users.keys import make_key

    _key, text = make_key(name="script", scopes=["models:write", "read"], days=1, owner=administrator)
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert client.get(f"/api/v1/models/{model.slug}/").status_code == 200
    assert client.get(f"/api/v1/models/{model.slug}/grants").status_code == 403
