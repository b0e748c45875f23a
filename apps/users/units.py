"""Verbs of organisation units. Only these functions change the tree and its members: they keep the groups right.

A person belongs to the groups of his units and of all units above them. These groups are materialised in
`user.groups`, so that has_perm, django-guardian and querysets need to know nothing of trees.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.models import save_valid
from apps.users.giving import beyond_own_rights, groups_beyond
from apps.users.models import Membership, Unit, User

_Belonging = User.groups.through


def create_unit(*, name: str, parent: Unit | None, actor: User | None) -> Unit:
    """Make a unit and its group; raises DomainError with `fields` for a name that is empty or taken."""
    with transaction.atomic():
        unit = Unit(name=name.strip(), parent=parent, group=Group.objects.create(name=f"unit:{uuid4()}"))
        save_valid(unit)
        record("unit.created", actor=actor, target=unit, after=_state(unit))
    return unit


def change_unit(unit: Unit, *, name: str, parent: Unit | None, actor: User | None) -> Unit:
    """Rename a unit, move it with everything below it, or both.

    Raises DomainError: beyond_own_rights, or with `fields`.
    """
    with transaction.atomic():
        unit = _locked(unit)
        before = _state(unit)
        if (
            parent is not None and parent.pk != unit.parent_id
        ):  # its people get what is above, managers above what is below
            _refuse_beyond({*_above(parent), *Unit.ids_below([unit.pk])}, actor)
        unit.name, unit.parent = name.strip(), parent
        save_valid(unit)
        if before["parent"] != unit.parent_id:
            settle(_people_below(unit))
        record("unit.changed", actor=actor, target=unit, before=before, after=_state(unit))
    return unit


def delete_unit(unit: Unit, *, actor: User | None, hand_up: bool = False) -> None:
    """Remove a unit with all that was granted to it.

    It has to be empty, unless `hand_up`: then its members become plain members of the unit above, and the units below
    it come below that one. Raises DomainError: unit_not_empty, no_unit_above, or with `fields` where a name is taken.
    """
    with transaction.atomic():
        unit = _locked(unit)
        people = list(unit.memberships.values_list("user", flat=True))
        children = list(unit.children.all())
        if (people or children) and not hand_up:
            raise DomainError("unit_not_empty", _("This unit has members or units below it. Move them up first."))
        if people and unit.parent is None:
            raise DomainError("no_unit_above", _("There is no unit above that its members could go to."))
        affected = _people_below(unit)
        for person in people:
            Membership.objects.get_or_create(user_id=person, unit=unit.parent)
        for child in children:
            child.parent = unit.parent
            save_valid(child)
        record("unit.deleted", actor=actor, target=unit, before=_state(unit))
        group = unit.group
        unit.delete()
        group.delete()
        settle(affected)


def add_member(unit: Unit, user: User, *, actor: User | None, is_manager: bool = False) -> Membership:
    """Put a person in a unit; doing it again changes nothing but, where it differs, whether he manages it.

    Raises DomainError("beyond_own_rights"): with the unit goes what was granted to it and above, to a manager also what
    was granted below. Who manages a unit was trusted with that.
    """
    with transaction.atomic():
        unit = _locked(unit)
        known = Membership.objects.filter(unit=unit, user=user).first()
        if known is not None and known.is_manager == is_manager:
            return known
        given = Unit.ids_below([unit.pk]) if is_manager else set()
        _refuse_beyond({*_above(unit), *given}, actor)
        member, _made = Membership.objects.update_or_create(unit=unit, user=user, defaults={"is_manager": is_manager})
        settle([user.pk])
        before = {"is_manager": known.is_manager} if known else None
        after = {"unit": str(unit), "is_manager": is_manager}
        record("unit.member_added", actor=actor, target=user, before=before, after=after)
    return member


def remove_member(unit: Unit, user: User, *, actor: User | None) -> None:
    """Take a person out of a unit; who is not in it stays so."""
    with transaction.atomic():
        unit = _locked(unit)
        removed, _rows = Membership.objects.filter(unit=unit, user=user).delete()
        settle([user.pk])
        if removed:
            record("unit.member_removed", actor=actor, target=user, before={"unit": str(unit)})


def take_in(unit: Unit, user: User, *, actor: User) -> Membership:
    """Put a person in a unit, as its manager may: one whom he sees. DomainError: not_your_unit, unknown_person."""
    _refuse_others_unit(unit, actor)
    if not User.objects.visible_to(actor).filter(pk=user.pk, is_active=True).exists():
        raise DomainError("unknown_person", _("There is nobody of this name among the people that you see."))
    known = Membership.objects.filter(unit=unit, user=user).first()
    return known or add_member(unit, user, actor=actor)


def let_go(unit: Unit, user: User, *, actor: User) -> None:
    """Take a person out of a unit, as its manager may. Raises DomainError: not_your_unit, is_manager."""
    _refuse_others_unit(unit, actor)
    by_right = actor.has_perm("users.change_unit")
    if not by_right and Membership.objects.filter(unit=unit, user=user, is_manager=True).exists():
        raise DomainError("is_manager", _("Only an administrator takes a manager out of a unit."))
    remove_member(unit, user, actor=actor)


def settle(people: Iterable[int]) -> None:
    """Give these users (ids) exactly the unit groups that follow from their memberships; roles are left alone."""
    ids = set(people)
    parents, groups = {}, {}
    for pk, parent, group in Unit.objects.values_list("pk", "parent", "group"):
        parents[pk], groups[pk] = parent, group
    wanted = {
        (user, groups[above])
        for user, unit in Membership.objects.filter(user__in=ids).values_list("user", "unit")
        for above in _upwards(unit, parents)
    }
    rows = _Belonging.objects.filter(user__in=ids, group__unit__isnull=False)
    held = {(user, group): pk for pk, user, group in rows.values_list("pk", "user", "group")}
    _Belonging.objects.filter(pk__in=[pk for pair, pk in held.items() if pair not in wanted]).delete()
    missing = [_Belonging(user_id=user, group_id=group) for user, group in wanted if (user, group) not in held]
    _Belonging.objects.bulk_create(missing, ignore_conflicts=True)


def may_fill(unit: Unit, actor: User) -> bool:
    """Return whether the actor may put people in this unit: he manages it and gives nobody more than he holds."""
    try:
        _refuse_others_unit(unit, actor)
        _refuse_beyond(set(_above(unit)), actor)
    except DomainError:
        return False
    return True


def _refuse_beyond(ids: set[int], actor: User | None) -> None:
    """Refuse to give away what was granted to these units and not to the actor, unless he manages them."""
    if actor is None:
        return
    others = Unit.objects.filter(pk__in=ids - Unit.managed_ids(actor))
    if groups_beyond(actor, others.values("group")):
        raise beyond_own_rights()


def _refuse_others_unit(unit: Unit, actor: User) -> None:
    if not Unit.objects.managed_by(actor).filter(pk=unit.pk).exists():
        raise DomainError("not_your_unit", _("You do not manage this unit."))


def _upwards(unit: int | None, parents: dict[int, int | None]) -> Iterable[int]:
    while unit is not None:
        yield unit
        unit = parents[unit]


def _above(unit: Unit) -> Iterable[int]:
    return _upwards(unit.pk, dict(Unit.objects.values_list("pk", "parent")))


def _people_below(unit: Unit) -> list[int]:
    below = Unit.ids_below([unit.pk])
    return list(Membership.objects.filter(unit__in=below).values_list("user", flat=True).distinct())


def _locked(unit: Unit) -> Unit:
    """Return the unit as it is now. The whole tree is locked: two moves at a time could close a circle."""
    tree: dict[int, Unit] = {row.pk: row for row in Unit.objects.select_for_update().order_by("pk")}
    if unit.pk not in tree:
        raise DomainError("unit_gone", _("This unit has been deleted meanwhile."))
    return tree[unit.pk]


def _state(unit: Unit) -> dict[str, object]:
    return {"name": unit.name, "parent": unit.parent_id}
