from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.core.words import listed
from apps.users.admin.quotas import WithQuotas
from apps.users.admin.sign_in import SignInAdmin, WaitingFilter
from apps.users.models import Role, Unit, User
from apps.users.models.quotas import SubjectKind
from apps.users.roles import assignable_roles, set_roles


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.name, str(role)) for role in Role.objects.visible_to(request.user)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


class UnitFilter(admin.SimpleListFilter):
    """People of a unit and of all units below it."""

    title = _("unit")
    parameter_name = "unit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(unit.pk), unit.name) for unit in Unit.objects.visible_to(request.user)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value()
        return queryset.filter(groups__unit=chosen) if chosen and chosen.isdecimal() else queryset


@admin.register(User)
class UserAdmin(WithQuotas, SignInAdmin):
    quota_kind = SubjectKind.USER
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = [
        "username", "display_name", "show_roles", "show_units", "show_active", "last_login", "date_joined",
    ]  # fmt: skip
    list_filter = [RoleFilter, UnitFilter, WaitingFilter, "is_active"]
    search_fields = ["username", "display_name", "email"]
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined", "show_units"]
    add_fieldsets = [
        (None, {"fields": ["username", "display_name", "email", "password1", "password2", "groups"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups__unit", "units")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        rights = ["is_active", "groups"] + (["is_superuser"] if request.user.is_superuser else [])
        return [
            (_("Person"), {"fields": ["username", "display_name", "email", "show_units"]}),
            (_("Rights"), {"fields": rights}),
            (_("Dates"), {"fields": ["last_login", "date_joined"]}),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or obj.may_be_edited_by(cast(User, request.user))
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or obj.may_be_edited_by(cast(User, request.user))
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "groups":
            offered = [role.pk for role in assignable_roles(cast(User, request.user))]
            options["queryset"] = Role.objects.filter(pk__in=offered)
            options["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        field = super().formfield_for_manytomany(db_field, request, **options)
        if field is not None and db_field.name == "groups":
            field.label, field.help_text = _("Roles"), _("What this person may do is the sum of the chosen roles.")
        return field

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        with transaction.atomic():  # the password changes together with its entry in the audit trail
            return super().user_change_password(request, id, form_url)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The roles go through their service: units stay, and so do roles that the actor may not give or take."""
        chosen = form.cleaned_data.pop("groups", None)
        super().save_related(request, form, formsets, change)
        if chosen is not None:
            offered = [role.pk for role in form.fields["groups"].queryset]
            others = Role.objects.filter(user=form.instance).exclude(pk__in=offered)
            set_roles(form.instance, [*chosen, *others], actor=cast(User, request.user))

    @display(description=_("Roles"))
    def show_roles(self, user: User) -> str:
        names = [_("superuser")] if user.is_superuser else []
        roles = [group.name for group in user.groups.all() if not hasattr(group, "unit")]
        return listed(names + [Role.LABELS.get(name, name) for name in roles]) or "—"

    @display(description=_("Units"))
    def show_units(self, user: User) -> str:
        return listed(user.units.all()) or "—"

    @display(description=_("Enabled"), boolean=True)
    def show_active(self, user: User) -> bool:
        return user.is_active
