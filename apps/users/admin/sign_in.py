"""What administrators do about somebody's way in: approve, hand over a link, reset a second factor, sign out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import action

from apps.audit.audited import AuditedAdmin
from apps.core.admin import run_service
from apps.core.errors import DomainError
from apps.core.pages import site_of
from apps.users import addresses, keys, mails, passwords, registration, second_factor, sessions
from apps.users.guard import keeping_an_administrator
from apps.users.models import AccessRequest, User


class WaitingFilter(admin.SimpleListFilter):
    title = _("request for access")
    parameter_name = "access"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(AccessRequest.Status.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(access_request__status=self.value()) if self.value() else queryset


class SignInAdmin(DjangoUserAdmin, AuditedAdmin):  # type: ignore[type-arg]
    """The admin of users, as far as their way in goes. Every POST keeps an administrator: see users/guard.py."""

    change_form_outer_before_template = "admin/users/user/sign_in.html"
    actions = ["approve_chosen", "refuse_chosen"]
    actions_list = ["invite"]

    def get_urls(self) -> list[Any]:
        buttons: dict[str, Callable[..., HttpResponse]] = {
            "password-link": self.make_link,
            "reset-second-factor": self.reset_second_factor,
            "sign-out": self.sign_out,
            "approve": partial(self.decide, verb=registration.approve),
            "refuse": partial(self.decide, verb=registration.refuse),
        }
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(require_POST(view)), name=f"users_user_{name}")
            for name, view in buttons.items()
        ]
        return [*own, *super().get_urls()]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _guarded(request, partial(super().changeform_view, request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _guarded(request, partial(super().delete_view, request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _guarded(request, partial(super().changelist_view, request, *args, **kwargs))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        person = self.get_object(request, object_id)
        extra = {**(extra_context or {}), **self._way_in(request, person)} if person else extra_context
        return super().change_view(request, object_id, form_url, extra)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            addresses.forget_others(obj)
        if change and "is_active" in form.changed_data and not obj.is_active:
            sessions.end_everywhere(obj, actor=cast(User, request.user))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        sessions.end_everywhere(obj, actor=cast(User, request.user))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for person in queryset:
            sessions.end_everywhere(person, actor=cast(User, request.user))
        super().delete_queryset(request, queryset)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Django's form for an administrator who sets somebody's password; what used the old one is signed out."""
        if id == str(request.user.pk):
            return redirect("password")  # where the present one is asked for
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            person = User.objects.get(pk=id)
            sessions.end_everywhere(person, actor=cast(User, request.user))
            keys.revoke_all(person, actor=cast(User, request.user))
        return answer

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return registration.may_invite(cast(User, request.user))

    @action(description=_("Invite people"), icon="mail", permissions=["invite"])
    def invite(self, request: HttpRequest) -> HttpResponse:
        return redirect("invitations")

    # --- buttons -----------------------------------------------------------------------------------------------------
    def make_link(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._editable(request, pk)
        try:
            link = passwords.make_one_time_link(person, actor=cast(User, request.user), site=site_of(request))
        except DomainError as refusal:
            messages.error(request, refusal.message)
            return redirect(_page_of(person))
        context = self.admin_site.each_context(request) | {
            "title": gettext("Link for a new password"),
            "is_side_screen": True,
            "subtitle": str(person),
            "opts": self.opts,
            "original": person,
            "back_url": _page_of(person),
            "link": link,
            "has_mail_server": mails.has_server(),
        }
        return TemplateResponse(request, "admin/users/user/password_link.html", context)

    def reset_second_factor(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._editable(request, pk)
        verb = partial(second_factor.reset, person, actor=cast(User, request.user))
        return run_service(
            request, person, verb, done=gettext("The second factor has been reset."), back_to=_page_of(person)
        )

    def sign_out(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._editable(request, pk)
        verb = partial(sessions.end_everywhere, person, actor=cast(User, request.user))
        return run_service(request, person, verb, done=gettext("Signed out everywhere."), back_to=_page_of(person))

    def decide(self, request: HttpRequest, pk: int, *, verb: Callable[..., None]) -> HttpResponse:
        person = self._editable(request, pk)
        wish = AccessRequest.objects.filter(user=person).first()
        if wish is None:
            raise Http404
        decision = partial(verb, wish, actor=cast(User, request.user), site=site_of(request))
        return run_service(
            request, person, decision, done=gettext("Decided. A letter is sent."), back_to=_page_of(person)
        )

    @admin.action(description=_("Approve the chosen requests for access"), permissions=["change"])
    def approve_chosen(self, request: HttpRequest, queryset: Any) -> None:
        self._decide_all(request, queryset, registration.approve)

    @admin.action(description=_("Refuse the chosen requests for access"), permissions=["change"])
    def refuse_chosen(self, request: HttpRequest, queryset: Any) -> None:
        self._decide_all(request, queryset, registration.refuse)

    def _decide_all(self, request: HttpRequest, people: Any, verb: Callable[..., None]) -> None:
        decided = 0
        for wish in AccessRequest.objects.filter(user__in=people).select_related("user"):
            try:
                verb(wish, actor=request.user, site=site_of(request))
                decided += 1
            except DomainError as refusal:
                messages.warning(request, refusal.message)
        said = ngettext("%(count)s request decided.", "%(count)s requests decided.", decided) % {"count": decided}
        messages.success(request, said)

    def _way_in(self, request: HttpRequest, person: User) -> dict[str, Any]:
        return {
            "may_act": self.has_change_permission(request, person),
            "has_second_factor": second_factor.is_on(person),
            "places": sessions.places_of(person, current_session=request.session.session_key),
            "wish": AccessRequest.objects.filter(user=person).exclude(status=AccessRequest.Status.APPROVED).first(),
        }

    def _editable(self, request: HttpRequest, pk: int) -> User:
        person = self.get_object(request, str(pk))
        if person is None:
            raise Http404
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        return cast(User, person)


def _guarded(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer with the view; what it did is undone if nobody would be left to administer."""
    if request.method != "POST":
        return view()
    try:
        with keeping_an_administrator():
            return view()
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect(request.get_full_path())


def _page_of(person: User) -> str:
    return reverse("admin:users_user_change", args=[person.pk])
