"""Two roles that do not inherit from each other, and who may touch whom."""

from __future__ import annotations

import importlib

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from apps.users.models import Role, User
from apps.users.roles import sync_roles


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
