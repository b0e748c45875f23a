"""`visible_to` and the permission of API views: role, owner, or a grant on one object."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from guardian.shortcuts import assign_perm

from apps.datasets.models import Dataset
from apps.datasets.services import create_dataset


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
