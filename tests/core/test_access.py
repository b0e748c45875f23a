"""`visible_to` and the permission of API views: role, owner, or a grant on one object."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import assign_perm

from apps.core.access import allows, holds_any_grant
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.services import create_dataset

SOURCE = {"source_name": "a.csv", "source_bytes": 1, "source_sha256": "0" * 64}


@pytest.fixture
def two_datasets(administrator):
    return [create_dataset(name=name, preset="bank_branches", actor=administrator) for name in ("first", "second")]


def test_nobody_sees_anything(two_datasets):
    assert not Dataset.objects.visible_to(AnonymousUser()).exists()


def test_deactivated_user_sees_nothing(two_datasets, administrator):
    administrator.is_active = False
    assert not Dataset.objects.visible_to(administrator).exists()


def test_role_shows_all_rows(two_datasets, administrator):
    assert Dataset.objects.visible_to(administrator).count() == 2


def test_grant_shows_one_row_everywhere(two_datasets, user, api):
    assert api(user).get("/api/v1/datasets/").status_code == 403
    assign_perm("datasets.view_dataset", user, two_datasets[0])
    assert list(Dataset.objects.visible_to(user)) == two_datasets[:1]
    listed = api(user).get("/api/v1/datasets/").json()["results"]
    assert [row["name"] for row in listed] == ["first"]
    assert api(user).get(f"/api/v1/datasets/{two_datasets[1].pk}/").status_code == 404


def test_grant_to_a_role_counts_for_its_members(two_datasets, user):
    assign_perm("datasets.view_dataset", user.groups.get(), two_datasets[1])
    assert list(Dataset.objects.visible_to(user)) == two_datasets[1:]


def test_grant_to_read_does_not_let_write(two_datasets, user, api):
    assign_perm("datasets.view_dataset", user, two_datasets[0])
    answer = api(user).post("/api/v1/datasets/", {"name": "third", "preset": "bank_branches"}, format="json")
    assert answer.status_code == 403


@pytest.fixture
def manager_of_first(two_datasets, make_user):
    """A person without any role who manages the first of two datasets."""
    person = make_user(username="dan")
    for permission in ("view_dataset", "change_dataset"):
        assign_perm(f"datasets.{permission}", person, two_datasets[0])
    return person


def test_grant_to_change_lets_change_this_row_and_what_is_part_of_it(two_datasets, manager_of_first):
    first, second = two_datasets
    assert allows(manager_of_first, "datasets.change_dataset", first)
    assert allows(manager_of_first, "datasets.add_datasetversion", first)
    assert not allows(manager_of_first, "datasets.change_dataset", second)
    assert not allows(manager_of_first, "datasets.change_dataset")
    assert not allows(manager_of_first, "datasets.delete_dataset", first)
    assert not allows(manager_of_first, "registry.change_registeredmodel", first)


def test_grant_of_a_deactivated_person_does_not_work(two_datasets, manager_of_first):
    manager_of_first.is_active = False
    assert not allows(manager_of_first, "datasets.change_dataset", two_datasets[0])
    assert not holds_any_grant(manager_of_first, "datasets.view_dataset")


def test_parts_are_seen_and_changed_with_what_they_are_part_of(two_datasets, manager_of_first, user):
    for dataset in two_datasets:
        DatasetVersion.objects.create(dataset=dataset, number=1, created_by=user, **SOURCE)
    seen = DatasetVersion.objects.visible_to(manager_of_first)
    changeable = DatasetVersion.objects.permitted(manager_of_first, "change")
    assert [version.dataset for version in seen] == [version.dataset for version in changeable] == two_datasets[:1]
    assert allows(manager_of_first, "datasets.change_datasetversion", seen.get())
    assert not DatasetVersion.objects.visible_to(user).exists()


def test_right_to_a_part_without_sight_of_the_whole_shows_nothing(two_datasets, make_user):
    person = make_user()
    person.user_permissions.add(Permission.objects.get(codename="view_datasetversion"))
    DatasetVersion.objects.create(dataset=two_datasets[0], number=1, created_by=person, **SOURCE)
    assert not DatasetVersion.objects.visible_to(person).exists()


def test_row_that_goes_takes_its_grants_with_it(two_datasets, manager_of_first, user):
    assign_perm("datasets.view_dataset", user.groups.get(), two_datasets[0])
    two_datasets[0].delete()
    assert not UserObjectPermission.objects.exists()
    assert not GroupObjectPermission.objects.exists()


def test_asking_for_every_line_reads_the_grants_once(two_datasets, manager_of_first, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        for _line in range(20):
            assert allows(manager_of_first, "datasets.change_dataset", two_datasets[0])
