"""Organisation units: who belongs to which groups, whatever happens to tree and members."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.core.errors import DomainError
from apps.users.models import Membership, Role, Unit, User
from apps.users.units import add_member, change_unit, create_unit, delete_unit, remove_member


@pytest.fixture
def tree(db):
    """bank > branch > desk, and a second branch."""
    bank = create_unit(name="总行", parent=None, actor=None)
    branch = create_unit(name="北京分行", parent=bank, actor=None)
    desk = create_unit(name="柜台", parent=branch, actor=None)
    other = create_unit(name="上海分行", parent=bank, actor=None)
    return {"bank": bank, "branch": branch, "desk": desk, "other": other}


def units_of(user) -> set[str]:
    return set(Unit.objects.filter(group__user=user).values_list("name", flat=True))


def test_member_belongs_to_the_units_above_and_to_none_below(tree, user):
    add_member(tree["branch"], user, actor=None)
    assert units_of(user) == {"总行", "北京分行"}


def test_roles_stay_when_units_come_and_go(tree, user):
    add_member(tree["desk"], user, actor=None)
    remove_member(tree["desk"], user, actor=None)
    assert user.role_names == ["user"]
    assert units_of(user) == set()


def test_unit_is_no_role(tree, user):
    add_member(tree["desk"], user, actor=None)
    assert set(Role.objects.values_list("name", flat=True)) == {"administrator", "user"}
    assert user.role_names == ["user"]


def test_moving_a_unit_moves_its_people_and_those_below(tree, user):
    add_member(tree["desk"], user, actor=None)
    change_unit(tree["branch"], name="北京分行", parent=tree["other"], actor=None)
    assert units_of(user) == {"总行", "上海分行", "北京分行", "柜台"}


@pytest.mark.parametrize("target", ["branch", "desk"])
def test_unit_cannot_move_below_itself(tree, target):
    with pytest.raises(DomainError) as refused:
        change_unit(tree["branch"], name="北京分行", parent=tree[target], actor=None)
    assert "parent" in refused.value.fields


def test_database_refuses_a_unit_below_itself(tree):
    with pytest.raises(IntegrityError), transaction.atomic():
        Unit.objects.filter(pk=tree["desk"].pk).update(parent=tree["desk"])


@pytest.mark.parametrize("where", ["bank", None])
def test_name_is_taken_once_under_a_parent(tree, where):
    taken = "北京分行" if where else "总行"
    with pytest.raises(DomainError) as refused:
        create_unit(name=taken, parent=tree.get(where), actor=None)
    assert "name" in refused.value.fields
    assert create_unit(name=taken, parent=tree["other"], actor=None).pk


def test_unit_with_members_is_not_deleted_by_mistake(tree, user):
    add_member(tree["desk"], user, actor=None)
    with pytest.raises(DomainError) as refused:
        delete_unit(tree["desk"], actor=None)
    assert refused.value.code == "unit_not_empty"


def test_deleted_unit_hands_its_members_up_without_making_them_managers(tree, user):
    add_member(tree["branch"], user, actor=None, is_manager=True)
    delete_unit(tree["branch"], actor=None, hand_up=True)
    assert units_of(user) == {"总行"}
    assert not Membership.objects.get(user=user).is_manager
    assert Unit.objects.get(name="柜台").parent == tree["bank"]


def test_members_of_a_unit_at_the_top_have_nowhere_to_go(tree, user):
    add_member(tree["bank"], user, actor=None)
    with pytest.raises(DomainError) as refused:
        delete_unit(tree["bank"], actor=None, hand_up=True)
    assert refused.value.code == "no_unit_above"


def test_deleted_unit_leaves_no_group(tree):
    group = tree["desk"].group_id
    delete_unit(tree["desk"], actor=None)
    assert not Group.objects.filter(pk=group).exists()


def test_manager_sees_his_people_and_those_below_and_nobody_else(tree, make_user):
    manager, near, below, above, elsewhere = (make_user("user", username=f"p{n}") for n in range(5))
    add_member(tree["branch"], manager, actor=None, is_manager=True)
    for name, person in (("branch", near), ("desk", below), ("bank", above), ("other", elsewhere)):
        add_member(tree[name], person, actor=None)
    assert set(User.objects.visible_to(manager)) == {manager, near, below}
    assert set(User.objects.visible_to(near)) == {near}
    assert set(Unit.objects.managed_by(manager)) == {tree["branch"], tree["desk"]}
    assert set(Unit.objects.visible_to(manager)) == {tree["bank"], tree["branch"], tree["desk"]}


def test_deactivated_manager_sees_nobody(tree, user):
    add_member(tree["branch"], user, actor=None, is_manager=True)
    user.is_active = False
    assert not User.objects.visible_to(user).exists()
    assert not Unit.objects.visible_to(user).exists()
    assert not Unit.objects.managed_by(user).exists()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "move", "delete", "hand_up", "join", "leave"]), st.integers(0, 9), st.integers(0, 9)
    ),
    max_size=25,
)


class AnyHistory(TestCase):
    """Whatever is done in whatever order: everybody's groups are those of his units and of all units above them."""

    @settings(suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def test_groups_are_the_closure_of_memberships(self, steps):
        self.people = [User.objects.create_user(f"p{number}") for number in range(3)]
        for number, (verb, first, second) in enumerate(steps):
            self.step(verb, first, second, name=f"u{number}")
        for person in self.people:
            assert units_of(person) == naive_closure(person)

    def step(self, verb: str, first: int, second: int, *, name: str) -> None:
        units = list(Unit.objects.order_by("pk"))
        unit = units[first % len(units)] if units else None
        other = units[second % len(units)] if units and second < 9 else None
        person = self.people[second % len(self.people)]
        with suppress(DomainError):
            if verb == "create" or unit is None:
                create_unit(name=name, parent=other, actor=None)
            elif verb == "move":
                change_unit(unit, name=unit.name, parent=other, actor=None)
            elif verb in ("delete", "hand_up"):
                delete_unit(unit, actor=None, hand_up=verb == "hand_up")
            elif verb == "join":
                add_member(unit, person, actor=None, is_manager=first > 5)
            else:
                remove_member(unit, person, actor=None)


def naive_closure(person) -> set[str]:
    found = set()
    for member in Membership.objects.filter(user=person):
        unit = member.unit
        while unit is not None:
            found.add(unit.name)
            unit = unit.parent
    return found
