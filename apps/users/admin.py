from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.core.admin import ConsoleAdmin, MachineMadeAdmin
from apps.core.words import listed
from apps.users.models import Role, User


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.name, str(role)) for role in Role.objects.visible_to(request.user)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ConsoleAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "display_name", "show_roles", "show_active", "last_login", "date_joined"]
    list_filter = [RoleFilter, "is_active"]
    search_fields = ["username", "display_name", "email"]
    date_hierarchy = "date_joined"
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    add_fieldsets = [
        (None, {"fields": ["username", "display_name", "email", "password1", "password2", "groups"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        rights = ["is_active", "groups"] + (["is_superuser"] if request.user.is_superuser else [])
        return [
            (None, {"fields": ["username", "password"]}),
            (_("Person"), {"fields": ["display_name", "email"]}),
            (_("Rights"), {"fields": rights}),
            (_("Dates"), {"fields": ["last_login", "date_joined"]}),
        ]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or obj.may_be_edited_by(cast(User, request.user))
        )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or obj.may_be_edited_by(cast(User, request.user))
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "groups":
            options["queryset"] = Role.objects.visible_to(request.user)
        field = super().formfield_for_manytomany(db_field, request, **options)
        if field is not None and db_field.name == "groups":
            field.label, field.help_text = _("Roles"), _("What this person may do is the sum of the chosen roles.")
        return field

    @display(description=_("Roles"))
    def show_roles(self, user: User) -> str:
        names = [_("superuser")] if user.is_superuser else []
        names += [Role.LABELS.get(group.name, group.name) for group in user.groups.all()]
        return listed(names) or "—"

    @display(description=_("Enabled"), boolean=True)
    def show_active(self, user: User) -> bool:
        return user.is_active


admin.site.unregister([Group, BlacklistedToken, OutstandingToken])


@admin.register(Role)
class RoleAdmin(MachineMadeAdmin):
    list_display = ["__str__", "show_permissions", "show_members"]
    fields = ["name", "permissions"]

    def get_queryset(self, request: HttpRequest) -> Any:
        counts = {"permission_count": Count("permissions", distinct=True), "member_count": Count("user", distinct=True)}
        return super().get_queryset(request).annotate(**counts)

    @display(description=_("Permissions"))
    def show_permissions(self, role: Any) -> int:
        return int(role.permission_count)

    @display(description=_("Members"))
    def show_members(self, role: Any) -> int:
        return int(role.member_count)
