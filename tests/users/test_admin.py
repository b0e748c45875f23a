"""User administration in the console."""

from __future__ import annotations

import pytest

from apps.users.models import User


@pytest.mark.parametrize(
    "path",
    ["users/user/", "users/user/add/", "users/role/", "django_celery_results/taskresult/", ""],
)
def test_screen_opens_with_few_queries(page, administrator, path, django_assert_max_num_queries):
    client = page(administrator)
    with django_assert_max_num_queries(30):
        assert client.get(f"/admin/{path}").status_code == 200


def test_administrator_creates_a_user(page, administrator, db):
    from django.contrib.auth.models import Group

    form = {
        "username": "dora",
        "display_name": "朵拉",
        "email": "",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
        "groups": [Group.objects.get(name="user").pk],
    }
    answer = page(administrator).post("/admin/users/user/add/", form)
    assert answer.status_code == 302, answer.context and answer.context["errors"]
    assert User.objects.get(username="dora").role_names == ["user"]


def test_administrator_cannot_make_a_superuser(page, administrator, user):
    form = {"username": "ben", "display_name": "B", "email": "", "is_active": "on", "is_superuser": "on", "groups": []}
    page(administrator).post(f"/admin/users/user/{user.pk}/change/", form)
    user.refresh_from_db()
    assert user.display_name == "B"
    assert not user.is_superuser


def test_administrator_cannot_reset_a_superusers_password(page, administrator, make_user):
    root = make_user(is_superuser=True, username="root")
    form = {"password1": "staple battery horse 7", "password2": "staple battery horse 7", "usable_password": "true"}
    answer = page(administrator).post(f"/admin/users/user/{root.pk}/password/", form)
    assert answer.status_code == 403
    root.refresh_from_db()
    assert root.check_password("correct horse battery")


def test_superuser_makes_a_superuser(page, make_user, user):
    root = make_user(is_superuser=True, username="root")
    form = {"username": "ben", "display_name": "", "email": "", "is_active": "on", "is_superuser": "on", "groups": []}
    page(root).post(f"/admin/users/user/{user.pk}/change/", form)
    user.refresh_from_db()
    assert user.is_superuser


def test_ordinary_user_does_not_enter_the_console(page, user):
    assert page(user).get("/admin/", follow=True).status_code == 403


def test_visitor_is_sent_to_the_one_sign_in_page(client, db):
    answer = client.get("/admin/users/user/", follow=True)
    assert answer.redirect_chain[-1][0] == "/sign-in/?next=%2Fadmin%2Fusers%2Fuser%2F"
