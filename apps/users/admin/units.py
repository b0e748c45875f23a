from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core.admin import ConsoleAdmin, run_service
from apps.core.errors import DomainError
from apps.users import units
from apps.users.admin.pickers import pick_person, pick_unit
from apps.users.admin.quotas import WithQuotas
from apps.users.models import Unit, User, in_tree_order
from apps.users.models.quotas import SubjectKind


class UnitForm(forms.ModelForm):  # type: ignore[type-arg]
    actor: User

    class Meta:
        model = Unit
        fields = ["name", "parent"]
        widgets = {"name": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = Unit.objects.visible_to(self.actor)
        if self.instance.pk:
            places = places.exclude(pk__in=Unit.ids_below([self.instance.pk]))
        top = _("— (at the top)")
        self.fields["parent"] = pick_unit(places, label=_("Belongs to"), required=False, empty_label=top)


class MemberForm(forms.Form):
    """Who comes into a unit."""

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = pick_person(actor)


@admin.register(Unit)
class UnitAdmin(WithQuotas, ConsoleAdmin):
    """The tree, and a page for each unit with its members. Every change goes through apps.users.units."""

    quota_kind = SubjectKind.UNIT
    change_form_outer_after_template = None  # the members come first: the template has the quotas below them
    search_fields = ["name"]
    actions = None
    change_form_template = "admin/users/unit/change_form.html"

    class Media:
        css = {"all": ["users/console.css"]}

    # --- the tree -----------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        counted = self.get_queryset(request).annotate(member_count=Count("memberships"))
        reached = dict(Unit.objects.values_list("pk").annotate(Count("group__user")))
        context = self.admin_site.each_context(request) | {
            "title": gettext("Units"),
            "opts": self.opts,
            "lines": [(line, reached.get(line.unit.pk, 0)) for line in in_tree_order(counted)],
            "has_add_permission": self.has_add_permission(request),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/users/unit/tree.html", context | (extra_context or {}))

    # --- one unit -----------------------------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = type("ActorsUnitForm", (UnitForm,), {"actor": request.user})
        return super().get_form(request, obj, change, **kwargs)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        unit = self.get_object(request, object_id)
        extra = {**(extra_context or {}), **self._panels(request, unit)} if unit else extra_context
        return super().change_view(request, object_id, form_url, extra)

    def _panels(self, request: HttpRequest, unit: Unit) -> dict[str, Any]:
        form = MemberForm(actor=request.user)
        return {
            "members": unit.memberships.select_related("user"),
            "children": unit.children.annotate(member_count=Count("memberships")),
            "may_edit_members": self.has_change_permission(request, unit),
            "member_form": form,
            "member_media": form.media,
        }

    def save_model(self, request: HttpRequest, obj: Unit, form: Any, change: bool) -> None:
        given = {**form.cleaned_data, "actor": cast(User, request.user)}
        saved = units.change_unit(obj, **given) if change else units.create_unit(**given)
        obj.pk = saved.pk
        obj._state.adding = False

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        unit = self._unit(request, object_id, verb="delete")
        if request.method == "POST":
            return self._delete(request, unit)
        context = self.admin_site.each_context(request) | {
            "title": gettext("Delete the unit “%(unit)s”?") % {"unit": unit},
            "opts": self.opts,
            "original": unit,
            "member_count": unit.memberships.count(),
            "children": list(unit.children.all()),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/users/unit/delete.html", context)

    def _delete(self, request: HttpRequest, unit: Unit) -> HttpResponse:
        name = str(unit)
        try:
            units.delete_unit(unit, actor=cast(User, request.user), hand_up=bool(request.POST.get("hand_up")))
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect("admin:users_unit_change", unit.pk)
        messages.success(request, gettext("The unit “%(unit)s” is deleted.") % {"unit": name})
        return redirect("admin:users_unit_changelist")

    # --- its members --------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def route(tail: str, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            guarded: Callable[..., HttpResponse] = self.admin_site.admin_view(view)
            return path(f"<int:pk>/members/{tail}", guarded, name=f"users_unit_{name}")

        return [
            route("", "add_member", self.add_member),
            route("<int:user>/manager/", "set_manager", self.set_manager),
            route("<int:user>/remove/", "remove_member", self.remove_member),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def add_member(self, request: HttpRequest, pk: int) -> HttpResponse:
        unit = self._unit(request, pk)
        form = MemberForm(request.POST, actor=request.user)
        if not form.is_valid():
            messages.error(request, gettext("Choose a person first."))
            return redirect("admin:users_unit_change", unit.pk)
        person = form.cleaned_data["person"]
        done = gettext("%(person)s belongs to the unit now.") % {"person": person}
        return run_service(
            request, unit, partial(units.add_member, unit, person, actor=cast(User, request.user)), done=done
        )

    @method_decorator(require_POST)
    def set_manager(self, request: HttpRequest, pk: int, user: int) -> HttpResponse:
        unit = self._unit(request, pk)
        member = get_object_or_404(unit.memberships.select_related("user"), user=user)
        turned = not member.is_manager
        words = gettext("%(person)s manages the unit now.") if turned else gettext("%(person)s manages it no longer.")
        verb = partial(units.add_member, unit, member.user, actor=cast(User, request.user), is_manager=turned)
        return run_service(request, unit, verb, done=words % {"person": member.user})

    @method_decorator(require_POST)
    def remove_member(self, request: HttpRequest, pk: int, user: int) -> HttpResponse:
        unit = self._unit(request, pk)
        member = get_object_or_404(unit.memberships.select_related("user"), user=user)
        done = gettext("%(person)s has left the unit.") % {"person": member.user}
        return run_service(
            request, unit, partial(units.remove_member, unit, member.user, actor=cast(User, request.user)), done=done
        )

    def _unit(self, request: HttpRequest, pk: Any, *, verb: str = "change") -> Unit:
        unit: Unit | None = self.get_object(request, str(pk))
        if unit is None:
            raise Http404
        if not self._may(request, verb, unit):
            raise PermissionDenied
        return unit
