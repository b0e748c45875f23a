"""Units in the console and on the page of those who manage one; sharing in the console."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from apps.users.granting import grant, shares_of
from apps.users.models import Membership, Unit
from apps.users.units import add_member, create_unit
from tests.training.conftest import dataset_version, make_job, model, sent  # noqa: F401


@pytest.fixture
def tree(db):
    bank = create_unit(name="总行", parent=None, actor=None)
    branch = create_unit(name="北京分行", parent=bank, actor=None)
    other = create_unit(name="上海分行", parent=bank, actor=None)
    return {"bank": bank, "branch": branch, "other": other}


@pytest.fixture
def manager(tree, make_user):
    person = make_user("user", username="mia")
    add_member(tree["branch"], person, actor=None, is_manager=True)
    return person


def test_tree_is_listed_with_its_members(page, administrator, tree, user, django_assert_max_num_queries):
    add_member(tree["branch"], user, actor=None)
    client = page(administrator)
    with django_assert_max_num_queries(12):
        answer = client.get("/admin/users/unit/")
    shown = [(line.unit.name, line.depth, line.unit.member_count, reached) for line, reached in answer.context["lines"]]
    assert shown == [("总行", 0, 0, 1), ("上海分行", 1, 0, 0), ("北京分行", 1, 1, 1)]


def test_empty_tree_says_what_units_are_for(page, administrator):
    assert "/admin/users/unit/add/" in page(administrator).get("/admin/users/unit/").content.decode()


def test_unit_is_made_renamed_and_moved(page, administrator, tree):
    client = page(administrator)
    client.post("/admin/users/unit/add/", {"name": "柜台", "parent": tree["branch"].pk})
    desk = Unit.objects.get(name="柜台")
    assert desk.parent == tree["branch"]
    client.post(f"/admin/users/unit/{desk.pk}/change/", {"name": "大堂", "parent": tree["other"].pk})
    desk.refresh_from_db()
    assert (desk.name, desk.parent) == ("大堂", tree["other"])


def test_unit_cannot_be_put_below_itself(page, administrator, tree):
    form = {"name": "总行", "parent": tree["branch"].pk}
    assert page(administrator).post(f"/admin/users/unit/{tree['bank'].pk}/change/", form).status_code == 200
    tree["bank"].refresh_from_db()
    assert tree["bank"].parent is None


def test_members_come_become_managers_and_go(page, administrator, tree, user):
    client, address = page(administrator), f"/admin/users/unit/{tree['branch'].pk}/members/"
    client.post(address, {"person": user.pk})
    member = Membership.objects.get(unit=tree["branch"], user=user)
    assert not member.is_manager
    client.post(f"{address}{user.pk}/manager/")
    member.refresh_from_db()
    assert member.is_manager
    client.post(f"{address}{user.pk}/remove/")
    assert not Membership.objects.exists()


def test_unit_with_members_is_deleted_when_they_go_up(page, administrator, tree, user):
    add_member(tree["branch"], user, actor=None)
    client, address = page(administrator), f"/admin/users/unit/{tree['branch'].pk}/delete/"
    client.post(address)
    assert Unit.objects.filter(name="北京分行").exists()
    client.post(address, {"hand_up": "1"})
    assert not Unit.objects.filter(name="北京分行").exists()
    assert Membership.objects.get(user=user).unit == tree["bank"]


# --- the page of a manager --------------------------------------------------------------------------------------------


def test_manager_sees_his_units_and_no_other(page, manager, tree, make_user):
    add_member(tree["branch"], make_user(username="near"), actor=None)
    add_member(tree["other"], make_user(username="elsewhere"), actor=None)
    html = page(manager).get("/unit/").content.decode()
    assert "near" in html
    assert "elsewhere" not in html
    assert "上海分行" not in html


def test_manager_moves_people_within_his_units(page, manager, tree, make_user):
    desk = create_unit(name="柜台", parent=tree["branch"], actor=None)
    person = make_user(username="near")
    add_member(tree["branch"], person, actor=None)
    client = page(manager)
    client.post(f"/unit/{desk.pk}/members/", {"person": person.pk})
    assert set(person.units.values_list("name", flat=True)) == {"北京分行", "柜台"}
    client.post(f"/unit/{tree['branch'].pk}/members/{person.pk}/remove/")
    assert set(person.units.values_list("name", flat=True)) == {"柜台"}


def test_manager_cannot_take_in_whom_he_does_not_see(page, manager, tree, stranger):
    page(manager).post(f"/unit/{tree['branch'].pk}/members/", {"person": stranger.pk})
    assert not stranger.units.exists()


def test_manager_does_not_take_another_manager_out(page, manager, tree, make_user):
    second = make_user(username="second")
    add_member(tree["branch"], second, actor=None, is_manager=True)
    page(manager).post(f"/unit/{tree['branch'].pk}/members/{second.pk}/remove/")
    assert second.units.exists()


@pytest.mark.parametrize("where", ["other", "bank"])
def test_units_beside_and_above_are_absent_for_a_manager(page, manager, tree, user, where):
    add_member(tree[where], user, actor=None)
    client = page(manager)
    assert client.post(f"/unit/{tree[where].pk}/members/", {"person": manager.pk}).status_code == 404
    assert client.post(f"/unit/{tree[where].pk}/members/{user.pk}/remove/").status_code == 404
    assert user.units.exists()


def test_plain_member_has_no_page_of_units(page, tree, user):
    add_member(tree["branch"], user, actor=None)
    assert page(user).get("/unit/").status_code == 403


def test_page_of_units_costs_the_same_for_many_people(page, manager, tree, make_user, django_assert_max_num_queries):
    client = page(manager)
    for number in range(2):
        add_member(tree["branch"], make_user("user", username=f"p{number}"), actor=None)
    client.get("/unit/")
    for number in range(2, 12):
        add_member(tree["branch"], make_user("user", username=f"p{number}"), actor=None)
    with django_assert_max_num_queries(20):
        client.get("/unit/")


# --- sharing in the console -------------------------------------------------------------------------------------------


@pytest.fixture
def console_user(make_user):
    """Somebody who may enter the console, and nothing more."""
    person = make_user(username="kim")
    person.user_permissions.add(Permission.objects.get(codename="enter_console"))
    return person


def sharing_of(row) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/sharing/"


def test_administrator_shares_and_takes_back(page, administrator, model, tree, user):  # noqa: F811
    client = page(administrator)
    client.post(sharing_of(model), {"kind": "unit", "unit": tree["branch"].pk, "level": "manage"})
    client.post(sharing_of(model), {"kind": "person", "person": user.pk, "level": "use"})
    assert [(str(share.to), share.level.key) for share in shares_of(model)] == [("ben", "use"), ("北京分行", "manage")]
    assert "北京分行" in client.get(sharing_of(model)).content.decode()
    client.post(sharing_of(model), {"take_back": f"person:{user.pk}"})
    assert [str(share.to) for share in shares_of(model)] == ["北京分行"]


def test_nobody_chosen_is_said_in_the_form(page, administrator, model):  # noqa: F811
    answer = page(administrator).post(sharing_of(model), {"kind": "unit", "level": "use"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["unit"]


def test_screen_opens_for_everything_that_can_be_shared(page, administrator, model, make_job, dataset_version):  # noqa: F811
    client = page(administrator)
    for row in (model, make_job(), dataset_version.dataset):
        assert client.get(sharing_of(row)).status_code == 200
        assert sharing_of(row) in client.get(sharing_of(row).replace("sharing", "change")).content.decode()


def test_grant_opens_this_row_in_the_console_and_no_other(page, console_user, administrator, model, make_job):  # noqa: F811
    job = make_job()
    client = page(console_user)
    assert client.get("/admin/registry/registeredmodel/").status_code == 403
    grant(model, to=console_user, level="use", actor=administrator)
    assert client.get("/admin/registry/registeredmodel/").status_code == 200
    assert client.get(f"/admin/registry/registeredmodel/{model.pk}/change/").status_code == 200
    assert client.get(f"/admin/registry/registeredmodel/{model.pk}/history/").status_code == 200
    assert client.get(sharing_of(model)).status_code == 403
    assert client.get(sharing_of(job)).status_code in (403, 404)
    assert client.post(f"/admin/registry/registeredmodel/{model.pk}/rollback/").status_code == 403
    assert client.get(f"/admin/training/trainingjob/{job.pk}/change/").status_code in (302, 403)


def test_manager_of_a_model_renames_and_shares_it_in_the_console(page, console_user, administrator, model):  # noqa: F811
    grant(model, to=console_user, level="manage", actor=administrator)
    client = page(console_user)
    client.post(f"/admin/registry/registeredmodel/{model.pk}/change/", {"name": "Neu", "slug": model.slug})
    model.refresh_from_db()
    assert model.name == "Neu"
    assert client.get(sharing_of(model)).status_code == 200
    assert client.post(f"/admin/registry/registeredmodel/{model.pk}/rollback/").status_code == 302


def test_filters_offer_only_what_the_reader_sees(page, make_user, model):  # noqa: F811
    reader = make_user(username="kim")
    reader.user_permissions.set(Permission.objects.filter(codename__in=["enter_console", "view_question"]))
    answer = page(reader).get("/admin/qa/question/")
    assert answer.status_code == 200
    assert model.name not in answer.content.decode()
