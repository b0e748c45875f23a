"""The screen “Sharing” of a row: who has it and through what, and the form that gives it to more people.

Models, datasets and training jobs take it by `class TheirAdmin(SharingAdmin)`.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.core.admin import ConsoleAdmin, run_service
from apps.core.models import Shareable
from apps.users import granting
from apps.users.admin.pickers import pick_person, pick_role, pick_unit


class ShareForm(forms.Form):
    """Whom to share with, and how far. Only the picker of the chosen kind counts."""

    def __init__(self, *args: Any, row: Shareable, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"] = forms.ChoiceField(choices=list(granting.KIND_LABELS.items()), initial="person")
        self.fields["person"] = pick_person(actor, required=False)
        self.fields["role"] = pick_role(actor, required=False)
        units = granting.receivers("unit", actor=actor)
        self.fields["unit"] = pick_unit(units, label=_("Unit"), required=False, empty_label="—")
        levels = [(level.key, level.label) for level in row.LEVELS]
        self.fields["level"] = forms.ChoiceField(choices=levels, initial=row.LEVELS[0].key)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind = given.get("kind", "")
        if kind and not given.get(kind) and kind not in self.errors:
            self.add_error(kind, gettext("Choose whom to share with."))
        return {**given, "to": given.get(kind)}


class SharingAdmin(ConsoleAdmin):
    """The admin of a model that can be shared: a button “Sharing” on the page of each row that one may share."""

    actions_detail = ["sharing"]

    def has_share_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        return row is None or granting.may_share(request.user, cast(Shareable, row))

    @action(description=_("Sharing"), url_path="sharing", icon="group_add", permissions=["share"])
    def sharing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if request.method == "POST" and "take_back" in request.POST:
            return self._take_back(request, row)
        form = ShareForm(request.POST or None, row=row, actor=request.user)
        if request.method == "POST" and form.is_valid():
            return self._give(request, row, to=form.cleaned_data["to"], level=form.cleaned_data["level"])
        context = self.admin_site.each_context(request) | {
            "title": gettext("Sharing"),
            "is_side_screen": True,
            "subtitle": str(row),
            "opts": self.opts,
            "original": row,
            "back_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk]),
            "shares": granting.shares_of(row),
            "roles": granting.roles_that_see(row),
            "levels": row.LEVELS,
            "form": form,
            "media": self.media + form.media + forms.Media(css={"all": ["users/console.css"]}),
        }
        return TemplateResponse(request, "admin/users/sharing.html", context)

    def _give(self, request: HttpRequest, row: Any, *, to: granting.Receiver, level: str) -> HttpResponse:
        done = gettext("Shared with %(name)s.") % {"name": to}
        verb = partial(granting.grant, row, to=to, level=level, actor=request.user)
        return run_service(request, row, verb, done=done, back_to=request.path)

    def _take_back(self, request: HttpRequest, row: Any) -> HttpResponse:
        kind, _colon, pk = request.POST["take_back"].partition(":")
        to = granting.shared_with(row, kind, pk)
        if to is None:
            raise Http404
        done = gettext("No longer shared with %(name)s.") % {"name": to}
        return run_service(
            request, row, partial(granting.revoke, row, to=to, actor=request.user), done=done, back_to=request.path
        )
