"""Two roles that do not inherit from each other, and who may touch whom."""

from __future__ import annotations

import importlib

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import IntegrityError, transaction

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.users import rights
from apps.users.models import Role, User
from apps.users.roles import assignable_roles, delete_role, names_of, save_role, set_roles, sync_roles
from apps.users.units import add_member, create_unit


def test_administrator_may_do_everything_of_the_product(administrator):
    for permission in ("users.add_user", "datasets.add_dataset", "training.add_trainingjob", "qa.ask_question"):
        assert administrator.has_perm(permission), permission


def test_user_may_ask_and_nothing_else(user):
    assert user.get_all_permissions() == {"qa.ask_question", "registry.use_registeredmodel"}


def test_person_without_role_may_nothing(make_user):
    assert make_user().get_all_permissions() == set()


def test_role_is_not_inherited(make_user):
    """Taking the administrator's role away leaves nothing of it behind."""
    person = make_user("administrator")
    person.groups.clear()
    assert User.objects.get(pk=person.pk).get_all_permissions() == set()


def test_changed_user_role_survives_the_next_migrate(db):
    role = Group.objects.get(name=Role.USER)
    extra = Group.objects.get(name=Role.ADMINISTRATOR).permissions.get(codename="view_dataset")
    role.permissions.set([extra])
    sync_roles()
    assert list(role.permissions.all()) == [extra]


def test_only_superuser_edits_superuser(make_user, administrator):
    root = make_user(is_superuser=True)
    assert not root.may_be_edited_by(administrator)
    assert root.may_be_edited_by(root)
    assert not administrator.may_be_edited_by(make_user("user"))


def test_user_sees_himself_only(user, stranger, administrator):
    assert list(User.objects.visible_to(user)) == [user]
    assert User.objects.visible_to(administrator).count() == 3


def test_two_users_cannot_share_a_name(user):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ben", "correct horse battery")


def test_passwords_are_stored_as_bcrypt_with_twelve_rounds():
    """The test settings swap the hasher, so ask the settings module itself."""
    module = importlib.import_module("mozhu.settings")
    assert module.PASSWORD_HASHERS == ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
    from django.contrib.auth.hashers import BCryptSHA256PasswordHasher

    encoded = BCryptSHA256PasswordHasher().encode("x" * 100, BCryptSHA256PasswordHasher().salt())
    assert encoded.startswith("bcrypt_sha256$$2b$12$")


# --- made, changed, deleted, given ------------------------------------------------------------------------------------


def permission(name: str) -> Permission:
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


@pytest.fixture
def personnel(make_user):
    """Somebody who looks after people and roles, without being an administrator."""
    keeper = save_role(
        None,
        name="人事",
        permissions=[
            permission(f"users.{name}")
            for name in ("view_user", "change_user", "view_role", "add_role", "change_role", "delete_role")
        ],
        actor=make_user(is_superuser=True),
    )
    person = make_user(username="petra")
    person.groups.add(keeper)
    return person


def test_role_is_made_and_its_rights_are_in_the_trail(administrator):
    role = save_role(None, name=" 数据员 ", permissions=[permission("datasets.view_dataset")], actor=administrator)
    changed = save_role(role, name="数据员", permissions=[permission("qa.ask_question")], actor=administrator)
    assert names_of(changed) == {"qa.ask_question"}
    made, altered = AuditEntry.objects.filter(action__startswith="role.").order_by("seq")
    assert made.after == {"name": "数据员", "permissions": ["datasets.view_dataset"]}
    assert altered.before["permissions"] == ["datasets.view_dataset"]
    assert altered.after["permissions"] == ["qa.ask_question"]


def test_who_may_change_may_see(administrator):
    wanted = [permission("datasets.change_datasetversion"), permission("users.delete_user")]
    role = save_role(None, name="数据员", permissions=wanted, actor=administrator)
    assert names_of(role) >= {"datasets.view_dataset", "users.view_user"}


def test_nobody_puts_into_a_role_what_he_does_not_hold(personnel):
    with pytest.raises(DomainError) as refused:
        save_role(None, name="new", permissions=[permission("datasets.add_dataset")], actor=personnel)
    assert refused.value.code == "beyond_own_rights"
    role = save_role(None, name="new", permissions=[permission("users.view_user")], actor=personnel)
    assert names_of(role) == {"users.view_user"}


