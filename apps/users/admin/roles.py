from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core.admin import ConsoleAdmin
from apps.core.errors import DomainError
from apps.users import rights
from apps.users.models import Role, User
from apps.users.roles import delete_role, may_edit, save_role


class RightsWidget(forms.CheckboxSelectMultiple):
    """The matrix: things by rows, verbs by columns, special rights by sentence."""

    held: frozenset[str] = frozenset()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        ticked = {int(pk) for pk in value or ()}
        return render_matrix(ticked, name=name, held=self.held)


def render_matrix(ticked: set[int], *, name: str = "", held: frozenset[str] | None = None) -> SafeString:
    """Return the matrix as HTML; with `held`, boxes outside of these permissions are fixed, without it all are."""
    permissions = rights.offered()
    context = {
        "sections": rights.sections(permissions),
        "columns": rights.COLUMNS.values(),
        "ticked": ticked,
        "open_boxes": {one.pk for one in permissions if held is not None and rights.name_of(one) in held},
        "name": name,
        "is_fixed": held is None,
    }
    return render_to_string("admin/users/role/matrix.html", context)


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    actor: User

    permissions = forms.ModelMultipleChoiceField(
        Permission.objects.all(), required=False, widget=RightsWidget, label=""
    )

    class Meta:
        model = Role
        fields = ["name", "permissions"]
        widgets = {"name": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.actor.get_all_permissions()
        self.fields["permissions"].widget.held = frozenset(held)
        if self.instance.name in Role.LABELS:
            self.fields["name"].disabled = True

    def clean_permissions(self) -> list[Permission]:
        """Boxes that were fixed or not shown stay as they are."""
        held = self.fields["permissions"].widget.held
        open_boxes = {permission.pk for permission in rights.offered() if rights.name_of(permission) in held}
        kept = self.instance.permissions.exclude(pk__in=open_boxes) if self.instance.pk else []
        chosen = {permission.pk: permission for permission in [*self.cleaned_data["permissions"], *kept]}
        return list(chosen.values())

    def _save_m2m(self) -> None:
        """Nothing: the service has done it."""


@admin.register(Role)
class RoleAdmin(ConsoleAdmin):
    list_display = ["__str__", "show_kind", "show_permissions", "show_members"]
    search_fields = ["name"]
    actions = None
    compressed_fields = False

    class Media:
        css = {"all": ["users/console.css"]}
        js = ["users/rights.js"]

    def get_queryset(self, request: HttpRequest) -> Any:
        counts = {"permission_count": Count("permissions", distinct=True), "member_count": Count("user", distinct=True)}
        return super().get_queryset(request).annotate(**counts)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            kwargs["form"] = type("ActorsRoleForm", (RoleForm,), {"actor": request.user})
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        is_open = obj is None or self.has_change_permission(request, obj)
        return ["name", "permissions"] if is_open else ["show_name", "show_rights"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None or self.has_change_permission(request, obj) else ["show_name", "show_rights"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or may_edit(obj, cast(User, request.user)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        if obj is None:
            return allowed
        return allowed and obj.name not in Role.LABELS and may_edit(obj, cast(User, request.user))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        given = form.cleaned_data
        saved = save_role(
            obj if change else None,
            name=given["name"],
            permissions=given["permissions"],
            actor=cast(User, request.user),
        )
        obj.pk = saved.pk
        obj._state.adding = False

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        role = self.get_object(request, object_id)
        if role is None:
            raise Http404
        if not self.has_delete_permission(request, role):
            raise PermissionDenied
        if request.method == "POST":
            return self._delete(request, role)
        context = self.admin_site.each_context(request) | {
            "title": gettext("Delete the role “%(role)s”?") % {"role": role},
            "opts": self.opts,
            "original": role,
            "members": list(role.user_set.order_by("username")[:NAMED]),
            "member_count": role.user_set.count(),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/users/role/delete.html", context)

    def _delete(self, request: HttpRequest, role: Role) -> HttpResponse:
        name = str(role)
        try:
            losing = delete_role(role, actor=cast(User, request.user))
        except DomainError as problem:
            messages.error(request, problem.message)
            return redirect("admin:users_role_change", role.pk)
        text = ngettext(
            "The role “%(role)s” is deleted; %(count)s person has lost it.",
            "The role “%(role)s” is deleted; %(count)s people have lost it.",
            losing,
        )
        messages.success(request, text % {"role": name, "count": losing})
        return redirect("admin:users_role_changelist")

    @display(description=_("Name"))
    def show_name(self, role: Role) -> str:
        return str(role)

    @display(description=_("Rights"))
    def show_rights(self, role: Role) -> SafeString:
        return render_matrix(set(role.permissions.values_list("pk", flat=True)))

    @display(description=_("Kind"), label={"fixed": "primary", "built_in": "info", "own": "default"})
    def show_kind(self, role: Role) -> tuple[str, str]:
        if role.name == Role.ADMINISTRATOR:
            return "fixed", gettext("always everything")
        return ("built_in", gettext("built in")) if role.name in Role.LABELS else ("own", gettext("made here"))

    @display(description=_("Rights"), ordering="permission_count")
    def show_permissions(self, role: Any) -> str:
        return "∗" if role.name == Role.ADMINISTRATOR else str(role.permission_count)

    @display(description=_("Members"), ordering="member_count")
    def show_members(self, role: Any) -> int:
        return int(role.member_count)


NAMED = 12
"""How many of those who lose a deleted role are named."""
