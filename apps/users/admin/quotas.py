"""Quotas in the console: one screen with everybody's default and who uses how much, and a panel on the pages of
people, units and keys."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from apps.core.admin import ConsoleAdmin, demand
from apps.users import quotas
from apps.users.models import ApiKey, Quota, Unit, User
from apps.users.models.quotas import EVERYBODY, Metric, Subject, SubjectKind
from apps.users.quotas import overview
from apps.users.quotas.forms import QuotaForm

CHANGE = "users.change_quota"
PAGE = 25
PAGES: dict[str, tuple[str, Any]] = {
    SubjectKind.USER: ("admin:users_user_change", User),
    SubjectKind.UNIT: ("admin:users_unit_change", Unit),
    SubjectKind.KEY: ("admin:users_apikey_change", ApiKey),
}


def panel(subject: Subject, *, reader: User, form: QuotaForm | None = None) -> dict[str, Any]:
    """Return what admin/users/quotas/panel.html shows of a subject; nothing to who may not see quotas."""
    if not reader.has_perm("users.view_quota"):
        return {}
    form = form or QuotaForm(subject)
    standings = _standings(subject)
    defaults = QuotaForm(EVERYBODY).initial if subject.kind == SubjectKind.USER else {}
    lines = [(form[metric], standings.get(metric), defaults.get(metric)) for metric in quotas.metrics_of(subject.kind)]
    return {
        "quota_subject": subject,
        "quota_lines": lines,
        "may_set_quotas": reader.has_perm(CHANGE),
        "quota_address": reverse("admin:users_quota_set", args=[subject.kind, subject.id or "-"]),
    }


def _standings(subject: Subject) -> dict[str, quotas.Standing]:
    if subject == EVERYBODY:
        return {}  # each person stands somewhere, everybody nowhere
    if subject.kind != SubjectKind.USER:
        return quotas.standings_for(subject)
    [(_person, found)] = overview.people_standings([User(pk=int(subject.id))])
    return {standing.metric: standing for standing in found if standing is not None}


class WithQuotas:
    """Mixed into the admin of people, units and keys: their quotas below the form, as a form of its own."""

    quota_kind: SubjectKind
    change_form_outer_after_template: str | None = "admin/users/quotas/panel.html"

    @property
    def media(self) -> forms.Media:
        base: forms.Media = super().media  # type: ignore[misc]
        return base + forms.Media(css={"all": ["users/console.css", "users/quotas.css"]})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, object_id)  # type: ignore[attr-defined]
        reader = cast(User, request.user)
        shown = panel(Subject(self.quota_kind, str(row.pk)), reader=reader) if row is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})  # type: ignore[misc]


@admin.register(Quota)
class QuotaAdmin(ConsoleAdmin):
    """One screen for all of them instead of a list of rows."""

    class Media:
        css = {"all": ["users/console.css", "users/quotas.css"]}

    def get_urls(self) -> list[URLPattern]:
        screen, setting = self.admin_site.admin_view(self.changelist_view), self.admin_site.admin_view(self.set_view)
        return [
            path("", screen, name="users_quota_changelist"),
            path("set/<str:kind>/<str:id>/", setting, name="users_quota_set"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._screen(request, panel(EVERYBODY, reader=cast(User, request.user)))

    @method_decorator(require_POST)
    def set_view(self, request: HttpRequest, kind: str, id: str) -> HttpResponse:  # noqa: A002
        demand(request, CHANGE)
        subject, back_to = _subject(request, kind, id)
        form = QuotaForm(subject, request.POST)
        if form.is_valid():
            quotas.set_quotas(subject, form.limits(), actor=cast(User, request.user))
            messages.success(request, gettext("The quotas are set. They apply from the next request on."))
            return redirect(back_to)
        if subject == EVERYBODY:
            return self._screen(request, panel(subject, reader=cast(User, request.user), form=form))
        problems = (f"{form[name].label}: {' '.join(map(str, errors))}" for name, errors in form.errors.items())
        messages.error(request, " ".join(problems))
        return redirect(back_to)

    def _screen(self, request: HttpRequest, defaults: dict[str, Any]) -> HttpResponse:
        people = User.objects.visible_to(request.user).filter(is_active=True).order_by("username")
        page = Paginator(people, PAGE).get_page(request.GET.get("page"))
        context = self.admin_site.each_context(request) | {
            "title": gettext("Quotas"),
            "opts": self.opts,
            "media": self.media,
            "metrics": [Metric(metric).label for metric in overview.limited_metrics()],
            "units": overview.unit_standings(),
            "people": overview.people_standings(list(page.object_list)),
            "page": page,
        }
        return TemplateResponse(request, "admin/users/quotas/screen.html", context | defaults)


def _subject(request: HttpRequest, kind: str, given: str) -> tuple[Subject, str]:
    """Return whose quotas an address means, and its page; 404 for what the reader does not see."""
    if kind == SubjectKind.EVERYBODY:
        return EVERYBODY, reverse("admin:users_quota_changelist")
    if kind not in SubjectKind.values:
        raise Http404
    url_name, model = PAGES[SubjectKind(kind)]
    try:
        row = model.objects.visible_to(request.user).filter(pk=given).first()
    except (ValueError, ValidationError) as error:
        raise Http404 from error
    if row is None:
        raise Http404
    return Subject(kind, str(row.pk)), reverse(url_name, args=[row.pk])
