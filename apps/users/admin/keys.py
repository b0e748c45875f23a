"""API keys in the console: whose they are, what they may, when they were used last. Never the secret."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from apps.core.admin import MachineMadeAdmin, demand, link, run_service
from apps.core.words import listed
from apps.users import keys
from apps.users.admin.quotas import WithQuotas
from apps.users.models import ApiKey, User
from apps.users.models.quotas import SubjectKind

CHANGE = "users.change_apikey"
STATE_COLOURS = {ApiKey.State.WORKING: "success", ApiKey.State.EXPIRED: "warning", ApiKey.State.REVOKED: "default"}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ApiKey.State.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case ApiKey.State.WORKING:
                return queryset.working()
            case ApiKey.State.EXPIRED:
                return queryset.filter(revoked_at=None, expires_at__lte=timezone.now())
            case ApiKey.State.REVOKED:
                return queryset.exclude(revoked_at=None)
        return queryset


@admin.register(ApiKey)
class ApiKeyAdmin(WithQuotas, MachineMadeAdmin):
    quota_kind = SubjectKind.KEY
    nothing_yet = _(
        "Everybody makes keys for his programs under “My account”. They are listed here, and can be revoked."
    )
    list_display = ["name", "show_prefix", "show_state", "user", "show_scopes", "expires_at", "last_used_at"]
    list_filter = [StateFilter, "user"]
    search_fields = ["name", "prefix", "user__username", "user__display_name", "last_address"]
    date_hierarchy = "created_at"
    list_select_related = ["user"]
    change_form_template = "admin/users/apikey/change_form.html"
    fieldsets = [
        (None, {"fields": ["name", "show_prefix", "state_label", "show_owner", "show_scopes"]}),
        (_("Life"), {"fields": [("created_at", "expires_at"), ("last_used_at", "last_address"), "revoked_at"]}),
    ]
    readonly_fields = ["show_prefix", "state_label", "show_owner", "show_scopes", "created_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        may_revoke = {"may_revoke": request.user.has_perm(CHANGE)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **may_revoke})

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke)
        return [path("<uuid:pk>/revoke/", revoke, name="users_apikey_revoke"), *super().get_urls()]

    @method_decorator(require_POST)
    def revoke(self, request: HttpRequest, pk: Any) -> HttpResponse:
        key = get_object_or_404(self.get_queryset(request), pk=pk)
        demand(request, CHANGE)
        verb = partial(keys.revoke_key, key, actor=cast(User, request.user))
        done = gettext("The key is revoked. Programs that use it are refused.")
        return run_service(request, key, verb, done=done, back_to=reverse("admin:users_apikey_change", args=[key.pk]))

    @display(description=_("begins with"), ordering="prefix")
    def show_prefix(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @display(description=_("state"), label=STATE_COLOURS)
    def show_state(self, key: ApiKey) -> tuple[str, Any]:
        return key.state, key.state_label

    @display(description=_("state"))
    def state_label(self, key: ApiKey) -> Any:
        return key.state_label

    @display(description=_("user"))
    def show_owner(self, key: ApiKey) -> str:
        return link(key.user, "admin:users_user_change")

    @display(description=_("may be used for"))
    def show_scopes(self, key: ApiKey) -> str:
        return listed(key.scope_labels)
