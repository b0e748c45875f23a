"""One's own API keys as pages: the list, making one (who does has just proved who he is), taking one back."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.errors import DomainError
from apps.users import keys
from apps.users.models import ApiKey
from apps.users.pages.base import PersonalPage
from apps.users.scopes import SCOPES

LIVES = (7, 30, 90, 180, 365)
USUAL_LIFE = 90


class KeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("What will use it, for example the name of the program."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May be used for"),
        choices=[(key, scope.label) for key, scope in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=["ask"],
    )
    days = forms.TypedChoiceField(label=gettext_lazy("Works for"), coerce=int, initial=USUAL_LIFE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lives = [days for days in LIVES if days <= settings.API_KEY_DAYS_MAX] or [settings.API_KEY_DAYS_MAX]
        named = [(days, ngettext("%(days)d day", "%(days)d days", days) % {"days": days}) for days in lives]
        self.fields["days"].choices = named  # type: ignore[attr-defined]


class Keys(PersonalPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "account/keys.html", {"keys": ApiKey.objects.filter(user=self.person)})


@method_decorator(reauthentication_required(app="allauth.mfa"), name="dispatch")
class NewKey(PersonalPage):
    """The key is in the answer to POST and nowhere else: loading that page again makes no second one visible."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(KeyForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = KeyForm(request.POST)
        if not form.is_valid():
            return self._show(form, status=400)
        try:
            key, text = keys.make_key(owner=self.person, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self._show(form, status=refusal.status)
        return render(request, "account/key_made.html", {"key": key, "text": text})

    def _show(self, form: KeyForm, *, status: int = 200) -> HttpResponse:
        return render(self.request, "account/key_new.html", {"form": form}, status=status)


class RevokeKey(PersonalPage):
    def post(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        key = get_object_or_404(ApiKey, user=self.person, pk=pk)
        keys.revoke_key(key, actor=self.person)
        messages.success(
            request, _("The key “%(name)s” is revoked. Programs that use it are refused.") % {"name": key.name}
        )
        return redirect("account-keys")
