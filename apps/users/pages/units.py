"""The page of those who manage a unit: its people and those of the units below it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.core.words import listed
from apps.users import registration, units
from apps.users.models import Line, Membership, Role, Unit, User, in_tree_order
from apps.users.pages.base import PersonalPage


class UnitPage(PersonalPage):
    """A page of units that the person manages; every other unit is a 404."""

    def managed(self, pk: int) -> Unit:
        unit: Unit = get_object_or_404(Unit.objects.managed_by(self.person), pk=pk)
        return unit

    def run(self, verb: Callable[[], Any], *, done: str) -> HttpResponse:
        try:
            verb()
        except DomainError as refusal:
            messages.error(self.request, refusal.message)
        else:
            messages.success(self.request, done)
        return redirect("own-units")


class OwnUnits(UnitPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        if not self.person.manages_units:
            return self._elsewhere()
        members = Membership.objects.select_related("user").prefetch_related("user__groups__unit")
        managed = Unit.objects.filter(pk__in=Unit.managed_ids(self.person))
        lines = in_tree_order(managed.prefetch_related(Prefetch("memberships", members)))
        people = list(User.objects.visible_to(self.person).filter(is_active=True).order_by("username"))
        context = {
            "units": [_told(line, people) for line in lines],
            "may_invite": registration.may_invite(self.person),
        }
        return render(request, "users/own_units.html", context)

    def _elsewhere(self) -> HttpResponse:
        """Who may change every unit does so in the console; everybody else has nothing to do here."""
        if self.person.has_perm("users.change_unit") and self.person.has_perm("users.enter_console"):
            return redirect("admin:users_unit_changelist")
        raise PermissionDenied


class TakeIn(UnitPage):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        unit, wanted = self.managed(pk), request.POST.get("person", "")
        person = User.objects.visible_to(self.person).filter(pk=wanted if wanted.isdecimal() else None).first()
        if person is None:
            messages.error(request, _("Choose a person first."))
            return redirect("own-units")
        done = _("%(person)s belongs to “%(unit)s” now.") % {"person": person, "unit": unit}
        return self.run(partial(units.take_in, unit, person, actor=self.person), done=done)


class LetGo(UnitPage):
    def post(self, request: HttpRequest, pk: int, user: int) -> HttpResponse:
        unit = self.managed(pk)
        member = get_object_or_404(unit.memberships.select_related("user"), user=user)
        done = _("%(person)s has left “%(unit)s”.") % {"person": member.user, "unit": unit}
        return self.run(partial(units.let_go, unit, member.user, actor=self.person), done=done)


def _told(line: Line, people: list[User]) -> dict[str, Any]:
    members = list(line.unit.memberships.all())
    inside = {member.user_id for member in members}
    return {
        "unit": line.unit,
        "above": line.above,
        "members": [{"row": member, "roles": _roles(member.user)} for member in members],
        "others": [person for person in people if person.pk not in inside],
    }


def _roles(user: User) -> str:
    names = [group.name for group in user.groups.all() if not hasattr(group, "unit")]
    return listed(Role.LABELS.get(name, name) for name in sorted(names)) or "—"
