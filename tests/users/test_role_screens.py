"""Roles in the console: the matrix of rights, what is fixed in it, and the question before a role is deleted."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission

from apps.users.models import Role
from apps.users.roles import names_of, save_role


def permission(name: str) -> Permission:
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


@pytest.fixture
def role(administrator):
    wanted = [permission("datasets.view_dataset"), permission("users.enter_console")]
    return save_role(None, name="数据员", permissions=wanted, actor=administrator)


def box(html: str, name: str) -> str:
    return re.search(rf'<input type="checkbox"[^>]* value="{permission(name).pk}"[^>]*>', html)[0]


def test_matrix_shows_what_the_role_holds(page, administrator, role):
    html = page(administrator).get(f"/admin/users/role/{role.pk}/change/").content.decode()
    assert "checked" in box(html, "datasets.view_dataset")
    assert "checked" in box(html, "users.enter_console")
    assert "checked" not in box(html, "datasets.add_dataset")
    assert "disabled" not in box(html, "datasets.add_dataset")


def test_administrator_ticks_boxes_and_the_role_holds_them(page, administrator, role):
    form = {"name": "数据员", "permissions": [permission("qa.ask_question").pk, permission("datasets.add_dataset").pk]}
    answer = page(administrator).post(f"/admin/users/role/{role.pk}/change/", form)
    assert answer.status_code == 302
    assert names_of(role) == {"qa.ask_question", "datasets.add_dataset", "datasets.view_dataset"}


def test_administrator_makes_a_role(page, administrator):
    form = {"name": "提问者", "permissions": [permission("qa.ask_question").pk]}
    assert page(administrator).post("/admin/users/role/add/", form).status_code == 302
    assert names_of(Role.objects.get(name="提问者")) == {"qa.ask_question"}


def test_taken_name_is_said_in_the_form(page, administrator, role):
    answer = page(administrator).post("/admin/users/role/add/", {"name": "数据员", "permissions": []})
    assert answer.status_code == 200
    assert "name" in answer.context["adminform"].form.errors
    assert Role.objects.filter(name="数据员").count() == 1


def test_administrators_role_is_shown_and_cannot_be_changed(page, administrator):
    fixed = Role.objects.get(name=Role.ADMINISTRATOR)
    client = page(administrator)
    html = client.get(f"/admin/users/role/{fixed.pk}/change/").content.decode()
    assert "disabled" in box(html, "users.change_role")
    assert client.post(f"/admin/users/role/{fixed.pk}/change/", {"name": "x", "permissions": []}).status_code == 403
    assert Role.objects.filter(name=Role.ADMINISTRATOR).exists()


def test_boxes_beyond_ones_own_rights_are_fixed_and_stay_as_they_are(page, make_user, administrator, role):
    names = ("users.view_role", "users.change_role", "users.enter_console", "qa.ask_question")
    keeper = save_role(None, name="人事", permissions=[permission(name) for name in names], actor=administrator)
    person = make_user()
    person.groups.add(keeper)
    client = page(person)
    html = client.get(f"/admin/users/role/{role.pk}/change/").content.decode()
    assert "disabled" in box(html, "datasets.view_dataset")
    assert "disabled" not in box(html, "qa.ask_question")
    wanted, smuggled = permission("qa.ask_question").pk, permission("datasets.add_dataset").pk
    address = f"/admin/users/role/{role.pk}/change/"
    client.post(address, {"name": "数据员", "permissions": [wanted, smuggled]})
    assert names_of(role) == {"datasets.view_dataset", "users.enter_console"}
    client.post(address, {"name": "数据员", "permissions": [wanted]})
    assert names_of(role) == {"datasets.view_dataset", "qa.ask_question"}


def test_deleting_a_role_names_how_many_lose_it(page, administrator, role, make_user):
    for number in range(3):
        make_user(username=f"holder{number}").groups.add(role)
    client = page(administrator)
    html = client.get(f"/admin/users/role/{role.pk}/delete/").content.decode()
    assert "3" in re.search(r"<strong>(.*?)</strong>", html.split("pp-narrow")[1], re.DOTALL)[1]
    assert "holder1" in html
    assert Role.objects.filter(pk=role.pk).exists()
    client.post(f"/admin/users/role/{role.pk}/delete/")
    assert not Role.objects.filter(pk=role.pk).exists()


@pytest.mark.parametrize("name", [Role.ADMINISTRATOR, Role.USER])
def test_built_in_role_is_not_deleted(page, administrator, name):
    built_in = Role.objects.get(name=name)
    assert page(administrator).post(f"/admin/users/role/{built_in.pk}/delete/").status_code == 403
    assert Role.objects.filter(name=name).exists()


def test_people_keep_their_units_when_their_roles_are_edited(page, administrator, user):
    from apps.users.units import add_member, create_unit

    add_member(create_unit(name="总行", parent=None, actor=None), user, actor=None)
    form = {"username": "ben", "display_name": "B", "email": "", "is_active": "on", "groups": []}
    assert page(administrator).post(f"/admin/users/user/{user.pk}/change/", form).status_code == 302
    assert user.role_names == []
    assert [group.unit.name for group in user.groups.all()] == ["总行"]
