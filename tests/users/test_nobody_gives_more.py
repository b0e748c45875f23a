"""Nobody gives more than he holds, on no way: roles and units carry grants on single rows, accounts carry them too."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.core.errors import DomainError
from apps.users import links, passwords, registration
from apps.users.granting import grant
from apps.users.models import Invitation, Role, User
from apps.users.roles import assignable_roles, save_role, set_roles
from apps.users.units import add_member, change_unit, create_unit, take_in
from tests.training.conftest import dataset_version, model, sent  # noqa: F401

SITE = "http://testserver/"


def fresh(user) -> User:
    return User.objects.get(pk=user.pk)


@pytest.fixture
def clerk(make_user, administrator):
    """Looks after people and units, and has nothing to do with models."""
    wanted = ["add_user", "view_user", "change_user", "view_role", "view_unit", "change_unit"]
    rights = Permission.objects.filter(content_type__app_label="users", codename__in=wanted)
    role = save_role(None, name="人事", permissions=rights, actor=administrator)
    person = make_user(username="hr")
    set_roles(person, [role], actor=administrator)
    return fresh(person)


@pytest.fixture
def vault(administrator, model):  # noqa: F811
    """A unit that manages a model."""
    unit = create_unit(name="金库", parent=None, actor=None)
    grant(model, to=unit, level="manage", actor=administrator)
    return unit


def refused(verb, *args, **named) -> str:
    with pytest.raises(DomainError) as refusal:
        verb(*args, **named)
    return refusal.value.code


def test_role_with_a_grant_is_not_given_by_who_lacks_it(clerk, administrator, model):  # noqa: F811
    keepers = save_role(None, name="保管", permissions=[], actor=administrator)
    assert keepers in assignable_roles(clerk)
    grant(model, to=keepers, level="manage", actor=administrator)
    assert keepers not in assignable_roles(clerk)
    assert refused(set_roles, clerk, [keepers], actor=clerk) == "beyond_own_rights"
    assert keepers in assignable_roles(administrator)


@pytest.mark.parametrize("through", ["person", "unit"])
def test_account_is_not_taken_over_for_its_grants(clerk, administrator, model, vault, user, through):  # noqa: F811
    set_roles(user, [], actor=administrator)
    assert user.may_be_edited_by(clerk)
    if through == "unit":
        add_member(vault, user, actor=None)
    else:
        grant(model, to=user, level="use", actor=administrator)
    assert not fresh(user).may_be_edited_by(clerk)
    assert refused(passwords.make_one_time_link, user, actor=clerk, site=SITE) == "not_allowed"
    assert user.may_be_edited_by(administrator)


def test_account_that_manages_a_unit_is_not_taken_over_by_who_does_not(make_user, administrator):
    rights = Permission.objects.filter(content_type__app_label="users", codename__in=["view_user", "change_user"])
    helpdesk, head = make_user(username="helpdesk"), make_user(username="head")
    helpdesk.user_permissions.set(rights)
    unit = create_unit(name="支行", parent=None, actor=None)
    add_member(unit, head, actor=None)
    assert head.may_be_edited_by(fresh(helpdesk))
    add_member(unit, head, actor=None, is_manager=True)
    assert not head.may_be_edited_by(fresh(helpdesk))


def test_nobody_joins_a_unit_for_its_grants(clerk, vault, user):
    assert refused(add_member, vault, clerk, actor=clerk) == "beyond_own_rights"
    assert refused(take_in, vault, user, actor=clerk) == "beyond_own_rights"
    desk = create_unit(name="柜台", parent=vault, actor=clerk)
    assert refused(add_member, desk, user, actor=clerk) == "beyond_own_rights"


def test_nobody_moves_his_unit_below_one_with_grants_nor_such_a_one_below_his(clerk, vault):
    own = create_unit(name="自己", parent=None, actor=None)
    add_member(own, clerk, actor=None, is_manager=True)
    assert refused(change_unit, own, name="自己", parent=vault, actor=clerk) == "beyond_own_rights"
    assert refused(change_unit, vault, name="金库", parent=own, actor=clerk) == "beyond_own_rights"
    assert change_unit(vault, name="保险库", parent=None, actor=clerk).name == "保险库"


def test_nobody_makes_a_manager_of_what_lies_below(clerk, vault, user):
    top = create_unit(name="总行", parent=None, actor=None)
    change_unit(vault, name="金库", parent=top, actor=None)
    assert refused(add_member, top, user, actor=clerk, is_manager=True) == "beyond_own_rights"
    assert not add_member(top, user, actor=clerk).is_manager


def test_manager_fills_the_units_that_were_entrusted_to_him(vault, make_user, administrator, user):
    head = make_user(username="head")
    top = create_unit(name="总行", parent=None, actor=None)
    change_unit(vault, name="金库", parent=top, actor=administrator)
    add_member(top, head, actor=administrator, is_manager=True)
    add_member(top, user, actor=administrator)
    assert take_in(vault, user, actor=fresh(head)).unit == vault


def is_open(settings, **fields) -> bool:
    """Whether an invitation like this, made a moment ago, still lets somebody in."""
    settings.REGISTRATION = "invitation"
    made = Invitation.objects.create(expires_at=timezone.now() + timedelta(days=1), **fields)
    token = unquote(links.of_invitation(made, site=SITE).split("/invitation/")[1].rstrip("/"))
    try:
        return registration.invitation_of(token) == made
    except DomainError:
        return False


def test_invitation_dies_with_the_rights_of_who_made_it(settings, administrator, make_user):
    second = make_user("administrator", username="second")
    role = Role.objects.get(name=Role.ADMINISTRATOR)
    assert is_open(settings, role=role, invited_by=second)
    set_roles(second, [Role.objects.get(name=Role.USER)], actor=administrator)
    assert not is_open(settings, role=role, invited_by=fresh(second))


def test_nobody_invites_into_a_unit_beyond_his_rights(settings, clerk, vault):
    settings.REGISTRATION = "invitation"
    wish = {"email": "", "role": Role.objects.get(name=Role.USER), "actor": clerk, "site": SITE}
    assert refused(registration.invite, unit=vault, **wish) == "not_allowed"
    assert registration.invite(unit=create_unit(name="空", parent=None, actor=None), **wish).unit.name == "空"
