"""Fields that pick a person, a role or a unit, offering what the actor may see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from apps.users.granting import receivers
from apps.users.models import Membership, Unit, User, in_tree_order

INDENT = "\u3000"


def pick_person(actor: Any, **options: Any) -> forms.ModelChoiceField[User]:
    """Return a field that searches while one types; for who sees few people only, a plain list of them."""
    people = receivers("person", actor=actor)
    widget: Any = UnfoldAdminSelectWidget()
    if actor.has_perm("users.view_user"):
        widget = AutocompleteSelect(Membership._meta.get_field("user"), admin.site)
    return forms.ModelChoiceField(people, label=_("One person"), widget=widget, **options)


def pick_role(actor: Any, **options: Any) -> forms.ModelChoiceField[Any]:
    roles = receivers("role", actor=actor)
    return forms.ModelChoiceField(roles, label=_("Role"), widget=UnfoldAdminSelectWidget(), **options)


def pick_unit(units: Any, **options: Any) -> forms.ModelChoiceField[Unit]:
    """Return a field that offers the units in the order of the tree, indented."""
    field = forms.ModelChoiceField(units, widget=UnfoldAdminSelectWidget(), **options)
    lines = in_tree_order(units)
    field.choices = [
        ("", field.empty_label or "—"),
        *((line.unit.pk, INDENT * line.depth + line.unit.name) for line in lines),
    ]
    return field