def test_what_a_role_holds_already_stays_when_somebody_with_less_edits_it(personnel, administrator):
    role = save_role(None, name="new", permissions=[permission("datasets.add_dataset")], actor=administrator)
    held = list(role.permissions.all())
    save_role(role, name="renamed", permissions=[*held, permission("users.view_user")], actor=personnel)
    assert names_of(role) == {"datasets.add_dataset", "datasets.view_dataset", "users.view_user"}


def test_nobody_edits_or_deletes_a_role_that_he_holds(personnel):
    own = personnel.groups.get()
    for verb in (
        lambda role: save_role(role, name="x", permissions=[], actor=personnel),
        lambda role: delete_role(role, actor=personnel),
    ):
        with pytest.raises(DomainError) as refused:
            verb(Role.objects.get(pk=own.pk))
        assert refused.value.code == "own_role"


def test_administrators_role_is_fixed_even_for_a_superuser(make_user):
    root = make_user(is_superuser=True)
    role = Role.objects.get(name=Role.ADMINISTRATOR)
    with pytest.raises(DomainError) as refused:
        save_role(role, name=role.name, permissions=[], actor=root)
    assert refused.value.code == "role_fixed"


def test_users_role_is_changed_but_neither_renamed_nor_deleted(administrator):
    role = Role.objects.get(name=Role.USER)
    save_role(role, name="other", permissions=[permission("qa.ask_question")], actor=administrator)
    role = Role.objects.get(name=Role.USER)
    assert names_of(role) == {"qa.ask_question"}
    with pytest.raises(DomainError) as refused:
        delete_role(role, actor=administrator)
    assert refused.value.code == "role_built_in"


@pytest.mark.parametrize("name", ["", "   ", "user"])
def test_name_of_a_role_is_there_and_its_own(administrator, name):
    with pytest.raises(DomainError) as refused:
        save_role(None, name=name, permissions=[], actor=administrator)
    assert "name" in refused.value.fields


def test_nobody_gives_a_role_that_holds_more_than_he_does(personnel, user):
    offered = assignable_roles(personnel)
    assert [role.name for role in offered] == ["人事"]
    for name in (Role.ADMINISTRATOR, Role.USER):
        with pytest.raises(DomainError) as refused:
            set_roles(personnel, [*offered, Role.objects.get(name=name)], actor=personnel)
        assert refused.value.code == "beyond_own_rights"


def test_nobody_edits_a_person_who_may_more_also_while_deactivated(personnel, administrator, make_user):
    assert not administrator.may_be_edited_by(personnel)
    administrator.is_active = False
    administrator.save()
    assert not User.objects.get(pk=administrator.pk).may_be_edited_by(personnel)
    assert make_user(username="plain").may_be_edited_by(personnel)


def test_given_roles_replace_roles_and_leave_units(administrator, user):
    add_member(create_unit(name="总行", parent=None, actor=None), user, actor=None)
    set_roles(user, [], actor=administrator)
    assert user.role_names == []
    assert user.groups.count() == 1
    entry = AuditEntry.objects.get(action="user.roles_changed")
    assert (entry.before, entry.after) == ({"roles": ["user"]}, {"roles": []})


def test_last_administrator_stays_one(administrator, make_user):
    with pytest.raises(DomainError) as refused:
        set_roles(administrator, [], actor=administrator)
    assert refused.value.code == "last_administrator"
    make_user("administrator")
    set_roles(administrator, [], actor=administrator)
    assert administrator.role_names == []


def test_every_right_on_offer_has_a_place_in_the_matrix(db):
    offered = {one.pk for one in rights.offered()}
    shown = set()
    for section in rights.sections(rights.offered()):
        shown |= {cell.permission.pk for row in section.rows for cell in row.cells if cell.permission}
        shown |= {one.pk for _sentence, one in section.special}
    assert shown == offered


def test_technical_rights_are_not_offered(db):
    names = {rights.name_of(one) for one in rights.offered()}
    assert names.isdisjoint({"users.view_membership", "training.change_trainingevent", "registry.add_modelversion"})
    assert not [name for name in names if name.split(".")[0] in {"auth", "guardian", "sessions", "contenttypes"}]


def test_superuser_of_the_command_line_stands_in_the_audit_trail(db):
    call_command("createsuperuser", "--no-input", "--username", "root")
    assert AuditEntry.objects.get(action="user.superuser_made").object_name == "root"
