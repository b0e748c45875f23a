"""Organisation units: a tree. What is granted to a unit is granted to its members and to those of all units below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.access import AccessQuerySet


class UnitQuerySet(AccessQuerySet):
    """Who holds `view_unit` sees all; everybody else the units he belongs to and the ones he manages."""

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_perm("users.view_unit"):
            return self.all()
        return self.filter(Q(group__user=user) | Q(pk__in=Unit.managed_ids(user))).distinct()

    def managed_by(self, user: Any) -> Self:
        """Units whose members the user may add and remove: all by right, else those he manages with all below."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.all() if user.has_perm("users.change_unit") else self.filter(pk__in=Unit.managed_ids(user))


@dataclass(frozen=True)
class Line:
    """A unit in its place in a tree: how deep it lies, and the names of the units above it."""

    unit: Unit
    depth: int
    above: tuple[str, ...]

    @property
    def path(self) -> str:
        return " / ".join([*self.above, self.unit.name])


def in_tree_order(units: Iterable[Unit]) -> list[Line]:
    """Return the units as a tree is read, by name among sisters; without its parent a unit stands at the top."""
    known = {unit.pk: unit for unit in units}
    below: dict[int | None, list[Unit]] = {}
    for unit in known.values():
        below.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)

    def lines(parent: int | None, above: tuple[str, ...]) -> Iterator[Line]:
        for unit in sorted(below.get(parent, ()), key=lambda one: one.name):
            yield Line(unit, len(above), above)
            yield from lines(unit.pk, (*above, unit.name))

    return list(lines(None, ()))


class Unit(models.Model):
    """A branch, a department. Its group carries the grants; `apps.users.units` keeps who is in that group right."""

    name = models.CharField(_("name"), max_length=150)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("belongs to")
    )
    group = models.OneToOneField(Group, models.PROTECT, related_name="unit", editable=False)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="units", verbose_name=_("members")
    )

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="users_unit_name_once_per_parent"),
            models.UniqueConstraint(fields=["name"], condition=Q(parent=None), name="users_unit_name_once_at_the_top"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="users_unit_is_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.parent_id and self.pk and self.parent_id in Unit.ids_below([self.pk]):
            raise ValidationError({"parent": gettext("A unit cannot belong to itself or to a unit below it.")})
        if Unit.objects.filter(parent=self.parent, name=self.name).exclude(pk=self.pk).exists():
            raise ValidationError({"name": gettext("There is a unit with this name already. Choose another name.")})

    @staticmethod
    def ids_below(tops: Iterable[int]) -> set[int]:
        """Return the ids of the given units and of all units below them. The tree is read once: it is small."""
        below: dict[int | None, list[int]] = {}
        for pk, parent in Unit.objects.values_list("pk", "parent"):
            below.setdefault(parent, []).append(pk)
        found: set[int] = set()
        open_ends = list(tops)
        while open_ends:
            pk = open_ends.pop()
            if pk not in found:
                found.add(pk)
                open_ends += below.get(pk, [])
        return found

    @staticmethod
    def managed_ids(user: Any) -> set[int]:
        """Return the ids of the units that the user manages, with all units below."""
        tops = list(Membership.objects.filter(user=user, is_manager=True).values_list("unit", flat=True))
        return Unit.ids_below(tops) if tops else set()


class Membership(models.Model):
    """A person in a unit. A manager sees, adds and removes the people of the unit and of all units below."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="memberships", verbose_name=_("unit"))
    is_manager = models.BooleanField(_("manages the unit"), default=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        default_permissions = ()
        ordering = ["-is_manager", "user__username"]
        constraints = [models.UniqueConstraint(fields=["user", "unit"], name="users_membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.unit}"
